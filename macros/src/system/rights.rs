// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rights of a process: the services and notifications that its expressions mention.
//!
//! A mention is a word that is the name of a service or notification, and stands where an expression has a value. A
//! mention gives the right, which is a bit in a mask of the tables. So the compiler has to compile the word as the
//! handle: the word must not be in a text, in code that is left out, or in an argument that a macro ignores. The words
//! alone can't show this, so the expansion proves it. In place of the word the compiler gets
//!
//! ```text
//! ({ impl crossgate::wiring::Mentioned for __handles::__Mention<3> {} }, __handles::ROOM).1
//! ```
//!
//! The path means the handle, even if something else has the same name. The implementation exists if and only if the
//! compiler compiles this expression, because an implementation has no scope. An item outside the expressions requires
//! the implementation ([`Mention::requirement`]). A missing implementation is an error, not a lint, so no code can
//! switch the error off.

use super::firmware::{Firmware, Process};
use super::names::plain;
use crate::pieces::{Error, code_at, is_punctuation, parenthesis};
use proc_macro::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree as Token};
use std::collections::{BTreeMap, BTreeSet};

/// A name after one of these words names something new.
const DEFINES: [&str; 11] =
    ["let", "ref", "const", "static", "fn", "mod", "struct", "enum", "union", "trait", "type"];

/// The rights of all processes.
#[derive(Default)]
pub struct Rights {
    /// The set of the processes that mention a name: a bit for each.
    users: BTreeMap<String, u32>,
    /// The mentions in each process.
    pub of_processes: Vec<Vec<Mention>>,
    /// The mentions in the value of each object.
    pub of_objects: Vec<Vec<Mention>>,
}

impl Rights {
    /// Returns the set of the processes that mention a name.
    pub fn users(&self, name: &Ident) -> u32 {
        self.users.get(&plain(name)).copied().unwrap_or_default()
    }
}

/// The name of a service or notification in an expression.
#[derive(Clone)]
pub struct Mention {
    pub name: String,
    pub span: Span,
    number: usize,
}

/// Finds the mentions, and makes the expressions prove them.
pub fn resolve(firmware: &mut Firmware) -> Result<Rights, Error> {
    let public = firmware.processes.iter().flat_map(|process| &process.public_names);
    let public: BTreeSet<String> = public.map(plain).collect();
    let (mut rights, mut next) = (Rights::default(), 0);
    for (number, process) in firmware.processes.iter_mut().enumerate() {
        let mut search = Search { names: &of_others(&public, process), next, found: vec![] };
        for object in &mut process.objects {
            let before = search.found.len();
            object.value = search.proven(&object.value, Place::Expression)?;
            rights.of_objects.push(search.found[before..].to_vec());
        }
        for thread in &mut process.threads {
            thread.entry = search.proven(&thread.entry, Place::Expression)?;
        }
        for mention in &search.found {
            *rights.users.entry(mention.name.clone()).or_default() |= 1 << number;
        }
        next = search.next;
        rights.of_processes.push(search.found);
    }
    Ok(rights)
}

/// Returns the names that give a process a right. (The names of its own objects, notifications and pools hide equal
/// names of other processes.)
fn of_others(public: &BTreeSet<String>, process: &Process) -> BTreeSet<String> {
    let own: BTreeSet<String> = process.own_names.iter().map(plain).collect();
    public.difference(&own).cloned().collect()
}

/// The surroundings of tokens.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Expression,
    /// In the braces of a block or a structure.
    Braces,
    /// In the arguments of a macro.
    Macro,
    /// Between `use` and `;`.
    Use,
}

/// The meaning of a word, from the tokens around it.
#[derive(PartialEq)]
enum Word {
    /// A value, as far as the tokens show.
    Value,
    /// A field of a structure, and its value: `Pair { left, right }`.
    Field,
    /// The name of something new.
    New,
    /// A field or method, a part of a path, a lifetime, a macro or a type.
    Other,
}

/// Finds mentions in expressions.
struct Search<'a> {
    names: &'a BTreeSet<String>,
    next: usize,
    found: Vec<Mention>,
}

impl Search<'_> {
    /// Returns the tokens of an expression, with each mention proven.
    fn proven(&mut self, tokens: &[Token], place: Place) -> Result<Vec<Token>, Error> {
        let mut proven = vec![];
        let mut is_use = place == Place::Use;
        for (at, token) in tokens.iter().enumerate() {
            let (before, after) = (&tokens[..at], &tokens[at + 1..]);
            match token {
                Token::Group(group) if !is_attribute(before) => {
                    let place = match () {
                        _ if is_use => Place::Use,
                        _ if is_macro(before) => Place::Macro,
                        _ if group.delimiter() == Delimiter::Brace => Place::Braces,
                        _ => Place::Expression,
                    };
                    proven.push(self.proven_group(group, place)?);
                    continue;
                }
                Token::Ident(word) if self.names.contains(&plain(word)) => {
                    let place = if is_use { Place::Use } else { place };
                    match word_between(before, after, place) {
                        Word::Other => proven.push(token.clone()),
                        Word::New => return Err(hides(word)),
                        Word::Field => {
                            let colon = Punct::new(':', Spacing::Alone).into();
                            proven.extend([token.clone(), colon]);
                            proven.extend(self.mention(word));
                        }
                        Word::Value => proven.extend(self.mention(word)),
                    }
                    continue;
                }
                Token::Ident(word) => is_use |= word.to_string() == "use",
                Token::Punct(punct) if punct.as_char() == ';' => is_use = false,
                _ => {}
            }
            proven.push(token.clone());
        }
        Ok(proven)
    }

    fn proven_group(&mut self, group: &Group, place: Place) -> Result<Token, Error> {
        let before = self.found.len();
        let tokens: Vec<Token> = group.stream().into_iter().collect();
        let proven = self.proven(&tokens, place)?;
        if self.found.len() == before {
            return Ok(group.clone().into());
        }
        let mut new = Group::new(group.delimiter(), proven.into_iter().collect());
        new.set_span(group.span());
        Ok(new.into())
    }

    /// Records a mention, and returns the tokens that the compiler gets in its place.
    fn mention(&mut self, word: &Ident) -> impl Iterator<Item = Token> + use<> {
        let (name, span, number) = (plain(word), word.span(), self.next);
        self.next += 1;
        self.found.push(Mention { name, span, number });
        let code = format!(
            "{{
                #[allow(non_local_definitions, reason = \"it is a proof\")]
                impl ::crossgate::wiring::Mentioned for __handles::__Mention<{number}> {{}}
            }}, __handles::"
        );
        // All tokens have the span of the word, so that errors of the handle are reported at the word, as if the word
        // stood alone.
        let mut proof = code_at(&code, span);
        proof.extend([Token::from(word.clone())]);
        [parenthesis(proof, span)].into_iter().chain(code_at(".1", span))
    }
}

impl Mention {
    /// Returns code that compiles only if the compiler compiles the expression of the mention. The error is reported at
    /// the mention.
    pub fn requirement(&self) -> TokenStream {
        let code = format!(
            "const _: () = ::crossgate::wiring::mentioned::<__handles::__Mention<{}>>();",
            self.number
        );
        code_at(&code, self.span)
    }
}

/// Returns the error for a word that is the name of something else.
fn hides(word: &Ident) -> Error {
    let text = format!(
        "`{word}` is the name of a service or notification, which nothing in the wiring may hide: \
         choose another name"
    );
    Error::new(word.span(), text)
}

/// Returns whether a group after these tokens is the content of an attribute: `#[..]`, `#![..]`.
fn is_attribute(before: &[Token]) -> bool {
    match before {
        [.., hash, bang] if is_punctuation(Some(bang), '!') => is_punctuation(Some(hash), '#'),
        [.., hash] => is_punctuation(Some(hash), '#'),
        [] => false,
    }
}

/// Returns whether a group after these tokens holds the arguments of a macro: `name!(..)`.
fn is_macro(before: &[Token]) -> bool {
    matches!(before, [.., Token::Ident(_), bang] if is_punctuation(Some(bang), '!'))
}

/// Returns the meaning of a word between these tokens.
fn word_between(before: &[Token], after: &[Token], place: Place) -> Word {
    let previous = |back: usize, character: char| {
        is_punctuation(before.len().checked_sub(back).map(|place| &before[place]), character)
    };
    let next = |on: usize, character: char| is_punctuation(after.get(on), character);
    let follows = |words: &[&str]| matches!(before.last(), Some(Token::Ident(word)) if words.contains(&word.to_string().as_str()));
    // A pattern ends in `=>`; the value of an object ends before it.
    let is_used = place == Place::Use && !next(0, ':');
    if is_used || follows(&DEFINES) || next(0, '@') || next(0, '=') && next(1, '>') {
        return Word::New;
    }
    let is_member = previous(1, '.') && !previous(2, '.');
    let is_in_path = previous(1, ':') && previous(2, ':');
    let is_lifetime = previous(1, '\'');
    // `NAME::part` and `NAME: value`; `NAME!(..)`, but not `NAME != other`.
    let is_prefix = next(0, ':');
    let is_macro = next(0, '!') && !next(1, '=');
    // A word next to `<` or `>` is a type, because handles can't be compared by order.
    let is_type = previous(1, '<') || next(0, '>') || follows(&["as"]);
    if is_member || is_in_path || is_lifetime || is_prefix || is_macro || is_type {
        return Word::Other;
    }
    // A block has no commas.
    let (comma_before, comma_after) = (previous(1, ','), next(0, ','));
    let is_alone = (comma_before || before.is_empty()) && (comma_after || after.is_empty());
    if place == Place::Braces && is_alone && (comma_before || comma_after) {
        return Word::Field;
    }
    Word::Value
}

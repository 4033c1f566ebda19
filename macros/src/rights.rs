//! What a process may use: what its expressions mention.
//!
//! A mention is a word that stands where an expression can name a value. The template makes of each
//! process' mentions the only handles that its expressions see, and has the compiler refuse one that
//! none of them uses. So what gives a right is what the compiler takes for the handle.

use crate::pieces::{Error, is_punctuation};
use proc_macro::{Ident, Span, TokenTree as Token};

/// After these words stands the name of something new.
const DEFINES: [&str; 9] =
    ["const", "static", "fn", "mod", "struct", "enum", "union", "trait", "type"];

/// The words among the tokens of an expression that may be names of services or notifications.
pub fn mentions(tokens: impl IntoIterator<Item = Token>) -> Vec<Ident> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut found = vec![];
    for (place, token) in tokens.iter().enumerate() {
        let (before, after) = (&tokens[..place], &tokens[place + 1..]);
        match token {
            Token::Group(group) if !is_attribute(before) => found.extend(mentions(group.stream())),
            Token::Ident(word) if names_a_value(before, after) => found.push(word.clone()),
            _ => {}
        }
    }
    found
}

/// Whether a group after these tokens is what an attribute says: `#[..]`, `#![..]`.
fn is_attribute(before: &[Token]) -> bool {
    match before {
        [.., hash, bang] if is_punctuation(Some(bang), '!') => is_punctuation(Some(hash), '#'),
        [.., hash] => is_punctuation(Some(hash), '#'),
        [] => false,
    }
}

/// Whether a word between these tokens is a value, and no field, method, part of a path, lifetime, macro
/// or new name.
fn names_a_value(before: &[Token], after: &[Token]) -> bool {
    let previous = |back: usize, character: char| {
        is_punctuation(before.len().checked_sub(back).map(|place| &before[place]), character)
    };
    let next = |on: usize, character: char| is_punctuation(after.get(on), character);
    let is_member = previous(1, '.') && !previous(2, '.');
    let is_in_path = previous(1, ':') && previous(2, ':');
    let is_lifetime = previous(1, '\'');
    let is_new = matches!(before.last(), Some(Token::Ident(word)) if DEFINES.contains(&word.to_string().as_str()));
    // `NAME::part` and `NAME: value`; `NAME!(..)`, but not `NAME != other`.
    let is_prefix = next(0, ':');
    let is_macro = next(0, '!') && !next(1, '=');
    !(is_member || is_in_path || is_lifetime || is_new || is_prefix || is_macro)
}

/// A service object.
pub struct Object {
    pub name: Ident,
    /// Its process.
    pub process: usize,
    /// The words that its initial value mentions.
    pub mentions: Vec<Ident>,
    /// Which objects it calls, as far as that shows it, and where.
    pub calls: Vec<(usize, Span)>,
}

/// Refuses objects that call each other in a circle.
pub fn check_circles(objects: &[Object]) -> Result<(), Error> {
    let mut is_done = vec![false; objects.len()];
    (0..objects.len()).try_for_each(|object| follow(objects, object, &mut vec![], &mut is_done))
}

/// Follows the calls of an object that was reached on this way.
fn follow(
    objects: &[Object],
    object: usize,
    way: &mut Vec<usize>,
    is_done: &mut [bool],
) -> Result<(), Error> {
    way.push(object);
    for &(callee, span) in &objects[object].calls {
        if let Some(start) = way.iter().position(|&passed| passed == callee) {
            let circle = way[start..].iter().chain([&callee]);
            let names: Vec<_> = circle.map(|&it| format!("`{}`", objects[it].name)).collect();
            let text = format!(
                "objects call each other in a circle, which can deadlock: {}",
                names.join(" calls ")
            );
            return Err(Error::new(span, text));
        }
        if !is_done[callee] {
            follow(objects, callee, way, is_done)?;
        }
    }
    way.pop();
    is_done[object] = true;
    Ok(())
}

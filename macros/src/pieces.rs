// SPDX-License-Identifier: MIT OR Apache-2.0
//! Functions that split and join tokens.

use proc_macro::{
    Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree as Token,
};

/// An error that the user has to correct, and its place.
pub struct Error {
    span: Span,
    text: String,
}

impl Error {
    pub fn new(span: Span, text: impl Into<String>) -> Error {
        Error { span, text: text.into() }
    }

    /// Returns `compile_error!("text");`, at the place.
    pub fn into_tokens(self) -> TokenStream {
        let at = |mut token: Token| {
            token.set_span(self.span);
            token
        };
        let text = at(Literal::string(&self.text).into());
        [
            at(Ident::new("compile_error", self.span).into()),
            at(Punct::new('!', Spacing::Alone).into()),
            at(Group::new(Delimiter::Parenthesis, text.into()).into()),
            at(Punct::new(';', Spacing::Alone).into()),
        ]
        .into_iter()
        .collect()
    }
}

/// Returns `[tokens]`.
pub fn bracket(tokens: impl IntoIterator<Item = Token>) -> Token {
    Group::new(Delimiter::Bracket, tokens.into_iter().collect()).into()
}

/// Returns `{tokens}`.
pub fn brace(tokens: impl IntoIterator<Item = Token>) -> Token {
    Group::new(Delimiter::Brace, tokens.into_iter().collect()).into()
}

/// Returns `(tokens)`, with the span `span`.
pub fn parenthesis(tokens: TokenStream, span: Span) -> Token {
    let mut group = Group::new(Delimiter::Parenthesis, tokens);
    group.set_span(span);
    group.into()
}

/// Returns `::crossgate::name! { pieces }`.
pub fn invocation(name: &str, pieces: TokenStream) -> TokenStream {
    let mut call: TokenStream = format!("::crossgate::{name}!").parse().expect("a path is tokens");
    call.extend([Token::from(Group::new(Delimiter::Brace, pieces))]);
    call
}

/// Returns `name: [tokens]` for each: the input of a `macro_rules!` macro.
pub fn slots<const N: usize>(slots: [(&str, TokenStream); N]) -> TokenStream {
    let slot = |(name, tokens): (&str, TokenStream)| {
        let name = Ident::new(name, Span::call_site());
        [name.into(), Punct::new(':', Spacing::Alone).into(), bracket(tokens)]
    };
    slots.into_iter().flat_map(slot).collect()
}

/// Returns `{tokens}` for each.
pub fn list(items: impl IntoIterator<Item = TokenStream>) -> TokenStream {
    items.into_iter().map(brace).collect()
}

/// Returns a name in the form of a slot.
pub fn word(word: &Ident) -> TokenStream {
    Token::from(word.clone()).into()
}

/// Returns tokens in the form of a slot.
pub fn tokens(tokens: &[Token]) -> TokenStream {
    tokens.iter().cloned().collect()
}

/// Returns a number in the form of a slot.
pub fn number(number: usize) -> TokenStream {
    Token::from(Literal::usize_unsuffixed(number)).into()
}

/// Returns a set in the form of a slot.
pub fn mask(set: u32) -> TokenStream {
    Token::from(Literal::u32_suffixed(set)).into()
}

/// Returns the text of a type, as it is usually written, as a literal. (The compiler writes tokens apart: `Queue < u16 >`.)
pub fn written(ty: &[Token]) -> TokenStream {
    let mut text = String::new();
    write(&mut text, tokens(ty));
    Token::from(Literal::string(&text)).into()
}

fn write(text: &mut String, tokens: TokenStream) {
    let mut follows_word = false;
    for token in tokens {
        let is_word = matches!(token, Token::Ident(_) | Token::Literal(_));
        let follows_mark = matches!(text.chars().next_back(), Some(',' | ';' | '+' | '='));
        let is_operator = is_punctuation(Some(&token), '+') || is_punctuation(Some(&token), '=');
        if follows_mark || is_operator || (follows_word && is_word) {
            text.push(' ');
        }
        follows_word = is_word;
        let Token::Group(group) = token else {
            *text += &token.to_string();
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::None => ("", ""),
        };
        *text += open;
        write(text, group.stream());
        *text += close;
    }
}

/// Returns the tokens of `code`, with the span `span`.
pub fn code_at(code: &str, span: Span) -> TokenStream {
    fn at(tokens: TokenStream, span: Span) -> TokenStream {
        let place = |mut token: Token| {
            if let Token::Group(group) = &token {
                token = Group::new(group.delimiter(), at(group.stream(), span)).into();
            }
            token.set_span(span);
            token
        };
        tokens.into_iter().map(place).collect()
    }
    at(code.parse().expect("the macro's own code is tokens"), span)
}

/// Returns whether this is the punctuation `character`.
pub fn is_punctuation(token: Option<&Token>, character: char) -> bool {
    matches!(token, Some(Token::Punct(punct)) if punct.as_char() == character)
}

/// Returns whether this is the identifier `word`.
pub fn is_word(token: Option<&Token>, word: &str) -> bool {
    matches!(token, Some(Token::Ident(ident)) if ident.to_string() == word)
}

/// Tokens that are taken from the front.
pub struct Cursor {
    tokens: Vec<Token>,
    next: usize,
    /// The place that an error points at if something is missing at the end.
    end: Span,
}

impl Cursor {
    pub fn new(stream: TokenStream, end: Span) -> Cursor {
        Cursor { tokens: stream.into_iter().collect(), next: 0, end }
    }

    pub fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    pub fn peek_second(&self) -> Option<&Token> {
        self.tokens.get(self.next + 1)
    }

    pub fn is_empty(&self) -> bool {
        self.peek().is_none()
    }

    /// Returns the place of the next token.
    pub fn span(&self) -> Span {
        self.peek().map_or(self.end, Token::span)
    }

    pub fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.next += 1;
        token
    }

    /// Returns an error at the next token.
    pub fn error(&self, text: impl Into<String>) -> Error {
        Error::new(self.span(), text)
    }

    /// Takes the punctuation `character`, or returns an error with the text `expected`.
    pub fn punctuation(&mut self, character: char, expected: &str) -> Result<Token, Error> {
        if is_punctuation(self.peek(), character) {
            Ok(self.take().expect("the token was there"))
        } else {
            Err(self.error(expected))
        }
    }

    /// Takes an identifier, or returns an error with the text `expected`.
    pub fn ident(&mut self, expected: &str) -> Result<Ident, Error> {
        match self.peek() {
            Some(Token::Ident(ident)) => {
                let ident = ident.clone();
                self.next += 1;
                Ok(ident)
            }
            _ => Err(self.error(expected)),
        }
    }

    /// Takes the word `word` if it is next.
    pub fn word(&mut self, word: &str) -> bool {
        let found = is_word(self.peek(), word);
        self.next += usize::from(found);
        found
    }

    /// Takes a group, or returns an error with the text `expected`.
    pub fn group(&mut self, delimiter: Delimiter, expected: &str) -> Result<Group, Error> {
        match self.peek() {
            Some(Token::Group(group)) if group.delimiter() == delimiter => {
                let group = group.clone();
                self.next += 1;
                Ok(group)
            }
            _ => Err(self.error(expected)),
        }
    }

    /// Takes everything up to `character` or the end.
    pub fn until(&mut self, character: char) -> Vec<Token> {
        let mut taken = vec![];
        while !self.is_empty() && !is_punctuation(self.peek(), character) {
            taken.extend(self.take());
        }
        taken
    }

    /// Takes attributes (doc comments are attributes, too).
    pub fn attributes(&mut self) -> Vec<Token> {
        let mut taken = vec![];
        while is_punctuation(self.peek(), '#') {
            taken.extend(self.take());
            taken.extend(self.take());
        }
        taken
    }

    /// Takes `pub`, `pub(crate)` and the like.
    pub fn visibility(&mut self) -> Vec<Token> {
        let mut taken = vec![];
        if is_word(self.peek(), "pub") {
            taken.extend(self.take());
            if matches!(self.peek(), Some(Token::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
            {
                taken.extend(self.take());
            }
        }
        taken
    }
}

/// Splits at the commas that are not inside `<...>`.
pub fn split_at_commas(tokens: impl IntoIterator<Item = Token>) -> Vec<Vec<Token>> {
    let (mut parts, mut part, mut depth, mut previous) = (vec![], vec![], 0, ' ');
    for token in tokens {
        let character = match &token {
            Token::Punct(punct) => punct.as_char(),
            _ => ' ',
        };
        match character {
            '<' => depth += 1,
            '>' if previous != '-' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                previous = ',';
                continue;
            }
            _ => {}
        }
        previous = character;
        part.push(token);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

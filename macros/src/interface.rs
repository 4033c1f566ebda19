// SPDX-License-Identifier: MIT OR Apache-2.0
//! `#[interface]`: a trait, cut into its methods.

use crate::pieces::{
    Cursor, Error, code_at, invocation, is_punctuation, is_word, list, number, parenthesis, slots,
    split_at_commas, tokens, word, written,
};
use proc_macro::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree as Token};

/// Names of methods that every handle has already, through `Deref` and common traits.
const RESERVED: [&str; 8] = ["clone", "clone_from", "eq", "ne", "deref", "into", "try_into", "fmt"];
/// The greatest number of methods of an interface, so that no interface uses up the gates.
const MOST_METHODS: usize = 256;

/// One method, split into pieces.
struct Method {
    attributes: Vec<Token>,
    name: Ident,
    /// `mut` if the method takes `&mut self`.
    mutable: Vec<Token>,
    parameters: Vec<(Ident, Vec<Token>)>,
    result: Vec<Token>,
}

pub fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream, Error> {
    let is_remote = is_remote(attribute)?;
    let mut source = Cursor::new(item, Span::call_site());
    let attributes = source.attributes();
    let visibility = source.visibility();
    if !source.word("trait") {
        return Err(source.error("#[interface] goes on a trait"));
    }
    let name = source.ident("expected the name of the trait")?;
    let (declared, named) = generics(&mut source)?;
    let body = source
        .group(Delimiter::Brace, "an interface has neither supertraits nor a where clause")?;
    let methods = methods(&body)?;
    if methods.len() > MOST_METHODS {
        return Err(Error::new(name.span(), "an interface has at most 256 methods"));
    }

    if is_remote {
        methods.iter().try_for_each(refuse_what_is_no_value)?;
    }
    let interface = Interface { attributes, visibility, name, declared, named, methods };
    let mut code = invocation("__interface_trait", interface.served());
    code.extend(invocation("__metadata", interface.metadata()));
    code.extend(invocation("__client", interface.client()));
    code.extend(invocation("__thunks", interface.thunks()));
    if is_remote {
        code.extend(invocation("__remote", interface.remote()));
    }
    Ok(code)
}

/// Returns whether the attribute is `#[interface(remote)]`.
fn is_remote(attribute: TokenStream) -> Result<bool, Error> {
    let mut tokens = attribute.into_iter();
    let first = tokens.next();
    match (&first, tokens.next()) {
        (None, _) => Ok(false),
        (Some(_), None) if is_word(first.as_ref(), "remote") => Ok(true),
        (Some(token), _) => {
            let text = "#[interface] takes no arguments but `remote`: #[interface(remote)]";
            Err(Error::new(token.span(), text))
        }
    }
}

/// Refuses a method whose types name something that can't be carried over a link. (An alias of such a type is found by
/// the compiler, except for one of `usize`.)
fn refuse_what_is_no_value(method: &Method) -> Result<(), Error> {
    let types = method.parameters.iter().map(|(_, ty)| ty).chain([&method.result]);
    types.flatten().try_for_each(refuse_token)
}

fn refuse_token(token: &Token) -> Result<(), Error> {
    let word = match token {
        Token::Group(group) => {
            return group.stream().into_iter().try_for_each(|it| refuse_token(&it));
        }
        Token::Ident(word) => word.to_string(),
        _ => return Ok(()),
    };
    let why = match word.as_str() {
        "Lease" | "LeaseMut" => {
            "memory can't be lent over a link: pass values, in several calls if need be"
        }
        "Handle" => {
            "a handle means nothing at the other end of a link: let the wiring of each end give the right"
        }
        "Notification" | "Signal" => {
            "a notification can't be signalled over a link: let the client call a method that waits"
        }
        "usize" | "isize" => "this type has another size on another machine: use `u32` or `i32`",
        _ => return Ok(()),
    };
    Err(Error::new(token.span(), format!("{why} (this is an `#[interface(remote)]`)")))
}

/// A trait, split into pieces.
struct Interface {
    attributes: Vec<Token>,
    visibility: Vec<Token>,
    name: Ident,
    /// Its generic parameters, as declared and as named.
    declared: Vec<Token>,
    named: Vec<Token>,
    methods: Vec<Method>,
}

// Each macro gets the slots that it needs, by name.
impl Interface {
    fn served(&self) -> TokenStream {
        let method = |method: &Method| {
            slots([
                ("attributes", tokens(&method.attributes)),
                ("name", word(&method.name)),
                ("exclusive", tokens(&method.mutable)),
                ("parameters", method.plain_parameters()),
                ("result", tokens(&method.result)),
            ])
        };
        slots([
            ("attributes", tokens(&self.attributes)),
            ("visibility", tokens(&self.visibility)),
            ("name", word(&self.name)),
            ("declared", tokens(&self.declared)),
            ("methods", list(self.methods.iter().map(method))),
        ])
    }

    fn metadata(&self) -> TokenStream {
        let mut title: Vec<Token> = vec![self.name.clone().into()];
        if let [generics @ .., _comma] = &self.named[..] {
            let bracket = |bracket| Token::from(Punct::new(bracket, Spacing::Alone));
            title.push(bracket('<'));
            title.extend(generics.iter().cloned());
            title.push(bracket('>'));
        }
        let exclusive = self.methods.iter().find_map(|method| method.mutable.first());
        slots([
            ("name", word(&self.name)),
            ("title", written(&title)),
            ("client", word(&self.client_name())),
            ("declared", tokens(&self.declared)),
            ("named", tokens(&self.named)),
            ("exclusive", exclusive.into_iter().cloned().collect()),
            ("shapes", list(self.methods.iter().map(|method| shape(&self.name, method)))),
            ("methods", list(self.methods.iter().map(described))),
        ])
    }

    fn client(&self) -> TokenStream {
        let method = |(index, method): (usize, &Method)| {
            let parameters = method.parameters.iter().map(|(name, ty)| {
                let form = Ident::new(if is_lease(ty) { "lease" } else { "value" }, name.span());
                slots([
                    ("name", word(name)),
                    ("form", word(&form)),
                    ("type", tokens(ty)),
                    ("static", tokens(&without_anonymous_lifetimes(ty.clone()))),
                ])
            });
            slots([
                ("attributes", tokens(&method.attributes)),
                ("name", word(&method.name)),
                ("index", number(index)),
                ("parameters", list(parameters)),
                ("result", tokens(&method.result)),
                ("named", tokens(&self.named)),
            ])
        };
        slots([
            ("visibility", tokens(&self.visibility)),
            ("name", word(&self.name)),
            ("client", word(&self.client_name())),
            ("declared", tokens(&self.declared)),
            ("named", tokens(&self.named)),
            ("methods", list(self.methods.iter().enumerate().map(method))),
        ])
    }

    fn thunks(&self) -> TokenStream {
        let method = |method: &Method| {
            slots([
                ("name", word(&method.name)),
                ("exclusive", tokens(&method.mutable)),
                ("parameters", method.plain_parameters()),
                ("result", tokens(&method.result)),
                ("declared", tokens(&self.declared)),
                ("named", tokens(&self.named)),
            ])
        };
        slots([
            ("name", word(&self.name)),
            ("declared", tokens(&self.declared)),
            ("named", tokens(&self.named)),
            ("methods", list(self.methods.iter().map(method))),
        ])
    }

    fn remote(&self) -> TokenStream {
        let method = |index| slots([("index", number(index)), ("named", tokens(&self.named))]);
        let is_generic: &[Token] = self.named.get(..1).unwrap_or_default();
        slots([
            ("name", word(&self.name)),
            ("declared", tokens(&self.declared)),
            ("named", tokens(&self.named)),
            ("generic", tokens(is_generic)),
            ("methods", list((0..self.methods.len()).map(method))),
        ])
    }

    fn client_name(&self) -> Ident {
        Ident::new(&format!("{}Client", self.name), self.name.span())
    }
}

impl Method {
    fn plain_parameters(&self) -> TokenStream {
        let parameter =
            |(name, ty): &(Ident, Vec<Token>)| slots([("name", word(name)), ("type", tokens(ty))]);
        list(self.parameters.iter().map(parameter))
    }
}

/// Returns generic parameters as declared, `<T: Wire, const N: usize>`, and as named, `T, N,`.
fn generics(source: &mut Cursor) -> Result<(Vec<Token>, Vec<Token>), Error> {
    if !is_punctuation(source.peek(), '<') {
        return Ok((vec![], vec![]));
    }
    let mut declared = vec![];
    let mut depth = 0;
    loop {
        if is_punctuation(source.peek(), '<') {
            depth += 1;
        }
        if is_punctuation(source.peek(), '>') {
            depth -= 1;
        }
        declared.push(source.take().ok_or_else(|| source.error("expected `>`"))?);
        if depth == 0 {
            break;
        }
    }
    declared.pop();
    declared.remove(0);
    if let Some(lifetime) = declared.iter().find(|token| is_punctuation(Some(token), '\'')) {
        let text = "an interface has no lifetimes: its methods run in another process";
        return Err(Error::new(lifetime.span(), text));
    }
    let comma = || Token::from(Punct::new(',', Spacing::Alone));
    let named = split_at_commas(declared.iter().cloned())
        .iter()
        .flat_map(|parameter| {
            let place = usize::from(is_word(parameter.first(), "const"));
            [parameter[place].clone(), comma()]
        })
        .collect();
    if !is_punctuation(declared.last(), ',') {
        declared.push(comma());
    }
    Ok((declared, named))
}

fn methods(body: &Group) -> Result<Vec<Method>, Error> {
    let mut source = Cursor::new(body.stream(), body.span_close());
    let mut methods = vec![];
    while !source.is_empty() {
        methods.push(method(&mut source)?);
    }
    Ok(methods)
}

fn method(source: &mut Cursor) -> Result<Method, Error> {
    let attributes = source.attributes();
    if !source.word("fn") {
        return Err(source.error("an interface holds only methods: `fn name(&self, ...) -> T;`"));
    }
    let name = source.ident("expected the name of a method")?;
    if RESERVED.contains(&name.to_string().as_str()) {
        let text = "a handle has a method of this name already, which would hide the interface's";
        return Err(Error::new(name.span(), text));
    }
    let list = source.group(
        Delimiter::Parenthesis,
        "a method of an interface has no generic parameters: the call goes to another process, \
         which was compiled already",
    )?;
    let mut list_parts = split_at_commas(list.stream()).into_iter();
    let receiver = list_parts.next().unwrap_or_default();
    let mutable = match receiver.as_slice() {
        [Token::Punct(and), this] if and.as_char() == '&' && is_word(Some(this), "self") => vec![],
        [Token::Punct(and), key, this]
            if and.as_char() == '&' && is_word(Some(key), "mut") && is_word(Some(this), "self") =>
        {
            vec![key.clone()]
        }
        _ => {
            let span = receiver.first().map_or(list.span(), Token::span);
            return Err(Error::new(span, "a method of an interface takes `&self` or `&mut self`"));
        }
    };
    let parameters = list_parts.map(|part| parameter(&part)).collect::<Result<_, _>>()?;
    let mut result = vec![];
    if is_punctuation(source.peek(), '-') {
        source.take();
        source.take();
        while !source.is_empty()
            && !is_punctuation(source.peek(), ';')
            && !matches!(source.peek(), Some(Token::Group(group)) if group.delimiter() == Delimiter::Brace)
        {
            result.extend(source.take());
        }
    }
    if result.is_empty() {
        result.push(Group::new(Delimiter::Parenthesis, TokenStream::new()).into());
    }
    source.punctuation(';', "a method of an interface ends with `;`: it has no body")?;
    Ok(Method { attributes, name, mutable, parameters, result })
}

fn parameter(part: &[Token]) -> Result<(Ident, Vec<Token>), Error> {
    match part {
        [_, _, and, ..] if is_punctuation(Some(and), '&') => Err(Error::new(
            and.span(),
            "memory is lent, not referenced: write `Lease<'_, [u8]>` for `&[u8]`, \
             `LeaseMut<'_, [u8]>` for `&mut [u8]`; the caller still passes a plain reference",
        )),
        [Token::Ident(name), colon, ty @ ..] if is_punctuation(Some(colon), ':') => {
            Ok((name.clone(), ty.to_vec()))
        }
        _ => {
            let span = part.first().map_or_else(Span::call_site, Token::span);
            Err(Error::new(span, "a parameter is `name: Type`"))
        }
    }
}

/// Returns whether a parameter is lent memory: `Lease<..>` or `LeaseMut<..>`, with or without a path.
fn is_lease(ty: &[Token]) -> bool {
    let path_end = ty.iter().position(|token| is_punctuation(Some(token), '<')).unwrap_or(ty.len());
    ty[..path_end]
        .last()
        .is_some_and(|last| is_word(Some(last), "Lease") || is_word(Some(last), "LeaseMut"))
}

/// Returns the type with `'static` for `'_`, which `impl Trait` does not take.
fn without_anonymous_lifetimes(ty: Vec<Token>) -> Vec<Token> {
    let mut previous_is_quote = false;
    let rename = |token: Token| {
        let is_anonymous = previous_is_quote && is_word(Some(&token), "_");
        previous_is_quote = is_punctuation(Some(&token), '\'');
        if is_anonymous { Ident::new("static", token.span()).into() } else { token }
    };
    ty.into_iter().map(rename).collect()
}

/// Returns the parts of a method for readers that know no Rust.
fn described(method: &Method) -> TokenStream {
    let parameter = |(name, ty): &(Ident, Vec<Token>)| {
        slots([("name", word(name)), ("type", tokens(ty)), ("written", written(ty))])
    };
    let takes_mut = if method.mutable.is_empty() { "false" } else { "true" };
    slots([
        ("name", word(&method.name)),
        ("exclusive", code_at(takes_mut, Span::call_site())),
        ("parameters", list(method.parameters.iter().map(parameter))),
        ("result", written(&method.result)),
    ])
}

/// Returns the shapes of a method's words. Errors in them are reported at the name of the method.
fn shape(interface: &Ident, method: &Method) -> TokenStream {
    let span = method.name.span();
    let mut arguments =
        code_at(&format!("\"`{interface}::{}`\", ::crossgate::Shape::NONE", method.name), span);
    for (_, ty) in &method.parameters {
        arguments.extend(code_at(".then", span));
        let mut shape = code_at("::crossgate::interface::argument::<", span);
        shape.extend(ty.iter().cloned());
        shape.extend(code_at(">()", span));
        arguments.extend([parenthesis(shape, span)]);
    }
    arguments.extend(code_at(", <", span));
    arguments.extend(method.result.iter().cloned());
    arguments.extend(code_at("as ::crossgate::Wire>::SHAPE", span));
    let mut shape = code_at("::crossgate::interface::MethodShape::new", span);
    shape.extend([parenthesis(arguments, span)]);
    shape
}

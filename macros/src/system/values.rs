// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers, times and settings in the wiring. The compiler reports wrong values where they stand.

use super::firmware::Budget;
use crate::pieces::{Cursor, Error, code_at, is_punctuation, parenthesis};
use proc_macro::{Delimiter, Group, Span, TokenTree as Token};

pub const BUDGET: &str =
    "expected `budget = 2 ms / 10 ms`: a time (in `us`, `ms` or `s`), and the period";
const TIME: &str = "expected a time with its unit, as `5 ms` (or `us`, or `s`)";

/// Takes an expression and the `;` after it.
pub fn value(source: &mut Cursor, form: &str) -> Result<Vec<Token>, Error> {
    let value = source.until(';');
    if value.is_empty() {
        return Err(source.error(form));
    }
    source.punctuation(';', form)?;
    Ok(value)
}

/// Returns `::crossgate::wiring::check(value)`, at the place of the value.
pub fn checked(check: &str, value: Vec<Token>) -> Vec<Token> {
    let span = value.first().map_or_else(Span::call_site, Token::span);
    checked_at(check, value, span)
}

/// Returns `::crossgate::wiring::check(value)`, at `span`.
pub fn checked_at(check: &str, value: Vec<Token>, span: Span) -> Vec<Token> {
    let mut call: Vec<Token> =
        code_at(&format!("::crossgate::wiring::{check}"), span).into_iter().collect();
    call.push(parenthesis(value.into_iter().collect(), span));
    call
}

/// Parses `= 5 ms;`.
pub fn time_slice(source: &mut Cursor) -> Result<Vec<Token>, Error> {
    const FORM: &str = "expected `time_slice = 5 ms;`";
    source.punctuation('=', FORM)?;
    let value = value(source, FORM)?;
    let place = value[0].span();
    Ok(checked_at("time_slice", time(value, TIME, place)?, place))
}

/// Parses `2 ms / 10 ms`.
pub fn budget(mut value: Vec<Token>) -> Result<Budget, Error> {
    let place = value[0].span();
    let Some(slash) = value.iter().rposition(|token| is_punctuation(Some(token), '/')) else {
        return Err(Error::new(place, BUDGET));
    };
    let period = value.split_off(slash + 1);
    let slash = value.pop().map_or(place, |slash| slash.span());
    let mut arguments = time(value, BUDGET, place)?;
    arguments.extend(code_at(",", place));
    arguments.extend(time(period, BUDGET, slash)?);
    Ok(Budget { place, budget: checked_at("budget", arguments, place) })
}

/// Parses a number and its unit, and returns them as two arguments. The error of a missing token is at `place`.
fn time(mut value: Vec<Token>, form: &str, place: Span) -> Result<Vec<Token>, Error> {
    let span = value.last().map_or(place, Token::span);
    let unit = match value.pop() {
        Some(Token::Ident(unit)) => unit.to_string(),
        _ => return Err(Error::new(span, form)),
    };
    let unit = match &*unit {
        "us" => "Microseconds",
        "ms" => "Milliseconds",
        "s" => "Seconds",
        _ => return Err(Error::new(span, form)),
    };
    if value.is_empty() {
        return Err(Error::new(span, form));
    }
    value.extend(code_at(&format!(", ::crossgate::wiring::Unit::{unit}"), span));
    Ok(value)
}

/// Parses `= restart;`, `= restart (limit = 8);` or `= stop;`.
pub fn on_fault(source: &mut Cursor) -> Result<Vec<Token>, Error> {
    const FORM: &str = "expected `on_fault = restart;`, `on_fault = restart (limit = 8);` or \
                        `on_fault = stop;`";
    source.punctuation('=', FORM)?;
    let span = source.span();
    let tokens = if source.word("stop") {
        policy("Stop", span)
    } else if !source.word("restart") {
        return Err(source.error(FORM));
    } else if let Some(Token::Group(_)) = source.peek() {
        let group = source.group(Delimiter::Parenthesis, FORM)?;
        let limit = settings(&group, &["limit"], &[])?.remove(0);
        checked_at("restart", limit, span)
    } else {
        policy("DEFAULT", span)
    };
    source.punctuation(';', FORM)?;
    Ok(tokens)
}

/// Returns a value of `OnFault`.
pub fn policy(name: &str, span: Span) -> Vec<Token> {
    code_at(&format!("::crossgate::abi::table::OnFault::{name}"), span).into_iter().collect()
}

/// Parses `name = value, ...` in any order: all of `names`, and perhaps some of the `optional` ones, which come last.
/// No other names are allowed.
pub fn settings(
    group: &Group,
    names: &[&str],
    optional: &[&str],
) -> Result<Vec<Vec<Token>>, Error> {
    let mut form = format!("expected `{} = ...`", names.join(" = ..., "));
    for name in optional {
        form += &format!(", and perhaps `{name} = ...`");
    }
    let required = names.len();
    let names = [names, optional].concat();
    let mut values = vec![vec![]; names.len()];
    let mut source = Cursor::new(group.stream(), group.span_close());
    while !source.is_empty() {
        let error = source.error(form.as_str());
        let name = source.ident(&form)?;
        let place = names.iter().position(|known| name.to_string() == *known);
        source.punctuation('=', &form)?;
        let value = source.until(',');
        source.take();
        match place {
            Some(place) if values[place].is_empty() && !value.is_empty() => values[place] = value,
            _ => return Err(error),
        }
    }
    if values[..required].iter().any(Vec::is_empty) {
        return Err(source.error(form));
    }
    Ok(values)
}

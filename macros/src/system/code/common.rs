// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pieces of code that several slots contain.

use super::super::firmware::{Firmware, Object, Service};
use crate::pieces::code_at;
use proc_macro::{Span, TokenStream, TokenTree as Token};

/// Returns a check that compares an item with the items before it. Its error is reported at the item.
pub fn check(check: &str, list: &str, item: usize, written: &[Token]) -> TokenStream {
    let span = written.first().map_or_else(Span::call_site, Token::span);
    code_at(&format!("const _: () = ::crossgate::wiring::{check}({list}, {item});"), span)
}

/// Returns the services with their numbers, the places of their objects, and the objects.
pub fn services(
    firmware: &Firmware,
) -> impl Iterator<Item = (usize, (usize, usize), &Object, &Service)> {
    firmware
        .objects()
        .enumerate()
        .flat_map(|(place, (process, object))| {
            object.services.iter().map(move |service| ((place, process), object, service))
        })
        .enumerate()
        .map(|(number, (places, object, service))| (number, places, object, service))
}

/// Returns `true` or `false` as tokens.
pub fn truth(truth: bool) -> TokenStream {
    code_at(if truth { "true" } else { "false" }, Span::call_site())
}

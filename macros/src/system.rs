// SPDX-License-Identifier: MIT OR Apache-2.0
//! `system!`: the wiring of a firmware.
//!
//! The text is taken apart ([`parse`]) into its meaning ([`firmware`]); it is checked, as far as the
//! words tell ([`check`], [`circles`]); the mentions in it become rights ([`rights`]); and the templates in the crate
//! `crossgate` get all that by name ([`code`]).

mod check;
mod circles;
mod code;
mod firmware;
mod names;
mod parse;
mod rights;
mod values;

use crate::pieces::Error;
use proc_macro::TokenStream;

pub fn expand(input: TokenStream) -> Result<TokenStream, Error> {
    let mut firmware = parse::firmware(input)?;
    check::check(&firmware)?;
    let rights = rights::resolve(&mut firmware)?;
    circles::check(&firmware, &rights)?;
    Ok(code::code(&firmware, &rights))
}

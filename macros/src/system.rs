// SPDX-License-Identifier: MIT OR Apache-2.0
//! `system!`: the wiring of a firmware.
//!
//! The text is parsed ([`parse`]) into its meaning ([`firmware`]), and checked as far as the words allow ([`check`],
//! [`circles`]). The mentions in it become rights ([`rights`]), and the macros in `crossgate/src/expansion` get the
//! results, each by its name ([`code`]).

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

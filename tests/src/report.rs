// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a test ends, and what it says.

use crate::arch;
use core::fmt::{self, Debug, Write};
use core::panic::Location;

/// The console of the person or the program that runs the test.
struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(arch::write_byte);
        Ok(())
    }
}

/// Says something.
pub fn say(text: fmt::Arguments<'_>) {
    // The console takes everything.
    let _ = writeln!(Console, "{text}");
}

/// Ends the test: it has passed.
pub fn pass() -> ! {
    arch::end(0)
}

/// Ends the test: it has failed.
#[track_caller]
pub fn fail(why: fmt::Arguments<'_>) -> ! {
    let place = Location::caller();
    say(format_args!("FAILED {}:{}: {why}", place.file(), place.line()));
    arch::end(1)
}

/// Ends the test: an attack has succeeded.
#[track_caller]
pub fn broken(what: &str) -> ! {
    fail(format_args!("the attacker {what}"))
}

/// Fails unless `got` is what it has to be.
#[track_caller]
pub fn expect<T: PartialEq + Debug>(what: &str, got: T, wanted: T) {
    if got != wanted {
        fail(format_args!("{what}: expected {wanted:x?}, got {got:x?}"));
    }
}

/// Fails unless `fact` holds.
#[track_caller]
pub fn expect_that(what: &str, fact: bool) {
    if !fact {
        fail(format_args!("expected that {what}"));
    }
}

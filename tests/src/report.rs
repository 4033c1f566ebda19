// SPDX-License-Identifier: MIT OR Apache-2.0
//! The end of a test, and its messages.

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

/// Writes a message.
pub fn say(text: fmt::Arguments<'_>) {
    // The console takes all bytes.
    let _ = writeln!(Console, "{text}");
}

/// Ends the test as passed.
pub fn pass() -> ! {
    arch::end(0)
}

/// Ends the test as failed.
#[track_caller]
pub fn fail(why: fmt::Arguments<'_>) -> ! {
    let place = Location::caller();
    say(format_args!("FAILED {}:{}: {why}", place.file(), place.line()));
    arch::end(1)
}

/// Ends the test, because an attack has succeeded.
#[track_caller]
pub fn broken(what: &str) -> ! {
    fail(format_args!("the attacker {what}"))
}

/// Fails unless `got` is the wanted value.
#[track_caller]
pub fn expect<T: PartialEq + Debug>(what: &str, got: T, wanted: T) {
    if got != wanted {
        fail(format_args!("{what}: expected {wanted:x?}, got {got:x?}"));
    }
}

/// Fails unless `fact` is true.
#[track_caller]
pub fn expect_that(what: &str, fact: bool) {
    if !fact {
        fail(format_args!("expected that {what}"));
    }
}

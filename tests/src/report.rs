//! How a test ends, and what it says.

use core::fmt::{self, Debug, Write};
use core::panic::Location;
use semihosting::sys::arm_compat::sys_writec;

/// The emulator's console. It takes a byte at a time, so that no process needs memory for it.
struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(sys_writec);
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
    semihosting::process::exit(0)
}

/// Ends the test: it has failed.
#[track_caller]
pub fn fail(why: fmt::Arguments<'_>) -> ! {
    let place = Location::caller();
    say(format_args!("FAILED {}:{}: {why}", place.file(), place.line()));
    semihosting::process::exit(1)
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

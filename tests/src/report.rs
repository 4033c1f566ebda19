//! How a test ends, and what it says.

use core::arch::asm;
use core::fmt::{self, Debug, Write};
use core::panic::Location;

/// The emulator's console.
struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(write_byte);
        Ok(())
    }
}

/// Writes a byte by a semihosting call.
///
/// The emulator takes it from memory, and refuses to read a page that doesn't begin with memory of
/// the current process. Flash is everybody's, so the byte is taken from there.
fn write_byte(byte: u8) {
    const WRITE_CHARACTER: usize = 3;
    static BYTES: [u8; 256] = {
        let mut bytes = [0; 256];
        let mut index = 0;
        while index < bytes.len() {
            bytes[index] = index as u8;
            index += 1;
        }
        bytes
    };
    // SAFETY: the call reads the byte, and changes nothing but the register.
    unsafe {
        asm!(
            "bkpt #0xab",
            inout("r0") WRITE_CHARACTER => _,
            in("r1") &BYTES[usize::from(byte)],
            options(nostack, readonly),
        );
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

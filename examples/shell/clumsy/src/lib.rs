//! A process that crashes now and then, so that there is something to see.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::time;

/// How long it takes to stumble.
pub const STUMBLES_AFTER: Duration = Duration::from_secs(30);

/// The process' thread.
///
/// # Panics
/// When its time has come.
pub fn main() -> ! {
    time::sleep(STUMBLES_AFTER);
    panic!("a clumsy process stumbles")
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signals that are not interrupts of devices: unexpected signals, and signals that end the program.

use crate::linux::output;
use core::ffi::c_int;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU32, Ordering};

/// The signal by which a user ends the program, or 0.
static END: AtomicU8 = AtomicU8::new(0);

/// The number of signals that were not expected.
static STRAYS: AtomicU32 = AtomicU32::new(0);
/// The last unexpected signal. The next variable is the process of Linux that sent it.
static STRAY: AtomicI32 = AtomicI32::new(0);
static SENDER: AtomicI32 = AtomicI32::new(0);

/// Reports unexpected signals: the first signal as soon as it comes, and the number of all of them at the end.
pub fn tell_strays(is_end: bool) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    let count = STRAYS.load(Ordering::Relaxed);
    if count == 0 || TOLD.swap(true, Ordering::Relaxed) && !is_end {
        return;
    }
    let (signal, sender) = (STRAY.load(Ordering::Relaxed), SENDER.load(Ordering::Relaxed));
    output::tell(format_args!(
        "crossgate: signals that nobody waits for, and that change nothing: {count}; the last was signal \
         {signal} of Linux process {sender}"
    ));
}

/// Returns the exit status if a user has ended the program.
pub fn end() -> Option<c_int> {
    match END.load(Ordering::Relaxed) {
        0 => None,
        signal => Some(128 + c_int::from(signal)),
    }
}

/// Records that a user has ended the program, by this signal.
pub fn note_end(signal: c_int) {
    END.store(signal as u8, Ordering::Relaxed);
}

/// Records a signal that is not expected.
pub fn note(signal: c_int, sender: libc::pid_t) {
    STRAYS.fetch_add(1, Ordering::Relaxed);
    STRAY.store(signal, Ordering::Relaxed);
    SENDER.store(sender, Ordering::Relaxed);
}

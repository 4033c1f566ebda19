// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attempts on frames of callers, and on the stacks of others. There is a protection key for each stack, but none for
//! parts of stacks.

#[path = "../reach.rs"]
mod reach;

use crossgate::thread;

reach::firmware! {
    thread rests0 (priority = 5, stack = 512) = rest();
    thread rests1 (priority = 5, stack = 512) = rest();
    thread rests2 (priority = 5, stack = 512) = rest();
}

/// Has a stack, and does nothing.
fn rest() -> ! {
    thread::exit()
}

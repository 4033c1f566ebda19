// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attempts on frames of callers, and on the stacks of others. With protection keys, there are as many for stacks as there
//! are stacks, but none for parts of them.

#[path = "../reach.rs"]
mod reach;

use crossgate::thread;

reach::firmware! {
    thread rests0 (priority = 5, stack = 512) = rest();
    thread rests1 (priority = 5, stack = 512) = rest();
    thread rests2 (priority = 5, stack = 512) = rest();
}

/// Has a stack, and no more.
fn rest() -> ! {
    thread::exit()
}

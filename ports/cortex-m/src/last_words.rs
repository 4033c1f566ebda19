// SPDX-License-Identifier: MIT OR Apache-2.0
//! The last words of a kernel that can't go on.

use core::sync::atomic::{Ordering, compiler_fence};

unsafe extern "Rust" {
    safe fn __crossgate_board_tell(byte: u8);
}

/// Reports the reason, and stops the machine. A debugger finds the machine here. A watchdog resets it, because no code
/// feeds the watchdog any more.
#[cold]
#[inline(never)]
pub fn halt(why: &str, numbers: &[u32]) -> ! {
    say(why, numbers);
    loop {
        compiler_fence(Ordering::SeqCst);
    }
}

/// Reports why the kernel can't run on this chip, and stops the machine. A board calls this in
/// [`prepare`](crate::Board::prepare), after it has set up what `tell` needs.
pub fn refuse(why: &str) -> ! {
    halt(why, &[])
}

/// Reports why the system can't go on, and resets it. A board calls this in [`sleep`](crate::Board::sleep) if its
/// clocks don't come back: time would be wrong without them.
pub fn reset(why: &str) -> ! {
    say(why, &[]);
    cortex_m::peripheral::SCB::sys_reset()
}

/// Sends a line with a text and numbers in hexadecimal.
#[inline(never)]
pub fn say(text: &str, numbers: &[u32]) {
    tell("\r\ncrossgate: ");
    tell(text);
    for number in numbers {
        __crossgate_board_tell(b' ');
        let mut digits = *number;
        for _ in 0..8 {
            let digit = (digits >> 28) as u8;
            __crossgate_board_tell(digit + if digit < 10 { b'0' } else { b'a' - 10 });
            digits <<= 4;
        }
    }
    tell("\r\n");
}

fn tell(text: &str) {
    text.bytes().for_each(__crossgate_board_tell);
}

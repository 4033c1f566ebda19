// SPDX-License-Identifier: MIT OR Apache-2.0
//! The screen on which a client shows its result. Two firmwares wire that client to different servers.

use crate::report::{expect, pass};
use core::sync::atomic::{AtomicU32, Ordering};
use crossgate::Notification;
use meter::Display;

/// A screen. It shows one sum.
#[derive(Debug)]
pub struct Screen(AtomicU32);

impl Screen {
    /// Creates a screen that shows nothing.
    #[must_use]
    pub const fn new() -> Screen {
        Screen(AtomicU32::new(0))
    }

    /// Runs as the main function of a thread: passes if this sum is shown.
    pub fn expect(&self, sum: u32, shown: Notification) -> ! {
        shown.wait();
        expect("what the meter shows", self.0.load(Ordering::Relaxed), sum);
        pass()
    }
}

impl Default for Screen {
    fn default() -> Screen {
        Screen::new()
    }
}

impl Display for Screen {
    fn show(&self, sum: u32) {
        self.0.store(sum, Ordering::Relaxed);
    }
}

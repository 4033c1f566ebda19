// SPDX-License-Identifier: MIT OR Apache-2.0
//! A hook for a simulated chip, for unit tests of sequences: it works at each read with which the code under test waits
//! for a bit.

extern crate std;

use core::cell::RefCell;
use std::boxed::Box;

std::thread_local! {
    static WORK: RefCell<Option<Box<dyn Fn()>>> = const { RefCell::new(None) };
}

/// Makes `work` the work of the chip of this thread.
pub fn install(work: impl Fn() + 'static) {
    WORK.set(Some(Box::new(work)));
}

/// Lets the chip of this thread do its work, if the thread has one.
pub fn step() {
    WORK.with_borrow(|work| work.iter().for_each(|work| work()));
}

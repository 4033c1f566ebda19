// SPDX-License-Identifier: MIT OR Apache-2.0
//! The start of the threads.

use crate::Kernel;
use crate::home::place;
use crate::port::Port;
use crate::work;
use crossgate_abi::ThreadId;
use crossgate_protection::Span;

impl<P: Port> Kernel<P> {
    /// Makes every thread ready to start; the idle thread is current. `flash` is readable by every process.
    #[inline]
    pub fn start(&mut self, flash: Span) {
        self.flash = flash;
        for (index, wiring) in self.system.threads.iter().enumerate() {
            let id = ThreadId::new(index);
            place::<P>(self.threads.get_mut(id), id, wiring);
            self.wake(id);
        }
        // The idle thread runs first, as the worker: it finds no work, and returns to its own priority.
        self.set_worker(work::FIRST);
    }
}

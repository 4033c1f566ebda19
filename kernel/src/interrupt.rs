// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts of devices.
//!
//! An interrupt is a signal that also masks its line until a thread of the owner has acknowledged it. Lines start
//! masked: a driver acknowledges once when its device is set up.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::table::ProcessRow;
use crossgate_abi::{CallError, Cause, ProcessId, Status, Word};

impl<P: Port> Kernel<P> {
    /// Handles the arrival of interrupt `line`. The line stays masked until the interrupt is acknowledged. If no
    /// process owns the line, it stays masked for ever, and the kernel records a fault that belongs to no process.
    ///
    /// A context has to be loaded afterwards, even if the same thread continues: the idle thread may have been about to
    /// wait for an interrupt, and now has work to do.
    #[inline]
    pub fn interrupt(&mut self, line: u16) {
        self.port.mask(line, true);
        match self.system.interrupts.iter().find(|bound| bound.line == line) {
            Some(bound) => self.signal(bound.notification.index()),
            None => {
                let (id, detail) = (self.threads.current_id(), line as i16 as Word);
                self.report(ProcessId::NOBODY, id, Cause::Interrupt, detail);
            }
        }
    }

    /// Unmasks the interrupts of a notification, which the current thread has served.
    #[inline]
    pub(crate) fn acknowledge(&mut self, index: Word) -> Status {
        let process = self.threads.current().rights.process;
        match self.system.notifications.get(index) {
            Some(wiring) if wiring.owner == process => {
                self.mask_interrupts(index, 1, false);
                Status::OK
            }
            _ => CallError::NotPermitted.into(),
        }
    }

    /// Masks the interrupts of the notifications of a process that is taken down, until the process acknowledges them.
    /// Signals that no thread has taken yet are lost.
    #[inline]
    pub(crate) fn silence(&mut self, process: &ProcessRow) {
        let first = process.first_notification.index();
        let count = process.notifications.leading_ones() as usize;
        self.mask_interrupts(first, count, true);
        let own = self.notifications.get_mut(first..first + count);
        own.unwrap_or_default().iter_mut().for_each(|state| state.signals = 0);
    }

    /// Masks or unmasks the interrupts that are bound to one of these notifications.
    #[inline]
    fn mask_interrupts(&mut self, first: Word, count: Word, mask: bool) {
        for interrupt in self.system.interrupts {
            if interrupt.notification.index().wrapping_sub(first) < count {
                self.port.mask(interrupt.line, mask);
            }
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts of devices.
//!
//! An interrupt is a signal that also masks its line until a thread of the owner has acknowledged it. Lines start
//! masked: a driver acknowledges once when its device is set up.
//!
//! After a crash, the lines of a process are masked again before the process restarts: one in each piece of the
//! [clean-up](crate::restart), because there may be many. Until then each interrupt can occur at most once more,
//! because it masks its own line.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::table::{ProcessRow, UNBOUND};
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
        match self.system.lines.get(usize::from(line)) {
            Some(&index) if index != UNBOUND => self.signal(index.into()),
            _ => {
                let (id, detail) = (self.threads.current_id(), line as i16 as Word);
                self.report(ProcessId::NOBODY, id, Cause::Interrupt, detail);
            }
        }
    }

    /// Unmasks the lines of a notification's interrupts, which the current thread has served.
    #[inline]
    pub(crate) fn acknowledge(&mut self, index: Word) -> Status {
        let process = self.threads.current().rights.process;
        match self.system.notifications.get(index) {
            Some(wiring) if wiring.owner == process => {
                let mut next = usize::from(wiring.first_interrupt);
                while let Some(bound) = self.system.interrupts.get(next)
                    && bound.notification.index() == index
                {
                    self.port.mask(bound.line, false);
                    next += 1;
                }
                Status::OK
            }
            _ => CallError::NotPermitted.into(),
        }
    }

    /// Drops the signals that no thread of a process has taken, because the process is taken down.
    #[inline]
    pub(crate) fn silence(&mut self, process: &ProcessRow) {
        let first = process.first_notification.index();
        let count = process.notifications.leading_ones() as usize;
        let Some(own) = self.notifications.get_mut(first..first + count) else { return };
        let mut states = own.iter_mut();
        let Some(mut state) = states.next() else { return };
        // (The loop tests at its end, which is shorter. A process may have 32 notifications.)
        loop {
            state.signals = 0;
            let Some(next) = states.next() else { return };
            state = next;
        }
    }

    /// Masks an interrupt of the wiring if it belongs to a process that is about to restart. The driver acknowledges it
    /// when it has set up its device again. Signals that came meanwhile are lost.
    #[inline(always)]
    pub(crate) fn mask_again(&mut self, process: ProcessId, interrupt: usize) {
        if let Some(bound) = self.system.interrupts.get(interrupt)
            && bound.owner == process
            && let Some(state) = self.notifications.get_mut(bound.notification.index())
        {
            state.signals = 0;
            self.port.mask(bound.line, true);
        }
    }
}

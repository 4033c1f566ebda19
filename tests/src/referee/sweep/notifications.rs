// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signals and waits in states that are rare: with leases, with signals before, and while the worker is busy.

use super::super::kernel::kernel;
use super::super::puppet::Turn;
use super::{FOR_EVER, Here, LENT, State, USED, first_of, operation, owned, selected};
use crate::arch::store;
use board::port::kernel::Kernel;
use board::port::machine::Machine;
use crossgate_abi::number;
use crossgate_abi::table::NotificationRow;

/// The number of operations until a thread runs again that was woken.
const STEPS: usize = 24;

impl Here<'_> {
    /// Tries switches from a thread that holds leases, and to it: it waits, an interrupt wakes another thread, which
    /// signals the notification and waits itself.
    pub(super) fn try_switches_with_leases(&mut self) {
        let stack_pointer = self.window.end - LENT;
        let words = [(self.window.end - 32) as u32, 32, 7, 8];
        for selector in 0..self.system.gates.len() as u32 {
            for interrupt in self.system.interrupts {
                self.come_back();
                self.referee.perform(&selected(selector, words, stack_pointer));
                let lessee = kernel().thread_id();
                let set = first_of(owned(self.system));
                if kernel().current_thread().leases().count() == 0 || set == 0 {
                    continue;
                }
                let process = kernel().current_thread().rights().process;
                let of_lessee = |it: &NotificationRow| it.owner == process;
                let signalled = self.system.notifications.iter().position(of_lessee);
                let signal = [signalled.unwrap_or(0) as u32, 0, 0, 0];
                let inside = self.referee.window().end - USED;
                let wait = [set, FOR_EVER, FOR_EVER, 0];
                self.referee.compare(&operation(number::WAIT, wait, inside));
                self.referee.compare(&self.referee.unchanged().interrupted(interrupt.line));
                let mut signals = false;
                for _ in 0..STEPS {
                    let number = match self.referee.turn() {
                        Turn::Only(operation) | Turn::Idle(operation) => {
                            self.referee.compare(&operation);
                            continue;
                        }
                        Turn::Free if kernel().thread_id() == lessee => break,
                        Turn::Free if signals => number::WAIT,
                        Turn::Free => number::SIGNAL,
                    };
                    signals = number == number::SIGNAL;
                    let wait = [first_of(owned(self.system)), FOR_EVER, FOR_EVER, 0];
                    let words = if signals { signal } else { wait };
                    let stack_pointer = self.referee.stack_pointer();
                    self.referee.compare(&operation(number, words, stack_pointer));
                }
            }
        }
        self.come_back();
    }

    /// Tries signals for a waiting thread that the worker is about to wake, because several threads waited before.
    pub(super) fn try_woken(&mut self) {
        for (signalled, wiring) in self.system.notifications.iter().enumerate() {
            self.come_back();
            let Some(waiter) = self.other_thread_in(wiring.owner) else { continue };
            self.lend_priorities(waiter, signalled, 1, 1);
            let kernel = core::ptr::from_ref(kernel()).addr();
            store(kernel + Kernel::<Machine>::OFFSETS.waking, 1 << waiter);
            let words = [signalled as u32, 0, 0, 0];
            self.referee.compare(&operation(number::SIGNAL, words, self.usual()));
        }
        self.come_back();
    }

    /// Tries signals of notifications that have (nearly) as many signals as can be counted.
    pub(super) fn try_full_counters(&mut self) {
        for signalled in 0..self.system.notifications.len() {
            for signals in [u32::MAX - 1, u32::MAX] {
                self.come_back();
                kernel().parts(&mut |name, index, place| {
                    if name == "notification" && index == signalled {
                        store(place.start, signals);
                        store(place.start + State::WAITERS, 0);
                    }
                });
                let words = [signalled as u32, 0, 0, 0];
                self.referee.compare(&operation(number::SIGNAL, words, self.usual()));
            }
        }
        self.come_back();
    }
}

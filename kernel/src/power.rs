// SPDX-License-Identifier: MIT OR Apache-2.0
//! How deep the CPU may sleep while no thread is ready, in a firmware whose wiring has `deep_sleep;`.
//!
//! The CPU sleeps as deep as every process admits. A process that needs a device awake says so by a system call, which
//! needs a right in the wiring; what it has said ends with its life. So no process that has crashed keeps the CPU
//! awake. A process can't make the CPU sleep deeper than another process admits. How deep the CPU really sleeps, and
//! how it wakes up in time, is the port's part ([`Port::sleep`]).
//!
//! The kernel counts the sleeps at each depth. Each of them is one wake-up.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::power::Depth;
use crossgate_abi::{ARGUMENT_WORDS, ProcessId, Set, Status, Word};

/// The part of the kernel for a firmware in which the CPU may sleep deeply. Other firmware does not contain its code.
pub struct Power<P: Port> {
    /// Carries out the system calls of other optional parts.
    pub(crate) others: extern "C" fn(&mut Kernel<P>, &mut [Word; ARGUMENT_WORDS]) -> Status,
    /// Lets the CPU sleep.
    pub(crate) rest: fn(&mut Kernel<P>),
    /// For each depth, the processes that do not admit it.
    pub(crate) refused: [Set<ProcessId>; Depth::ALL.len()],
    /// The sleeps at each depth.
    pub(crate) slept: [Slept; Depth::ALL.len()],
}

/// The sleeps at one depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slept {
    /// Their number.
    pub count: u32,
    /// How long they took together, in µs.
    pub time: u64,
}

impl<P: Port> Power<P> {
    /// Makes this depth the deepest that a process admits.
    pub(crate) fn admit(&mut self, process: ProcessId, depth: Depth) {
        for (of, refused) in Depth::ALL.into_iter().zip(&mut self.refused) {
            if of > depth {
                refused.insert(process);
            } else {
                refused.remove(process);
            }
        }
    }

    /// Returns the deepest sleep that all processes admit.
    pub(crate) fn admitted(&self) -> Depth {
        // (The search from the other end has a way to a panic.)
        let mut admitted = Depth::Light;
        for (depth, refused) in Depth::ALL.into_iter().zip(&self.refused) {
            if refused.is_empty() {
                admitted = depth;
            }
        }
        admitted
    }
}

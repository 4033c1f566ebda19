// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sleep of the CPU while no thread is ready, in a firmware whose wiring has `deep_sleep;`.
//!
//! The CPU sleeps as deep as every process admits. A process that needs a device awake says so by a system call, which
//! needs a right in the wiring; what it has said ends with its life. So no process that has crashed keeps the CPU
//! awake. A process can't make the CPU sleep deeper than another process admits. How deep the CPU really sleeps, and
//! how it wakes up in time, is the port's part ([`Port::sleep`]).
//!
//! The kernel counts the sleeps at each depth. Each of them is one wake-up.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::power::{ADMIT, Depth, FALL_ASLEEP, SLEPT, WAKE_UP};
use crossgate_abi::{ARGUMENT_WORDS, CallError, ProcessId, Set, Status, ThreadId, Word};

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
    fn admit(&mut self, process: ProcessId, depth: Depth) {
        for (of, refused) in Depth::ALL.into_iter().zip(&mut self.refused) {
            if of > depth {
                refused.insert(process);
            } else {
                refused.remove(process);
            }
        }
    }

    /// Returns the deepest sleep that all processes admit.
    fn admitted(&self) -> Depth {
        let mut depths = Depth::ALL.into_iter().zip(&self.refused).rev();
        let admitted = depths.find(|(_, refused)| refused.is_empty());
        admitted.map_or(Depth::Light, |(depth, _)| depth)
    }
}

impl<P: Port> Kernel<P> {
    /// Carries out a system call of an optional part, in a firmware in which the CPU may sleep deeply.
    pub(crate) extern "C" fn power(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        match words[0] {
            ADMIT => self.admit(words[1]),
            SLEPT => self.slept(words),
            FALL_ASLEEP => self.fall_asleep(),
            WAKE_UP => self.wake_up(),
            _ => {
                let others = self.power_part().map(|power| power.others);
                others.map_or(Status::NO_SUCH_SYSTEM_CALL, |others| others(self, words))
            }
        }
    }

    /// Makes this depth the deepest that the current process admits.
    fn admit(&mut self, depth: Word) -> Status {
        let process = self.current().rights.process;
        if !self.system.deep_sleep.is_some_and(|may| may.contains(process)) {
            return CallError::NotPermitted.into();
        }
        match (Depth::from_number(depth), self.power_part()) {
            (Some(depth), Some(power)) => {
                power.admit(process, depth);
                Status::OK
            }
            _ => Status::NO_SUCH_RECORD,
        }
    }

    /// Tells the current process how the CPU has slept at a depth.
    fn slept(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let process = self.current().rights.process;
        if !self.system.inspectors.contains(process) {
            return CallError::NotPermitted.into();
        }
        let [_, depth, what, _] = *words;
        let slept = self.power_part().and_then(|power| power.slept.get(depth));
        let number = match (slept, what) {
            (Some(slept), 0) => slept.count.into(),
            (Some(slept), 1) => slept.time,
            _ => return Status::NO_SUCH_RECORD,
        };
        (words[1], words[2]) = (number as u32 as Word, (number >> 32) as Word);
        Status::OK
    }

    /// Makes the idle thread a part of the kernel. For other threads no such call exists.
    fn fall_asleep(&mut self) -> Status {
        if self.threads.current_id() != ThreadId::IDLE || self.is_preempted() {
            return Status::NO_SUCH_SYSTEM_CALL;
        }
        self.port.enter_kernel();
        Status::OK
    }

    /// Makes the idle thread an ordinary thread again. For other threads no such call exists.
    fn wake_up(&mut self) -> Status {
        if self.threads.current_id() != ThreadId::IDLE {
            return Status::NO_SUCH_SYSTEM_CALL;
        }
        self.port.leave_kernel();
        Status::OK
    }

    /// A life of a process ends. The next one admits every depth.
    #[inline]
    pub(crate) fn end_refusal(&mut self, process: ProcessId) {
        if let Some(power) = self.power_part() {
            power.admit(process, Depth::Deepest);
        }
    }

    /// Lets the CPU sleep until an interrupt is pending, as deep as all processes admit. The port calls this function
    /// while the idle thread is current and has no work, no other thread is ready, and interrupts are held off. Returns
    /// `false` if the wiring has no `deep_sleep;`: the port then waits for an interrupt itself.
    #[inline(always)]
    pub fn rest(&mut self) -> bool {
        let Some(power) = self.optional.as_ref().and_then(|it| it.power.as_ref()) else {
            return false;
        };
        (power.rest)(self);
        true
    }

    pub(crate) fn sleep(&mut self) {
        let Some(depth) = self.power_part().map(|power| power.admitted()) else { return };
        let from = self.port.now();
        // (During a round of checks, the timer interrupts at once.)
        let until = if self.checked == 0 { self.next_wake } else { from };
        let depth = self.port.sleep(depth, until);
        let now = self.port.now();
        if depth != Depth::Light {
            self.rearm();
        }
        if let Some(power) = self.power_part()
            && let Some(slept) = power.slept.get_mut(depth as usize)
        {
            slept.count = slept.count.wrapping_add(1);
            slept.time += now - from;
        }
    }

    #[inline]
    fn power_part(&mut self) -> Option<&mut Power<P>> {
        self.optional.as_mut()?.power.as_deref_mut()
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sleep of the CPU while no thread is ready, and the system calls about it. [`power`](crate::power) says how deep
//! the sleep may be.

use crate::Kernel;
use crate::port::Port;
use crate::power::Power;
use crossgate_abi::power::{ADMIT, Depth, FALL_ASLEEP, SLEPT, WAKE_UP};
use crossgate_abi::{ARGUMENT_WORDS, CallError, ProcessId, Status, ThreadId, Word};

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
            slept.time = slept.time.wrapping_add(now.wrapping_sub(from));
        }
    }

    #[inline]
    fn power_part(&mut self) -> Option<&mut Power<P>> {
        self.optional.as_mut()?.power.as_deref_mut()
    }
}

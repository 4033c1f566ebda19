// SPDX-License-Identifier: MIT OR Apache-2.0
//! The dead parts of the kernel's memory, and the names of all parts. A part is *dead* while its contents mean nothing.
//!
//! This module serves a test that compares states of the memory from outside. Two states are the same if they differ
//! only in bytes that are dead in both. The kernel always writes a dead part before it reads that part. The test shows
//! this: it writes arbitrary values to the dead parts.

use crate::Kernel;
use crate::frame::{Frame, OWN_DEADLINE};
use crate::port::Port;
use crate::schedule::Ready;
use crate::thread::Thread;
use crate::wait::{Pending, Wait};
use crate::work::Work;
use crossgate_abi::{MAX_THREADS, PRIORITIES, ThreadId, Word};
use crossgate_protection::Span;
use crossgate_protection::{Unit, Window};

/// The bits of a stack pointer that a port may use for marks.
const MARKS: Word = size_of::<Word>() - 1;

/// Returns the range of a value.
fn of<T: ?Sized>(it: &T) -> Span {
    let start = core::ptr::from_ref(it).addr();
    Span { start, end: start + size_of_val(it) }
}

/// Returns the range of some of the bytes of a value.
fn part<T>(it: &T, from: Word, to: Word) -> Span {
    let start = of(it).start;
    Span { start: start + from, end: start + to }
}

/// Returns the range in which an option would hold a value; `None` if it holds one.
fn payload<T: Copy>(option: &Option<T>, example: T) -> Option<Span> {
    let some = Some(example);
    let from = some.as_ref().map_or(0, |it| of(it).start - of(&some).start);
    option.is_none().then(|| part(option, from, from + size_of::<T>()))
}

/// Reports the name and the range of each field of a struct. (A list that leaves out a field does not compile.)
macro_rules! fields {
    ($tell:ident, $index:expr, $of:literal, $it:expr => $kind:ident { $($field:ident),* $(,)? }) => {
        let $kind { $($field),* } = $it;
        $($tell(concat!($of, stringify!($field)), $index, of($field));)*
    };
}

impl<P: Port> Kernel<P> {
    /// Returns the number of signals of a notification; 0 if it does not exist.
    #[must_use]
    pub fn signals(&self, index: Word) -> u32 {
        self.notifications.get(index).map_or(0, |it| it.signals)
    }

    /// Reports every dead part of the memory. The registers of the current thread are saved at `stack_pointer`. (A port
    /// may mark stack pointers in the lowest bits.)
    pub fn dead(&self, stack_pointer: Word, tell: &mut impl FnMut(Span)) {
        let current = self.threads.current_id();
        for index in 0..self.system.threads.len() {
            let thread = self.threads.get(ThreadId::new(index));
            let mut used = thread.stack_pointer;
            if thread.id == current {
                used = stack_pointer;
                // The field is written before another thread becomes current.
                tell(of(&thread.stack_pointer));
            }
            let Work { crashed, unswept, dying, .. } = self.work;
            let process = thread.rights.process;
            // The idle thread has the number of the first process, but goes on if that process ends: it is the worker.
            let has_crashed = crashed.contains(process) && thread.id != ThreadId::IDLE;
            let is_lost = has_crashed || unswept.contains(thread.id) && dying.contains(process);
            if is_lost || matches!(thread.wait, Wait::Ended) {
                // The thread does not continue at its stack pointer, which may not even have been saved.
                tell(of(&thread.stack_pointer));
                used = thread.innermost().map_or(thread.stack.end, |frame| frame.stack_pointer);
            }
            // The stack below the stack pointer is dead. There are two exceptions: a thread whose stack pointer is
            // outside its stack, because it is about to crash, and a crashed thread whose stack is not yet copied to
            // the dump.
            let is_read = is_lost && self.work.unchecked != 0;
            let used = used & !MARKS;
            if !is_read && thread.stack.start <= used && used <= thread.stack.end {
                tell(Span { start: thread.stack.start, end: used });
            }
            // The stack of a callee may begin below the stack pointer of its caller. The gap between the two is dead.
            for frame in thread.frames.iter().take(thread.depth().into()) {
                let Window { top, .. } = P::Unit::window(thread.stack, frame.stack_pointer);
                tell(Span { start: top, end: frame.stack_pointer & !MARKS });
            }
            thread.dead(tell);
        }
        self.ready.dead(tell);
    }

    /// Reports the name and the range of each part of the memory. Parts of the same name differ by their index.
    pub fn parts(&self, tell: &mut impl FnMut(&'static str, usize, Span)) {
        fields!(tell, 0, "kernel.", self => Kernel {
            threads, running, gates, port, services, notifications, system, locks, flash, processes,
            next_wake, checked, rearms, ready, work, faults, states, deadlines, grants, granted, budgets,
            optional,
        });
        for index in 0..self.system.threads.len() {
            fields!(tell, index, "thread.", self.threads.get(ThreadId::new(index)) => Thread {
                stack_register, rights, calls, stack_pointer, stack, bounds, id, base_priority, priority,
                blocked_on, deadline, grace, orphaned, may_be_late, pending, wait, waiters, wake_at, frames, leases,
            });
        }
        for (index, lock) in self.locks.iter().enumerate() {
            tell("lock", index, of(lock));
        }
        for (index, notification) in self.notifications.iter().enumerate() {
            tell("notification", index, of(notification));
        }
        for (index, process) in self.states.iter().enumerate() {
            tell("process", index, of(process));
        }
        for (index, granted) in self.granted.iter().enumerate() {
            tell("granted", index, of(granted));
        }
    }
}

impl<U: Unit> Thread<U> {
    fn dead(&self, tell: &mut impl FnMut(Span)) {
        let depth = usize::from(self.depth());
        for (index, frame) in self.frames.iter().enumerate() {
            let Frame { stack_pointer, rights, deadline, service, care } = frame;
            if index >= depth {
                // Of a free frame only `care` counts, which says that the frame has no duties.
                tell(of(stack_pointer));
                tell(of(rights));
                tell(of(service));
            }
            if care & OWN_DEADLINE == 0 {
                tell(of(deadline));
            }
        }
        let held = usize::from(self.rights.leases.count());
        self.leases.iter().skip(held).for_each(|lease| tell(of(lease)));
        payload(&self.blocked_on, ThreadId::IDLE).map(&mut *tell);
        const WORD: Word = size_of::<Word>();
        match self.pending {
            Pending::Nothing | Pending::Retry => {
                tell(part(&self.pending, 1, size_of::<Pending>()));
            }
            Pending::Reply { .. } => tell(part(&self.pending, 2, WORD)),
        }
        match self.wait {
            Wait::Nothing | Wait::Time | Wait::Memory | Wait::Ended => {
                tell(part(&self.wait, 1, size_of::<Wait>()));
            }
            Wait::Lock(_) => {
                tell(part(&self.wait, 1, WORD));
                tell(part(&self.wait, WORD + 1, size_of::<Wait>()));
            }
            Wait::Notifications(_) | Wait::Mutex(_) => tell(part(&self.wait, 1, WORD)),
        }
    }
}

impl Ready {
    fn dead(&self, tell: &mut impl FnMut(Span)) {
        let mut has_next = [false; MAX_THREADS];
        for level in 0..PRIORITIES {
            let (first, last) = (&self.first[level], &self.last[level]);
            if self.levels << level >> 31 == 0 {
                tell(of(first));
                tell(of(last));
                continue;
            }
            let mut thread = *first;
            for _ in 0..MAX_THREADS {
                if thread == *last {
                    break;
                }
                has_next[thread.place()] = true;
                thread = self.next[thread.place()];
            }
        }
        for (next, live) in self.next.iter().zip(has_next) {
            if !live {
                tell(of(next));
            }
        }
    }
}

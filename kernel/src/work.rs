//! What is put off, and done in pieces.
//!
//! Some events concern all threads: a process goes down; what many wait for is free. They are told in a set of
//! threads. Then the idle thread becomes a *worker*: with a [system call](crossgate_abi::number::WORK) it does a
//! piece of the work, with another the next, and interrupts come in between. First it looks for the most urgent
//! thread of the sets, then it does what is to be done for that one, with its priority, as the first that has it; and
//! so on. So others wait for no work but that for one as urgent as they, and invariant **swept** holds: no
//! thread runs before it is swept.
//!
//! Who needs a process that went down does pieces of it, too.

use crate::Kernel;
use crate::frame::{LOCKED, STALE};
use crate::lock::free_lock;
use crate::port::Port;
use crate::thread::ThreadId;
use crate::wait::Wait;
use crossgate_abi::PRIORITIES;

/// How many threads are looked at in one piece.
pub(crate) const LOOKS: usize = if cfg!(test) { 2 } else { 4 };

/// The priority of the worker until it knows better.
pub(crate) const FIRST: u8 = PRIORITIES as u8 - 1;

/// What is to be done.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub(crate) struct Work {
    /// Processes that have gone down: all threads are swept for them at once.
    pub dying: u32,
    /// Threads that are not swept: that may be in one of those, or come back there.
    pub unswept: u32,
    /// Threads that wait for something that has become free.
    pub waking: u32,
    /// Threads that may be more urgent than those who wait for them.
    pub lowering: u32,
    /// Threads that had memory lent to them when they were swept.
    pub lessees: u32,
    /// Threads of these sets that are still to be looked at, to choose the most urgent.
    pub unseen: u32,
    /// The most urgent so far, which the next pieces are for; the idle thread if there is none.
    chosen: ThreadId,
    /// Its priority.
    highest: u8,
}

impl Work {
    pub const NONE: Work = Work {
        dying: 0,
        unswept: 0,
        waking: 0,
        lowering: 0,
        lessees: 0,
        unseen: 0,
        chosen: ThreadId::IDLE,
        highest: 0,
    };

    /// The threads that something is to be done for.
    pub fn threads(&self) -> u32 {
        self.unswept | self.waking | self.lowering
    }

    /// Without what is not looked at any more, if every process runs.
    #[cfg(test)]
    pub fn relevant(self, all_run: bool) -> Work {
        let is_idle = self.unseen == 0 && self.threads() & self.chosen.bit() == 0;
        Work {
            dying: if self.unswept == 0 { 0 } else { self.dying },
            lessees: if all_run { 0 } else { self.lessees },
            chosen: if is_idle { ThreadId::IDLE } else { self.chosen },
            highest: if is_idle { 0 } else { self.highest },
            ..self
        }
    }
}

impl<P: Port> Kernel<P> {
    /// Does a piece of the work. Tells whether there was something to do.
    #[inline(never)]
    pub(crate) fn piece(&mut self) -> bool {
        let Work { unswept, waking, lowering, unseen, chosen, .. } = self.work;
        if unseen == 0 {
            if lowering & chosen.bit() != 0 {
                self.stir(chosen);
                return true;
            }
            if unswept & chosen.bit() != 0 {
                self.sweep(chosen);
                return true;
            }
            if waking & chosen.bit() != 0 {
                self.wake(chosen);
                return true;
            }
        }
        let is_some = unswept | waking | lowering != 0;
        self.look();
        is_some
    }

    /// Looks at some threads, for the most urgent one. Those that are in no call, and not at home in a process that
    /// goes down, need not be swept. Then the worker is as urgent as that one; if
    /// more are left, it comes next.
    #[inline(always)]
    fn look(&mut self) {
        let (work, threads) = (&mut self.work, &self.threads);
        if work.unseen == 0 {
            (work.unseen, work.chosen, work.highest) = (work.threads(), ThreadId::IDLE, 0);
        }
        for _ in 0..LOOKS {
            if work.unseen == 0 {
                break;
            }
            let id = ThreadId::new(work.unseen.trailing_zeros() as usize);
            work.unseen &= !id.bit();
            let thread = threads.at(id);
            if !thread.is_concerned(work.dying) {
                work.unswept &= !id.bit();
            }
            // (None but the idle thread has the priority 0.)
            if thread.priority > work.highest && work.threads() & id.bit() != 0 {
                (work.chosen, work.highest) = (id, thread.priority);
            }
        }
        let is_seen = work.unseen == 0;
        let priority = if is_seen { work.highest } else { FIRST };
        self.set_worker(priority);
    }

    /// If there is something to do, it may be for a thread that is more urgent than the worker: it looks again, first
    /// of all.
    #[inline(never)]
    pub(crate) fn engage(&mut self) {
        if self.work.threads() != 0 {
            (self.work.unseen, self.work.chosen) = (0, ThreadId::IDLE);
            self.set_worker(FIRST);
        }
    }

    /// The worker is as urgent as this, and the first that is.
    #[inline(never)]
    pub(crate) fn set_worker(&mut self, priority: u8) {
        let idle = self.threads.get_mut(ThreadId::IDLE);
        if idle.priority == priority {
            return;
        }
        if idle.priority == 0
            && let Some(wiring) = self.system.threads.first()
        {
            // It may be about to wait for an interrupt.
            idle.stack_pointer = P::first_context(wiring.entry, idle.stack.end);
        }
        self.ready.remove(idle);
        idle.priority = priority;
        self.ready.push_first(idle);
    }

    /// A process has gone down, which concerns every thread.
    #[inline(always)]
    pub(crate) fn sweep_all_for(&mut self, process: u8) {
        let unswept = self.all_threads();
        let work = &mut self.work;
        if work.unswept == 0 {
            work.dying = 0;
        }
        work.dying |= 1u32.rotate_left(process.into());
        (work.unswept, work.lessees) = (unswept, 0);
        // The thread that it happens to is known. Who else is in it, the worker finds.
        self.sweep(self.threads.current_id());
        self.engage();
    }

    /// Takes a thread out of processes that went down: frees the objects of those that it is in, leads it past them
    /// when it comes back, and out of the one that it executes in. If it waits there, that comes first. If it waits
    /// further on, for whom nobody waits any more, its wait fails.
    #[inline(never)]
    pub(crate) fn sweep(&mut self, id: ThreadId) {
        let dying = self.work.dying;
        let goes_down = |process: u8| dying.rotate_right(process.into()) & 1 != 0;
        let thread = self.threads.get_mut(id);
        let mut callee = thread.level.process;
        let is_inside = goes_down(callee);
        if is_inside && !matches!(thread.wait, Wait::Nothing) {
            return self.interrupt_wait(id);
        }
        if thread.level.leases.count() != 0 {
            self.work.lessees |= id.bit();
        }
        self.work.unswept &= !id.bit();
        let has_waiters = thread.waiters != 0;
        let (mut calls, mut orphaned) = (0, 0);
        for frame in thread.frames_in_use().iter_mut().rev() {
            if frame.care & LOCKED != 0 && goes_down(callee) {
                free_lock(self.services, self.locks, frame.service);
            }
            callee = frame.level.process;
            if goes_down(callee) {
                frame.care |= STALE;
                orphaned = calls + 1;
            }
            calls += 1;
        }
        thread.orphaned = thread.orphaned.max(orphaned);
        let is_home = is_inside && !thread.unwind();
        if thread.waits_in_vain() {
            self.interrupt_wait(id);
        }
        // What it had there, others may have waited for.
        if has_waiters {
            self.stir(id);
        }
        if is_home {
            self.come_home(id);
        }
    }
}

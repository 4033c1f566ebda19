//! What is put off, and done in pieces.
//!
//! Some events concern all threads: a process goes down; what many wait for is free. They are told in a set of
//! threads. Then the idle thread becomes a *worker*: with a [system call](crossgate_abi::number::WORK) it does a
//! piece of the work, with another the next, and interrupts come in between. First it looks for the most urgent
//! thread of the sets, then it does what is to be done for that one, with its priority, as the first that has it; and
//! so on. So others wait for no work but that for one as urgent as they, and invariant **swept** holds: no
//! thread runs before it is swept.
//!
//! Who needs a process that went down [does pieces](Kernel::piece) too.

use crate::Kernel;
use crate::call::{LOCKED, STALE};
use crate::lock::Lock;
use crate::port::Port;
use crate::thread::ThreadId;
use crossgate_abi::{CallError, PRIORITIES, Status};

/// How many threads are looked at in one piece.
const LOOKS: usize = 8;
/// In a firmware with at most so many threads, little is put off. (In tests, as much as can be.)
const FEW: usize = if cfg!(test) { 0 } else { LOOKS };

/// What is to be done.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub(crate) struct Work {
    /// Processes that have gone down, until all threads are swept.
    pub dying: u32,
    /// Threads that are not swept: that may be in one of those, or come back there.
    pub unswept: u32,
    /// Threads that wait for something that has become free.
    pub waking: u32,
    /// Threads that had memory lent to them when they were swept.
    pub lessees: u32,
    /// Threads of these sets that are still to be looked at, to choose the most urgent.
    pub unseen: u32,
    /// The most urgent so far, which the next pieces are for; the idle thread if there is none.
    chosen: ThreadId,
    /// The frames of this one are marked.
    marked: ThreadId,
}

impl Work {
    pub const NONE: Work = Work {
        dying: 0,
        unswept: 0,
        waking: 0,
        lessees: 0,
        unseen: 0,
        chosen: ThreadId::IDLE,
        marked: ThreadId::IDLE,
    };

    /// Whether threads have to be swept because of a process.
    pub fn sweeps(&self, process: u8) -> bool {
        self.dying >> (process & 31) & 1 != 0
    }

    /// Whether a thread is to be woken.
    #[cfg(test)]
    pub fn wakes(&self, id: ThreadId) -> bool {
        self.waking & id.bit() != 0
    }

    /// A thread has been woken.
    pub fn woken(&mut self, id: ThreadId) {
        self.waking &= !id.bit();
    }

    /// The most urgent thread is to be chosen anew.
    fn choose(&mut self) {
        self.unseen = self.unswept | self.waking;
        self.chosen = ThreadId::IDLE;
    }

    /// These threads are swept.
    fn swept(&mut self, threads: u32) {
        self.unswept &= !threads;
        if self.unswept == 0 {
            self.dying = 0;
        }
    }
}

impl<P: Port> Kernel<P> {
    /// The current thread asks for work.
    pub(crate) fn work(&mut self) -> Status {
        let is_worker = self.threads.current_id() == ThreadId::IDLE;
        if is_worker && self.piece() { Status::OK } else { CallError::NotPermitted.into() }
    }

    /// Does a piece of the work. Tells whether there was something to do.
    #[inline(never)]
    pub(crate) fn piece(&mut self) -> bool {
        let Work { unswept, waking, unseen, chosen, marked, .. } = self.work;
        if unseen == 0 {
            if unswept & chosen.bit() != 0 {
                if marked == chosen {
                    self.leave_dying(chosen);
                } else {
                    self.mark(chosen);
                }
                return true;
            }
            if waking & chosen.bit() != 0 {
                self.wake(chosen);
                return true;
            }
            if unswept | waking == 0 {
                self.set_worker(0);
                return false;
            }
            self.work.choose();
        }
        let priority = self.look();
        if self.work.unseen == 0 {
            self.set_worker(priority);
        }
        true
    }

    /// Looks at some threads, for the most urgent one, whose priority it tells. Those that are in no call, and not at
    /// home in a process that goes down, need not be swept.
    #[inline(never)]
    fn look(&mut self) -> u8 {
        let Work { dying, waking, mut unseen, mut chosen, .. } = self.work;
        let mut priority =
            if chosen == ThreadId::IDLE { 0 } else { self.threads.at(chosen).priority };
        let mut swept = 0;
        for _ in 0..LOOKS {
            if unseen == 0 {
                break;
            }
            let id = ThreadId::new(unseen.trailing_zeros() as usize);
            unseen &= unseen.wrapping_sub(1);
            let thread = self.threads.at(id);
            if !thread.is_concerned(dying) {
                swept |= id.bit();
                if waking & id.bit() == 0 {
                    continue;
                }
            }
            // (None but the idle thread has the priority 0.)
            if thread.priority > priority {
                (chosen, priority) = (id, thread.priority);
            }
        }
        (self.work.unseen, self.work.chosen) = (unseen, chosen);
        self.work.swept(swept);
        priority
    }

    /// There is work for a thread that may be more urgent than that of the worker: it has to look.
    pub(crate) fn work_for(&mut self, id: ThreadId) {
        if (self.work.unswept | self.work.waking) & id.bit() != 0 {
            self.engage();
        }
    }

    /// The worker comes next, and looks for who is most urgent.
    #[inline(never)]
    fn engage(&mut self) {
        self.work.choose();
        let idle = self.threads.get_mut(ThreadId::IDLE);
        if idle.priority == 0
            && let Some(wiring) = self.system.threads.first()
        {
            // It may be about to wait for an interrupt.
            idle.stack_pointer = P::first_context(wiring.entry, idle.stack.end);
        }
        self.set_worker(PRIORITIES as u8 - 1);
    }

    /// The worker is as urgent as this, and the first that is.
    #[inline(never)]
    fn set_worker(&mut self, priority: u8) {
        let idle = self.threads.get_mut(ThreadId::IDLE);
        self.ready.remove(idle);
        idle.priority = priority;
        self.ready.push_first(idle);
    }

    /// Wakes these threads, at once if it is one only.
    pub(crate) fn wake_each(&mut self, threads: u32) {
        if threads & threads.wrapping_sub(1) == 0 {
            self.wake(ThreadId::new(threads.trailing_zeros() as usize));
        } else {
            self.work.waking |= threads;
            self.engage();
        }
    }

    /// A process has gone down, which concerns every thread.
    pub(crate) fn sweep_all_for(&mut self, process: u8) {
        let work = &mut self.work;
        work.dying |= 1 << (process & 31);
        (work.lessees, work.marked) = (0, ThreadId::IDLE);
        work.unswept = 0;
        if self.system.threads.len() <= FEW {
            for id in self.threads.ids() {
                if self.threads.at(id).is_concerned(self.work.dying) {
                    self.work.unswept |= id.bit();
                }
            }
            let unswept = self.work.unswept;
            let rest = unswept & unswept.wrapping_sub(1);
            if rest & rest.wrapping_sub(1) == 0 {
                // One or two, which is common.
                for set in [unswept & !rest, rest] {
                    let id = ThreadId::new(set.trailing_zeros() as usize);
                    if set != 0 && self.mark(id) {
                        self.leave_dying(id);
                    }
                }
                self.work.swept(0);
                return;
            }
        }
        self.work.unswept = self.all_threads();
        self.engage();
    }

    /// Frees the objects of processes that went down which a thread is in, and has it led past them when it comes
    /// back. Tells whether it is in one of them now; if not, it is swept.
    #[inline(never)]
    fn mark(&mut self, id: ThreadId) -> bool {
        let (work, services) = (self.work, self.services);
        let thread = self.threads.get_mut(id);
        let is_inside = work.sweeps(thread.level.process);
        let mut frees = false;
        if thread.level.leases.count() != 0 {
            self.work.lessees |= id.bit();
        }
        for frame in thread.frames_in_use() {
            if work.sweeps(frame.level.process) {
                frame.care |= STALE;
            }
            if frame.care & LOCKED != 0
                && let Some(service) = services.get(usize::from(frame.service))
                && work.sweeps(service.owner)
            {
                frame.care &= !LOCKED;
                frees = true;
                if let Some(lock) = self.locks.get_mut(usize::from(service.lock)) {
                    *lock = Lock::FREE;
                }
            }
        }
        self.work.marked = id;
        if !is_inside {
            self.work.swept(id.bit());
        }
        if frees {
            self.stir(id);
        }
        is_inside
    }

    /// A thread leaves a process that went down: it is swept.
    fn leave_dying(&mut self, id: ThreadId) {
        self.work.swept(id.bit());
        self.unwind(id);
    }
}

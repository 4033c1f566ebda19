// SPDX-License-Identifier: MIT OR Apache-2.0
//! Executors, and how their threads wait.

use crate::timers::{self, NEVER};
use crate::wait;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr::null_mut;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8};
use core::time::Duration;
use crossgate::notification::Set;
use crossgate::sync::OnceLock;
use crossgate::{Notification, time};
use embassy_executor::Spawner;
use embassy_executor::raw::{self, TaskRef};

/// It polls, and looks at its state before it waits.
const POLLS: u8 = 0;
/// It polls, and has to poll again.
const AGAIN: u8 = 1;
/// It waits for its bell, or is about to.
const WAITS: u8 = 2;

/// The executors of the process that run: the last one that has begun, and each knows the one before.
static LAST: AtomicPtr<Executor> = AtomicPtr::new(null_mut());

/// An executor of Embassy tasks, for a thread of this process.
///
/// It is a static of the process, because its tasks refer to it for as long as the process lives.
//
// The state is first, because an address without an offset is an instruction less.
#[repr(C)]
pub struct Executor {
    state: AtomicU8,
    /// True if the time of a timer or the set of notifications has changed for which it waits.
    has_news: AtomicBool,
    has_begun: AtomicBool,
    /// Set before it is in the list.
    bell: OnceLock<Notification>,
    before: AtomicPtr<Executor>,
    raw: UnsafeCell<MaybeUninit<raw::Executor>>,
}

// SAFETY: `raw` is written by the thread that has begun it, before any other thread can find it. After that other threads
// use its address alone: what they wake goes by the references that tasks have.
unsafe impl Sync for Executor {}

impl core::fmt::Debug for Executor {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Executor").finish_non_exhaustive()
    }
}

impl Default for Executor {
    fn default() -> Self {
        Self::new()
    }
}

impl Executor {
    /// An executor that does not run yet.
    #[must_use]
    pub const fn new() -> Executor {
        Executor {
            raw: UnsafeCell::new(MaybeUninit::uninit()),
            has_begun: AtomicBool::new(false),
            state: AtomicU8::new(POLLS),
            has_news: AtomicBool::new(false),
            bell: OnceLock::new(),
            before: AtomicPtr::new(null_mut()),
        }
    }

    /// Runs the tasks that `init` spawns, and those that they spawn, on the calling thread.
    ///
    /// `bell` is a notification that nothing else uses: whoever wakes a task rings it while the thread waits.
    ///
    /// # Panics
    /// If it runs already.
    pub fn run(&'static self, bell: Notification, init: impl FnOnce(Spawner)) -> ! {
        assert!(!self.has_begun.swap(true, SeqCst), "an executor runs on one thread");
        self.bell.get_or_init(|| bell);
        let context = core::ptr::from_ref(self).cast_mut().cast();
        // SAFETY: this thread alone has begun it, and nobody finds it yet.
        let raw = unsafe { (*self.raw.get()).write(raw::Executor::new(context)) };
        let raw: &'static raw::Executor = raw;
        self.list();
        init(raw.spawner());

        let mut notifications = Set::EMPTY;
        // The nearest time of a timer, if there is one.
        let (mut is_timed, mut due) = (false, 0);
        loop {
            // Relaxed, because the queue of tasks orders it: who rings for a task that this poll does not see, has seen that
            // the queue was emptied.
            self.state.store(POLLS, Relaxed);
            // SAFETY: this thread alone polls it, and no task does.
            unsafe { raw.poll() };
            // A change that comes too late for this is seen below.
            if self.has_news.load(Relaxed) {
                self.has_news.store(false, SeqCst);
                notifications = wait::notifications_of(self);
                is_timed = true;
            }
            // Also while tasks are ready, because they may always be.
            if is_timed {
                due = timers::wake_due(self, time::now().as_micros());
                is_timed = due != NEVER;
            }
            if self.state.load(Acquire) == AGAIN {
                if !notifications.is_empty() {
                    self.take(notifications);
                }
                continue;
            }
            if self.state.compare_exchange(POLLS, WAITS, SeqCst, SeqCst).is_err()
                || self.has_news.load(SeqCst)
            {
                continue;
            }
            let all = notifications.with(bell);
            let arrived = if is_timed {
                let left = due.saturating_sub(time::now().as_micros());
                all.wait_timeout(Duration::from_micros(left)).ok()
            } else {
                Some(all.wait())
            };
            // From here on it need not be told.
            self.state.store(POLLS, SeqCst);
            if let Some(arrived) = arrived
                && !arrived.is(bell)
            {
                wait::wake(self, arrived);
            }
        }
    }

    /// Has it be found.
    fn list(&'static self) {
        let mut before = LAST.load(SeqCst);
        loop {
            self.before.store(before, SeqCst);
            let this = core::ptr::from_ref(self).cast_mut();
            match LAST.compare_exchange(before, this, SeqCst, SeqCst) {
                Ok(_) => return,
                Err(other) => before = other,
            }
        }
    }

    /// Takes a signal of one of the notifications, if there is one.
    #[inline(never)]
    fn take(&self, notifications: Set) {
        if let Some(arrived) = notifications.try_wait() {
            wait::wake(self, arrived);
        }
    }

    /// Has it poll again.
    #[inline]
    fn pend(&self) {
        // After the task is in the queue.
        if self.state.swap(AGAIN, Release) == WAITS {
            self.ring();
        }
    }

    /// Has it look again at timers and notifications.
    pub(crate) fn look_again(&self) {
        self.has_news.store(true, SeqCst);
        // Tasks do this while they are polled; then it looks anyway.
        if self.state.compare_exchange(WAITS, AGAIN, SeqCst, SeqCst).is_ok() {
            self.ring();
        }
    }

    #[cold]
    fn ring(&self) {
        if let Some(bell) = self.bell.get() {
            bell.signal();
        }
    }

    /// Returns whether a task belongs to it.
    pub(crate) fn has(&self, task: TaskRef) -> bool {
        // SAFETY: the executors of this process are statics.
        let executor = unsafe { task.executor() };
        executor.is_some_and(|executor| executor.id() == self.raw.get().addr())
    }

    /// That of a task.
    ///
    /// # Panics
    /// If it is none of this crate's.
    pub(crate) fn of(task: TaskRef) -> &'static Executor {
        let Some(executor) = all().find(|executor| executor.has(task)) else { foreign() };
        executor
    }
}

#[cold]
fn foreign() -> ! {
    panic!("the executor of a task is none of crossgate_embassy")
}

fn all() -> impl Iterator<Item = &'static Executor> {
    let known = |pointer: &AtomicPtr<Executor>| {
        // SAFETY: what is listed is a static.
        unsafe { pointer.load(Acquire).as_ref() }
    };
    core::iter::successors(known(&LAST), move |executor| known(&executor.before))
}

/// Makes an executor poll: Embassy calls this, from any thread of the process.
//
// It is not believed: an executor that is made by other means has a context of its own choice. The last one is tried
// first, because most processes have one.
#[unsafe(export_name = "__pender")]
fn pender(context: *mut ()) {
    let last = LAST.load(Relaxed);
    if last.cast() == context {
        // SAFETY: what is listed is a static. (It is null if none is; so is no context of ours.)
        if let Some(last) = unsafe { last.as_ref() } {
            return last.pend();
        }
    }
    pend_other(context);
}

#[cold]
fn pend_other(context: *mut ()) {
    if let Some(executor) =
        all().find(|&other| core::ptr::from_ref(other).cast() == context.cast_const())
    {
        executor.pend();
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Executors, and how their threads wait.

use crate::{timers, wait};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering::SeqCst};
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

/// The first executor of the process; each knows the next.
static FIRST: OnceLock<&'static Executor> = OnceLock::new();

/// An executor of Embassy tasks, for a thread of this process.
///
/// It is a static of the process, because its tasks refer to it for as long as the process lives.
pub struct Executor {
    raw: UnsafeCell<MaybeUninit<raw::Executor>>,
    has_begun: AtomicBool,
    state: AtomicU8,
    /// What it waits for has changed: the time of a timer, or the notifications.
    has_news: AtomicBool,
    /// Set before it is in the list.
    bell: OnceLock<Notification>,
    next: OnceLock<&'static Executor>,
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
            next: OnceLock::new(),
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
        let mut last = &FIRST;
        while last.set(self).is_err() {
            let Some(executor) = last.get() else { break };
            last = &executor.next;
        }
        init(raw.spawner());

        let (mut notifications, mut due) = (Set::EMPTY, u64::MAX);
        loop {
            self.state.store(POLLS, SeqCst);
            // SAFETY: this thread alone polls it, and no task does.
            unsafe { raw.poll() };
            if self.has_news.load(SeqCst) {
                self.has_news.store(false, SeqCst);
                notifications = wait::notifications_of(self);
                due = 0;
            }
            // Also while tasks are ready, because they may always be.
            if due != u64::MAX {
                due = timers::wake_due(self, time::now().as_micros());
            }
            if self.state.load(SeqCst) == AGAIN {
                if !notifications.is_empty()
                    && let Some(arrived) = notifications.try_wait()
                {
                    wait::wake(self, arrived);
                }
                continue;
            }
            if self.state.compare_exchange(POLLS, WAITS, SeqCst, SeqCst).is_err()
                || self.has_news.load(SeqCst)
            {
                continue;
            }
            let all = notifications.with(bell);
            let arrived = if due == u64::MAX {
                Ok(all.wait())
            } else {
                let left = due.saturating_sub(time::now().as_micros());
                all.wait_timeout(Duration::from_micros(left))
            };
            // From here on it need not be told.
            self.state.store(POLLS, SeqCst);
            if let Ok(arrived) = arrived
                && !arrived.is(bell)
            {
                wait::wake(self, arrived);
            }
        }
    }

    /// Has it poll again.
    #[inline]
    fn pend(&self) {
        if self.state.swap(AGAIN, SeqCst) == WAITS {
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

    /// Whether a task is one of its.
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
    core::iter::successors(FIRST.get().copied(), |executor| executor.next.get().copied())
}

/// What Embassy calls to have an executor poll. It may come from any thread of the process.
//
// It is not believed: an executor that is made by other means has a context of its own choice.
#[unsafe(export_name = "__pender")]
fn pender(context: *mut ()) {
    if let Some(executor) =
        all().find(|&executor| core::ptr::from_ref(executor).cast() == context.cast_const())
    {
        executor.pend();
    }
}

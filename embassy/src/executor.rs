// SPDX-License-Identifier: MIT OR Apache-2.0
//! Executors: their state, the list of all executors of the process, and the code that rings their bells.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr::null_mut;
use crossgate::Notification;
use crossgate::sync::OnceLock;
use crossgate::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use crossgate::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8};
use embassy_executor::raw::{self, TaskRef};

/// The executor polls, and looks at its state before it waits.
pub(crate) const POLLS: u8 = 0;
/// The executor polls, and has to poll again.
pub(crate) const AGAIN: u8 = 1;
/// The executor waits for its bell, or is about to.
pub(crate) const WAITS: u8 = 2;

/// The running executors of the process: a list from the last executor that was started to the first. Each has a
/// pointer to the executor before it.
static LAST: AtomicPtr<Executor> = AtomicPtr::new(null_mut());

/// An executor of Embassy tasks, for a thread of this process.
///
/// It is a static of the process, because its tasks refer to it for as long as the process lives.
//
// The state is the first field, because an address without an offset takes one instruction less.
#[repr(C)]
pub struct Executor {
    pub(crate) state: AtomicU8,
    /// True if the nearest timer, or the set of notifications to wait for, has changed.
    pub(crate) has_news: AtomicBool,
    pub(crate) has_begun: AtomicBool,
    /// Set before the executor is in the list.
    pub(crate) bell: OnceLock<Notification>,
    before: AtomicPtr<Executor>,
    pub(crate) raw: UnsafeCell<MaybeUninit<raw::Executor>>,
}

// SAFETY: `raw` is written by the thread that has begun it, before any other thread can find it. After that, other
// threads use only the address of `raw`: they wake tasks by the references that the tasks hold.
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
    /// Creates an executor that does not run yet.
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

    /// Puts the executor into the list.
    pub(crate) fn list(&'static self) {
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

    /// Makes the executor poll again.
    #[inline]
    fn pend(&self) {
        // (The task is in the queue already.)
        if self.state.swap(AGAIN, Release) == WAITS {
            self.ring();
        }
    }

    /// Makes the executor look at timers and notifications again.
    pub(crate) fn look_again(&self) {
        self.has_news.store(true, SeqCst);
        // If a task does this while it is polled, the executor looks anyway.
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

    /// Returns whether a task belongs to this executor.
    pub(crate) fn has(&self, task: TaskRef) -> bool {
        // SAFETY: the executors of this process are statics.
        let executor = unsafe { task.executor() };
        executor.is_some_and(|executor| executor.id() == self.raw.get().addr())
    }

    /// Returns the executor of a task.
    ///
    /// # Panics
    /// If it is not an executor of this crate.
    pub(crate) fn of(task: TaskRef) -> &'static Executor {
        let Some(executor) = all().find(|executor| executor.has(task)) else { foreign() };
        executor
    }
}

#[cold]
fn foreign() -> ! {
    panic!("a task runs on an executor that is not of crossgate_embassy")
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
// The context is checked against the list, because code that makes an executor by other means chooses the context
// freely. The executor that was started last is compared first, because most processes have only one.
#[unsafe(export_name = "__pender")]
fn pender(context: *mut ()) {
    let last = LAST.load(Relaxed);
    if last.cast() == context {
        // SAFETY: what is listed is a static. (The pointer is null if no executor is listed. No context of ours is
        // null.)
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

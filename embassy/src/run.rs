// SPDX-License-Identifier: MIT OR Apache-2.0
//! The loop of an executor, and the wait of its thread.

use crate::Executor;
use crate::executor::{AGAIN, POLLS, WAITS};
use crate::timers::{self, NEVER};
use crate::wait;
use core::time::Duration;
use crossgate::notification::Set;
use crossgate::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};
use crossgate::{Notification, time};
use embassy_executor::Spawner;
use embassy_executor::raw;

impl Executor {
    /// Runs the tasks that `init` spawns, and those that they spawn, on the calling thread.
    ///
    /// `bell` is a notification that nothing else uses. While the thread waits, code that wakes a task signals this
    /// notification.
    ///
    /// # Panics
    /// If the executor runs already.
    pub fn run(&'static self, bell: Notification, init: impl FnOnce(Spawner)) -> ! {
        assert!(!self.has_begun.swap(true, SeqCst), "an executor runs on one thread");
        self.bell.get_or_init(|| bell);
        let context = core::ptr::from_ref(self).cast_mut().cast();
        // SAFETY: only this thread has begun the executor, and no other thread finds it yet.
        let raw = unsafe { (*self.raw.get()).write(raw::Executor::new(context)) };
        let raw: &'static raw::Executor = raw;
        self.list();
        init(raw.spawner());

        let mut notifications = Set::EMPTY;
        // The nearest time of a timer, if there is one.
        let (mut is_timed, mut due) = (false, 0);
        loop {
            // Relaxed is enough, because the queue of tasks orders this store: if this poll misses a task, the thread
            // that rings for that task has seen the emptied queue, and so this store.
            self.state.store(POLLS, Relaxed);
            // SAFETY: only this thread polls the executor, and no task polls it.
            unsafe { raw.poll() };
            // A change that comes too late for this check is found by the check below.
            if self.has_news.load(Relaxed) {
                self.has_news.store(false, SeqCst);
                notifications = wait::notifications_of(self);
                is_timed = true;
            }
            // This is done even while tasks are ready, because some task may always be ready.
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
            // From here on, other threads need not ring the bell.
            self.state.store(POLLS, SeqCst);
            if let Some(arrived) = arrived
                && !arrived.is(bell)
            {
                wait::wake(self, arrived);
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
}

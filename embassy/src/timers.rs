// SPDX-License-Identifier: MIT OR Apache-2.0
//! The timers of tasks: a time driver without an alarm.
//!
//! Each task has an item with the time of its nearest timer; the items of all tasks of the process form one list. An
//! executor wakes its own tasks only, and waits until the nearest of their times, so no executor is woken for a timer
//! of another.
//
// The queue of `embassy-time-queue-utils` is not used, because it does not tell tasks of different executors apart.

use crate::Executor;
use core::ptr::NonNull;
use core::task::Waker;
use crossgate::sync::Mutex;
use crossgate::time;
use embassy_executor::raw::{self, TaskRef};
use embassy_executor_timer_queue::TimerQueueItem;
use embassy_time_driver::Driver;

/// A time that never comes.
pub(crate) const NEVER: u64 = u64::MAX;

/// The entry of a task in a list. An entry of zeroes is valid: it is in no list.
struct Item {
    next: Option<NonNull<Item>>,
    at: u64,
    /// The task, while it is in the list.
    task: Option<TaskRef>,
}

/// The items of tasks that wait for a time.
struct List {
    first: Option<NonNull<Item>>,
}

// SAFETY: items are parts of tasks, which are statics; only the thread that has the lock uses them.
unsafe impl Send for List {}

static LIST: Mutex<List> = Mutex::new(List { first: None });

struct Time;

embassy_time_driver::time_driver_impl!(static TIME: Time = Time);

impl Driver for Time {
    #[inline(always)]
    fn now(&self) -> u64 {
        time::now().as_micros()
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        let task = raw::task_from_waker(waker);
        LIST.lock().enter(at, task, waker);
        Executor::of(task).look_again();
    }
}

impl List {
    fn enter(&mut self, at: u64, task: TaskRef, waker: &Waker) {
        // SAFETY: the list is locked, and only the thread that has the lock uses items.
        let item = unsafe { TimerQueueItem::from_embassy_waker(waker).as_mut::<Item>() };
        if item.task.is_some() {
            item.at = item.at.min(at);
        } else {
            (item.at, item.task, item.next) = (at, Some(task), self.first);
            self.first = Some(NonNull::from(item));
        }
    }
}

/// Wakes the tasks of an executor whose time has come. Returns the time of the next one; [`NEVER`] if there is none.
pub(crate) fn wake_due(executor: &Executor, now: u64) -> u64 {
    let mut list = LIST.lock();
    let mut nearest = NEVER;
    let mut link = &mut list.first;
    while let Some(mut item) = *link {
        // SAFETY: the list is locked, and contains only items of tasks.
        let item = unsafe { item.as_mut() };
        match item.task {
            Some(task) if executor.has(task) && item.at <= now => {
                *link = item.next;
                item.task = None;
                raw::wake_task(task);
                continue;
            }
            Some(task) if executor.has(task) => nearest = nearest.min(item.at),
            _ => {}
        }
        link = &mut item.next;
    }
    nearest
}

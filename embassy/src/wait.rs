// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tasks that wait for notifications.

use crate::Executor;
use core::pin::Pin;
use core::task::{Context, Poll};
use crossgate::Notification;
use crossgate::notification::{Arrived, Set};
use crossgate::sync::Mutex;
use embassy_executor::raw::{self, TaskRef};

/// The largest number of tasks of a process that wait for notifications at a time.
const MOST: usize = 8;

/// A task that waits, or has been woken.
#[derive(Clone, Copy)]
struct Place {
    notification: Notification,
    task: TaskRef,
    has_come: bool,
}

static PLACES: Mutex<[Option<Place>; MOST]> = Mutex::new([None; MOST]);

/// Waits for a signal of a notification of this process, or for an interrupt that is bound to the notification.
///
/// The thread of the executor waits for it together with its other tasks: no other thread is needed. A signal that
/// comes while no task waits is kept, as for any notification; no signal is lost if the future is dropped.
///
/// ```no_run
/// # use crossgate::Notification;
/// // interrupt board::interrupt::UART1_RX => RECEIVED;
/// #[embassy_executor::task]
/// async fn driver(received: Notification) {
///     received.acknowledge(); // lets the interrupt in
///     loop {
///         crossgate_embassy::wait(received).await;
///         // ... read what the device has ...
///         received.acknowledge();
///     }
/// }
/// ```
///
/// # Panics
/// If eight other tasks of the process wait already, or the task does not run on an executor of this crate.
pub fn wait(notification: Notification) -> Wait {
    Wait { notification, place: None }
}

/// The future of [`wait`].
#[derive(Debug)]
#[must_use = "it waits when it is awaited"]
pub struct Wait {
    notification: Notification,
    place: Option<usize>,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let task = raw::task_from_waker(context.waker());
        let notification = self.notification;
        let mut places = PLACES.lock();
        match self.place {
            Some(index) => {
                if let Some(place) = &mut places[index]
                    && !place.has_come
                {
                    place.task = task;
                    return Poll::Pending;
                }
                places[index] = None;
                self.place = None;
                Poll::Ready(())
            }
            None => {
                let Some(index) = places.iter().position(Option::is_none) else { no_place() };
                places[index] = Some(Place { notification, task, has_come: false });
                drop(places);
                self.place = Some(index);
                Executor::of(task).look_again();
                Poll::Pending
            }
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let Some(index) = self.place else { return };
        let Some(place) = PLACES.lock()[index].take() else { return };
        if place.has_come {
            // The signal belongs to the next task that waits.
            place.notification.signal();
        }
    }
}

/// Returns the notifications for which tasks of an executor wait.
pub(crate) fn notifications_of(executor: &Executor) -> Set {
    let places = PLACES.lock();
    let waiting =
        places.iter().flatten().filter(|place| !place.has_come && executor.has(place.task));
    waiting.fold(Set::EMPTY, |set, place| set.with(place.notification))
}

/// Wakes the task of an executor that waits for the notification that has arrived.
pub(crate) fn wake(executor: &Executor, arrived: Arrived) {
    let mut places = PLACES.lock();
    let waits = |place: &&mut Place| {
        !place.has_come && arrived.is(place.notification) && executor.has(place.task)
    };
    match places.iter_mut().flatten().find(waits) {
        Some(place) => {
            place.has_come = true;
            raw::wake_task(place.task);
        }
        // No task waits for the notification any more, because its future was dropped. (A drop alone does not make the
        // executor look again.)
        None => arrived.signal_again(),
    }
    drop(places);
    executor.look_again();
}

#[cold]
fn no_place() -> ! {
    panic!("more than eight tasks of the process wait for notifications")
}

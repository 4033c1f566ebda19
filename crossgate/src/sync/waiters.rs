// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads that wait for something in the memory of their process.
//!
//! Each thread waits by a notification of its own. So each thread can be woken separately, and its signal can't go to a
//! thread that came later. One counting notification for all threads could not guarantee this: a signal may come before
//! the intended thread has begun its wait, and it would then go to any other thread that waits.

use crate::Notification;
use crate::notification::TimedOut;
use crate::sync::atomic::{AtomicU32, Ordering::SeqCst};
use crate::time::{self, Instant};
use core::time::Duration;

/// The kind of a waiting thread. It separates threads that wait for different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// The first kind, or the only one.
    One = WAITING,
    /// The second kind.
    Other = WAITING_OTHERWISE,
}

/// The lower two bits of a place have one of these four values. This value means that the place is free.
const FREE: u32 = 0;
/// A thread of the first kind waits. (The upper bits are its ticket.)
const WAITING: u32 = 1;
/// A thread of the second kind waits.
const WAITING_OTHERWISE: u32 = 2;
/// The thread is woken: a signal has been sent, or is about to be sent.
const TOLD: u32 = 3;
/// The step from one ticket to the next.
const TICKET: u32 = 4;

/// The place of one waiting thread.
#[derive(Debug)]
struct Place {
    state: AtomicU32,
    notification: Notification,
}

/// Places for `N` threads.
#[derive(Debug)]
pub struct Waiters<const N: usize> {
    places: [Place; N],
    /// The next ticket. A thread that comes later gets a higher ticket.
    ticket: AtomicU32,
}

/// The time at which a wait ends; `None`: never.
pub type End = Option<Instant>;

/// Returns the end of a wait that starts now.
pub fn end_after(timeout: Duration) -> End {
    Some(time::now() + timeout)
}

impl<const N: usize> Waiters<N> {
    /// Creates places, all of which are free.
    pub const fn new(notifications: [Notification; N]) -> Self {
        let mut places = [const {
            Place { state: AtomicU32::new(FREE), notification: Notification::__new(0, 0) }
        }; N];
        let mut index = 0;
        while index < N {
            places[index].notification = notifications[index];
            index += 1;
        }
        Waiters { places, ticket: AtomicU32::new(0) }
    }

    #[cfg(test)]
    pub fn set_ticket(&self, ticket: u32) {
        self.ticket.store(ticket & !TOLD, SeqCst);
    }

    /// Takes a place. From here on this thread may be woken, so the caller checks once more if it has to wait.
    ///
    /// # Panics
    /// If all places are taken.
    pub fn enter(&self, kind: Kind) -> Waiting<'_> {
        let ticket = self.ticket.fetch_add(TICKET, SeqCst);
        let free = |place: &&Place| {
            place.state.compare_exchange(FREE, ticket | kind as u32, SeqCst, SeqCst).is_ok()
        };
        match self.places.iter().find(free) {
            Some(place) => Waiting { place, state: ticket | kind as u32 },
            None => no_place(),
        }
    }

    /// Wakes the thread of this kind that has waited longest. Returns whether there was one.
    #[inline]
    pub fn tell_one(&self, kind: Kind) -> bool {
        loop {
            let now = self.ticket.load(SeqCst);
            let age = |state: u32| now.wrapping_sub(state & !TOLD);
            let waiting = self.places.iter().map(|place| (place, place.state.load(SeqCst)));
            let waiting = waiting.filter(|(_, state)| state & TOLD == kind as u32);
            let Some((place, state)) = waiting.max_by_key(|&(_, state)| age(state)) else {
                return false;
            };
            if place.state.compare_exchange(state, TOLD, SeqCst, SeqCst).is_ok() {
                place.notification.signal();
                return true;
            }
        }
    }

    /// Wakes all threads of this kind that wait now.
    #[inline]
    pub fn tell_all(&self, kind: Kind) {
        for place in &self.places {
            let state = place.state.load(SeqCst);
            let is_waiting = state & TOLD == kind as u32;
            if is_waiting && place.state.compare_exchange(state, TOLD, SeqCst, SeqCst).is_ok() {
                place.notification.signal();
            }
        }
    }
}

/// A thread that has a place.
pub struct Waiting<'a> {
    place: &'a Place,
    /// The value of the place as long as the thread is not woken.
    state: u32,
}

impl Waiting<'_> {
    /// Waits until the thread is woken.
    ///
    /// # Errors
    /// [`TimedOut`] if the thread was not woken in time.
    pub fn wait(self, end: End) -> Result<(), TimedOut> {
        let Place { notification, state } = self.place;
        match end {
            None => notification.wait(),
            Some(end) => {
                if notification.wait_until(end).is_err() {
                    return if self.leave() { Ok(()) } else { Err(TimedOut) };
                }
            }
        }
        state.store(FREE, SeqCst);
        Ok(())
    }

    /// Stops waiting. Returns `true` if the thread was woken just before. In this case the caller may have to wake
    /// another thread instead.
    #[must_use]
    pub fn leave(self) -> bool {
        let Place { notification, state } = self.place;
        if state.compare_exchange(self.state, FREE, SeqCst, SeqCst).is_ok() {
            return false;
        }
        // The signal was sent already, or will be sent soon. It is consumed here, because it must not reach the next
        // thread that takes this place.
        notification.wait();
        state.store(FREE, SeqCst);
        true
    }
}

#[cold]
fn no_place() -> ! {
    panic!("more threads wait here than there are notifications")
}

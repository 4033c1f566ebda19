// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting for different conditions of one state.

use crate::Timer;
use core::time::Duration;
use crossgate::Notification;
use crossgate::notification::TimedOut;
use crossgate::server;
use crossgate::sync::{Mutex, MutexGuard};

/// Places to wait at, each with a notification of its own. A call that changes the state checks the condition of each
/// waiting caller (`W`). It wakes all callers whose condition is met, and stores a result for each of them (`R`). So no
/// caller is woken without a result, and an urgent caller can't take the wake-up of another caller.
#[derive(Debug)]
pub struct Places<W, R, const N: usize> {
    woken_by: [Notification; N],
    places: [Place<W, R>; N],
}

#[derive(Debug)]
enum Place<W, R> {
    Free,
    Waits(W),
    Woken(R),
}

/// The notifications of the callers to wake.
#[derive(Clone, Copy, Debug)]
#[must_use = "those who wait are woken by `wake`, when the state is not locked any more"]
pub struct Woken<const N: usize> {
    notifications: [Notification; N],
    set: u32,
}

impl<W, R, const N: usize> Places<W, R, N> {
    /// Creates one place for each notification. The process must use these notifications for nothing else. A service
    /// needs one place for each thread that may wait at the same time.
    #[must_use]
    pub const fn new(woken_by: [Notification; N]) -> Self {
        const { assert!(N <= 32, "a process has at most 32 notifications") }
        Places { woken_by, places: [const { Place::Free }; N] }
    }

    /// Calls `result` for each waiting caller. The caller of this method then has to [wake](Woken::wake) the callers
    /// for which there was a result.
    #[inline]
    pub fn look(&mut self, mut result: impl FnMut(&W) -> Option<R>) -> Woken<N> {
        let mut set = 0;
        for (index, place) in self.places.iter_mut().enumerate() {
            if let Place::Waits(wanted) = place
                && let Some(result) = result(wanted)
            {
                *place = Place::Woken(result);
                set |= 1 << index;
            }
        }
        Woken { notifications: self.woken_by, set }
    }

    /// Returns how many callers wait.
    #[must_use]
    pub fn count(&self) -> usize {
        self.places.iter().filter(|place| matches!(place, Place::Waits(_))).count()
    }

    /// Takes a place.
    fn take(&mut self, wanted: W) -> Option<(usize, Notification)> {
        let index = self.places.iter().position(|place| matches!(place, Place::Free))?;
        *self.places.get_mut(index)? = Place::Waits(wanted);
        Some((index, *self.woken_by.get(index)?))
    }

    /// If the place has a result, or if the time is over, frees the place and returns the result.
    fn leave(&mut self, index: usize, is_late: bool) -> Option<Result<R, TimedOut>> {
        let place = self.places.get_mut(index)?;
        if !is_late && matches!(place, Place::Waits(_)) {
            // This signal was meant for the caller that had the place before, but it came too late. So the present
            // caller goes on waiting.
            return None;
        }
        match core::mem::replace(place, Place::Free) {
            Place::Woken(result) => Some(Ok(result)),
            _ => Some(Err(TimedOut)),
        }
    }
}

impl<const N: usize> Woken<N> {
    /// Wakes the callers.
    #[inline]
    pub fn wake(self) {
        if self.set == 0 {
            return;
        }
        for (index, notification) in self.notifications.iter().enumerate() {
            if self.set >> index & 1 != 0 {
                notification.signal();
            }
        }
    }
}

/// Waits at one of the `places`, up to `timeout`, until another call has [looked](Places::look) and found a result for
/// `wanted`.
///
/// If all places are taken, the wiring has too few notifications: the call is [refused](crossgate::server::refuse).
///
/// # Errors
/// [`TimedOut`] if there is no result before the timeout, or before the deadline of the thread's present call.
#[cold]
#[inline(never)]
pub fn wait_at<'a, S, W, R, const N: usize>(
    state: &'a Mutex<S>,
    mut guard: MutexGuard<'a, S>,
    places: fn(&mut S) -> &mut Places<W, R, N>,
    wanted: W,
    timeout: Duration,
) -> Result<R, TimedOut> {
    let Some((index, woken_by)) = places(&mut guard).take(wanted) else {
        server::refuse();
        return Err(TimedOut);
    };
    drop(guard);
    let timer = Timer::start(timeout);
    loop {
        let is_late = timer.wait(woken_by).is_err();
        if let Some(result) = places(&mut state.lock()).leave(index, is_late) {
            return result;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;

    fn places() -> Places<u32, u32, 2> {
        Places::new(Wiring::new().test().notifications())
    }

    #[test]
    fn each_has_the_result_for_what_it_wants() {
        let mut places = places();
        let (first, second) = (places.take(7).unwrap().0, places.take(8).unwrap().0);
        assert!(places.take(9).is_none());
        assert_eq!(places.look(|&wanted| (wanted == 8).then_some(80)).set, 1 << second);
        assert_eq!(places.count(), 1);
        // A caller that was woken but has not run yet is not woken again.
        assert_eq!(places.look(|&wanted| Some(10 * wanted)).set, 1 << first);
        assert_eq!(places.leave(second, false), Some(Ok(80)));
        // It was woken just before its time was over.
        assert_eq!(places.leave(first, true), Some(Ok(70)));
        assert!(places.take(9).is_some());
    }

    #[test]
    fn a_signal_for_the_one_before_ends_no_wait() {
        let mut places = places();
        let (place, _) = places.take(1).unwrap();
        assert_eq!(places.leave(place, false), None);
        assert_eq!(places.leave(place, true), Some(Err(TimedOut)));
        assert_eq!(places.count(), 0);
    }
}

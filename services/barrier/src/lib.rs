//! A barrier: threads of several processes wait there for each other, and go on together.
//!
//! ```ignore
//! process rendezvous {
//!     notification FIRST; // one for each thread
//!     notification SECOND;
//!     object barrier (stack = 256): Concurrent<Barrier<2>> = Barrier::new([FIRST, SECOND]) => [READY: dyn Rendezvous];
//! }
//! ```
//!
//! ```
//! use core::time::Duration;
//! use crossgate::{CallError, Handle, host};
//! use crossgate_barrier::{Barrier, Rendezvous};
//!
//! fn start(ready: Handle<dyn Rendezvous>) -> Result<bool, CallError> {
//!     // ... all that has to be done before anybody begins ...
//!     Ok(ready.meet_timeout(Duration::from_secs(1))?.is_ok())
//! }
//! // One for which nobody else is waited.
//! assert_eq!(start(host::serve(Barrier::new([host::notification(0)]))), Ok(true));
//! ```
//!
//! When all have met it is there for the next time. Who gives up, because of the time or a deadline, is not counted.
//! Nothing tells the barrier of a participant that has crashed elsewhere: the others need a `timeout`.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::sync::Mutex;
use crossgate::{Notification, interface};
use crossgate_waiting::{FOR_EVER, Places, wait_at};

/// For those who meet.
#[interface]
pub trait Rendezvous {
    /// Waits for the others as long as it takes. [`TimedOut`]: the caller's deadline was over first.
    fn meet(&self) -> Result<(), TimedOut>;
    /// Goes on if all others are there already. Whether they are.
    fn try_meet(&self) -> bool;
    /// Waits for the others up to `timeout`.
    fn meet_timeout(&self, timeout: Duration) -> Result<(), TimedOut>;
    /// How many are there and wait.
    fn waiting(&self) -> u32;
}

/// A barrier for `N` threads.
//
// As many places, though the last that comes never waits: one may come again before another one, which was woken, has
// left its place.
#[derive(Debug)]
pub struct Barrier<const N: usize>(Mutex<Places<(), (), N>>);

impl<const N: usize> Barrier<N> {
    /// For as many threads as there are notifications, which are used for nothing else.
    #[must_use]
    pub const fn new(woken_by: [Notification; N]) -> Self {
        Barrier(Mutex::new(Places::new(woken_by)))
    }
}

impl<const N: usize> Rendezvous for Barrier<N> {
    fn meet(&self) -> Result<(), TimedOut> {
        self.meet_timeout(FOR_EVER)
    }

    fn try_meet(&self) -> bool {
        let mut places = self.0.lock();
        if places.count() + 1 < N {
            return false;
        }
        let woken = places.look(|()| Some(()));
        drop(places);
        woken.wake();
        true
    }

    fn meet_timeout(&self, timeout: Duration) -> Result<(), TimedOut> {
        let mut places = self.0.lock();
        if places.count() + 1 < N {
            return wait_at(&self.0, places, |places| places, (), timeout);
        }
        let woken = places.look(|()| Some(()));
        drop(places);
        woken.wake();
        Ok(())
    }

    fn waiting(&self) -> u32 {
        self.0.lock().count() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::host;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    #[test]
    fn nobody_goes_on_before_all_are_there() {
        static BARRIER: Barrier<3> =
            Barrier::new([host::notification(0), host::notification(1), host::notification(2)]);
        static ROUND: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];
        let run = |own: usize| {
            move || {
                for round in 1..300 {
                    ROUND[own].store(round, Ordering::SeqCst);
                    BARRIER.meet().unwrap();
                    assert!(ROUND.iter().all(|it| it.load(Ordering::SeqCst) >= round));
                    BARRIER.meet().unwrap();
                }
            }
        };
        let threads = [0, 1, 2].map(|own| thread::spawn(run(own)));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }

    #[test]
    fn who_gives_up_does_not_count() {
        let barrier = Barrier::new([host::notification(3), host::notification(4)]);
        for _ in 0..2 {
            assert_eq!(barrier.meet_timeout(Duration::from_millis(1)), Err(TimedOut));
            assert!(!barrier.try_meet());
        }
        assert_eq!(barrier.waiting(), 0);
    }
}

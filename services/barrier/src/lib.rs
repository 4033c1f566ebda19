// SPDX-License-Identifier: MIT OR Apache-2.0
//! A barrier, at which threads of several processes wait for each other before they go on together.
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
//! use crossgate::testing::Wiring;
//! use crossgate::{CallError, Handle};
//! use crossgate_barrier::{Barrier, Rendezvous};
//!
//! fn start(ready: Handle<dyn Rendezvous>) -> Result<bool, CallError> {
//!     // ... all that has to be done before anybody begins ...
//!     Ok(ready.meet_timeout(Duration::from_secs(1))?.is_ok())
//! }
//! let wiring = Wiring::new();
//! let home = wiring.process("rendezvous");
//! let barrier = home.object(Barrier::new(home.notifications::<2>()));
//! let ready = home.serve_concurrent(barrier);
//! let other = wiring.process("other").thread(2, move || start(ready));
//! wiring.run(|| assert_eq!((start(ready), other.join()), (Ok(true), Ok(true))));
//! ```
//!
//! When all threads have met, the barrier can be used again. A thread that gives up, because of a timeout or a
//! deadline, is not counted. If the wiring of the barrier's process has `lost_clients;`, a waiting thread is also not
//! counted after its process crashes or is restarted. If a process crashes while its thread does not wait at the
//! barrier, the barrier does not notice the crash. The other threads then wait until that thread comes to the barrier
//! after its restart, unless they use a `timeout`.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::server::{self, Client};
use crossgate::sync::{Mutex, MutexGuard};
use crossgate::{Notification, interface};
use crossgate_waiting::{FOR_EVER, Places, wait_at};

/// The interface of the threads that meet.
#[interface]
pub trait Rendezvous {
    /// Waits for the others as long as it takes. Fails with [`TimedOut`] if the caller's deadline passes first.
    fn meet(&self) -> Result<(), TimedOut>;
    /// Checks if all others already wait. If so, lets them go on, and returns `true`. Never waits.
    fn try_meet(&self) -> bool;
    /// Waits for the others up to `timeout`.
    fn meet_timeout(&self, timeout: Duration) -> Result<(), TimedOut>;
    /// Returns how many threads wait at the barrier.
    fn waiting(&self) -> u32;
}

/// A barrier for `N` threads.
//
// The barrier has `N` places, although the last thread to come never waits. The reason: a thread may come back before
// another thread, which was woken, has left its place.
#[derive(Debug)]
pub struct Barrier<const N: usize>(Mutex<Waiting<N>>);

/// The threads that wait. For each thread, the place has the client to which the thread belongs.
type Waiting<const N: usize> = Places<Client, Result<(), TimedOut>, N>;

impl<const N: usize> Barrier<N> {
    /// Creates a barrier. The array has one notification for each thread of the barrier. The process must use these
    /// notifications for nothing else.
    #[must_use]
    pub const fn new(woken_by: [Notification; N]) -> Self {
        Barrier(Mutex::new(Places::new(woken_by)))
    }
}

impl<const N: usize> Barrier<N> {
    /// If all others are there, lets them go on.
    fn attempt<'a>(
        mut places: MutexGuard<'a, Waiting<N>>,
    ) -> Result<(), MutexGuard<'a, Waiting<N>>> {
        if places.count() + 1 < N {
            return Err(places);
        }
        // A client that has crashed is not counted, even if its thread has not left the barrier yet.
        let mut all_live = true;
        let lost = places.look(|client| {
            let is_gone = client.is_gone();
            all_live &= !is_gone;
            is_gone.then_some(Err(TimedOut))
        });
        if !all_live {
            lost.wake();
            return Err(places);
        }
        let woken = places.look(|_| Some(Ok(())));
        drop(places);
        woken.wake();
        Ok(())
    }
}

impl<const N: usize> Rendezvous for Barrier<N> {
    fn meet(&self) -> Result<(), TimedOut> {
        self.meet_timeout(FOR_EVER)
    }

    fn try_meet(&self) -> bool {
        let places = self.0.lock();
        server::client().is_some() && Self::attempt(places).is_ok()
    }

    fn meet_timeout(&self, timeout: Duration) -> Result<(), TimedOut> {
        let places = self.0.lock();
        // A client that has crashed gets no place, because nobody waits for the result of its call.
        let client = server::client().ok_or(TimedOut)?;
        match Self::attempt(places) {
            Ok(()) => Ok(()),
            Err(places) => wait_at(&self.0, places, |places| places, client, timeout)?,
        }
    }

    fn waiting(&self) -> u32 {
        let mut places = self.0.lock();
        places.look(|client| client.is_gone().then_some(Err(TimedOut))).wake();
        places.count() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;
    use crossgate::{Handle, supervise, thread, time};
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A barrier, published by a process that is told of lost clients.
    fn barrier<const N: usize>(wiring: &Wiring) -> Handle<dyn Rendezvous> {
        let home = wiring.process("rendezvous").lost_clients(None);
        let barrier = home.object(Barrier::<N>::new(home.notifications()));
        home.serve_concurrent(barrier)
    }

    #[test]
    fn nobody_goes_on_before_all_are_there() {
        static ROUND: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];
        let wiring = Wiring::new();
        let barrier = barrier::<3>(&wiring);
        let threads = [0, 1, 2].map(|own: usize| {
            wiring.process("participant").thread(1 + own as u8, move || {
                for round in 1..100 {
                    time::sleep(Duration::from_micros((u64::from(round) * own as u64) % 5));
                    ROUND[own].store(round, Ordering::SeqCst);
                    assert_eq!(barrier.meet(), Ok(Ok(())));
                    assert!(ROUND.iter().all(|it| it.load(Ordering::SeqCst) >= round));
                    assert_eq!(barrier.meet(), Ok(Ok(())));
                }
            })
        });
        wiring.run(|| threads.into_iter().for_each(|thread| thread.join()));
    }

    #[test]
    fn who_gives_up_does_not_count() {
        let wiring = Wiring::new();
        let barrier = barrier::<2>(&wiring);
        wiring.run(|| {
            for _ in 0..2 {
                let met = barrier.meet_timeout(Duration::from_millis(1));
                assert_eq!(met, Ok(Err(TimedOut)));
                assert_eq!(barrier.try_meet(), Ok(false));
            }
            assert_eq!(barrier.waiting(), Ok(0));
            let met = time::with_deadline(Duration::from_millis(1), || barrier.meet());
            assert_eq!((met, barrier.waiting()), (Ok(Err(TimedOut)), Ok(0)));
        });
    }

    #[test]
    fn who_is_gone_does_not_count() {
        let wiring = Wiring::new();
        let barrier = barrier::<2>(&wiring);
        let lost = wiring.process("lost");
        lost.thread(1, move || barrier.meet());
        wiring.run(|| {
            thread::yield_now();
            assert_eq!(barrier.waiting(), Ok(1));
            supervise::stop(lost.index()).unwrap();
            // The thread of the crashed client has not left the barrier yet. It runs when the present thread waits.
            assert_eq!(barrier.try_meet(), Ok(false));
            assert_eq!(barrier.waiting(), Ok(0));
        });
    }
}

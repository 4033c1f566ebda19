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
//! Nor is one whose process crashes while it waits, or is restarted, from that moment on, if the process of the barrier
//! has `lost_clients;` in the wiring. Of a participant that has crashed elsewhere the barrier knows nothing: it comes later, in
//! its next life, or the others need a `timeout`.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::server::{self, Client};
use crossgate::sync::{Mutex, MutexGuard};
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
pub struct Barrier<const N: usize>(Mutex<Waiting<N>>);

/// Those who are there, each a thread of some client.
type Waiting<const N: usize> = Places<Client, Result<(), TimedOut>, N>;

impl<const N: usize> Barrier<N> {
    /// For as many threads as there are notifications, which are used for nothing else.
    #[must_use]
    pub const fn new(woken_by: [Notification; N]) -> Self {
        Barrier(Mutex::new(Places::new(woken_by)))
    }
}

impl<const N: usize> Barrier<N> {
    /// If all others are there, they go on.
    fn attempt<'a>(
        mut places: MutexGuard<'a, Waiting<N>>,
    ) -> Result<(), MutexGuard<'a, Waiting<N>>> {
        if places.count() + 1 < N {
            return Err(places);
        }
        // Who is gone is not there, though its thread may still be.
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
        // Nobody waits for who is gone.
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
    use crossgate::{Handle, host};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    /// A barrier that several threads of the test serve.
    struct Known<const N: usize>(&'static Barrier<N>);

    impl<const N: usize> Rendezvous for Known<N> {
        fn meet(&self) -> Result<(), TimedOut> {
            self.0.meet()
        }
        fn try_meet(&self) -> bool {
            self.0.try_meet()
        }
        fn meet_timeout(&self, timeout: Duration) -> Result<(), TimedOut> {
            self.0.meet_timeout(timeout)
        }
        fn waiting(&self) -> u32 {
            self.0.waiting()
        }
    }

    #[test]
    fn nobody_goes_on_before_all_are_there() {
        static BARRIER: Barrier<3> =
            Barrier::new([host::notification(0), host::notification(1), host::notification(2)]);
        static ROUND: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];
        let run = |own: usize| {
            move || {
                let barrier: Handle<dyn Rendezvous> = host::serve(Known(&BARRIER));
                for round in 1..300 {
                    ROUND[own].store(round, Ordering::SeqCst);
                    assert_eq!(barrier.meet(), Ok(Ok(())));
                    assert!(ROUND.iter().all(|it| it.load(Ordering::SeqCst) >= round));
                    assert_eq!(barrier.meet(), Ok(Ok(())));
                }
            }
        };
        let threads = [0, 1, 2].map(|own| thread::spawn(run(own)));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }

    #[test]
    fn who_gives_up_does_not_count() {
        let barrier = Barrier::new([host::notification(3), host::notification(4)]);
        let barrier: Handle<dyn Rendezvous> = host::serve(barrier);
        for _ in 0..2 {
            let met = barrier.meet_timeout(Duration::from_millis(1));
            assert_eq!(met, Ok(Err(TimedOut)));
            assert_eq!(barrier.try_meet(), Ok(false));
        }
        assert_eq!(barrier.waiting(), Ok(0));
    }

    #[test]
    fn who_is_gone_does_not_count() {
        static BARRIER: Barrier<2> = Barrier::new([host::notification(5), host::notification(6)]);
        let barrier: Handle<dyn Rendezvous> = host::serve(Known(&BARRIER));
        // Its thread is still there.
        let lost = thread::spawn(|| {
            let barrier: Handle<dyn Rendezvous> = host::serve(Known(&BARRIER));
            host::run_as(3);
            barrier.meet()
        });
        while barrier.waiting() != Ok(1) {
            thread::yield_now();
        }
        host::end_life(3);
        assert_eq!(barrier.try_meet(), Ok(false));
        assert_eq!((lost.join().unwrap(), barrier.waiting()), (Ok(Err(TimedOut)), Ok(0)));
    }
}

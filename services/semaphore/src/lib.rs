// SPDX-License-Identifier: MIT OR Apache-2.0
//! Semaphores between processes.
//!
//! | to | take | interfaces |
//! |---|---|---|
//! | count events of one process for another | [`Semaphore`] | [`Giver`], [`Taker`] |
//! | share a limited number of things, or one | [`Permits`] | [`Holder`], and [`Warden`] for a process that revokes permits |
//!
//! Any process may own a semaphore. If several threads wait, the most urgent thread goes first.
//!
//! ```ignore
//! process locks {
//!     notification GIVEN;
//!     notification RETURNED;
//!     lost_clients RETURNED; // permits of a client that crashes come back
//!     object frames (stack = 256): Concurrent<Semaphore> = Semaphore::counting(0, 10, GIVEN) =>
//!         [FRAME_CAME: dyn Giver, FRAMES: dyn Taker];
//!     object channels (stack = 256): Concurrent<Permits> = Permits::new(2, RETURNED) =>
//!         [CHANNELS: dyn Holder];
//! }
//! ```
//!
//! ```
//! use core::time::Duration;
//! use crossgate::testing::Wiring;
//! use crossgate::{CallError, Handle};
//! use crossgate_semaphore::{Giver, Holder, Permits, Semaphore, Taker};
//!
//! fn frame_came(frames: Handle<dyn Giver>) -> Result<(), CallError> {
//!     let _is_counted = frames.give()?;
//!     Ok(())
//! }
//! fn wait_for_frame(frames: Handle<dyn Taker>) -> Result<bool, CallError> {
//!     Ok(frames.take_timeout(Duration::from_millis(5))?.is_ok())
//! }
//! fn measure(channels: Handle<dyn Holder>) -> Result<bool, CallError> {
//!     if channels.take()?.is_err() {
//!         return Ok(false);
//!     }
//!     // ... has one of the channels ...
//!     Ok(channels.give_back()?.is_ok())
//! }
//! let wiring = Wiring::new();
//! let home = wiring.process("locks");
//! let frames = home.object(Semaphore::counting(0, 10, home.notification()));
//! let (give, take) = (home.serve_concurrent(frames), home.serve_concurrent(frames));
//! let channels = home.object(Permits::new(2, home.notification()));
//! let channels = home.serve_concurrent(channels);
//! wiring.run(|| {
//!     assert_eq!(wait_for_frame(take), Ok(false));
//!     frame_came(give).unwrap();
//!     assert_eq!(wait_for_frame(take), Ok(true));
//!     assert_eq!(measure(channels), Ok(true));
//! });
//! ```
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod permits;

pub use permits::{Holder, NotHeld, Permits, Warden};

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::sync::Mutex;
use crossgate::{Notification, Wire, interface};
use crossgate_waiting::{FOR_EVER, Waiters, wait, wake};

/// The semaphore has its highest count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub struct Full;

/// The interface of threads that give.
#[interface]
pub trait Giver {
    /// Increments the count, and wakes one waiting thread. Fails with [`Full`] if the count has its highest value,
    /// which then does not change.
    fn give(&self) -> Result<(), Full>;
}

/// The interface of threads that take.
#[interface]
pub trait Taker {
    /// Waits as long as it takes until the count is not 0, and decrements it. Fails with [`TimedOut`] if the caller's
    /// deadline passes first.
    fn take(&self) -> Result<(), TimedOut>;
    /// Decrements the count if it is not 0. Returns `true` if the count was decremented.
    fn try_take(&self) -> bool;
    /// Waits up to `timeout` until the count is not 0, and decrements it.
    fn take_timeout(&self, timeout: Duration) -> Result<(), TimedOut>;
}

/// A counting or binary semaphore.
#[derive(Debug)]
pub struct Semaphore {
    state: Mutex<State>,
    most: u32,
}

#[derive(Debug)]
struct State {
    count: u32,
    takers: Waiters,
}

impl State {
    /// Returns the notification of the thread to wake.
    #[inline(always)]
    fn take(&mut self) -> Option<Option<Notification>> {
        self.count = self.count.checked_sub(1)?;
        Some(self.woken())
    }

    #[inline(always)]
    fn woken(&self) -> Option<Notification> {
        if self.count == 0 { None } else { self.takers.first() }
    }
}

impl Semaphore {
    /// Creates a semaphore. `count` is the first count, and `most` is the highest count. The process must use this
    /// notification for nothing else.
    #[must_use]
    pub const fn counting(count: u32, most: u32, given: Notification) -> Semaphore {
        assert!(count <= most, "a semaphore begins at its most, or below");
        Semaphore { state: Mutex::new(State { count, takers: Waiters::new(given) }), most }
    }

    /// Creates a binary semaphore: its highest count is 1, and its first count is 0. The process must use this
    /// notification for nothing else.
    #[must_use]
    pub const fn binary(given: Notification) -> Semaphore {
        Semaphore::counting(0, 1, given)
    }

    #[inline]
    fn take_within(&self, timeout: Duration) -> Result<(), TimedOut> {
        let mut state = self.state.lock();
        let woken = match state.take() {
            Some(woken) => {
                drop(state);
                woken
            }
            None => wait(&self.state, state, |state| &mut state.takers, timeout, State::take)?,
        };
        wake(woken);
        Ok(())
    }
}

impl Giver for Semaphore {
    fn give(&self) -> Result<(), Full> {
        let mut state = self.state.lock();
        if state.count >= self.most {
            return Err(Full);
        }
        state.count += 1;
        let woken = state.woken();
        drop(state);
        wake(woken);
        Ok(())
    }
}

impl Taker for Semaphore {
    fn take(&self) -> Result<(), TimedOut> {
        self.take_within(FOR_EVER)
    }

    fn try_take(&self) -> bool {
        let taken = self.state.lock().take();
        taken.map(wake).is_some()
    }

    fn take_timeout(&self, timeout: Duration) -> Result<(), TimedOut> {
        self.take_within(timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;
    use crossgate::{Handle, time};

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn it_counts_between_0_and_its_most() {
        let wiring = Wiring::new();
        let semaphore = Semaphore::counting(1, 2, wiring.test().notification());
        let binary = Semaphore::binary(wiring.test().notification());
        wiring.run(|| {
            assert_eq!([semaphore.give(), semaphore.give()], [Ok(()), Err(Full)]);
            assert_eq!((semaphore.try_take(), semaphore.take()), (true, Ok(())));
            assert!(!semaphore.try_take());
            assert_eq!(semaphore.take_timeout(MILLISECOND), Err(TimedOut));
            assert_eq!([binary.give(), binary.give()], [Ok(()), Err(Full)]);
        });
    }

    #[test]
    fn every_taker_is_woken() {
        let wiring = Wiring::new();
        let home = wiring.process("locks");
        let semaphore = home.object(Semaphore::counting(0, 9, home.notification()));
        let frames: Handle<dyn Taker> = home.serve_concurrent(semaphore);
        let takers = [1, 2, 2].map(|priority| {
            wiring.process("takers").thread(priority, move || {
                for round in 0..100 {
                    assert_eq!(frames.take(), Ok(Ok(())));
                    time::sleep(Duration::from_micros(round % 5));
                }
            })
        });
        wiring.run(|| {
            let mut given = 0;
            while given < 300 {
                let is_given = home.enter(|| semaphore.give().is_ok());
                given += u32::from(is_given);
                if given % 5 == 0 || !is_given {
                    time::sleep(Duration::from_micros(1));
                }
            }
            takers.into_iter().for_each(|taker| taker.join());
            assert!(!semaphore.try_take());
        });
    }

    #[test]
    fn the_most_urgent_taker_goes_first() {
        let wiring = Wiring::new();
        let home = wiring.process("locks");
        let semaphore = home.object(Semaphore::counting(0, 9, home.notification()));
        let frames: Handle<dyn Taker> = home.serve_concurrent(semaphore);
        let takers = [2, 4, 3].map(|it| wiring.process("takers").thread(it, move || frames.take()));
        wiring.run(|| {
            for expected in [[false, true, false], [false, true, true], [true; 3]] {
                home.enter(|| semaphore.give()).unwrap();
                assert_eq!([0, 1, 2].map(|it: usize| takers[it].has_ended()), expected);
            }
        });
    }
}

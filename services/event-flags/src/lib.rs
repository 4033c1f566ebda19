// SPDX-License-Identifier: MIT OR Apache-2.0
//! Event flags between processes: 32 bits, which some processes set and clear, and others wait for.
//!
//! Any process may own the flags. The wiring says which processes set flags, and which wait for them.
//!
//! ```ignore
//! process events {
//!     notification FIRST; // one for each thread that may wait at a time
//!     notification SECOND;
//!     object flags (stack = 256): Concurrent<EventFlags<2>> = EventFlags::new([FIRST, SECOND]) =>
//!         [EVENTS_SET: dyn EventSetter, EVENTS: dyn EventWaiter];
//! }
//! process radio { thread main (priority = 3, stack = 1024) = radio::main(EVENTS_SET); }
//! process control { thread main (priority = 2, stack = 1024) = control::main(EVENTS); }
//! ```
//!
//! ```
//! use core::time::Duration;
//! use crossgate::testing::Wiring;
//! use crossgate::{CallError, Handle};
//! use crossgate_event_flags::{EventFlags, EventSetter, EventWaiter, Until};
//!
//! const LINK_UP: u32 = 1 << 0;
//! const TIME_SET: u32 = 1 << 1;
//!
//! fn radio(events: Handle<dyn EventSetter>) -> Result<(), CallError> {
//!     events.set(LINK_UP)
//! }
//! fn control(events: Handle<dyn EventWaiter>) -> Result<bool, CallError> {
//!     let all = LINK_UP | TIME_SET;
//!     Ok(events.wait_timeout(all, Until::All, Duration::from_millis(10))?.is_ok())
//! }
//! let wiring = Wiring::new();
//! let home = wiring.process("events");
//! let flags = home.object(EventFlags::new(home.notifications::<1>()));
//! let (set, wait) = (home.serve_concurrent(flags), home.serve_concurrent(flags));
//! wiring.run(|| {
//!     radio(set).unwrap();
//!     assert_eq!(control(wait), Ok(false));
//!     flags.set(TIME_SET);
//!     assert_eq!(control(wait), Ok(true));
//! });
//! ```
//!
//! Setting and clearing flags never waits. When a flag is set, all threads that wait for it are woken. If several of
//! these threads take the same flag, all of them get it. If more threads wait than the wiring has notifications for,
//! their calls fail with [`CallError::Refused`](crossgate::CallError::Refused).
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::sync::Mutex;
use crossgate::{Notification, Wire, interface};
use crossgate_waiting::{FOR_EVER, Places, wait_at};

/// The condition that a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub enum Until {
    /// At least one of the flags is set.
    Any,
    /// All of the flags are set.
    All,
    /// At least one of the flags is set. The wait clears those of the flags that are set.
    TakeAny,
    /// All of the flags are set. The wait clears all of them.
    TakeAll,
}

impl Until {
    const fn is_met(self, wanted: u32, set: u32) -> bool {
        match self {
            Until::Any | Until::TakeAny => set & wanted != 0,
            Until::All | Until::TakeAll => set & wanted == wanted,
        }
    }

    /// Returns the flags to clear if the condition is met.
    const fn taken(self, wanted: u32) -> u32 {
        match self {
            Until::Any | Until::All => 0,
            Until::TakeAny | Until::TakeAll => wanted,
        }
    }
}

/// The interface of processes that set the flags.
#[interface]
pub trait EventSetter {
    /// Sets these flags.
    fn set(&self, flags: u32);
    /// Clears these flags. Returns those of them that were set.
    fn clear(&self, flags: u32) -> u32;
}

/// The interface of processes that wait for the flags.
#[interface]
pub trait EventWaiter {
    /// Returns the flags that are set.
    fn get(&self) -> u32;
    /// Waits for these flags as long as it takes. Returns all flags that were set at the end of the wait. Fails with
    /// [`TimedOut`] if the caller's deadline passes first.
    fn wait(&self, flags: u32, until: Until) -> Result<u32, TimedOut>;
    /// Returns all flags that are set, if the condition is met now.
    fn try_wait(&self, flags: u32, until: Until) -> Option<u32>;
    /// Waits for these flags up to `timeout`. Returns all flags that were set at the end of the wait.
    fn wait_timeout(&self, flags: u32, until: Until, timeout: Duration) -> Result<u32, TimedOut>;
}

/// Event flags for which up to `N` threads may wait at a time.
#[derive(Debug)]
pub struct EventFlags<const N: usize>(Mutex<State<N>>);

#[derive(Debug)]
struct State<const N: usize> {
    set: u32,
    waiters: Places<(u32, Until), u32, N>,
}

impl<const N: usize> State<N> {
    #[inline]
    fn try_wait(&mut self, flags: u32, until: Until) -> Option<u32> {
        let set = self.set;
        until.is_met(flags, set).then(|| {
            self.set &= !until.taken(flags);
            set
        })
    }
}

impl<const N: usize> EventFlags<N> {
    /// Creates event flags. None of them is set. The array has a notification for each thread that may wait at the same
    /// time. The process must use these notifications for nothing else.
    #[must_use]
    pub const fn new(woken_by: [Notification; N]) -> Self {
        EventFlags(Mutex::new(State { set: 0, waiters: Places::new(woken_by) }))
    }

    #[inline]
    fn wait_within(&self, flags: u32, until: Until, timeout: Duration) -> Result<u32, TimedOut> {
        let mut state = self.0.lock();
        match state.try_wait(flags, until) {
            Some(set) => Ok(set),
            None => wait_at(&self.0, state, |state| &mut state.waiters, (flags, until), timeout),
        }
    }
}

impl<const N: usize> EventSetter for EventFlags<N> {
    fn set(&self, flags: u32) {
        let mut state = self.0.lock();
        let State { set, waiters } = &mut *state;
        let all = *set | flags;
        let mut taken = 0;
        // Each waiting thread is checked with the same flags, before any flag is cleared.
        let woken = waiters.look(|&(flags, until)| {
            until.is_met(flags, all).then(|| {
                taken |= until.taken(flags);
                all
            })
        });
        *set = all & !taken;
        drop(state);
        woken.wake();
    }

    fn clear(&self, flags: u32) -> u32 {
        let mut state = self.0.lock();
        let cleared = state.set & flags;
        state.set &= !flags;
        cleared
    }
}

impl<const N: usize> EventWaiter for EventFlags<N> {
    fn get(&self) -> u32 {
        self.0.lock().set
    }

    fn wait(&self, flags: u32, until: Until) -> Result<u32, TimedOut> {
        self.wait_within(flags, until, FOR_EVER)
    }

    fn try_wait(&self, flags: u32, until: Until) -> Option<u32> {
        self.0.lock().try_wait(flags, until)
    }

    fn wait_timeout(&self, flags: u32, until: Until, timeout: Duration) -> Result<u32, TimedOut> {
        self.wait_within(flags, until, timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;
    use crossgate::{CallError, Handle};

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn any_and_all() {
        let wiring = Wiring::new();
        let flags = EventFlags::new(wiring.test().notifications::<1>());
        wiring.run(|| {
            assert_eq!(flags.try_wait(1, Until::Any), None);
            flags.set(0b101);
            assert_eq!(flags.try_wait(0b011, Until::Any), Some(0b101));
            assert_eq!(flags.try_wait(0b011, Until::All), None);
            assert_eq!(flags.wait_timeout(0b011, Until::TakeAll, NOW), Err(TimedOut));
            assert_eq!(flags.wait(0b101, Until::All), Ok(0b101));
            assert_eq!(flags.wait(0b011, Until::TakeAny), Ok(0b101));
            assert_eq!(flags.get(), 0b100);
            assert_eq!((flags.clear(0b110), flags.get()), (0b100, 0));
        });
    }

    #[test]
    fn all_that_wait_for_a_flag_are_woken() {
        let wiring = Wiring::new();
        let home = wiring.process("events");
        let flags = home.object(EventFlags::new(home.notifications::<3>()));
        let events: Handle<dyn EventWaiter> = home.serve_concurrent(flags);
        let wants = [(0b01, Until::TakeAny), (0b11, Until::TakeAll), (0b11, Until::All)];
        let waiters = wants.map(|(wanted, until)| {
            wiring.process("waiters").thread(2, move || {
                for _ in 0..10 {
                    assert_eq!(events.wait(wanted, until), Ok(Ok(0b11)));
                }
            })
        });
        wiring.run(|| {
            for _ in 0..10 {
                assert_eq!(flags.0.lock().waiters.count(), 3);
                home.enter(|| flags.set(0b11));
                assert_eq!(flags.get(), 0);
            }
            waiters.into_iter().for_each(|waiter| waiter.join());
        });
    }

    #[test]
    fn who_finds_no_place_is_refused() {
        let wiring = Wiring::new();
        let flags = wiring.serve::<dyn EventWaiter, _>(EventFlags::new([]));
        wiring.run(|| assert_eq!(flags.wait(1, Until::Any), Err(CallError::Refused)));
    }
}

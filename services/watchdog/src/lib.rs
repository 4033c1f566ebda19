// SPDX-License-Identifier: MIT OR Apache-2.0
//! One hardware watchdog for several processes.
//!
//! Each process that is watched gets its own [`Guard`], with a period. The watchdog hardware is fed only as long as
//! every guard was fed within its period. If a guard has not been fed in time, its name is recorded in memory that
//! keeps its contents over a reset. The hardware is then not fed any more, so it resets the microcontroller. The
//! hardware is also not fed if the kernel has halted, or if a thread never gives up the CPU. So the microcontroller is
//! reset in these cases too.
//!
//! ```ignore
//! process watchdog {
//!     mmio WATCHDOG;
//!     object guards (stack = 256): Concurrent<Guards<2>> = Guards::new([
//!         Guarded::new("motor", Duration::from_millis(50)),
//!         Guarded::new("radio", Duration::from_secs(2)),
//!     ]) => [MOTOR_GUARD: dyn Guard<0>, RADIO_GUARD: dyn Guard<1>, LAST_RESET: dyn LastReset];
//!     thread keeper (priority = 30, stack = 512) = keep(&guards);
//! }
//! process motor { thread main (priority = 5, stack = 1024) = motor::main(MOTOR_GUARD); }
//!
//! fn keep(guards: &Guards<2>) -> ! {
//!     let mut watchdog = board::Watchdog::new(board::WATCHDOG);
//!     watchdog.start(Duration::from_millis(100));
//!     guards.keep(|| watchdog.feed(), Duration::from_millis(50))
//! }
//! ```
//!
//! The thread that runs [`keep`](Guards::keep) needs very little CPU time. Give it a higher priority than all other
//! threads. Otherwise, if a thread never gives up the CPU and so causes the reset, no guard is recorded.
//!
//! ```
//! use core::time::Duration;
//! use crossgate::testing::Wiring;
//! use crossgate::{CallError, Handle};
//! use crossgate_watchdog::{Guard, Guarded, Guards};
//!
//! fn turn_once(guard: Handle<dyn Guard<0>>) -> Result<(), CallError> {
//!     // ... set the motor ...
//!     guard.feed()
//! }
//! let wiring = Wiring::new();
//! let home = wiring.process("watchdog");
//! let guards = home.object(Guards::new([Guarded::new("motor", Duration::from_millis(50))]));
//! let motor: Handle<dyn Guard<0>> = home.serve_concurrent(guards);
//! wiring.run(|| assert_eq!(turn_once(motor), Ok(())));
//! ```
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::sync::Mutex;
use crossgate::time::{self, Instant};
use crossgate::{interface, kept, thread};

/// The interface of a process that is watched. `PLACE` is the place of its guard in [`Guards`].
#[interface]
pub trait Guard<const PLACE: usize> {
    /// Feeds the guard: its period starts again. If the period is over already, this has no effect.
    fn feed(&self);
}

/// The interface of a process that may ask why the watchdog has reset the system.
#[interface]
pub trait LastReset {
    /// Returns the place in [`Guards`] of the guard that was not fed in time before the last reset by the watchdog.
    /// `None` if there was no such reset since power-on, or since [`forget`](LastReset::forget).
    fn starved(&self) -> Option<u32>;
    /// Forgets the recorded guard.
    fn forget(&self);
}

kept! {
    /// The place of the guard that was not fed in time. It is kept over a reset.
    static STARVED: u32;
}

/// The name and the period of a guard, for the wiring.
#[derive(Clone, Copy, Debug)]
pub struct Guarded {
    name: &'static str,
    period: Duration,
}

impl Guarded {
    /// Creates a guard that has to be fed at least once in each `period`.
    ///
    /// # Panics
    /// If the period is zero. In the wiring, that is a compile error.
    #[must_use]
    pub const fn new(name: &'static str, period: Duration) -> Guarded {
        assert!(!period.is_zero(), "nobody can feed a guard whose period is zero in time");
        Guarded { name, period }
    }
}

/// The guards: the service object of the process that owns the watchdog. It serves [`Guard`] for each place in the
/// array. An interface whose place is past the end of the array does not compile.
#[derive(Debug)]
pub struct Guards<const N: usize> {
    guarded: [Guarded; N],
    /// The ends of the guards' periods; `None` until [`keep`](Guards::keep) runs.
    ends: Mutex<Option<[Instant; N]>>,
}

impl<const N: usize> Guards<N> {
    /// Creates the object of these guards. Their periods begin when [`keep`](Guards::keep) starts.
    #[must_use]
    pub const fn new(guarded: [Guarded; N]) -> Guards<N> {
        Guards { guarded, ends: Mutex::new(None) }
    }

    /// Calls `feed` at least once in each `interval`, as long as all guards are fed in time. `feed` has to feed the
    /// hardware. If a guard is not fed in time, records this guard, and ends the thread. Choose half the time of the
    /// hardware watchdog as the interval.
    pub fn keep(&self, mut feed: impl FnMut(), interval: Duration) -> ! {
        self.begin(time::now());
        loop {
            let now = time::now();
            match self.check(now) {
                Ok(next) => {
                    feed();
                    time::sleep_until(next.min(now + interval));
                }
                Err(place) => {
                    STARVED.set(place as u32);
                    thread::exit()
                }
            }
        }
    }

    /// Returns the name of the guard whose place [`LastReset::starved`] returns. This method is for the process of the
    /// watchdog itself, which may log the name when it starts.
    #[must_use]
    pub fn last_starved(&self) -> Option<&'static str> {
        let place = STARVED.get()?;
        self.guarded.get(place as usize).map(|guarded| guarded.name)
    }

    fn begin(&self, now: Instant) {
        *self.ends.lock() = Some(self.guarded.map(|guarded| now + guarded.period));
    }

    /// Returns the earliest time at which a period may end. If a period is over already, fails with the place of its
    /// guard.
    fn check(&self, now: Instant) -> Result<Instant, usize> {
        let ends = self.ends.lock().unwrap_or([now; N]);
        let first = ends.into_iter().enumerate().min_by_key(|(_, end)| *end);
        let Some((place, end)) = first else { return Ok(now + Duration::MAX) };
        if now <= end { Ok(end + Duration::from_micros(1)) } else { Err(place) }
    }
}

impl<const N: usize, const PLACE: usize> Guard<PLACE> for Guards<N> {
    fn feed(&self) {
        const { assert!(PLACE < N, "the watchdog has no such guard") };
        let mut ends = self.ends.lock();
        let now = time::now();
        // A period that is over can't start again. So `keep` notices it, even if the client's thread is more urgent.
        if let Some(ends) = &mut *ends
            && now <= ends[PLACE]
        {
            ends[PLACE] = now + self.guarded[PLACE].period;
        }
    }
}

impl<const N: usize> LastReset for Guards<N> {
    fn starved(&self) -> Option<u32> {
        STARVED.get()
    }

    fn forget(&self) {
        STARVED.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::Handle;
    use crossgate::testing::Wiring;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    const PERIOD: Duration = Duration::from_millis(50);
    const INTERVAL: Duration = Duration::from_millis(10);

    #[test]
    fn the_hardware_is_fed_until_one_guard_is_not() {
        static FEEDS: AtomicU32 = AtomicU32::new(0);
        let wiring = Wiring::new();
        let home = wiring.process("watchdog");
        let [slow, fast] = [("slow", 3 * PERIOD), ("fast", PERIOD)];
        let guards = [Guarded::new(slow.0, slow.1), Guarded::new(fast.0, fast.1)];
        let guards = home.object(Guards::new(guards));
        let feed_fast: Handle<dyn Guard<1>> = home.serve_concurrent(guards);
        let last: Handle<dyn LastReset> = home.serve_concurrent(guards);
        home.thread(9, || {
            guards.keep(|| FEEDS.store(FEEDS.load(Relaxed) + 1, Relaxed), INTERVAL);
        });
        wiring.run(|| {
            for period in 1..=3 {
                time::sleep(PERIOD - INTERVAL / 2);
                let feeds = FEEDS.load(Relaxed);
                assert!((4 * period..=6 * period).contains(&feeds), "{feeds} in {period} periods");
                assert_eq!((feed_fast.feed(), last.starved()), (Ok(()), Ok(None)));
            }
            let feeds = FEEDS.load(Relaxed);
            time::sleep(PERIOD - INTERVAL);
            assert_eq!((last.starved(), guards.last_starved()), (Ok(Some(0)), Some("slow")));
            assert!(FEEDS.load(Relaxed) <= feeds + 2);
            assert_eq!((last.forget(), last.starved()), (Ok(()), Ok(None)));
        });
    }

    #[test]
    fn food_that_comes_too_late_changes_nothing() {
        let wiring = Wiring::new();
        let home = wiring.process("watchdog");
        let guards = home.object(Guards::new([Guarded::new("one", PERIOD)]));
        let guard: Handle<dyn Guard<0>> = home.serve_concurrent(guards);
        wiring.run(|| {
            home.enter(|| guards.begin(time::now()));
            time::sleep(PERIOD);
            assert_eq!(guard.feed(), Ok(()));
            time::sleep(PERIOD + Duration::from_micros(1));
            assert_eq!(guard.feed(), Ok(()));
            let result = home.enter(|| guards.check(time::now()));
            assert_eq!(result, Err(0));
        });
    }
}

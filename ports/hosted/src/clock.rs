// SPDX-License-Identifier: MIT OR Apache-2.0
//! Time: the host's, or virtual.
//!
//! When no thread can run, virtual time jumps to the time of the timer. It also advances by 1 µs with each system call,
//! so that a loop that waits for a time ends. If the timer's time is near, a [schedule](crate::schedule) may make the
//! timer interrupt earlier. If a thread computes without system calls, a [tick](Clock::tick) of the host advances the
//! clock to the time of the timer.

use crate::linux::{signals, time};
use crate::schedule::Schedule;
use crate::words::{PENDING, STEP, TIMER};
use core::sync::atomic::Ordering;
use crossgate_kernel::time::NEVER;

/// The interval at which the host interrupts user code in virtual time, in µs.
const TICK: u64 = 10_000;
/// The time that passes with a system call, in µs.
const SYSTEM_CALL: u64 = 1;
/// The largest distance to the timer's time at which a seed makes the timer interrupt earlier, in µs. (Otherwise a
/// thread that waits two seconds for a reply might not get it.)
const HORIZON: u64 = 10_000;

/// The time since start.
pub enum Clock {
    /// The host's time.
    Real {
        /// The start of the program, in µs of the host's clock.
        start: u64,
        /// The timer of the host that interrupts at the time of the timer.
        timer: time::Timer,
    },
    /// Virtual time, which is counted.
    Virtual(Virtual),
}

/// Virtual time, which is counted.
pub struct Virtual {
    /// The present time, in µs.
    now: u64,
    /// The time at which the timer is set.
    timer: u64,
    /// The time of the last tick.
    ticked: u64,
    schedule: Option<Schedule>,
    /// The number of instructions until the time of the timer.
    steps: u32,
}

impl Virtual {
    fn advance(&mut self, time: u64) {
        self.now = time.max(self.now);
        if self.now >= self.timer {
            PENDING.fetch_or(TIMER, Ordering::Relaxed);
        }
    }

    fn count(&mut self) {
        self.advance(self.now + SYSTEM_CALL);
        if let Some(steps) = self.schedule.as_mut().and_then(Schedule::next) {
            self.steps = steps;
            PENDING.fetch_or(STEP, Ordering::Relaxed);
        }
    }

    fn tick(&mut self) -> u32 {
        let computes = self.now == self.ticked;
        let skips = computes && self.timer != NEVER;
        if skips {
            self.skip();
        }
        // If no thread makes a system call before the next tick, the next tick skips time again.
        self.ticked = self.now;
        if skips { TIMER } else { 0 }
    }

    fn skip(&mut self) {
        if self.timer != NEVER {
            self.advance(self.timer);
        }
    }

    fn bring_forward(&mut self) {
        if self.timer.saturating_sub(self.now) <= HORIZON {
            self.skip();
        }
    }
}

impl Clock {
    /// Creates a clock of the host's time, which starts now.
    ///
    /// # Errors
    /// If the host has no timer left.
    pub fn real() -> Result<Clock, String> {
        Ok(Clock::Real { start: time::now(), timer: time::Timer::new()? })
    }

    /// Creates a clock of virtual time. The seed, if there is one, chooses the places of interrupts.
    ///
    /// # Errors
    /// If the host has no timer.
    pub fn counted(seed: Option<u64>) -> Result<Clock, String> {
        time::tick(TICK)?;
        let schedule = seed.map(Schedule::new);
        Ok(Clock::Virtual(Virtual { now: 0, timer: NEVER, ticked: 0, schedule, steps: 0 }))
    }

    /// Returns the time in µs since start.
    pub fn now(&self) -> u64 {
        match self {
            Clock::Real { start, .. } => time::now() - start,
            Clock::Virtual(time) => time.now,
        }
    }

    /// Sets the time of an interrupt.
    pub fn set_timer(&mut self, at: u64) {
        match self {
            Clock::Real { start, timer } => {
                timer.set((at != NEVER).then(|| start.saturating_add(at)));
            }
            Clock::Virtual(time) => time.timer = at,
        }
    }

    /// Counts a system call of a thread.
    pub fn count(&mut self) {
        if let Clock::Virtual(time) = self {
            time.count();
        }
    }

    /// Waits for an interrupt, because no thread can run.
    pub fn idle(&mut self) {
        match self {
            Clock::Virtual(time) if time.timer != NEVER => time.skip(),
            _ => signals::wait(|| PENDING.load(Ordering::Relaxed) != 0),
        }
    }

    /// Handles a tick: user code has run for some of the host's time. Returns the work that is [pending](PENDING) now.
    pub fn tick(&mut self) -> u32 {
        match self {
            Clock::Real { .. } => 0,
            Clock::Virtual(time) => time.tick(),
        }
    }

    /// If the time of the timer is near, advances the present time to it.
    pub fn bring_forward(&mut self) {
        if let Clock::Virtual(time) = self {
            time.bring_forward();
        }
    }

    /// Returns the number of instructions after which the timer has to interrupt, if the schedule makes it interrupt
    /// earlier.
    pub fn take_steps(&mut self) -> u32 {
        match self {
            Clock::Real { .. } => 0,
            Clock::Virtual(time) => core::mem::take(&mut time.steps),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(seed: Option<u64>) -> Clock {
        let schedule = seed.map(Schedule::new);
        Clock::Virtual(Virtual { now: 0, timer: NEVER, ticked: 0, schedule, steps: 0 })
    }

    #[test]
    fn system_calls_take_time() {
        let mut clock = counted(None);
        for _ in 0..5 {
            clock.count();
        }
        assert_eq!(clock.now(), 5);
    }

    #[test]
    fn what_is_idle_is_at_the_next_time() {
        let mut clock = counted(None);
        clock.set_timer(1_000);
        clock.idle();
        assert_eq!(clock.now(), 1_000);
    }

    #[test]
    fn who_computes_comes_to_the_time_of_the_timer() {
        let mut clock = counted(None);
        clock.count();
        clock.set_timer(1_000);
        clock.tick();
        assert_eq!(clock.now(), 1, "there was a system call before the first tick");
        clock.tick();
        assert_eq!(clock.now(), 1_000);
        clock.set_timer(2_000);
        clock.tick();
        assert_eq!(clock.now(), 2_000, "there was no system call since the tick before");
        clock.set_timer(NEVER);
        clock.tick();
        clock.tick();
        assert_eq!(clock.now(), 2_000);
    }

    #[test]
    fn a_seed_brings_the_timer_forward() {
        let mut clock = counted(Some(1));
        let steps: Vec<u32> = (0..100)
            .map(|_| {
                clock.count();
                clock.take_steps()
            })
            .collect();
        assert!(steps.iter().any(|&steps| steps != 0) && steps.contains(&0));
        clock.set_timer(10_000);
        clock.bring_forward();
        assert_eq!(clock.now(), 10_000);
        clock.set_timer(2_000_000);
        clock.bring_forward();
        assert_eq!(clock.now(), 10_000, "that is too far away");
    }
}

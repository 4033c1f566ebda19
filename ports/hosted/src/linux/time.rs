// SPDX-License-Identifier: MIT OR Apache-2.0
//! The host's clock and its timers.

use super::failed;

/// Returns the time in µs of a monotonic clock.
pub fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes the time into the variable.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1_000
}

/// Returns the host's time since 1970 in µs.
pub fn since_1970() -> u64 {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    time.map_or(0, |time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

/// A timer of the host, which sends `SIGALRM`.
pub struct Timer(libc::timer_t);

impl Timer {
    /// Creates a timer that is not set.
    ///
    /// # Errors
    /// If the host has no timer left.
    pub fn new() -> Result<Timer, String> {
        let mut timer = core::ptr::null_mut();
        // SAFETY: without an event a timer sends `SIGALRM`; its name is written into the variable.
        let result =
            unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, core::ptr::null_mut(), &mut timer) };
        if result == 0 { Ok(Timer(timer)) } else { Err(failed("there is no timer")) }
    }

    /// Sets the timer to a time (in µs, as [`now`] returns it), or stops it.
    pub fn set(&self, time: Option<u64>) {
        // A time of 0 would stop the timer.
        let first = time.map_or(0, |time| time.max(1));
        let setting = libc::itimerspec { it_value: timespec(first), it_interval: timespec(0) };
        // SAFETY: the timer exists as long as the program.
        unsafe {
            libc::timer_settime(self.0, libc::TIMER_ABSTIME, &setting, core::ptr::null_mut());
        }
    }
}

/// Makes Linux send `SIGVTALRM` each time that the program has used `interval` µs of CPU time.
///
/// # Errors
/// If Linux refuses.
pub fn tick(interval: u64) -> Result<(), String> {
    let interval = libc::timeval { tv_sec: 0, tv_usec: interval as i64 };
    let setting = libc::itimerval { it_interval: interval, it_value: interval };
    // SAFETY: the setting is only read.
    let result = unsafe { libc::setitimer(libc::ITIMER_VIRTUAL, &setting, core::ptr::null_mut()) };
    if result == 0 { Ok(()) } else { Err(failed("there is no timer")) }
}

fn timespec(microseconds: u64) -> libc::timespec {
    libc::timespec {
        tv_sec: (microseconds / 1_000_000).min(i64::MAX as u64) as i64,
        tv_nsec: (microseconds % 1_000_000 * 1_000) as i64,
    }
}

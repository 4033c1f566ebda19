//! Time, from SysTick.
//!
//! SysTick counts CPU cycles down from at most 2^24 - 1. It is started with the distance to the next
//! deadline, and set to reload the longest period then, so that an interrupt that is served late
//! loses no time.

use core::num::NonZeroU32;
use cortex_m::peripheral::SYST;

const ENABLE: u32 = 1;
const INTERRUPT: u32 = 1 << 1;
const CPU_CLOCK: u32 = 1 << 2;
const COUNTED_DOWN: u32 = 1 << 16;
/// The longest period, in ticks.
const LONGEST: u32 = (1 << 24) - 1;
/// The shortest, so that the counter can be read before it wraps.
const SHORTEST: u32 = 64;

/// The clock.
pub struct Clock {
    // Not 0, so that no division by it can panic.
    ticks_per_microsecond: NonZeroU32,
    /// The time in µs when SysTick was last started, ...
    microseconds: u64,
    /// ... and the ticks by which it was later than that.
    ticks: u32,
    /// The ticks that SysTick was started with.
    period: u32,
    /// Whether it has counted them down.
    expired: bool,
}

impl Clock {
    /// A clock that has not started.
    pub const fn new(ticks_per_microsecond: NonZeroU32) -> Clock {
        Clock { ticks_per_microsecond, microseconds: 0, ticks: 0, period: LONGEST, expired: false }
    }

    /// Starts it, at 0.
    pub fn start(&mut self) {
        self.restart(LONGEST);
    }

    /// The time since start in µs.
    pub fn now(&mut self) -> u64 {
        let ticks = self.ticks + self.elapsed();
        self.microseconds + u64::from(ticks / self.ticks_per_microsecond)
    }

    /// Has SysTick interrupt at `deadline` (µs since start) or, if that is further away than it can
    /// count, before; then `now` is to be compared and this to be called again.
    pub fn set_deadline(&mut self, deadline: u64) {
        let elapsed = self.ticks + self.elapsed();
        self.microseconds += u64::from(elapsed / self.ticks_per_microsecond);
        self.ticks = elapsed % self.ticks_per_microsecond;
        let longest = u64::from(LONGEST / self.ticks_per_microsecond);
        let distance = deadline.saturating_sub(self.microseconds).min(longest);
        let ticks = distance as u32 * self.ticks_per_microsecond.get();
        self.restart(ticks.saturating_sub(self.ticks).clamp(SHORTEST, LONGEST));
    }

    /// The ticks since SysTick was started.
    fn elapsed(&mut self) -> u32 {
        loop {
            let before = counted_down();
            let left = SYST::get_current();
            let after = counted_down();
            self.expired |= before | after;
            // If it wrapped between the two, `left` may be from either side.
            if !after {
                return match left {
                    // Before it reloads it is 0 for a tick, whether it is seen to have expired or not.
                    0 => self.period,
                    left if self.expired => self.period + 1 + (LONGEST - left),
                    left => self.period - left,
                };
            }
        }
    }

    fn restart(&mut self, mut ticks: u32) {
        self.expired = false;
        // It takes one tick to load the counter.
        self.ticks += 1;
        // SAFETY: SysTick is the kernel's, and this is the only place that writes it.
        let systick = unsafe { &*SYST::PTR };
        loop {
            // SAFETY: as above.
            unsafe {
                systick.csr.write(0);
                systick.rvr.write(ticks);
                systick.cvr.write(0);
                systick.csr.write(ENABLE | INTERRUPT | CPU_CLOCK);
                // The counter takes the reload value at its next tick; only then it may change.
                while systick.cvr.read() == 0 {}
                systick.rvr.write(LONGEST);
            }
            if !counted_down() {
                self.period = ticks;
                return;
            }
            // It came to 0 before it had the longest period, so it counts a short one once more.
            // (A CPU is not that slow, but an emulator that is held up by its host is.)
            self.ticks += ticks;
            ticks = (2 * ticks).min(LONGEST);
        }
    }
}

/// Whether SysTick has reached 0 since this was last asked.
fn counted_down() -> bool {
    // SAFETY: reading clears the flag, and this is the only place that reads it.
    unsafe { (*SYST::PTR).csr.read() & COUNTED_DOWN != 0 }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! SysTick as a counter of time, for a board without another counter.

use crate::alarm::{CPU_CLOCK, ENABLE, INTERRUPT, LONGEST, registers, shortest, wait_for_period};
use crate::board::Counter;
use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use cortex_m::peripheral::SYST;

const COUNTED_DOWN: u32 = 1 << 16;

/// SysTick as a counter of time, for a board without another counter.
///
/// `HZ` is the frequency of the CPU's clock. An alarm before the end of the present period needs a new period. The CPU
/// always takes the same time from the instruction that reads the progress of the old period to the instruction that
/// ends it. This time is measured at the start, so that no cycle is lost. (An emulator that executes many instructions
/// in one cycle loses up to one and a half cycles each time.)
#[derive(Debug)]
pub struct SysTick<const HZ: u32>;

/// The count at the start of the present period.
static BEFORE: AtomicU32 = AtomicU32::new(0);
/// The length of the present period in cycles. After it, a period of the greatest length starts.
static PERIOD: AtomicU32 = AtomicU32::new(LONGEST);
/// The number of cycles from the reading of the counter to the start of another period.
static BETWEEN: AtomicU32 = AtomicU32::new(0);

impl<const HZ: u32> SysTick<HZ> {
    /// Lets SysTick stand still. A board calls this before a [sleep](crate::Board::sleep) in which the clock of the CPU
    /// stops or changes, and [`go_on`](Self::go_on) afterwards. The sleep takes no time for the counter.
    pub fn stand_still() {
        // SAFETY: SysTick belongs to the kernel. (This write changes neither the count nor the flag that a period has
        // ended.)
        unsafe { registers().csr.write(INTERRUPT | CPU_CLOCK) };
    }

    /// Lets SysTick count on from where it stands.
    pub fn go_on() {
        // SAFETY: as above.
        unsafe { registers().csr.write(ENABLE | INTERRUPT | CPU_CLOCK) };
    }
}

impl<const HZ: u32> Counter for SysTick<HZ> {
    const HZ: u32 = HZ;

    fn start() {
        wait_for_period();
        // A write without effect takes as long as the one that ends the period.
        let (first, second) = read_around_write::<RELOAD>(LONGEST);
        let took = first.wrapping_sub(second);
        let (_, second) = read_around_write::<CURRENT>(0);
        // The counter is 0 for a cycle before a period starts.
        let since = if second == 0 { u32::MAX } else { LONGEST.wrapping_sub(second) };
        BETWEEN.store(took.wrapping_sub(since), Relaxed);
    }

    fn count() -> u32 {
        loop {
            let over = counted_down();
            let left = registers().cvr.read();
            let is_over = counted_down();
            if over || is_over {
                begin(PERIOD.load(Relaxed).wrapping_add(1), LONGEST);
            }
            // If the period ended between the two reads of the flag, `left` may be from before or after its end, so it
            // is read again.
            if !is_over {
                // The counter is 0 for a cycle before a period starts. If the end of the last period has been counted
                // already, this 0 means that the new period and one cycle are left.
                let left = if over && left == 0 { LONGEST + 1 } else { left };
                return BEFORE.load(Relaxed).wrapping_add(PERIOD.load(Relaxed).wrapping_sub(left));
            }
        }
    }

    fn alarm(cycles: u32) {
        let mut cycles = cycles.max(shortest()).min(LONGEST);
        wait_for_period();
        let passed = Self::count().wrapping_sub(BEFORE.load(Relaxed));
        if PERIOD.load(Relaxed).wrapping_sub(passed) <= cycles {
            // An interrupt that comes too early does no harm.
            return;
        }
        loop {
            // SAFETY: SysTick belongs to the kernel.
            unsafe { registers().rvr.write(cycles) };
            let (left, _) = read_around_write::<CURRENT>(0);
            let passed = PERIOD.load(Relaxed).wrapping_sub(left);
            begin(passed.wrapping_add(BETWEEN.load(Relaxed)), cycles);
            wait_for_period();
            // SAFETY: as above.
            unsafe { registers().rvr.write(LONGEST) };
            if !counted_down() {
                return;
            }
            // The period ended before this code was ready, as can happen on a CPU that waits for its flash. If it ended
            // even before the last write, a second period of the same length follows. Then a period of the greatest
            // length begins.
            while cycles < LONGEST && registers().cvr.read() <= cycles {}
            let periods = 1 + u32::from(counted_down());
            begin(periods.wrapping_mul(cycles.wrapping_add(1)), LONGEST);
            cycles = (2 * cycles).min(LONGEST);
        }
    }
}

/// Records that another period starts, `passed` cycles after the start of the last period.
fn begin(passed: u32, period: u32) {
    BEFORE.store(BEFORE.load(Relaxed).wrapping_add(passed), Relaxed);
    PERIOD.store(period, Relaxed);
}

/// Returns whether SysTick has reached 0 since the last call.
fn counted_down() -> bool {
    // Reading clears the flag, and this is the only place that reads it.
    registers().csr.read() & COUNTED_DOWN != 0
}

/// The offsets of registers, in bytes from the first.
const RELOAD: u32 = 4;
const CURRENT: u32 = 8;

/// Reads the counter, writes a register, and reads the counter again, with nothing in between.
#[inline(never)]
fn read_around_write<const REGISTER: u32>(value: u32) -> (u32, u32) {
    let (first, second);
    // SAFETY: SysTick belongs to the kernel. The first instruction is at a multiple of four bytes, so that the three
    // instructions always take the same time to fetch.
    unsafe {
        asm!(
            ".balign 4",
            "ldr r2, [r0, #{current}]",
            "str r1, [r0, #{register}]",
            "ldr r3, [r0, #{current}]",
            current = const CURRENT,
            register = const REGISTER,
            in("r0") SYST::PTR,
            in("r1") value,
            out("r2") first,
            out("r3") second,
            options(nostack, preserves_flags),
        );
    }
    (first, second)
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sleep of the CPU. In a deep sleep SysTick is off, and the second half of the dual timer wakes up the CPU. The
//! first half counts on, so no time is lost. The board has one deep sleep: the FPGA's image has no regulator to switch.

use crate::places::DualTimerPlace;
use crossgate_cortex_m::sleep::{self, Depth, Slept};
use tock_registers::interfaces::Writeable;
use tock_registers::registers::{ReadOnly, ReadWrite, WriteOnly};
use tock_registers::{register_bitfields, register_structs};

/// The offset of the second half of the dual timer.
const SECOND_HALF: usize = 0x20;
/// The shortest deep sleep, in µs. For a shorter one, the timers are not worth setting.
const SHORTEST: u64 = 100;
/// The longest deep sleep, in ticks: the counter must not wrap around unnoticed.
const LONGEST: u32 = 1 << 31;

register_structs! {
    Registers {
        (0x00 => load: ReadWrite<u32>),
        (0x04 => _value: ReadOnly<u32>),
        (0x08 => control: ReadWrite<u32, Control::Register>),
        (0x0c => clear_interrupt: WriteOnly<u32>),
        (0x10 => @END),
    }
}

register_bitfields![u32,
    Control [
        ONE_SHOT OFFSET(0) NUMBITS(1) [],
        ALL_BITS OFFSET(1) NUMBITS(1) [],
        INTERRUPT OFFSET(5) NUMBITS(1) [],
        ENABLE OFFSET(7) NUMBITS(1) [],
    ],
];

/// Sleeps for `left` µs at most.
pub fn sleep<P: DualTimerPlace>(depth: Depth, left: u64) -> Slept {
    if depth == Depth::Light || left < SHORTEST {
        sleep::wait();
        return Slept::LIGHT;
    }
    let pointer = core::ptr::with_exposed_provenance::<Registers>(P::DUAL_TIMER + SECOND_HALF);
    // SAFETY: these are device registers: they are aligned, no Rust object lies there, and any value may be written to
    // them. Only the kernel uses them, and it may access them.
    let timer = unsafe { &*pointer };
    timer.control.set(0);
    timer.load.set(ticks::<P>(left));
    sleep::stop_alarm();
    sleep::woken_by(P::DUAL_TIMER_LINE, || {
        timer.control.write(
            Control::ONE_SHOT::SET
                + Control::ALL_BITS::SET
                + Control::INTERRUPT::SET
                + Control::ENABLE::SET,
        );
        sleep::wait_deeply();
        timer.control.set(0);
        timer.clear_interrupt.set(1);
    });
    Slept { depth: Depth::Deep, uncounted: 0 }
}

/// Returns the ticks of a sleep.
fn ticks<P: DualTimerPlace>(left: u64) -> u32 {
    let all = left.saturating_mul((P::CLOCK_HZ / 1_000_000).into());
    u32::try_from(all).map_or(LONGEST, |ticks| ticks.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::An385;

    #[test]
    fn a_sleep_ends_before_the_counter_wraps_around() {
        assert_eq!(ticks::<An385>(100), 2_500);
        assert_eq!(ticks::<An385>(85_899_345), 2_147_483_625);
        assert_eq!(ticks::<An385>(85_899_346), LONGEST);
        assert_eq!(ticks::<An385>(u64::MAX), LONGEST);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contract between the port and a board.

use crate::zero_latency::Line;
use core::num::NonZeroU32;
use crossgate_abi::message::{Number, fail};

/// A board: what [`start!`](crate::start) has to know of the hardware around the CPU.
///
/// Its functions run with the kernel's rights, as a part of it: they have to be short, must not panic,
/// and use no device that the wiring gives to a process, but for [`tell`](Board::tell).
///
/// ```
/// use crossgate_cortex_m::{Board, Counter};
///
/// /// A timer of 32 bits that counts up with the CPU's clock.
/// struct Timer;
///
/// impl Counter for Timer {
///     const HZ: u32 = 48_000_000;
///     fn start() { /* switch its clock on, and let it run */ }
///     fn count() -> u32 { /* read it */ 0 }
/// }
///
/// struct Mine;
///
/// impl Board for Mine {
///     const CLOCK_HZ: u32 = 48_000_000;
///     type Counter = Timer;
///     fn tell(byte: u8) { /* send it, without an interrupt */ }
/// }
/// ```
pub trait Board {
    /// The frequency of the CPU's clock in Hz, a whole number of MHz: SysTick counts it.
    const CLOCK_HZ: u32;

    /// How many interrupt lines the CPU has, of the 240 that the architecture allows. A wiring with others
    /// does not compile. (One with lines that are missing all the same does not start.)
    const LINES: u16 = 240;

    /// The interrupts that are served above the kernel, by trusted code: see [`zero_latency`](crate::zero_latency).
    const ZERO_LATENCY: &'static [Line] = &[];

    /// The counter that time is measured with. A board without such a timer says
    /// `SysTick<{ Self::CLOCK_HZ }>`, which this crate has.
    type Counter: Counter;

    /// Readies the chip: clocks, pins, memory controllers. Called once, before all else.
    #[inline(always)]
    fn prepare() {}

    /// Sends a byte where a developer sees it: a serial line, RTT, or nowhere. The kernel's last words
    /// go there, when it can't go on or refuses to start.
    ///
    /// Nothing may be expected of the devices: whatever the board or a process has done with them
    /// before holds. So it sets up what it needs each time, and gives up rather than wait for ever. A
    /// board should not do it by semihosting, as that stops a CPU that has no debugger.
    fn tell(byte: u8);
}

/// A timer that counts up, and starts anew after 2^32.
///
/// It is only read, so that time is as exact as its clock, however often somebody sleeps. When
/// somebody is to be woken is SysTick's affair, of which nothing depends but that.
pub trait Counter {
    /// The number of times that it counts in a second, a whole number of MHz. It may be up to a hundred times as fast
    /// as the CPU's clock.
    const HZ: u32;

    /// Lets it count. Called once, after [`prepare`](Board::prepare).
    fn start();

    /// Returns how far it has counted.
    fn count() -> u32;

    /// Has SysTick interrupt after so many cycles of the CPU's clock, at most 2^24 - 1.
    #[cfg(target_os = "none")]
    #[doc(hidden)]
    fn alarm(cycles: u32) {
        crate::alarm::set(cycles);
    }
}

/// The frequencies of a board.
#[derive(Clone, Copy, Debug)]
pub struct Frequencies {
    /// That of its counter in MHz.
    pub counter: NonZeroU32,
    /// That of the CPU's clock in MHz.
    pub cpu: NonZeroU32,
}

impl Frequencies {
    /// Those of a board. For constants.
    ///
    /// # Panics
    /// If the kernel can't tell the time by them.
    #[must_use]
    #[track_caller]
    pub const fn of<B: Board>() -> Frequencies {
        let cpu = megahertz(B::CLOCK_HZ, "CLOCK_HZ of the board");
        let counter = megahertz(B::Counter::HZ, "HZ of the board's counter");
        // SysTick interrupts at least every 2^24 cycles, and the counter must not start anew twice meanwhile.
        assert!(
            counter.get() <= 100 * cpu.get(),
            "the board's counter may be a hundred times as fast as the CPU's clock, not more: it starts anew too often"
        );
        Frequencies { counter, cpu }
    }
}

/// A frequency in MHz.
#[track_caller]
const fn megahertz(hz: u32, what: &str) -> NonZeroU32 {
    match NonZeroU32::new(hz / 1_000_000) {
        Some(megahertz) if hz.is_multiple_of(1_000_000) => megahertz,
        _ => fail(&[
            what,
            " is ",
            Number::decimal(hz as usize).text(),
            ", and has to be a whole number of MHz, 1 to 4294: the kernel counts microseconds with it",
        ]),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::panic::catch_unwind;
    use std::string::String;

    struct Timer<const HZ: u32>;
    impl<const HZ: u32> Counter for Timer<HZ> {
        const HZ: u32 = HZ;
        fn start() {}
        fn count() -> u32 {
            0
        }
    }
    struct Mine<const CPU: u32, const COUNTER: u32>;
    impl<const CPU: u32, const COUNTER: u32> Board for Mine<CPU, COUNTER> {
        const CLOCK_HZ: u32 = CPU;
        type Counter = Timer<COUNTER>;
        fn tell(_: u8) {}
    }

    /// The frequencies of counter and CPU in MHz, or what is wrong.
    fn of<const CPU: u32, const COUNTER: u32>() -> Result<(u32, u32), String> {
        let frequencies = catch_unwind(Frequencies::of::<Mine<CPU, COUNTER>>);
        match frequencies {
            Ok(Frequencies { counter, cpu }) => Ok((counter.get(), cpu.get())),
            Err(text) => Err(text.downcast_ref::<&str>().map_or_else(
                || text.downcast_ref::<String>().cloned().unwrap_or_default(),
                |text| String::from(*text),
            )),
        }
    }

    #[test]
    fn frequencies_at_their_limits() {
        const MHZ: u32 = 1_000_000;
        assert_eq!(of::<MHZ, MHZ>(), Ok((1, 1)));
        assert_eq!(of::<{ 4294 * MHZ }, { 4294 * MHZ }>(), Ok((4294, 4294)));
        assert_eq!(of::<MHZ, { 100 * MHZ }>(), Ok((100, 1)));
        assert!(of::<MHZ, { 101 * MHZ }>().unwrap_err().contains("a hundred times"));
        assert_eq!(of::<{ 43 * MHZ }, { 4294 * MHZ }>(), Ok((4294, 43)));
        for (refused, number) in [
            (of::<0, MHZ>(), "CLOCK_HZ of the board is 0,"),
            (of::<1, MHZ>(), "is 1,"),
            (of::<{ MHZ - 1 }, MHZ>(), "is 999999,"),
            (of::<{ MHZ + 1 }, MHZ>(), "is 1000001,"),
            (of::<{ u32::MAX }, MHZ>(), "is 4294967295,"),
            (of::<MHZ, 0>(), "HZ of the board's counter is 0,"),
            (of::<MHZ, 32_768>(), "is 32768,"),
        ] {
            let text = refused.unwrap_err();
            assert!(
                text.contains(number) && text.contains("whole number of MHz, 1 to 4294"),
                "{text}"
            );
        }
    }
}

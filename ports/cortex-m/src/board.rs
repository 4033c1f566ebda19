// SPDX-License-Identifier: MIT OR Apache-2.0
//! The contract between the port and a board.

use crate::sleep::{self, Depth, Slept};
use crate::zero_latency::Line;
use core::num::NonZeroU16;
use crossgate_abi::message::{Number, fail};

/// A board: everything that [`start!`](crate::start) needs to know of the hardware around the CPU.
///
/// The functions of a board run as a part of the kernel, with its rights. They have to be short, must not panic, and
/// must not use a device that the wiring gives to a process. (Only [`tell`](Board::tell) may use such a device.)
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
    /// The frequency of the CPU's clock in Hz, a whole number of MHz. SysTick counts this clock.
    const CLOCK_HZ: u32;

    /// The number of interrupt lines of the CPU, at most 240, and on an ARMv6-M at most 32. A wiring with other lines does not compile. (A firmware
    /// whose CPU lacks lines of the wiring does not start.)
    const LINES: u16 = if cfg!(armv6m) { 32 } else { 240 };

    /// The interrupts that are served above the kernel, by trusted code: see [`zero_latency`](crate::zero_latency).
    const ZERO_LATENCY: &'static [Line] = &[];

    /// The counter that time is measured with. A board without such a timer uses `SysTick<{ Self::CLOCK_HZ }>`, which
    /// this crate defines.
    type Counter: Counter;

    /// Prepares the chip: clocks, pins, memory controllers. Called once, before the counter starts, with interrupts
    /// disabled.
    #[inline(always)]
    fn prepare() {}

    /// Lets the CPU sleep until an interrupt is pending, or for `left` µs. Called only in a firmware whose wiring has
    /// `deep_sleep;`, while no thread is ready, with interrupts held off.
    ///
    /// The sleep may be lighter or shorter than the arguments say: the kernel compares the time, and calls this
    /// function again. It must be no deeper than `depth`, and no longer than `left`, the time that it takes to wake up
    /// included. SysTick interrupts in time in a light sleep; a board that sleeps deeper uses another timer, which runs
    /// on, and [`woken_by`](sleep::woken_by) its line. If its [`Counter`](Self::Counter) stands still meanwhile, the
    /// board says [for how long](Slept::uncounted). When this function returns, all clocks are as before. Each wait for
    /// a clock is bounded, and the time until then counts as time in which interrupts are held off, also for handlers
    /// [above the kernel](crate::zero_latency).
    #[inline(always)]
    fn sleep(depth: Depth, left: u64) -> Slept {
        let _ = (depth, left);
        sleep::wait();
        Slept::LIGHT
    }

    /// Sends a byte to a place where a developer sees it: a serial line, RTT, or nowhere. The kernel sends its last
    /// words there, when it can't go on or refuses to start.
    ///
    /// The function can assume nothing about the devices, because they are in the state in which the board or a process
    /// has left them. So it sets up the devices that it needs each time, and gives up rather than wait for ever. A
    /// board should not use semihosting here, because that stops a CPU without a debugger.
    fn tell(byte: u8);
}

/// A timer that counts up, and wraps around after 2^32.
///
/// The kernel only reads the timer. So time is as exact as the timer's clock, however often threads sleep. SysTick only
/// wakes threads, and time does not depend on it.
pub trait Counter {
    /// The frequency of the counter in Hz, a whole number of MHz, and at most a hundred times the frequency of the
    /// CPU's clock.
    const HZ: u32;

    /// Starts the counter. Called once, after [`prepare`](Board::prepare).
    fn start();

    /// Returns the present count.
    fn count() -> u32;

    /// Makes SysTick interrupt after this number of cycles of the CPU's clock, at most 2^24 - 1.
    ///
    /// If SysTick stops while the CPU sleeps, the board has to override this function and use another timer. The
    /// handler of this timer's interrupt runs above the kernel, and calls
    /// [`ring_alarm`](crate::zero_latency::ring_alarm). An alarm must not come before 512 cycles are over: otherwise
    /// alarms could keep the thread of an interrupt from running.
    #[cfg(target_os = "none")]
    fn alarm(cycles: u32) {
        crate::alarm::set(cycles);
    }
}

/// The frequencies of a board.
#[derive(Clone, Copy, Debug)]
pub struct Frequencies {
    /// The frequency of its counter in MHz.
    pub counter: NonZeroU16,
    /// The frequency of the CPU's clock in MHz.
    pub cpu: NonZeroU16,
}

impl Frequencies {
    /// Returns the frequencies of a board. `start!` calls this function at compile time.
    ///
    /// # Panics
    /// If the kernel can't measure time with these frequencies.
    #[must_use]
    #[track_caller]
    pub const fn of<B: Board>() -> Frequencies {
        let cpu = megahertz(B::CLOCK_HZ, "CLOCK_HZ of the board");
        let counter = megahertz(B::Counter::HZ, "HZ of the board's counter");
        // SysTick interrupts at least every 2^24 cycles, and the counter must not wrap around twice meanwhile.
        assert!(
            counter.get() as u32 <= 100 * cpu.get() as u32,
            "the board's counter may be at most a hundred times as fast as the CPU's clock, or it wraps around too often"
        );
        Frequencies { counter, cpu }
    }
}

/// Returns a frequency in MHz.
#[track_caller]
const fn megahertz(hz: u32, what: &str) -> NonZeroU16 {
    match NonZeroU16::new((hz / 1_000_000) as u16) {
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

    /// Returns the frequencies of counter and CPU in MHz, or the error.
    fn of<const CPU: u32, const COUNTER: u32>() -> Result<(u32, u32), String> {
        let frequencies = catch_unwind(Frequencies::of::<Mine<CPU, COUNTER>>);
        match frequencies {
            Ok(Frequencies { counter, cpu }) => Ok((counter.get().into(), cpu.get().into())),
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

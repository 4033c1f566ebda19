// SPDX-License-Identifier: MIT OR Apache-2.0
//! The items that every board provides for firmware. They are checked when the board is compiled.
//!
//! Firmware says `board::UART0` and `board::start!(SYSTEM)`, and runs on each board that keeps this contract. A board
//! crate contains [`check!()`](check) once. If an item is missing or has another type, the board crate does not
//! compile.
//!
//! | item | what |
//! |---|---|
//! | `start!(SYSTEM)` | makes a wiring into a firmware |
//! | `CLOCK_HZ: u32` | frequency of the timers in Hz, a whole number of MHz |
//! | `UART0`, `UART1`, `UART2: Mmio` | the registers of three serial lines |
//! | `TIMER0`, `TIMER1: Mmio` | the registers of two timers |
//! | `LAMPS: Mmio` | the registers of the lamps |
//! | `interrupt::{UART0_RX, UART1_RX, UART2_RX}: u16` | interrupt lines for received bytes |
//! | `interrupt::{TIMER0, TIMER1}: u16` | interrupt lines of the timers |
//! | [`Uart`](Serial) | driver of a serial line: `new(REGISTERS, BAUD)`, `with_receive_interrupt()`, `enable()` |
//! | [`Timer`](Clock) | driver of a timer: `new(REGISTERS)`, `start()`, `elapsed()`, `interrupt_after(TICKS)`, `clear_interrupt()` |
//! | [`Lamp`](Light) | driver of a lamp: `new(INDEX)`, for 0 and 1 at least |
//!
//! Call the constructors in constants or in the wiring: a call with the registers of another device then does not
//! compile. A process that uses the driver of a device that it does not own faults at the first access.
//!
//! A board may have more items. Firmware that uses these runs on that board only. This crate also has code that drivers
//! of buses share: [`i2c`].
#![no_std]
#![forbid(unsafe_code)]

pub mod i2c;

use core::convert::Infallible;
use core::fmt::Debug;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{self, StatefulOutputPin};
use embedded_io::{Read, ReadReady, Write};

#[doc(hidden)]
pub use crossgate_abi::table::Mmio;

/// The traits of a board's `Uart`. [`Read`] waits for a byte; [`ReadReady`] returns whether a byte is there.
///
/// After `with_receive_interrupt()` every byte that arrives raises the interrupt, and a read of the byte clears it.
/// `enable()` sets the device up without a transfer of a byte; otherwise the first access sets it up. Before, nothing
/// is received.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep the contract of a board's `Uart`",
    note = "it implements Read, ReadReady and Write of embedded-io without errors, Debug and Send"
)]
pub trait Serial: Read<Error = Infallible> + ReadReady + Write + Debug + Send {}
impl<T: Read<Error = Infallible> + ReadReady + Write + Debug + Send> Serial for T {}

/// The traits of a board's `Timer`. [`DelayNs`] waits with the CPU busy, at least for the given time.
///
/// `start()` starts to count ticks of `CLOCK_HZ` from 0. `elapsed()` returns the number of ticks since then.
/// `interrupt_after(ticks)` raises the interrupt once (a board may repeat it after 2^32 ticks), and `clear_interrupt()`
/// clears it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep the contract of a board's `Timer`",
    note = "it implements DelayNs of embedded-hal, Debug and Send"
)]
pub trait Clock: DelayNs + Debug + Send {}
impl<T: DelayNs + Debug + Send> Clock for T {}

/// The traits of a board's `Lamp`. High is on, whatever the level of the pin. To switch a lamp does not change the
/// other lamps. All lamps belong to the process that owns `LAMPS`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not keep the contract of a board's `Lamp`",
    note = "it implements StatefulOutputPin of embedded-hal without errors, Debug and Send"
)]
pub trait Light: StatefulOutputPin + digital::ErrorType<Error = Infallible> + Debug + Send {}
impl<T: StatefulOutputPin + digital::ErrorType<Error = Infallible> + Debug + Send> Light for T {}

/// Checks that the calling crate keeps the [contract](crate) of a board: each item has to exist, and its value has to
/// be valid as far as this can be checked.
#[macro_export]
// The paths refer to items of the crate that calls the macro.
#[allow(clippy::crate_in_macro_def)]
macro_rules! check {
    () => {
        const _: () = {
            #[allow(unused_imports)]
            use crate::start as _start;
            use crate::{
                CLOCK_HZ, LAMPS, Lamp, TIMER0, TIMER1, Timer, UART0, UART1, UART2, Uart, interrupt,
            };
            const DEVICES: [$crate::Mmio; 6] = [UART0, UART1, UART2, TIMER0, TIMER1, LAMPS];
            const LINES: [u16; 5] = [
                interrupt::UART0_RX,
                interrupt::UART1_RX,
                interrupt::UART2_RX,
                interrupt::TIMER0,
                interrupt::TIMER1,
            ];
            $crate::check_values(CLOCK_HZ, &DEVICES, &LINES);

            const _: [Uart; 3] = [
                Uart::new(UART0, 115_200),
                Uart::new(UART1, 115_200),
                Uart::new(UART2, 115_200).with_receive_interrupt(),
            ];
            const _: fn(&mut Uart) = Uart::enable;
            $crate::is_serial::<Uart>();

            const _: [Timer; 2] = [Timer::new(TIMER0), Timer::new(TIMER1)];
            const _: fn(&mut Timer) = Timer::start;
            const _: fn(&Timer) -> u32 = Timer::elapsed;
            const _: fn(&mut Timer, u32) = Timer::interrupt_after;
            const _: fn(&mut Timer) = Timer::clear_interrupt;
            $crate::is_clock::<Timer>();

            const _: [Lamp; 2] = [Lamp::new(0), Lamp::new(1)];
            $crate::is_light::<Lamp>();
        };
    };
}

#[doc(hidden)]
pub const fn is_serial<T: Serial>() {}
#[doc(hidden)]
pub const fn is_clock<T: Clock>() {}
#[doc(hidden)]
pub const fn is_light<T: Light>() {}

/// Checks the constants of a board.
///
/// # Panics
/// If a constant is wrong. In a constant, this is a compile error.
#[doc(hidden)]
pub const fn check_values(clock_hz: u32, devices: &[Mmio], lines: &[u16]) {
    assert!(
        clock_hz > 0 && clock_hz.is_multiple_of(1_000_000),
        "the board's CLOCK_HZ is not a whole number of MHz"
    );
    let mut index = 0;
    while index < devices.len() {
        let device = devices[index];
        assert!(device.size > 0, "a device of the board has no registers: its range has no bytes");
        let mut other = 0;
        while other < index {
            let before = devices[other];
            assert!(
                before.start + before.size <= device.start
                    || device.start + device.size <= before.start,
                "two devices of the board overlap: a process that owns one would own the other, too"
            );
            other += 1;
        }
        index += 1;
    }
    let mut index = 0;
    while index < lines.len() {
        let mut other = 0;
        while other < index {
            assert!(lines[other] != lines[index], "two interrupts of the board have the same line");
            other += 1;
        }
        index += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn mmio(start: usize) -> Mmio {
        Mmio { start, size: 0x1000 }
    }

    #[test]
    fn devices_beside_each_other_are_fine() {
        check_values(25_000_000, &[mmio(0x4000_1000), mmio(0x4000_0000)], &[3, 0]);
    }

    #[test]
    #[should_panic(expected = "not a whole number of MHz")]
    fn a_clock_with_a_fraction_of_a_megahertz_is_refused() {
        check_values(32_768, &[], &[]);
    }

    #[test]
    #[should_panic(expected = "no registers")]
    fn a_range_without_bytes_is_refused() {
        check_values(1_000_000, &[Mmio { start: 0x4000_0000, size: 0 }], &[]);
    }

    #[test]
    #[should_panic(expected = "overlap")]
    fn a_range_on_another_device_is_refused() {
        check_values(1_000_000, &[mmio(0x4000_0000), mmio(0x4000_0800)], &[]);
    }

    #[test]
    #[should_panic(expected = "the same line")]
    fn a_line_of_two_devices_is_refused() {
        check_values(1_000_000, &[], &[5, 6, 5]);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ESP32-C3.
//!
//! The CPU runs at the 40 MHz of the crystal. The chip's PLL could make 160 MHz of them, but its setup, and that of the
//! flash at such a clock, are not in the manual.

use crate::bus::Bus;
use crate::chip::{Chip, Matrix, Serial};
use crate::{timer, watchdogs};
use crossgate_abi::table::Mmio;

/// The system registers.
const SYSTEM: usize = 0x600c_0000;
const CLOCKS: usize = SYSTEM + 0x10;
const RESETS: usize = SYSTEM + 0x18;
const SYSTEM_CLOCK: usize = SYSTEM + 0x58;
/// The bits of devices in the registers of clocks and of resets: the serial lines with their memory, the timer groups,
/// and the system timer.
const DEVICES: u32 = 1 << 2 | 1 << 5 | 1 << 24 | 1 << 13 | 1 << 15 | 1 << 29;
/// The source and the divisor of the CPU's clock. With 0, it is the crystal, not divided.
const SOURCE_AND_DIVISOR: u32 = 0b11 << 10 | 0x3ff;

/// The registers of the part of the chip that always has power (`RTC_CNTL`).
const LOW_POWER: usize = 0x6000_8000;
const OPTIONS: usize = LOW_POWER;
const WATCHDOG: usize = LOW_POWER + 0x90;
const WATCHDOG_PROTECTION: usize = LOW_POWER + 0xa8;
const SUPER_WATCHDOG: usize = LOW_POWER + 0xac;
const SUPER_WATCHDOG_PROTECTION: usize = LOW_POWER + 0xb0;
/// The bit that resets the digital part of the chip.
const SYSTEM_RESET: u32 = 1 << 31;
/// The value that opens the register of the super watchdog, and the bit by which it feeds itself. (It can't be stopped
/// otherwise.)
const SUPER_KEY: u32 = 0x8f1d_312a;
const FEEDS_ITSELF: u32 = 1 << 31;

const fn device(start: usize, size: usize) -> Mmio {
    Mmio { start, size }
}

/// The chip ESP32-C3.
#[derive(Debug)]
pub struct C3;

impl Chip for C3 {
    const UARTS: [Mmio; 3] =
        [device(0x6000_0000, 0x100), device(0x6001_0000, 0x100), device(0x6005_0000, 0x100)];
    const TIMERS: [Mmio; 2] = [device(0x6001_f000, timer::SIZE), device(0x6002_0000, timer::SIZE)];
    const SERIAL: Serial = Serial {
        setup: &[
            // The clock is that of the crystal, not divided, for both directions.
            (0x78, 1 << 25 | 1 << 24 | 1 << 22 | 3 << 20),
            // 8 bits and a stop bit. The memory of the FIFOs has a clock.
            (0x20, 1 << 28 | 1 << 4 | 3 << 2),
            // A receive interrupt at one byte, or at a pause.
            (0x24, 1 << 21 | 1),
        ],
        update: (0x80, 1 << 31),
        state: 0x6c,
    };
    const SYSTEM_TIMER: usize = 0x6002_3000;
    const PINS: usize = 0x6000_4000;
    const PADS: usize = 0x6000_9000;
    const FROM_MATRIX: u32 = 1 << 6;
    const MATRIX: Matrix = Matrix {
        start: 0x600c_2000,
        sources: 62,
        status: 0x600c_20f8,
        timer: 37,
        timer_interrupt: 7,
        enabled: 0x600c_2104,
        at_edges: 0x600c_2108,
        priorities: 0x600c_2114,
        threshold: 0x600c_2194,
    };

    fn prepare(bus: &impl Bus) {
        stop_watchdogs(bus);
        bus.change(SYSTEM_CLOCK, SOURCE_AND_DIVISOR, 0);
        bus.change(CLOCKS, 0, DEVICES);
        bus.change(RESETS, DEVICES, 0);
        for group in Self::TIMERS {
            watchdogs::stop(bus, group.start);
        }
    }

    fn reset(bus: &impl Bus) {
        bus.change(OPTIONS, 0, SYSTEM_RESET);
    }
}

/// Stops the watchdogs that the boot ROM leaves on, but for those of the timer groups.
fn stop_watchdogs(bus: &impl Bus) {
    bus.write(WATCHDOG_PROTECTION, watchdogs::KEY);
    bus.write(WATCHDOG, 0);
    bus.write(WATCHDOG_PROTECTION, 0);
    bus.write(SUPER_WATCHDOG_PROTECTION, SUPER_KEY);
    bus.change(SUPER_WATCHDOG, 0, FEEDS_ITSELF);
    bus.write(SUPER_WATCHDOG_PROTECTION, 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    /// Returns a model of the chip as the boot ROM leaves it.
    fn model() -> Model {
        let model = Model::new();
        model.set(0x600c_0010, 0);
        model.set(0x600c_0018, u32::MAX);
        model.set(0x600c_0058, 40 << 12 | 1 << 10 | 1);
        model.protect(0x6000_80a8, 0x50d8_3aa1, 0x6000_8090..0x6000_80a8);
        model.set(0x6000_8090, 0x8001_3214);
        model.protect(0x6000_80b0, 0x8f1d_312a, 0x6000_80ac..0x6000_80b0);
        model.set(0x6000_80ac, 0x04b0_0000);
        for group in [0x6001_f000, 0x6002_0000] {
            model.protect(group + 0x64, 0x50d8_3aa1, group + 0x48..group + 0x64);
            model.set(group + 0x48, 0x8004_c000);
            model.set(group + 0xfc, 0x6000_0000);
        }
        C3::prepare(&model);
        model
    }

    #[test]
    fn no_watchdog_is_on() {
        let model = model();
        assert_eq!(model.read(0x6000_8090), 0, "the watchdog of the part that always has power");
        assert_eq!(model.read(0x6000_80ac), 0x84b0_0000, "the super watchdog feeds itself");
        for group in [0x6001_f000, 0x6002_0000] {
            assert_eq!(model.read(group + 0x48) & !(1 << 22), 0);
            assert_eq!(model.read(group + 0xfc), 0x4000_0000, "only the timer has a clock");
        }
        for (address, value) in [(0x6000_8090, 1 << 31), (0x6000_80ac, 0), (0x6001_f048, 1 << 31)] {
            let before = model.read(address);
            model.write(address, value);
            assert_eq!(model.read(address), before, "{address:#x} is protected again");
        }
    }

    #[test]
    fn the_clock_is_that_of_the_crystal() {
        assert_eq!(model().read(0x600c_0058), 40 << 12);
    }

    #[test]
    fn the_devices_have_a_clock_and_no_others_are_reset() {
        assert_eq!(model().read(0x600c_0010), 0x2100_a024);
        assert_eq!(model().read(0x600c_0018), !0x2100_a024);
    }

    #[test]
    fn the_whole_digital_part_is_reset() {
        let model = Model::new();
        model.set(0x6000_8000, 0x1c00_a000);
        C3::reset(&model);
        assert_eq!(model.read(0x6000_8000), 0x9c00_a000);
    }
}

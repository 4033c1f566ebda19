// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ESP32-C6.
//!
//! The CPU runs at the 40 MHz of the crystal, for the same reason as on the ESP32-C3.

use crate::bus::Bus;
use crate::chip::{Chip, Matrix, Serial};
use crate::{timer, watchdogs};
use crossgate_abi::table::Mmio;

/// The clocks and resets of devices (PCR).
const CLOCKS: usize = 0x6009_6000;
/// The registers of the serial lines, of the timer groups and of the interrupt matrix there, each with a bit for the
/// clock and one that holds the device in reset.
const DEVICES: [usize; 5] = [CLOCKS, CLOCKS + 0x0c, CLOCKS + 0x3c, CLOCKS + 0x48, CLOCKS + 0x90];
const DEVICE_CLOCK: u32 = 1 << 0;
const DEVICE_RESET: u32 = 1 << 1;
/// The same for the system timer, which boot code may have started.
const SYSTEM_TIMER_CLOCK: usize = CLOCKS + 0x54;
/// The clocks that the serial lines, the timers and the system timer count.
const SERIAL_CLOCKS: [usize; 2] = [CLOCKS + 0x04, CLOCKS + 0x10];
const TIMER_CLOCKS: [usize; 3] = [CLOCKS + 0x40, CLOCKS + 0x4c, CLOCKS + 0x58];
/// The clocks of the watchdogs of the timer groups.
const WATCHDOG_CLOCKS: [usize; 2] = [CLOCKS + 0x44, CLOCKS + 0x50];
const COUNTED: u32 = 1 << 22;
/// The source of a clock: the crystal is 3 for a serial line, and 0 for others.
const SOURCE: u32 = 0b11 << 20;
/// The source of the CPU's clock and the divisor of a slow one. With 0, it is the crystal, not divided.
const SYSTEM_CLOCK: usize = CLOCKS + 0x110;
const CPU_CLOCK: usize = CLOCKS + 0x118;
const SOURCE_AND_DIVISOR: u32 = 0b11 << 16 | 0xff;
const SLOW_DIVISOR: u32 = 0xff;

/// The watchdogs of the part of the chip that always has power (`LP_WDT`).
const WATCHDOG: usize = 0x600b_1c00;
const WATCHDOG_PROTECTION: usize = WATCHDOG + 0x18;
const SUPER_WATCHDOG: usize = WATCHDOG + 0x1c;
const SUPER_WATCHDOG_PROTECTION: usize = WATCHDOG + 0x20;
/// The bit by which the super watchdog feeds itself. (It can't be stopped otherwise.)
const FEEDS_ITSELF: u32 = 1 << 18;

/// The register that resets the part of the chip with the CPU, and its bit.
const RESET: usize = 0x600b_1034;
const SYSTEM_RESET: u32 = 1 << 31;

/// The registers by which the access permission management (APM) checks accesses: a bit for each bus.
const ACCESS_CHECKS: [usize; 3] = [0x6009_90c4, 0x6009_98c4, 0x600b_38c4];

/// The CPU's interrupt for the timer. (The interrupt 7 is that of another timer.)
const TIMER_INTERRUPT: u32 = 9;

const fn device(start: usize, size: usize) -> Mmio {
    Mmio { start, size }
}

/// The chip ESP32-C6.
#[derive(Debug)]
pub struct C6;

impl Chip for C6 {
    const UARTS: [Mmio; 3] =
        [device(0x6000_0000, 0x100), device(0x6000_1000, 0x100), device(0x600f_0000, 0x100)];
    const TIMERS: [Mmio; 2] = [device(0x6000_8000, timer::SIZE), device(0x6000_9000, timer::SIZE)];
    const SERIAL: Serial = Serial {
        setup: &[
            // Both directions have a clock. (Its source is set elsewhere.)
            (0x88, 1 << 25 | 1 << 24 | 1 << 22 | 3 << 20),
            // 8 bits and a stop bit. The memory of the FIFOs has a clock.
            (0x20, 1 << 20 | 1 << 4 | 3 << 2),
            // A receive interrupt at one byte, or at a pause of ten bits.
            (0x24, 1),
            (0x64, 10 << 2 | 1),
        ],
        update: (0x98, 1 << 0),
        state: 0x70,
    };
    const SYSTEM_TIMER: usize = 0x6000_a000;
    const PINS: usize = 0x6009_1000;
    const PADS: usize = 0x6009_0000;
    const FROM_MATRIX: u32 = 1 << 7;
    const MATRIX: Matrix = Matrix {
        start: 0x6001_0000,
        sources: 77,
        status: 0x6001_0134,
        timer: 57,
        timer_interrupt: TIMER_INTERRUPT,
        enabled: 0x2000_1000,
        at_edges: 0x2000_1004,
        priorities: 0x2000_1010,
        threshold: 0x2000_1090,
    };

    fn prepare(bus: &impl Bus) {
        stop_watchdogs(bus);
        bus.change(SYSTEM_CLOCK, SOURCE_AND_DIVISOR, 0);
        bus.change(CPU_CLOCK, SLOW_DIVISOR, 0);
        for device in DEVICES.into_iter().chain([SYSTEM_TIMER_CLOCK]) {
            bus.change(device, DEVICE_RESET, DEVICE_CLOCK);
        }
        for clock in SERIAL_CLOCKS {
            bus.write(clock, COUNTED | SOURCE);
        }
        for clock in TIMER_CLOCKS {
            bus.change(clock, SOURCE, COUNTED);
        }
        for (group, clock) in Self::TIMERS.into_iter().zip(WATCHDOG_CLOCKS) {
            bus.change(clock, 0, COUNTED);
            watchdogs::stop(bus, group.start);
            bus.change(clock, COUNTED, 0);
        }
        // The checks know user mode by a mode of their own, in which everything is closed after a reset. Here the
        // protection unit of the CPU decides.
        for checks in ACCESS_CHECKS {
            bus.write(checks, 0);
        }
    }

    fn reset(bus: &impl Bus) {
        bus.change(RESET, 0, SYSTEM_RESET);
    }

    #[cfg(target_arch = "riscv32")]
    fn open() {
        // SAFETY: the register belongs to the kernel, which has a handler for these interrupts.
        unsafe {
            core::arch::asm!(
                "csrw mie, {}",
                in(reg) 1 << TIMER_INTERRUPT | 1 << crate::matrix::LINES,
                options(nomem, nostack),
            );
        }
    }
}

/// Stops the watchdogs that the boot ROM leaves on, but for those of the timer groups.
fn stop_watchdogs(bus: &impl Bus) {
    bus.write(WATCHDOG_PROTECTION, watchdogs::KEY);
    bus.write(WATCHDOG, 0);
    bus.write(WATCHDOG_PROTECTION, 0);
    bus.write(SUPER_WATCHDOG_PROTECTION, watchdogs::KEY);
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
        model.protect(0x600b_1c18, 0x50d8_3aa1, 0x600b_1c00..0x600b_1c18);
        model.set(0x600b_1c00, 0x8001_3214);
        model.protect(0x600b_1c20, 0x50d8_3aa1, 0x600b_1c1c..0x600b_1c20);
        model.set(0x600b_1c1c, 0x12c0_0000);
        for group in [0x6000_8000, 0x6000_9000] {
            model.protect(group + 0x64, 0x50d8_3aa1, group + 0x48..group + 0x64);
            model.set(group + 0x48, 0x8004_c000);
            model.set(group + 0xfc, 0x7000_0000);
        }
        for clock in [0x6009_6044, 0x6009_6050] {
            model.set(clock, 1 << 22);
        }
        for device in [0x6009_6000, 0x6009_600c, 0x6009_603c, 0x6009_6048, 0x6009_6054] {
            model.set(device, 2);
        }
        model.set(0x6009_6110, 0x2801_0200);
        for checks in [0x6009_90c4, 0x6009_98c4, 0x600b_38c4] {
            model.set(checks, 0xf);
        }
        C6::prepare(&model);
        model
    }

    #[test]
    fn no_watchdog_is_on() {
        let model = model();
        assert_eq!(model.read(0x600b_1c00), 0);
        assert_eq!(model.read(0x600b_1c1c), 0x12c4_0000, "the super watchdog feeds itself");
        for (group, clock) in [(0x6000_8000, 0x6009_6044), (0x6000_9000, 0x6009_6050)] {
            assert_eq!(model.read(group + 0x48) & !(1 << 22), 0);
            assert_eq!(model.read(group + 0xfc), 0x5000_0000, "only the timer has a clock");
            assert_eq!(model.read(clock), 0);
        }
    }

    #[test]
    fn the_clocks_are_those_of_the_crystal() {
        let model = model();
        assert_eq!(model.read(0x6009_6110), 0x2800_0200);
        for device in [0x6009_6000, 0x6009_600c, 0x6009_603c, 0x6009_6048, 0x6009_6054] {
            assert_eq!(model.read(device), 1, "{device:#x}");
        }
        for serial in [0x6009_6004, 0x6009_6010] {
            assert_eq!(model.read(serial), 0x70_0000, "{serial:#x}");
        }
        for timer in [0x6009_6040, 0x6009_604c, 0x6009_6058] {
            assert_eq!(model.read(timer), 0x40_0000, "{timer:#x}");
        }
    }

    #[test]
    fn user_mode_is_not_closed_by_the_checks_of_the_buses() {
        let model = model();
        for checks in [0x6009_90c4, 0x6009_98c4, 0x600b_38c4] {
            assert_eq!(model.read(checks), 0);
        }
    }

    #[test]
    fn the_part_with_the_cpu_is_reset() {
        let model = Model::new();
        C6::reset(&model);
        assert_eq!(model.read(0x600b_1034), 1 << 31);
    }
}

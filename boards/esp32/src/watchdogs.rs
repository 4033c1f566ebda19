// SPDX-License-Identifier: MIT OR Apache-2.0
//! The watchdogs of the timer groups (MWDT), which are the same in all chips.
//!
//! The boot ROM leaves the first one on, to guard the boot. A process that owns the timer of a group also owns the
//! registers of its watchdog, because they lie between those of the timer. So the clock of the watchdog is switched
//! off, too, by a register beyond those of the process: the process can then write to the watchdog, but not start it.

use crate::bus::Bus;

/// The offsets of the registers in a timer group.
const CONFIGURATION: usize = 0x48;
const PROTECTION: usize = 0x64;
const CLOCKS: usize = 0xfc;

/// The value that opens the registers of a watchdog.
pub const KEY: u32 = 0x50d8_3aa1;
/// The bit by which a new configuration comes into force.
const UPDATE: u32 = 1 << 22;
/// The clocks of the watchdog and of the timer.
const WATCHDOG_CLOCK: u32 = 1 << 29;
const TIMER_CLOCK: u32 = 1 << 30;

/// Switches the watchdog of a timer group off.
pub fn stop(bus: &impl Bus, group: usize) {
    bus.change(group + CLOCKS, 0, WATCHDOG_CLOCK | TIMER_CLOCK);
    bus.write(group + PROTECTION, KEY);
    bus.write(group + CONFIGURATION, 0);
    bus.write(group + CONFIGURATION, UPDATE);
    bus.write(group + PROTECTION, 0);
    bus.change(group + CLOCKS, WATCHDOG_CLOCK, 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    #[test]
    fn the_watchdog_is_off_and_has_no_clock() {
        let model = Model::new();
        model.protect(0x6001_f000 + PROTECTION, KEY, 0x6001_f048..0x6001_f064);
        model.set(0x6001_f000 + CONFIGURATION, 0x8004_c000);
        model.set(0x6001_f000 + CLOCKS, 0xe000_0000);
        stop(&model, 0x6001_f000);
        assert_eq!(model.read(0x6001_f048) & !UPDATE, 0);
        assert_eq!(model.read(0x6001_f0fc), 0xc000_0000);
        model.write(0x6001_f048, 0x8000_0000);
        assert_eq!(model.read(0x6001_f048) & !UPDATE, 0, "it is protected again");
    }
}

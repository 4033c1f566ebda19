// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{CLOCK_HZ, WATCHDOG};
use core::time::Duration;
use crossgate_abi::table::Mmio;
use tock_registers::interfaces::Writeable;
use tock_registers::registers::{ReadOnly, ReadWrite, WriteOnly};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The registers of a CMSDK APB watchdog.
    Registers {
        (0x000 => load: ReadWrite<u32>),
        (0x004 => _value: ReadOnly<u32>),
        (0x008 => control: ReadWrite<u32, Control::Register>),
        (0x00c => clear: WriteOnly<u32>),
        (0x010 => _0),
        (0xc00 => lock: ReadWrite<u32>),
        (0xc04 => @END),
    }
}

register_bitfields![u32,
    Control [
        // The device begins to count when this bit is set.
        INTERRUPT OFFSET(0) NUMBITS(1) [],
        RESET OFFSET(1) NUMBITS(1) [],
    ],
];

/// The value that unlocks the other registers. Any other value locks them.
const UNLOCK: u32 = 0x1acc_e551;

/// Driver of the watchdog (CMSDK APB watchdog), for the process that owns its registers.
///
/// If the watchdog is not fed in time, it raises the non-maskable interrupt. The kernel reports this to the supervisor,
/// like any interrupt that no process owns. If the watchdog is then not fed for the same time again, it resets the
/// board.
///
/// A process that doesn't own the registers can also create a driver, but its first access to the device is a fault.
#[derive(Debug)]
pub struct Watchdog {
    start: usize,
}

impl Watchdog {
    /// Creates the driver of the watchdog in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is not the board's watchdog. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio) -> Watchdog {
        assert!(mmio.start == WATCHDOG.start, "there is no watchdog at these registers");
        Watchdog { start: mmio.start }
    }

    /// Starts the watchdog: it resets the board when it has not been fed for twice this time. `time` is at most 171 s.
    pub fn start(&mut self, time: Duration) {
        let ticks = time.as_micros().saturating_mul((CLOCK_HZ / 1_000_000).into());
        let ticks = u32::try_from(ticks).unwrap_or(u32::MAX).max(1);
        self.change(|registers| {
            registers.load.set(ticks);
            registers.clear.set(1);
            registers.control.write(Control::INTERRUPT::SET + Control::RESET::SET);
        });
    }

    /// Feeds the watchdog: its time starts again.
    pub fn feed(&mut self) {
        self.change(|registers| registers.clear.set(1));
    }

    /// Unlocks the registers, changes them by `change`, and locks them again. So a stray write at another time can't
    /// stop the watchdog.
    fn change(&mut self, change: impl FnOnce(&Registers)) {
        let pointer = core::ptr::with_exposed_provenance::<Registers>(self.start);
        // SAFETY: `new` has checked that these are device registers: they are aligned, no Rust object lies there, and
        // any value may be read from them and written to them. The MPU decides which process may access them: a
        // process that doesn't own them is stopped at the access, without an effect on memory.
        let registers = unsafe { &*pointer };
        registers.lock.set(UNLOCK);
        change(registers);
        registers.lock.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "no watchdog at these registers")]
    fn other_devices_are_refused() {
        let _ = Watchdog::new(crate::UART0);
    }
}

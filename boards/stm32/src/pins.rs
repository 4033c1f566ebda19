// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of pins. They are set before the first process runs, and then locked.

use crate::bus::{SIZE, device, switch_on};
use crate::family::Family;
use crate::registers::{Port, registers};
use crossgate_abi::table::Mmio;
use tock_registers::interfaces::{Readable, Writeable};

/// The pins of port A that a debugger uses: SWDIO and SWCLK.
const DEBUGGER: u32 = 1 << 13 | 1 << 14;
const DEBUGGERS_PORT: usize = 0;
/// The modes of a pin, and the pull-up.
const OUTPUT: u32 = 1;
const DEVICE: u32 = 2;
const PULL_UP: u32 = 1;

/// A pin and its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The number of the GPIO port.
    port: usize,
    number: u32,
    /// The number of the device to which the pin is connected; otherwise it is an output.
    device: Option<u32>,
}

/// Returns the registers of the GPIO port with this letter.
///
/// # Panics
/// If there is no such port.
#[must_use]
pub const fn port<F: Family>(letter: char) -> Mmio {
    let number = number(letter);
    assert!(number < F::PORTS, "there is no such port");
    device(F::PORT_A + number * SIZE)
}

/// Returns the number of the GPIO port with this letter.
const fn number(letter: char) -> usize {
    (letter as usize).wrapping_sub('A' as usize)
}

impl Pin {
    /// Returns a pin that is an output, at first low.
    ///
    /// # Panics
    /// If there is no such pin.
    #[must_use]
    pub const fn output(letter: char, number: u32) -> Pin {
        assert!(number < 16, "a port has 16 pins");
        Pin { port: self::number(letter), number, device: None }
    }

    /// Returns a pin that belongs to a device, the one with this number (the data sheet of the chip, "Alternate
    /// function mapping"). It has a pull-up: a serial line to which nothing is connected is quiet.
    ///
    /// # Panics
    /// If there is no such pin or device.
    #[must_use]
    pub const fn device(letter: char, number: u32, device: u32) -> Pin {
        assert!(device < 16, "a pin has 16 devices");
        Pin { device: Some(device), ..Pin::output(letter, number) }
    }

    fn set(self, registers: &Port) {
        let Pin { number, device, .. } = self;
        let mode = match device {
            Some(device) => {
                let half = &registers.device[number as usize / 8];
                half.set(field(half.get(), number % 8, 4, device));
                registers.pull.set(field(registers.pull.get(), number, 2, PULL_UP));
                DEVICE
            }
            None => {
                registers.set.set(1 << 16 << number);
                OUTPUT
            }
        };
        registers.mode.set(field(registers.mode.get(), number, 2, mode));
    }
}

/// Returns the word with another value in field `number`, of fields of `bits` bits each.
const fn field(word: u32, number: u32, bits: u32, value: u32) -> u32 {
    let shift = number * bits;
    word & !(((1 << bits) - 1) << shift) | value << shift
}

/// Sets the functions of the pins, and locks them until the chip is reset: a process that owns a port can change the
/// levels of its outputs, but can't take pins of this port from other devices or from a debugger.
///
/// Only the kernel may call this.
pub(crate) fn set<F: Family>(pins: &[Pin]) {
    for port in 0..F::PORTS {
        let here = || pins.iter().filter(|pin| pin.port == port);
        if here().next().is_none() && port != DEBUGGERS_PORT {
            continue;
        }
        let start = F::PORT_A + port * SIZE;
        switch_on::<F>(start);
        let registers = registers(start);
        here().for_each(|pin| pin.set(registers));
        let debugger = if port == DEBUGGERS_PORT { DEBUGGER } else { 0 };
        let pins = here().fold(debugger, |pins, pin| pins | 1 << pin.number);
        lock(pins, |value| registers.lock.set(value));
        // The lock takes effect with this read.
        let _ = registers.lock.get();
    }
}

/// Locks pins, by the sequence of writes to the lock register that the manuals give (GPIO, "GPIO port configuration
/// lock register").
fn lock(pins: u32, write: impl Fn(u32)) {
    const KEY: u32 = 1 << 16;
    for value in [KEY | pins, pins, KEY | pins] {
        write(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Stm32F4, Stm32G4, Stm32H7, Stm32U5};
    use core::cell::Cell;
    use core::mem::zeroed;

    #[test]
    fn a_pin_changes_only_its_own_fields() {
        // SAFETY: registers are words, and zero is one of their values.
        let registers: Port = unsafe { zeroed() };
        registers.mode.set(u32::MAX);
        registers.device[1].set(u32::MAX);
        Pin::device('B', 10, 7).set(&registers);
        assert_eq!(registers.mode.get(), 0xffef_ffff);
        assert_eq!((registers.device[0].get(), registers.device[1].get()), (0, 0xffff_f7ff));
        assert_eq!(registers.pull.get(), 1 << 20);
        Pin::output('B', 2).set(&registers);
        assert_eq!(registers.mode.get(), 0xffef_ffdf);
    }

    #[test]
    fn pins_are_locked_by_the_sequence_of_the_manual() {
        let (writes, count) = (Cell::new([0; 4]), Cell::new(0));
        lock(0x8004, |value| {
            let mut all = writes.get();
            all[count.get()] = value;
            writes.set(all);
            count.set(count.get() + 1);
        });
        assert_eq!((writes.get(), count.get()), ([0x1_8004, 0x8004, 0x1_8004, 0], 3));
    }

    #[test]
    fn the_ports_are_where_the_manual_says() {
        assert_eq!(port::<Stm32F4>('A').start, 0x4002_0000);
        assert_eq!(port::<Stm32F4>('C').start, 0x4002_0800);
        assert_eq!(port::<Stm32G4>('A').start, 0x4800_0000);
        assert_eq!(port::<Stm32H7>('B').start, 0x5802_0400);
        assert_eq!(port::<Stm32U5>('C').start, 0x4202_0800);
    }

    #[test]
    #[should_panic(expected = "no such port")]
    fn an_stm32f4_has_nine_ports() {
        let _ = port::<Stm32F4>('J');
    }

    #[test]
    #[should_panic(expected = "16 pins")]
    fn a_seventeenth_pin_is_refused() {
        let _ = Pin::output('A', 16);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The setup of the chip before the first process runs: its pins, and what else could give a process more rights
//! than the wiring does.

use crate::registers::{FUNCTIONS, Functions, Gpio, PADS, Pads, registers};
use crate::resets::{DMA, FUNCTIONS_AND_PADS, SERIAL_LINES, TIMERS, reset};
use crate::{LAMPS, clock, lamp};
use tock_registers::interfaces::Writeable;

/// The numbers of functions of pins (1.2.3).
const SERIAL_LINE: u32 = 2;
const SOFTWARE: u32 = 5;
/// The pins of the two serial lines: each has one that sends and one that receives.
const SERIAL_PINS: [[usize; 2]; 2] = [[0, 1], [4, 5]];

/// The bits of a pad (9.11). The pad drives 4 mA, and its input has hysteresis. It is no longer isolated, as it is
/// after a reset.
const PAD: u32 = 1 << 4 | 1 << 1;
const PULL_UP: u32 = 1 << 3;
const INPUT: u32 = 1 << 6;

/// Sets the chip up. Only the kernel may call this.
pub fn prepare() {
    take_rights_back();
    clock::set();
    // After a reset of the CPU alone, devices are as a firmware has left them, and a DMA controller goes on.
    reset(DMA | FUNCTIONS_AND_PADS | TIMERS | SERIAL_LINES);
    set_pins(registers(FUNCTIONS), registers(PADS), registers(LAMPS.start));
}

/// Takes back what the boot ROM leaves to unprivileged code and to the Non-secure state.
fn take_rights_back() {
    /// The access to the boot ROM (10.6), whose first part, up to 0x42ff, belongs to both security states, whatever the
    /// attribution unit says (10.2). A thread that leaves the Secure state could go on there.
    const ROM_ACCESS: *mut u32 = core::ptr::without_provenance_mut(0x4006_0014);
    /// The key that permits the write; access by a debugger, the DMA controller and both cores; and only in the Secure
    /// state.
    const SECURE_ONLY: u32 = 0xacce << 16 | 0b1111 << 4 | 0b11 << 2;
    /// The access to coprocessors (ARM DDI 0553, `CPACR`). The boot ROM checks its own steps with a coprocessor, which
    /// it leaves open to all code, and a failed check stops the chip (3.6). Another coprocessor sets pins.
    const COPROCESSORS: *mut u32 = core::ptr::without_provenance_mut(0xe000_ed88);
    // SAFETY: the reset handler runs alone; these registers belong to the kernel.
    unsafe {
        ROM_ACCESS.write_volatile(SECURE_ONLY);
        COPROCESSORS.write_volatile(0);
    }
}

/// Connects the pins to the serial lines, and makes those of the lamps outputs, at first low.
fn set_pins(functions: &Functions, pads: &Pads, gpio: &Gpio) {
    // The function first, because a pad drives its pin as soon as it is not isolated.
    let set = |pin: usize, function: u32, pad: u32| {
        functions.pins[pin].control.set(function);
        pads.pins[pin].set(pad);
    };
    for [sends, receives] in SERIAL_PINS {
        set(sends, SERIAL_LINE, PAD);
        // A serial line to which nothing is connected is quiet.
        set(receives, SERIAL_LINE, PAD | INPUT | PULL_UP);
    }
    for pin in lamp::PINS {
        gpio.clear.set(1 << pin);
        gpio.make_output.set(1 << pin);
        set(pin.into(), SOFTWARE, PAD);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::zeroed;
    use tock_registers::interfaces::Readable;

    #[test]
    fn only_the_pins_of_the_board_have_a_function() {
        // SAFETY: registers are words, and zero is one of their values.
        let (functions, pads, gpio): (Functions, Pads, Gpio) =
            unsafe { (zeroed(), zeroed(), zeroed()) };
        for pin in 0..48 {
            functions.pins[pin].control.set(0x1f);
            pads.pins[pin].set(0x116);
        }
        set_pins(&functions, &pads, &gpio);
        for pin in 0..48 {
            let expected = match pin {
                0 | 4 => (2, 0x12),
                1 | 5 => (2, 0x5a),
                15 | 25 => (5, 0x12),
                _ => (0x1f, 0x116),
            };
            let found = (functions.pins[pin].control.get(), pads.pins[pin].get());
            assert_eq!(found, expected, "pin {pin}");
        }
    }
}

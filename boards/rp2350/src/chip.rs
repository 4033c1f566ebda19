// SPDX-License-Identifier: MIT OR Apache-2.0
//! The setup of the chip before the first process runs: its pins, and the rights of threads that are not in their
//! protection unit.

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

/// Sets the chip up, and takes back what the boot ROM leaves to threads. Only the kernel may call this.
pub fn prepare() {
    /// The access to the boot ROM, whose first part, up to 0x42ff, belongs to both security states of a Cortex-M33,
    /// whatever its attribution unit says (10.2). A thread that leaves the Secure state could go on there. On a RISC-V
    /// core, a wired entry of the protection unit opens the boot ROM to threads (3.8.8.1).
    const ROM: usize = 0x14;
    write_access(ROM, BY_KERNEL);
    clock::set();
    // After a reset of the CPU alone, devices are as a firmware has left them, and a DMA controller goes on.
    reset(DMA | FUNCTIONS_AND_PADS | TIMERS | SERIAL_LINES);
    set_pins(registers(FUNCTIONS), registers(PADS), registers(LAMPS.start));
}

/// Lets user mode of the RISC-V cores reach the devices of this crate, as far as the protection unit opens them: for the
/// bus, user mode is Non-secure and unprivileged (10.6.2), which can reach no device after a reset. Only the kernel may
/// call this, before [`prepare`].
pub fn open_to_user_mode() {
    /// The register that closes all devices again, as after a reset.
    const RESET: usize = 0x8;
    /// The pins whose outputs the Non-secure state reaches, a bit each. (This register has no key.)
    const PINS: *mut u32 = core::ptr::without_provenance_mut(ACCESS_CONTROL + 0xc);
    const DEVICES: [usize; 4] = [0x98, 0x9c, 0xa0, 0xa4];
    write_access(RESET, 1);
    for device in DEVICES {
        write_access(device, BY_KERNEL | BY_THREADS);
    }
    // SAFETY: this register belongs to the kernel.
    unsafe { PINS.write_volatile(lamp::PINS.iter().fold(0, |pins: u32, &pin| pins | 1 << pin)) };
}

/// The registers of the access control (10.6.3).
const ACCESS_CONTROL: usize = 0x4006_0000;

/// The bits of these registers for a debugger, both cores, and the Secure state with privileges: there the kernel is.
const BY_KERNEL: u32 = 1 << 7 | 0b11 << 4 | 1 << 3;
/// Those for the Secure state without privileges, and for the Non-secure state: all threads.
const BY_THREADS: u32 = 0b111;

/// Writes a register of the access control, with the key that permits the write.
fn write_access(offset: usize, value: u32) {
    let register: *mut u32 = core::ptr::with_exposed_provenance_mut(ACCESS_CONTROL + offset);
    // SAFETY: these registers belong to the kernel. They only permit and forbid accesses.
    unsafe { register.write_volatile(0xacce << 16 | value) };
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

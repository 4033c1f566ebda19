// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of pins.
//!
//! Every pin that a board uses gets its signal through the matrix of the pins. The registers of the matrix and of the
//! pads belong to the kernel. The owner of the lamps has only the registers with the levels and directions of pins, and
//! a pin of a serial line takes both from the serial line.

use crate::bus::Bus;
use crate::chip::Chip;

/// The offsets of the registers.
const CLEAR: usize = 0x0c;
const MAKE_OUTPUT: usize = 0x24;
const INPUT_SIGNALS: usize = 0x154;
const OUTPUT_SIGNALS: usize = 0x554;
const FIRST_PAD: usize = 0x04;

/// The signals of the serial lines in the matrix, as inputs and as outputs.
const UARTS: [u32; 2] = [6, 9];
/// The output signal of a pin that software sets.
const SOFTWARE: u32 = 0x80;
/// The bit by which software also sets the direction.
const SOFTWARE_DIRECTION: u32 = 1 << 9;

/// The bits of a pad: the function of the matrix, a drive of 20 mA, and an input with a pull-up.
const MATRIX: u32 = 1 << 12;
const DRIVE: u32 = 2 << 10;
const INPUT: u32 = 1 << 9;
const PULL_UP: u32 = 1 << 8;

/// Connects a serial line to the pins with which it sends and receives.
pub fn connect<C: Chip>(bus: &impl Bus, line: usize, [sends, receives]: [usize; 2]) {
    bus.write(C::PINS + OUTPUT_SIGNALS + 4 * sends, UARTS[line]);
    set_pad::<C>(bus, sends, MATRIX | DRIVE);
    // A serial line to which nothing is connected is quiet.
    set_pad::<C>(bus, receives, MATRIX | INPUT | PULL_UP);
    let input = C::PINS + INPUT_SIGNALS + 4 * UARTS[line] as usize;
    bus.write(input, receives as u32 | C::FROM_MATRIX);
}

/// Makes the pin of a lamp an output, at first low.
pub fn make_output<C: Chip>(bus: &impl Bus, pin: usize) {
    bus.write(C::PINS + CLEAR, 1 << pin);
    bus.write(C::PINS + OUTPUT_SIGNALS + 4 * pin, SOFTWARE | SOFTWARE_DIRECTION);
    bus.write(C::PINS + MAKE_OUTPUT, 1 << pin);
    set_pad::<C>(bus, pin, MATRIX | DRIVE);
}

fn set_pad<C: Chip>(bus: &impl Bus, pin: usize, pad: u32) {
    bus.write(C::PADS + FIRST_PAD + 4 * pin, pad);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::c3::C3;
    use crate::model::Model;

    #[test]
    fn the_second_serial_line_has_other_signals() {
        let model = Model::new();
        connect::<C3>(&model, 1, [4, 5]);
        assert_eq!(model.read(0x6000_4564), 9, "U1TXD goes to pin 4");
        assert_eq!(model.read(0x6000_4178), 1 << 6 | 5, "U1RXD comes from pin 5");
        assert_eq!((model.read(0x6000_9014), model.read(0x6000_9018)), (0x1800, 0x1300));
        assert_eq!(model.written().count(), 4, "and nothing else is set");
    }

    #[test]
    fn a_lamp_is_low_before_it_is_an_output() {
        let model = Model::new();
        make_output::<C3>(&model, 10);
        let expected = [
            (0x6000_400c, 1 << 10),
            (0x6000_457c, 0x280),
            (0x6000_4024, 1 << 10),
            (0x6000_902c, 0x1800),
        ];
        assert!(model.written().eq(expected));
    }
}

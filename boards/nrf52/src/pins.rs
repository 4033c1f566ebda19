// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of pins. They are set before the first process runs.

use crate::registers::{Configuration, Configurations, Outputs, Serial, registers};
use crossgate_abi::table::Mmio;
use tock_registers::interfaces::Writeable;

/// The two ports (GPIO, registers).
const PORTS: [usize; 2] = [0x5000_0000, 0x5000_0300];
/// The places of the outputs and of the configurations in a port's registers.
const OUTPUTS: usize = 0x500;
const CONFIGURATIONS: usize = 0x700;

/// A pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    pub(crate) port: usize,
    pub(crate) number: usize,
}

impl Pin {
    /// Returns a pin of a port.
    ///
    /// # Panics
    /// If there is no such pin.
    #[must_use]
    pub const fn new(port: usize, number: usize) -> Pin {
        assert!(port < PORTS.len() && number < 32, "there is no such pin");
        Pin { port, number }
    }

    /// Returns the word by which a device chooses the pin (UART, `PSEL`).
    const fn choice(self) -> u32 {
        (self.port << 5 | self.number) as u32
    }

    fn outputs(self) -> &'static Outputs {
        registers(outputs(self.port).start)
    }

    fn configuration(self) -> &'static Configurations {
        registers(PORTS[self.port] + CONFIGURATIONS)
    }
}

/// Returns the outputs of a port: a process that owns them can set the level of each pin that no device has, and make
/// it an output. It can't configure inputs, which is done by registers further on.
///
/// # Panics
/// If there is no such port.
#[must_use]
pub const fn outputs(port: usize) -> Mmio {
    Mmio { start: PORTS[port] + OUTPUTS, size: 0x20 }
}

/// Connects a serial line, which is off, with the pins by which it sends and receives.
///
/// Only the kernel may call this.
pub(crate) fn connect(line: usize, pins: [Pin; 2]) {
    choose(registers(line), pins);
    let [sends, receives] = pins;
    make_output(sends, true);
    configure_input(receives.configuration(), receives.number);
}

/// Makes a pin an output, at first with this level.
///
/// Only the kernel may call this.
pub(crate) fn make_output(pin: Pin, is_high: bool) {
    set_level(pin.outputs(), pin.number, is_high);
    configure_output(pin.configuration(), pin.number);
}

/// Tells a serial line its pins.
fn choose(line: &Serial, [sends, receives]: [Pin; 2]) {
    line.enable.set(0);
    line.sending_pin.set(sends.choice());
    line.receiving_pin.set(receives.choice());
}

/// Sets the level of an output.
pub(crate) fn set_level(outputs: &Outputs, number: usize, is_high: bool) {
    let register = if is_high { &outputs.set } else { &outputs.clear };
    register.set(1 << number);
}

fn configure_output(configurations: &Configurations, number: usize) {
    configurations.pins[number].write(Configuration::OUTPUT::SET + Configuration::INPUT_OFF::SET);
}

/// Makes a pin an input with a pull-up: a serial line to which nothing is connected is quiet.
fn configure_input(configurations: &Configurations, number: usize) {
    configurations.pins[number].write(Configuration::PULL::UP);
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::zeroed;
    use tock_registers::interfaces::Readable;

    #[test]
    fn a_line_is_connected_with_its_pins() {
        // SAFETY: registers are words, and zero is one of their values.
        let line: Serial = unsafe { zeroed() };
        choose(&line, [Pin::new(0, 6), Pin::new(1, 8)]);
        assert_eq!((line.sending_pin.get(), line.receiving_pin.get()), (6, 32 + 8));
    }

    #[test]
    fn a_pin_changes_only_its_own_configuration() {
        // SAFETY: as above.
        let pins: Configurations = unsafe { zeroed() };
        configure_output(&pins, 13);
        configure_input(&pins, 8);
        for (number, pin) in pins.pins.iter().enumerate() {
            let expected = match number {
                13 => 0b11,
                8 => 0b1100,
                _ => 0,
            };
            assert_eq!(pin.get(), expected, "pin {number}");
        }
    }

    #[test]
    fn the_outputs_are_where_the_manual_says() {
        assert_eq!(outputs(0), Mmio { start: 0x5000_0500, size: 0x20 });
        assert_eq!(outputs(1), Mmio { start: 0x5000_0800, size: 0x20 });
    }

    #[test]
    #[should_panic(expected = "no such pin")]
    fn a_third_port_is_refused() {
        let _ = Pin::new(2, 0);
    }
}

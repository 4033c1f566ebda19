// SPDX-License-Identifier: MIT OR Apache-2.0
//! The inputs of an analogue to digital converter (ADC) as services. One process owns the converter. Each client gets
//! one input.
//!
//! | object | over | interface |
//! |---|---|---|
//! | [`Inputs`] | a [`Converter`]: the driver | [`AnalogInput`] |
//!
//! ```ignore
//! process adc {
//!     mmio ADC;
//!     object inputs (stack = 256): Exclusive<Inputs<Adc, 2>> = Inputs::new(Adc::new(ADC), [3, 5]) =>
//!         [BATTERY: dyn AnalogInput<0>, LIGHT: dyn AnalogInput<1>];
//! }
//! process power { thread main (priority = 2, stack = 1024) = power::main(BATTERY); }
//! ```
//!
//! ```
//! use crossgate::testing::Wiring;
//! use crossgate_adc::{AnalogInput, Converter, Fault, Inputs};
//!
//! struct Adc;
//! impl Converter for Adc {
//!     fn microvolts(&mut self, input: u8) -> Result<u32, Fault> {
//!         if input == 3 { Ok(1_650_000) } else { Err(Fault) }
//!     }
//! }
//! let wiring = Wiring::new();
//! let battery = wiring.serve::<dyn AnalogInput<0>, _>(Inputs::new(Adc, [3, 5]));
//! wiring.run(|| assert_eq!(battery.microvolts(), Ok(Ok(1_650_000))));
//! ```
//!
//! `embedded-hal` 1.0 has no trait for converters, so this crate defines one for drivers, and a client calls its handle
//! directly.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::fmt;
use crossgate::{Wire, interface};

/// An error of the converter's driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub struct Fault;

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the driver of the converter had an error")
    }
}

impl core::error::Error for Fault {}

/// The driver of a converter.
pub trait Converter {
    /// Measures the voltage at an input. `input` is the number of the input on the chip. Returns the voltage in µV. (A
    /// converter of 12 bits at 3.3 V has steps of 806 µV, so no bit is lost.)
    ///
    /// # Errors
    /// If the converter has no such input, or has failed.
    fn microvolts(&mut self, input: u8) -> Result<u32, Fault>;
}

/// The interface of a process that may read an input. `PLACE` is the input's place in [`Inputs`].
#[interface]
pub trait AnalogInput<const PLACE: usize> {
    /// Returns the voltage at the input, in µV.
    fn microvolts(&mut self) -> Result<u32, Fault>;
}

/// A converter and its inputs: the service object of the process that owns the converter. It serves [`AnalogInput`] for
/// each place in the list. An interface whose place is past the end of the list does not compile.
#[derive(Debug)]
pub struct Inputs<C, const N: usize> {
    converter: C,
    /// The numbers of the inputs on the chip.
    inputs: [u8; N],
}

impl<C: Converter, const N: usize> Inputs<C, N> {
    /// Creates the object for a converter and some of its inputs. `inputs` has the numbers of these inputs on the chip.
    #[must_use]
    pub const fn new(converter: C, inputs: [u8; N]) -> Self {
        Inputs { converter, inputs }
    }
}

impl<C: Converter, const N: usize, const PLACE: usize> AnalogInput<PLACE> for Inputs<C, N> {
    fn microvolts(&mut self) -> Result<u32, Fault> {
        const { assert!(PLACE < N, "the list has no such input") };
        self.converter.microvolts(self.inputs[PLACE])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::Handle;
    use crossgate::testing::Wiring;

    /// A converter with 8 inputs. The voltage at each input is its number in volts.
    struct Volts;

    impl Converter for Volts {
        fn microvolts(&mut self, input: u8) -> Result<u32, Fault> {
            if input < 8 { Ok(u32::from(input) * 1_000_000) } else { Err(Fault) }
        }
    }

    #[test]
    fn a_client_reads_its_input() {
        let wiring = Wiring::new();
        let inputs = || Inputs::new(Volts, [3, 5, 8]);
        let first: Handle<dyn AnalogInput<0>> = wiring.serve(inputs());
        let second: Handle<dyn AnalogInput<1>> = wiring.serve(inputs());
        let missing: Handle<dyn AnalogInput<2>> = wiring.serve(inputs());
        wiring.run(|| {
            assert_eq!(
                (first.microvolts(), second.microvolts()),
                (Ok(Ok(3_000_000)), Ok(Ok(5_000_000)))
            );
            assert_eq!(missing.microvolts(), Ok(Err(Fault)));
        });
    }
}

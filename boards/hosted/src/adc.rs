// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{ADC, Registers};
use crossgate::Mmio;
use crossgate_abi::Word;
use crossgate_abi::hosted::adc::{INPUTS, MAX, REFERENCE};

/// Driver of the analogue to digital converter, of 12 bits at 3.3 V, for the process that owns [`ADC`].
#[derive(Debug)]
pub struct Adc {
    registers: Registers,
}

impl Adc {
    /// Creates the driver of the converter in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is not the board's converter. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio) -> Adc {
        const OTHERWISE: &str = "there is no converter at these registers";
        Adc { registers: Registers::of(mmio, &[ADC], OTHERWISE) }
    }

    /// Returns the voltage at an input in µV; `None` if there is no such input.
    pub fn microvolts(&mut self, input: u8) -> Option<u32> {
        let input = Word::from(input);
        let value = (input < INPUTS).then(|| self.registers.read(input) as u64)?;
        Some((value * u64::from(REFERENCE) / MAX as u64) as u32)
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{Registers, TRNG};
use core::convert::Infallible;
use crossgate::Mmio;
use crossgate_abi::Word;
use crossgate_abi::hosted::trng::RANDOM;
use rand_core::{TryCryptoRng, TryRng, utils};

/// Driver of the true random number generator, for the process that owns [`TRNG`]. Each byte has 8 bits of entropy,
/// because the bytes come from `getrandom` of Linux.
#[derive(Debug)]
pub struct Trng {
    registers: Registers,
}

impl Trng {
    /// Creates the driver of the generator in `mmio`.
    ///
    /// # Panics
    /// If `mmio` is not the board's generator. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio) -> Trng {
        const OTHERWISE: &str = "there is no random number generator at these registers";
        Trng { registers: Registers::of(mmio, &[TRNG], OTHERWISE) }
    }

    fn word(&mut self) -> Word {
        self.registers.read(RANDOM)
    }
}

impl TryRng for Trng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word() as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.word() as u64)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        utils::fill_bytes_via_next_word(bytes, || self.try_next_u64())
    }
}

impl TryCryptoRng for Trng {}

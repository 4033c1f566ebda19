// SPDX-License-Identifier: MIT OR Apache-2.0
//! A true random number generator.

use super::Device;
use crate::linux::random;
use crossgate_abi::Word;
use crossgate_abi::hosted::trng::RANDOM;
use crossgate_kernel::time::NEVER;

/// Returns random numbers of the host.
pub struct Trng;

impl Device for Trng {
    fn read(&mut self, register: Word, _: u64) -> Word {
        if register == RANDOM { random::word().unwrap_or(0) } else { 0 }
    }

    fn write(&mut self, _: Word, _: Word, _: u64) {}

    fn advance(&mut self, _: u64) {}

    fn next(&self) -> u64 {
        NEVER
    }

    fn is_raised(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_another() {
        let [first, second] = [(); 2].map(|()| Trng.read(RANDOM, 0));
        assert!(first != second && first != 0, "{first:x} {second:x}");
        assert_eq!(Trng.read(1, 0), 0);
    }
}

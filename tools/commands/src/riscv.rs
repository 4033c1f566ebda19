// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls and jumps in the machine code of RISC-V.

use handler_spans::riscv::{jump_offset, short_jump_offset};
use std::collections::BTreeSet;

/// Returns the targets of the calls and jumps in code that starts at `address`: `jal`, its short forms, and `auipc` with
/// `jalr`.
pub fn targets(address: u64, code: &[u8]) -> BTreeSet<u64> {
    let half = |at: usize| code.get(at..at + 2).map(|half| u16::from_le_bytes([half[0], half[1]]));
    let mut targets = BTreeSet::new();
    // The register and the value of the last `auipc`.
    let mut upper = None;
    let mut at = 0;
    while let Some(first) = half(at) {
        let here = address + at as u64;
        let is_long = first & 3 == 3;
        let word = u32::from(half(at + 2).unwrap_or(0)) << 16 | u32::from(first);
        let target = if is_long {
            match (word & 0x7f, upper) {
                (0x6f, _) => Some(here.wrapping_add_signed(jump_offset(word).into())),
                (0x67, Some((register, value))) if word >> 15 & 31 == register => {
                    Some(u64::wrapping_add_signed(value, i64::from(word as i32 >> 20)))
                }
                _ => None,
            }
        } else {
            short_jump(first).map(|offset| here.wrapping_add_signed(offset))
        };
        upper = (is_long && word & 0x7f == 0x17)
            .then(|| (word >> 7 & 31, here.wrapping_add_signed((word & !0xfff) as i32 as i64)));
        targets.extend(target.map(|target| target & 0xffff_ffff));
        at += if is_long { 4 } else { 2 };
    }
    targets
}

/// Returns the offset of a `c.j` or `c.jal`.
fn short_jump(half: u16) -> Option<i64> {
    let is_jump = half & 3 == 1 && matches!(half >> 13, 0b001 | 0b101);
    is_jump.then(|| short_jump_offset(half).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The instructions are as `llvm-mc --show-encoding` writes them.
    #[test]
    fn calls_and_jumps_are_found() {
        let targets = |code: &[u8]| targets(0x8000_1000, code).into_iter().collect::<Vec<_>>();
        assert_eq!(targets(&[0xef, 0x00, 0x00, 0x01]), [0x8000_1010], "jal ra, 16");
        assert_eq!(targets(&[0x6f, 0xf0, 0x1f, 0xff]), [0x8000_0ff0], "j -16");
        assert_eq!(targets(&[0x01, 0xa8]), [0x8000_1010], "c.j 16");
        assert_eq!(targets(&[0xc5, 0xbf]), [0x8000_0ff0], "c.j -16");
        // auipc ra, 1; jalr ra, -8(ra)
        assert_eq!(targets(&[0x97, 0x10, 0x00, 0x00, 0xe7, 0x80, 0x80, 0xff]), [0x8000_1ff8]);
        // A return, and a branch within a function, lead nowhere else.
        assert!(targets(&[0x82, 0x80, 0x63, 0x08, 0x00, 0x00]).is_empty(), "ret; beqz zero, 16");
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lists the guarantees of a port that the missing parts break. A copy of this folder replaces the [`Bench`] by its
//! machine, and runs the checks there until the port keeps all guarantees: `tests/cortex-m/src/bin/conformance.rs` does
//! so on a board.

extern crate std;

use crate::machine::Machine;
use crossgate_abi::Word;
use crossgate_abi::table::ProcessMemory;
use crossgate_conformance::promises;
use crossgate_protection::Span;
use std::panic::catch_unwind;
use std::vec::Vec;
use std::{format, println};

/// A machine that does not exist.
struct Bench(Machine);

impl crossgate_conformance::Machine for Bench {
    type Port = Machine;

    fn port(&mut self) -> &mut Machine {
        &mut self.0
    }
    fn memory(&self) -> ProcessMemory {
        ProcessMemory {
            start: 0x2000_0000,
            data_end: 0x2000_0010,
            kept_start: 0x2000_0020,
            end: 0x2000_0030,
            ..ProcessMemory::NONE
        }
    }
    fn stack(&self) -> Span {
        Span { start: 0x2000_1000, end: 0x2000_2000 }
    }
    fn word(&mut self, _: Word) -> Word {
        0
    }
    fn set_word(&mut self, _: Word, _: Word) {}
}

#[test]
fn the_template_says_what_is_missing() {
    let promises = promises::<Bench>();
    let count = promises.len();
    let mut missing = Vec::new();
    for promise in promises {
        let result = catch_unwind(|| (promise.check)(&mut Bench(Machine)));
        match result {
            Ok(Ok(())) => {}
            Ok(Err(why)) => missing.push(format!("{}: {why}", promise.text)),
            Err(_) => missing.push(format!("{}: something is not written yet", promise.text)),
        }
    }
    missing.iter().for_each(|missing| println!("{missing}"));
    assert_eq!(missing.len(), count);
}

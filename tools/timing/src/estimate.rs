// SPDX-License-Identifier: MIT OR Apache-2.0
//! Adds up the cycles of an execution.

use crate::instruction::{Class, Instruction};
use crate::table::{self, Cycles, Processor};
use std::fmt::{self, Display};

/// The event between two instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exception {
    /// The second instruction is the first instruction of a handler.
    Entry,
    /// The first instruction is the last instruction of a handler.
    Return,
    /// The handler of one exception ends, and the handler of another exception starts directly after it.
    TailChain,
}

/// The cost of an execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// The number of its instructions.
    pub instructions: u64,
    /// The cycles on a Cortex-M3.
    pub m3: Cycles,
    /// The cycles on a Cortex-M4.
    pub m4: Cycles,
}

/// Writes the number of instructions, the least and the most cycles of the M3, and those of the M4.
impl Display for Estimate {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Estimate { instructions, m3, m4 } = self;
        write!(formatter, "{instructions} {} {} {} {}", m3.least, m3.most, m4.least, m4.most)
    }
}

/// Adds up cycles.
#[derive(Debug, Default)]
pub struct Estimator {
    estimate: Estimate,
    last: Option<Instruction>,
    /// The number of the next instructions that are executed conditionally.
    conditional: u8,
}

impl Estimator {
    /// Takes the next instruction that is executed, and the event before it.
    pub fn executed(&mut self, instruction: &Instruction, exception: Option<Exception>) {
        if self.last.is_some_and(|last| last.address == instruction.address) {
            // If an instruction accesses a device, the emulator may execute it a second time.
            return;
        }
        let last = self.last.replace(*instruction);
        self.estimate.instructions += 1;
        if exception.is_some() {
            self.conditional = 0;
        }
        let is_conditional = self.conditional > 0;
        self.conditional = match instruction.class {
            Class::IfThen(count) => count,
            _ => self.conditional.saturating_sub(1),
        };
        let before = match (exception, last) {
            (Some(Exception::Entry), _) => table::ENTRY,
            (Some(Exception::Return), _) => table::RETURN,
            (Some(Exception::TailChain), _) => table::TAIL_CHAIN,
            (None, Some(last)) if last.next != instruction.address => table::refill(&last),
            (None, _) => Cycles::default(),
        };
        let last = last.filter(|last| exception.is_none() && last.next == instruction.address);
        let Estimate { m3, m4, .. } = &mut self.estimate;
        for (sum, processor) in [(m3, Processor::M3), (m4, Processor::M4)] {
            let mut cycles = table::cycles(instruction, last.as_ref(), processor);
            if is_conditional {
                // If the instruction is skipped, it takes one cycle.
                cycles.least = 1;
            }
            *sum += before;
            *sum += cycles;
        }
    }

    /// Returns the cost of the execution so far.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        self.estimate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVE: &[u8] = &[0x01, 0x20]; // movs r0, #1
    const LOAD: &[u8] = &[0x08, 0x68]; // ldr r0, [r1]
    const BRANCH: &[u8] = &[0xfe, 0xe7]; // b.n

    /// Returns the cost of these instructions, one after the other in memory, on the M3 and on the M4.
    fn both(instructions: &[&[u8]]) -> [(u64, u64); 2] {
        let mut estimator = Estimator::default();
        let mut address = 0x100;
        for bytes in instructions {
            estimator.executed(&Instruction::new(address, bytes).unwrap(), None);
            address += bytes.len() as u32;
        }
        let Estimate { instructions: count, m3, m4 } = estimator.estimate();
        assert_eq!(count, instructions.len() as u64);
        [m3, m4].map(|cycles| (cycles.least, cycles.most))
    }

    #[track_caller]
    fn expect(instructions: &[&[u8]], cycles: (u64, u64)) {
        assert_eq!(both(instructions), [cycles; 2]);
    }

    /// Checks the examples of DDI 0337I and DDI 0439B, "Load/store timings".
    #[test]
    fn loads_are_pipelined_as_in_the_manual() {
        let (load_r1, store) = (&[0x11, 0x68], &[0x58, 0x61]); // ldr r1, [r2]; str r0, [r3, #20]
        expect(&[LOAD, load_r1], (3, 3));
        expect(&[&[0x88, 0x58], store], (3, 3)); // ldr r0, [r1, r2]; str r0, [r3, #20]
        expect(&[&[0x88, 0x58], &[0x99, 0x50]], (3, 3)); // ldr r0, [r1, r2]; str r1, [r3, r2]
        // ldr r0, [r1, r5]; ldr r1, [r2]; ldr r2, [r3, #4]
        expect(&[&[0x48, 0x59], load_r1, &[0x5a, 0x68]], (4, 4));
    }

    #[test]
    fn a_load_of_an_address_that_was_just_loaded_is_not_pipelined() {
        expect(&[LOAD, &[0x01, 0x68]], (4, 4)); // ldr r0, [r1]; ldr r1, [r0]
    }

    #[test]
    fn nothing_is_pipelined_after_a_store_to_a_register_and_another() {
        expect(&[&[0x99, 0x50], LOAD], (4, 4)); // str r1, [r3, r2]
    }

    #[test]
    fn a_store_to_a_constant_place_takes_one_cycle() {
        expect(&[&[0x58, 0x61], &[0x58, 0x61], MOVE], (3, 3));
    }

    #[test]
    fn an_address_that_was_just_computed_takes_one_more() {
        expect(&[MOVE, &[0x01, 0x68]], (4, 4)); // movs r0, #1; ldr r1, [r0]
        expect(&[MOVE, &[0x00, 0xbf], &[0x01, 0x68]], (4, 4)); // with a nop in between
    }

    #[test]
    fn several_registers_take_one_cycle_each_and_one_more() {
        expect(&[&[0x0e, 0xc8]], (4, 4)); // ldm r0!, {r1, r2, r3}
        expect(&[&[0x80, 0xe8, 0xf0, 0x0f]], (9, 9)); // stm.w r0, {r4-r11}
        expect(&[&[0xd2, 0xe9, 0x00, 0x01]], (3, 3)); // ldrd r0, r1, [r2]
        expect(&[LOAD, &[0xd2, 0xe9, 0x00, 0x01], LOAD], (7, 7)); // not pipelined on either side
    }

    #[test]
    fn the_m4_multiplies_in_one_cycle() {
        assert_eq!(both(&[&[0x01, 0xfb, 0x02, 0x30]]), [(2, 2), (1, 1)]); // mla
        assert_eq!(both(&[&[0xa2, 0xfb, 0x03, 0x01]]), [(3, 5), (1, 1)]); // umull
        assert_eq!(both(&[&[0xe2, 0xfb, 0x03, 0x01]]), [(4, 7), (1, 1)]); // umlal
        expect(&[&[0xb1, 0xfb, 0xf2, 0xf0]], (2, 12)); // udiv
    }

    #[test]
    fn literals_special_registers_and_barriers_take_one_or_two() {
        expect(&[&[0x01, 0x48]], (2, 3)); // ldr r0, [pc, #4]
        expect(&[&[0xef, 0xf3, 0x09, 0x80]], (1, 2)); // mrs r0, psp
        expect(&[&[0xbf, 0xf3, 0x4f, 0x8f]], (1, 2)); // dsb
        expect(&[&[0xbf, 0xf3, 0x6f, 0x8f]], (2, 4)); // isb
    }

    #[test]
    fn a_condition_may_cost_nothing_and_save_the_instruction() {
        let if_equal: &[u8] = &[0x08, 0xbf];
        expect(&[MOVE, if_equal, LOAD, LOAD], (1 + 1 + 1, 1 + 1 + 2 + 1));
        // After a long instruction, it takes a cycle.
        expect(&[&[0x01, 0xf0, 0x14, 0xfe], if_equal, MOVE], (3, 3));
    }

    fn at(address: u32, bytes: &[u8]) -> Instruction {
        Instruction::new(address, bytes).unwrap()
    }

    /// Returns the cost of these instructions, each after an event.
    fn sequence(instructions: &[(Instruction, Option<Exception>)]) -> (u64, u64) {
        let mut estimator = Estimator::default();
        instructions
            .iter()
            .for_each(|(instruction, before)| estimator.executed(instruction, *before));
        let cycles = estimator.estimate().m3;
        (cycles.least, cycles.most)
    }

    #[test]
    fn a_branch_that_is_taken_refills_the_pipeline() {
        assert_eq!(sequence(&[(at(0x100, BRANCH), None), (at(0x200, MOVE), None)]), (3, 5));
        assert_eq!(sequence(&[(at(0x100, BRANCH), None), (at(0x102, MOVE), None)]), (2, 2));
        // "At least five" and "at least six" cycles.
        let jump = at(0x100, &[0xd0, 0xf8, 0x00, 0xf0]);
        assert_eq!(sequence(&[(jump, None), (at(0x200, MOVE), None)]), (5 + 1, 5 + 1));
        let table = at(0x100, &[0xdf, 0xe8, 0x01, 0xf0]);
        assert_eq!(sequence(&[(table, None), (at(0x200, MOVE), None)]), (6 + 1, 6 + 1));
        // pop {r4, pc}: 1 + N + P
        let pop = at(0x100, &[0x10, 0xbd]);
        assert_eq!(sequence(&[(pop, None), (at(0x200, MOVE), None)]), (4 + 1, 6 + 1));
    }

    #[test]
    fn an_instruction_that_is_taken_again_counts_once() {
        let load = at(0x100, LOAD);
        assert_eq!(sequence(&[(load, None), (load, None), (at(0x102, MOVE), None)]), (3, 3));
    }

    #[test]
    fn an_estimate_is_written_as_five_numbers() {
        let cycles = |least, most| Cycles { least, most };
        let estimate = Estimate { instructions: 1, m3: cycles(2, 3), m4: cycles(4, 5) };
        assert_eq!(estimate.to_string(), "1 2 3 4 5");
    }

    #[test]
    fn loads_on_both_sides_of_a_branch_are_not_pipelined() {
        let (load, far) = (at(0x100, LOAD), at(0x200, LOAD));
        assert_eq!(
            sequence(&[(load, None), (far, Some(Exception::Entry))]),
            (2 + 12 + 2, 2 + 12 + 2)
        );
    }

    /// Checks the cost of `svc`, two instructions of the handler, and the instruction after the `svc`. Then checks the
    /// same with another handler directly after the first.
    #[test]
    fn exceptions_take_12_cycles_10_back_and_6_in_between() {
        use Exception::{Entry, Return, TailChain};
        let (call, after) = (at(0x100, &[0x00, 0xdf]), at(0x102, MOVE));
        let (first, back) = (at(0x200, MOVE), at(0x202, &[0x70, 0x47]));
        let one = [(call, None), (first, Some(Entry)), (back, None), (after, Some(Return))];
        assert_eq!(sequence(&one), (1 + 12 + 2 + 10 + 1, 1 + 12 + 2 + 10 + 1));
        let two = [
            (call, None),
            (first, Some(Entry)),
            (back, None),
            (first, Some(TailChain)),
            (back, None),
            (after, Some(Return)),
        ];
        assert_eq!(sequence(&two), (1 + 12 + 2 + 6 + 2 + 10 + 1, 1 + 12 + 2 + 6 + 2 + 10 + 1));
    }
}

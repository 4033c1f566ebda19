// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the tracker.

use super::*;
use crate::{Function, Functions, InstructionSet};

/// Returns two handlers, at 0x100 and 0x200, two functions of the kernel, at 0x300 and 0x400, and two handlers
/// above it, at 0x500 and 0x600. Code of threads is at 0x1000, where a thread starts. The second of two looks is at
/// 0x380. At 0x420 a handler begins to serve an interrupt.
fn functions() -> Functions {
    let functions = [
        (0x40, Role::Reset),
        (0x100, Role::Handler),
        (0x200, Role::Handler),
        (0x300, Role::Any),
        (0x400, Role::Any),
        (0x500, Role::Above),
        (0x600, Role::Above),
        (0x1000, Role::Thread),
    ];
    let functions = functions.map(|(address, role)| Function { address, role });
    Functions::new(functions.to_vec(), vec![0x480, 0x380], vec![0x420])
}

/// Returns the state after a thread has run.
fn started() -> Tracker {
    Tracker { has_started: true, ..Tracker::default() }
}

/// Executes instructions of 2 bytes: returns the spans that have ended.
fn spans(execution: &[(u32, Flow)]) -> Vec<String> {
    let functions = functions();
    let mut tracker = started();
    let mut spans = Vec::new();
    for &(address, flow) in execution {
        let span = tracker.executed(&Instruction::with_flow(address, 2, flow, &functions)).unwrap();
        spans.extend(span.map(|span| span.to_string().trim_end().to_owned()));
    }
    spans
}

use Flow::{Block, Branch, Call, ExceptionReturn, If, Jump, On, Register, Return};

/// A look at 0x380, in a function that a handler calls.
fn spans_with_a_look(after: &[(u32, Flow)]) -> Result<Vec<String>, String> {
    let functions = functions();
    let mut tracker = started();
    let mut spans = Vec::new();
    let before = [(0x1000, On), (0x100, On), (0x102, Call), (0x380, On)];
    for &(address, flow) in before.iter().chain(after) {
        let span = tracker.executed(&Instruction::with_flow(address, 2, flow, &functions))?;
        spans.extend(span.map(|span| span.to_string().trim_end().to_owned()));
    }
    Ok(spans)
}

#[test]
fn a_look_that_finds_nothing_ends_a_span() {
    let first = "0:1:2 1:3:3 look:1".to_owned();
    let ways = [
        [(0x382, On), (0x384, If(true)), (0x390, Return), (0x104, Jump), (0x1002, On)],
        [(0x382, On), (0x384, If(false)), (0x386, Return), (0x104, Jump), (0x1002, On)],
    ];
    for way in ways {
        // The look is at the start of the second span, with the functions that have not returned.
        let second = "0:1:0 1:3:4 0:1:1".to_owned();
        assert_eq!(spans_with_a_look(&way), Ok(vec![first.clone(), second]));
    }
}

#[test]
fn a_look_that_finds_an_interrupt_tells_what_is_left() {
    let ways = [
        [(0x382, On), (0x384, If(true)), (0x386, Return), (0x104, Jump), (0x200, On)],
        [(0x382, On), (0x384, If(false)), (0x390, Return), (0x104, Jump), (0x200, On)],
    ];
    for way in ways {
        let expected = "0:1:2 1:3:4 0:1:1 look:1:2".to_owned();
        assert_eq!(spans_with_a_look(&way), Ok(vec![expected]));
    }
}

#[test]
fn an_interrupt_that_was_found_has_to_be_served() {
    let way = [(0x384, If(true)), (0x386, Return), (0x104, Jump), (0x1002, On)];
    let why = "an interrupt was found, and is not served before 0x1002".to_owned();
    assert_eq!(spans_with_a_look(&way), Err(why));
}

#[test]
fn a_block_of_conditional_instructions_tests_too() {
    let block = [(0x382, Block(false, 2)), (0x384, On)];
    let left = [&block[..], &[(0x386, Return), (0x104, Jump), (0x200, On)]].concat();
    let expected = "0:1:2 1:3:4 0:1:1 look:1:1".to_owned();
    assert_eq!(spans_with_a_look(&left), Ok(vec![expected]));
    let stayed = [&block[..], &[(0x386, Return), (0x388, Return), (0x104, Jump), (0x1002, On)]];
    let expected = ["0:1:2 1:3:4 look:1", "0:1:0 1:3:5 0:1:1"].map(str::to_owned);
    assert_eq!(spans_with_a_look(&stayed.concat()), Ok(expected.to_vec()));
}

#[test]
fn a_caller_may_test_what_a_function_has_read() {
    let way = [(0x382, Return), (0x104, If(false)), (0x106, Jump), (0x1002, On)];
    let expected = ["0:1:2 1:3:2 0:1:1 look:1", "0:1:4"].map(str::to_owned);
    assert_eq!(spans_with_a_look(&way), Ok(expected.to_vec()));
}

/// Executes instructions of RISC-V in a function that a handler calls, after a look that reads the register `mip` into
/// a1: returns the looks of the spans that have ended.
fn looks_on_riscv(codes: &[u32], handler_goes_on: u32) -> Vec<Option<Look>> {
    let functions = functions();
    let mut tracker = started();
    let mut looks = Vec::new();
    let before = [(0x1000, On), (0x100, On), (0x102, Call)];
    let before = before.map(|(at, flow)| Instruction::with_flow(at, 2, flow, &functions));
    let codes = [&[0x3440_25f3], codes].concat(); // csrr a1, mip
    let code = |(address, code): (u32, &u32)| {
        let bytes = code.to_le_bytes();
        Instruction::new(InstructionSet::Riscv, address, &bytes, &functions)
    };
    let middle = (0x380..).step_by(4).zip(&codes).map(code);
    let after = [(handler_goes_on, ExceptionReturn), (0x200, On), (0x202, ExceptionReturn)];
    let after = after.into_iter().chain([(0x1000, On)]);
    let after = after.map(|(at, flow)| Instruction::with_flow(at, 2, flow, &functions));
    for instruction in before.into_iter().chain(middle).chain(after) {
        let span = tracker.executed(&instruction).unwrap();
        looks.extend(span.map(|span| span.look));
    }
    looks
}

#[test]
fn on_riscv_the_register_that_was_read_is_tested() {
    const OTHER_TEST: u32 = 0x0005_0463; // beqz a0, 8
    const ENABLED: u32 = 0x3040_2673; // csrr a2, mie
    const AND: u32 = 0x00c5_f5b3; // and a1, a1, a2
    const SNEZ: u32 = 0x00b0_35b3; // snez a1, a1
    const TEST: u32 = 0x0005_9463; // bnez a1, 8
    const LOAD: u32 = 0x0045_2583; // lw a1, 4(a0)
    const CALL: u32 = 0x0500_00ef; // jal 80
    let goes_on = |codes: &[u32], taken: bool| {
        // The handler goes on after the last instruction, or where it branches to.
        let next = 0x380 + 4 * (codes.len() as u32 + 1);
        looks_on_riscv(codes, if taken { next + 4 } else { next })
    };
    let found = |left| vec![Some(Look { index: 1, left: Some(left) }), None];
    let in_vain = vec![Some(Look { index: 1, left: None }), None, None];
    let test = [ENABLED, OTHER_TEST, AND, SNEZ, TEST];
    assert_eq!(goes_on(&test, true), found(1));
    assert_eq!(goes_on(&test, false), in_vain);
    // The value is lost, or never tested.
    for codes in [&[OTHER_TEST][..], &[LOAD, TEST], &[CALL, TEST], &[LOAD; 20]] {
        for taken in [true, false] {
            assert_eq!(goes_on(codes, taken), [None, None], "{codes:x?}");
        }
    }
}

#[test]
fn a_look_without_a_test_is_told() {
    let long: Vec<_> = (0..20).map(|index| (0x382 + 2 * index, On)).collect();
    assert!(spans_with_a_look(&long).is_err());
}

#[test]
fn a_span_is_from_the_handler_to_its_return() {
    let execution = [
        (0x1000, On),
        (0x100, On),
        (0x102, Call),
        (0x300, On),
        (0x302, Call),
        (0x400, Return),
        (0x304, Return),
        (0x104, Jump),
        (0x1002, On),
        (0x1004, On),
        (0x200, Return),
        (0x1006, On),
    ];
    assert_eq!(spans(&execution), ["0:1:2 1:3:2 2:4:1 1:3:1 0:1:1", "0:2:1"]);
}

#[test]
fn handlers_one_after_the_other_are_two_spans() {
    let execution = [(0x1000, On), (0x100, On), (0x102, Jump), (0x200, Return), (0x1002, On)];
    assert_eq!(spans(&execution), ["0:1:2", "0:2:1"]);
}

#[test]
fn a_handler_may_go_on_with_another() {
    let execution = [(0x100, Branch(0x200)), (0x200, On), (0x202, Return), (0x1002, On)];
    assert_eq!(spans(&execution), ["0:1:1 0:2:2"]);
}

#[test]
fn what_interrupts_a_handler_is_a_part_of_it() {
    let execution = [
        (0x100, Call),
        (0x300, On),
        (0x200, Call),
        (0x400, Return),
        (0x202, Return),
        (0x302, Return),
        (0x102, Return),
        (0x1000, On),
    ];
    assert_eq!(spans(&execution), ["0:1:1 1:3:1 2:2:1 3:4:1 2:2:1 1:3:1 0:1:1"]);
}

/// A handler above the kernel that calls code of threads.
const ABOVE: [(u32, Flow); 4] = [(0x500, Call), (0x1100, On), (0x1102, Return), (0x504, Return)];

#[test]
fn what_comes_above_the_kernel_is_no_part_of_it() {
    let execution = [
        (0x1000, On),
        (0x100, On),
        (0x102, Call),
        (0x300, On),
        (0x302, Return),
        (0x104, On),
        (0x106, Return),
        (0x1002, On),
    ];
    let expected = ["0:1:2 1:3:2 0:1:2"];
    assert_eq!(spans(&execution), expected);
    for place in 0..=execution.len() {
        let (before, after) = execution.split_at(place);
        assert_eq!(spans(&[before, &ABOVE, after].concat()), expected, "{place}");
        let twice = [before, &ABOVE, &ABOVE, after].concat();
        assert_eq!(spans(&twice), expected, "two at {place}");
    }
}

#[test]
fn handlers_above_the_kernel_interrupt_each_other() {
    for place in 0..=ABOVE.len() {
        let (before, after) = ABOVE.split_at(place);
        let inner = [(0x600, On), (0x602, Return)];
        let execution = [&[(0x100, On)], before, &inner, after, &[(0x102, Return), (0x1000, On)]];
        assert_eq!(spans(&execution.concat()), ["0:1:2"], "{place}");
    }
}

#[test]
fn an_instruction_that_is_taken_again_above_the_kernel_is_one() {
    let execution = [(0x100, On), (0x500, On), (0x500, On), (0x502, Return), (0x102, Return)];
    assert_eq!(spans(&[&execution[..], &[(0x1000, On)]].concat()), ["0:1:2"]);
}

#[test]
fn functions_may_go_on_with_others_and_return_from_several_calls() {
    let execution = [
        (0x100, Call),
        (0x300, Call),
        (0x400, Jump), // to another function, which returns for it
        (0x300, Branch(0x320)),
        (0x320, Return),
        (0x302, Jump), // within the function
        (0x310, Return),
        (0x102, On),
        (0x104, Return),
        (0x1000, On),
    ];
    assert_eq!(spans(&execution), ["0:1:1 1:3:1 2:4:1 2:3:2 1:3:2 0:1:2"]);
}

#[test]
fn returns_and_calls_that_are_not_done_change_nothing() {
    let execution = [(0x100, Return), (0x102, Call), (0x104, Jump), (0x1000, On)];
    assert_eq!(spans(&execution), ["0:1:3"]);
}

#[test]
fn an_exception_may_return_from_deep_within() {
    for last in [Jump, Return] {
        let execution = [
            (0x100, Call),
            (0x300, last),
            (0x1002, On),
            (0x200, On),
            (0x202, Return),
            (0x1004, On),
        ];
        assert_eq!(spans(&execution), ["0:1:1 1:3:1", "0:2:2"]);
    }
}

#[test]
fn an_instruction_that_is_taken_again_counts_once() {
    let execution = [(0x100, On), (0x102, On), (0x102, On), (0x104, Return), (0x1000, On)];
    assert_eq!(spans(&execution), ["0:1:3"]);
}

#[test]
fn only_the_instruction_for_it_ends_an_exception() {
    // On the way, a function is called, goes on elsewhere, and returns; the handler goes on at another start.
    let execution = [
        (0x100, Call),
        (0x300, Register),
        (0x400, On),
        (0x402, Register),
        (0x102, Register),
        (0x300, On),
        (0x302, ExceptionReturn),
        // (The thread continues at the next instruction in memory.)
        (0x304, On),
        (0x200, ExceptionReturn),
        (0x100, ExceptionReturn),
        (0x1000, On),
    ];
    assert_eq!(spans(&execution), ["0:1:1 1:3:1 1:4:2 0:1:1 0:3:2", "0:2:1", "0:1:1"]);
}

#[test]
fn a_span_ends_where_an_interrupt_is_served() {
    let execution = [
        (0x1000, On),
        (0x100, On),
        (0x102, Call),
        (0x400, On),
        (0x402, Branch(0x420)),
        (0x420, On),
        (0x422, Branch(0x420)),
        (0x420, On),
        (0x422, Register),
        (0x104, ExceptionReturn),
        (0x1002, On),
    ];
    let expected = ["0:1:2 1:4:2", "0:1:0 1:4:2", "0:1:0 1:4:2 0:1:1"];
    assert_eq!(spans(&execution), expected);
}

#[test]
fn an_interrupt_that_a_look_has_found_may_be_served_in_the_same_handler() {
    let way = [
        (0x382, If(false)),
        (0x390, Register),
        (0x104, Call),
        (0x400, Branch(0x420)),
        (0x420, On),
        (0x422, Register),
        (0x106, ExceptionReturn),
        (0x1002, On),
    ];
    let expected = ["0:1:2 1:3:3 0:1:1 1:4:1 look:1:3", "0:1:0 1:4:2 0:1:1"].map(str::to_owned);
    assert_eq!(spans_with_a_look(&way), Ok(expected.to_vec()));
}

#[test]
fn a_reset_ends_everything() {
    let reset = [(0x40, On), (0x1000, On), (0x100, Return), (0x1000, On)];
    for before in [&[(0x100, Call), (0x300, On)], &[(0x100, Call), (0x500, On)]] {
        assert_eq!(spans(&[&before[..], &reset].concat()), ["0:1:1"]);
    }
}

#[test]
fn a_handler_whose_end_was_missed_is_told() {
    let functions = functions();
    let mut tracker = started();
    let mut execute =
        |address, flow| tracker.executed(&Instruction::with_flow(address, 2, flow, &functions));
    assert_eq!(execute(0x100, On), Ok(None));
    let why = "a handler goes on at 0x1000, where only threads do".to_owned();
    assert_eq!(execute(0x1000, On), Err(why));
}

#[test]
fn handlers_count_once_a_thread_has_run() {
    let functions = functions();
    let mut tracker = Tracker::default();
    let early = [(0x40, On), (0x100, Return), (0x42, On)];
    let later = [(0x1000, On), (0x100, Return), (0x1002, On)];
    let again = [(0x40, On), (0x100, Return), (0x42, On)];
    let mut count = |execution: &[(u32, Flow)]| {
        let ended = execution.iter().map(|&(address, flow)| {
            tracker.executed(&Instruction::with_flow(address, 2, flow, &functions)).unwrap()
        });
        ended.flatten().count()
    };
    assert_eq!([count(&early), count(&later), count(&again)], [0, 1, 0]);
}

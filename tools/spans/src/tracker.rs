// SPDX-License-Identifier: MIT OR Apache-2.0
//! Follows execution into handlers and out of them.

use crate::span::Look;
use crate::{Flow, Instruction, Role, Span};

/// After a look for an interrupt, the value that it has read is tested within this number of instructions.
const DISTANCE: usize = 16;

/// The state of the execution so far.
#[derive(Debug, Default)]
pub struct Tracker {
    last: Option<Instruction>,
    /// `true` if a thread has run since the last reset. Before, the kernel is still starting, and no interrupt has to
    /// be served.
    has_started: bool,
    /// The handler that the CPU is executing.
    handler: Option<Handler>,
    /// The handlers above the kernel that run now, if there are any.
    above: Option<Above>,
}

/// Running handlers above the kernel. They are not a part of the kernel's spans. After them, execution continues as if
/// they had not run.
#[derive(Debug)]
struct Above {
    last: Instruction,
    /// The number of other handlers that have interrupted the first of them, directly or indirectly.
    others: usize,
}

/// A handler that runs.
#[derive(Debug, Default)]
struct Handler {
    span: Span,
    /// The return address of each function that was called; `None` if an exception made the call.
    returns: Vec<Option<u32>>,
    /// A look for an interrupt that is not finished.
    look: Option<Glance>,
}

/// A look for an interrupt whose result is not known yet, because the value that it has read is tested later.
#[derive(Clone, Copy, Debug)]
struct Glance {
    /// The index of the look.
    index: usize,
    /// The number of instructions since the look, including the look itself.
    since: usize,
    /// The condition of the next instructions (`true` if they are executed when the value is 0), and their number.
    block: (bool, u8),
}

impl Tracker {
    /// Returns `true` if the last instruction was one of a handler.
    #[must_use]
    pub fn is_handling(&self) -> bool {
        self.handler.is_some()
    }

    /// Takes an instruction that is about to be executed. Returns the span that has ended with the instruction before
    /// it.
    ///
    /// For code that only threads execute, the first instruction of each block is enough.
    ///
    /// # Errors
    /// If a handler executes code of threads, because then the end of the handler was missed; if a handler has found an
    /// interrupt, but no interrupt is served next; or if the value of a look is never tested.
    pub fn executed(&mut self, instruction: &Instruction) -> Result<Option<Span>, String> {
        let address = instruction.address;
        let last = self.above.as_ref().map(|above| above.last).or(self.last);
        if last.is_some_and(|last| last.address == address) {
            // If an instruction accesses a device, the emulator may execute it a second time.
            return Ok(None);
        }
        if self.is_above(instruction) {
            return Ok(None);
        }
        let last = self.last.replace(*instruction);
        let mut ended = None;
        if let (Some(handler), Some(last)) = (&mut self.handler, last)
            && handler.has_ended(&last, instruction)
        {
            ended = self.handler.take().map(|handler| handler.span);
            let found = ended.as_ref().and_then(|span| span.look).is_some();
            if found && instruction.role != Role::Handler {
                return Err(format!(
                    "an interrupt was found, and is not served before {address:#x}"
                ));
            }
        }
        if let (Some(handler), Some(last)) = (&mut self.handler, last) {
            ended = handler.look(&last, instruction)?.or(ended);
        }
        let enters = |role| instruction.is_start && instruction.role == role;
        self.has_started |= instruction.role == Role::Thread;
        if enters(Role::Reset) {
            (self.handler, self.has_started) = (None, false);
        } else if enters(Role::Handler) && self.has_started {
            match &mut self.handler {
                None => self.handler = Some(Handler::default()),
                // A function that interrupts a handler is a part of it. A function to which a handler jumps is not.
                Some(handler) if last.is_none_or(|last| !last.goes_on_at(address)) => {
                    handler.returns.push(None);
                }
                Some(_) => {}
            }
        }
        if let Some(handler) = &mut self.handler {
            if instruction.role == Role::Thread {
                return Err(format!("a handler goes on at {address:#x}, where only threads do"));
            }
            handler.span.add(handler.returns.len(), instruction.function);
            if let Some(index) = instruction.look {
                handler.look = Some(Glance { index, since: 0, block: (false, 0) });
            }
        }
        Ok(ended)
    }

    /// Returns `true` if this instruction is executed above the kernel.
    fn is_above(&mut self, instruction: &Instruction) -> bool {
        if let Some(above) = &mut self.above {
            let last = std::mem::replace(&mut above.last, *instruction);
            // Only the first function of the handler returns to the interrupted code, because only the CPU enters it.
            if last.role == Role::Above && last.flow == Flow::Return {
                match above.others.checked_sub(1) {
                    Some(others) => above.others = others,
                    None => self.above = None,
                }
            }
        }
        if instruction.is_start && instruction.role == Role::Reset {
            self.above = None;
        }
        if instruction.is_start && instruction.role == Role::Above {
            match &mut self.above {
                Some(above) => above.others += 1,
                None => self.above = Some(Above { last: *instruction, others: 0 }),
            }
        }
        self.above.is_some()
    }
}

impl Handler {
    /// Follows a look for an interrupt up to the test of what it has read. Returns the span that ends there, if the look
    /// found nothing.
    fn look(&mut self, last: &Instruction, next: &Instruction) -> Result<Option<Span>, String> {
        let Some(look) = &mut self.look else { return Ok(None) };
        look.since += 1;
        let (is_for_zero, left) = look.block;
        look.block.1 = left.saturating_sub(1);
        let goes_elsewhere = next.address != last.next;
        let Glance { index, since, .. } = *look;
        let was_zero = match last.flow {
            Flow::If(for_zero) => for_zero == goes_elsewhere,
            Flow::Block(for_zero, count) => {
                look.block = (for_zero, count);
                return Ok(None);
            }
            Flow::On if since < DISTANCE => return Ok(None),
            Flow::Branch(_) | Flow::Return | Flow::Jump if left > 0 => {
                is_for_zero == goes_elsewhere
            }
            Flow::Branch(_) | Flow::Return if since < DISTANCE => return Ok(None),
            _ => {
                return Err(format!("no test of a look for interrupts before {:#x}", last.address));
            }
        };
        self.look = None;
        if was_zero {
            let next = self.span.look_in_vain(index, since as u64);
            return Ok(Some(std::mem::replace(&mut self.span, next)));
        }
        if self.span.look.is_none() {
            self.span.look = Some(Look { index, left: Some(0) });
        }
        Ok(None)
    }

    /// Follows the effect of `last`, after which `next` is executed. Returns `true` if it was the return of the
    /// exception.
    fn has_ended(&mut self, last: &Instruction, next: &Instruction) -> bool {
        match last.flow {
            // A conditional instruction may not be executed.
            _ if next.address == last.next => return false,
            Flow::On | Flow::If(_) | Flow::Block(..) | Flow::Branch(_) => return false,
            Flow::Call => {
                self.returns.push(Some(last.next));
                return false;
            }
            Flow::Return | Flow::Jump => {}
        }
        // A return from an exception that has interrupted a handler is not the return of the handler.
        let own =
            self.returns.iter().rposition(Option::is_none).map_or(0, |exception| exception + 1);
        if let Some(call) = self.returns[own..].iter().rposition(|&to| to == Some(next.address)) {
            self.returns.truncate(own + call);
            return false;
        }
        let stays = if next.is_start {
            // The function returns in place of the function that has jumped to it.
            next.role == Role::Any && self.returns.len() > own
        } else {
            last.function == next.function
        };
        if last.flow == Flow::Jump && stays {
            return false;
        }
        self.returns.truncate(own.saturating_sub(1));
        own == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Function, Functions};

    /// Returns two handlers, at 0x100 and 0x200, two functions of the kernel, at 0x300 and 0x400, and two handlers
    /// above it, at 0x500 and 0x600. Code of threads is at 0x1000, where a thread starts. The second of two looks is at
    /// 0x380.
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
        Functions::new(functions.to_vec(), vec![0x480, 0x380])
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
            let span =
                tracker.executed(&Instruction::with_flow(address, 2, flow, &functions)).unwrap();
            spans.extend(span.map(|span| span.to_string().trim_end().to_owned()));
        }
        spans
    }

    use Flow::{Block, Branch, Call, If, Jump, On, Return};

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
    const ABOVE: [(u32, Flow); 4] =
        [(0x500, Call), (0x1100, On), (0x1102, Return), (0x504, Return)];

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
            let execution =
                [&[(0x100, On)], before, &inner, after, &[(0x102, Return), (0x1000, On)]];
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
}

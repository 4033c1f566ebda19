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
    /// The register with the value, if it is known.
    register: Option<u8>,
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
            if instruction.serves {
                // (A span that ends with a look here is longer than the other one, which has just begun.)
                ended = ended.or(Some(handler.serve()));
            }
            handler.span.add(handler.returns.len(), instruction.function);
            if let Some(index) = instruction.look {
                let register = instruction.registers.set;
                handler.look = Some(Glance { index, since: 0, block: (false, 0), register });
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
        let Glance { index, since, register, .. } = *look;
        if register.is_some() {
            // The compiler may have put other tests before that of the value, and may skip that one.
            let is_lost = since > 1 && last.registers.set == register
                || matches!(last.flow, Flow::Call | Flow::ExceptionReturn);
            let is_tested = matches!(last.flow, Flow::If(_)) && last.registers.tested == register;
            if is_lost || !is_tested {
                self.look = self.look.filter(|_| !is_lost && since < DISTANCE);
                return Ok(None);
            }
        }
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

    /// Begins to serve an interrupt. Returns the span that ends there.
    fn serve(&mut self) -> Span {
        let next = self.span.begin_next();
        std::mem::replace(&mut self.span, next)
    }

    /// Follows the effect of `last`, after which `next` is executed. Returns `true` if it was the return of the
    /// exception.
    fn has_ended(&mut self, last: &Instruction, next: &Instruction) -> bool {
        match last.flow {
            Flow::ExceptionReturn => return true,
            // A conditional instruction may not be executed.
            _ if next.address == last.next => return false,
            Flow::On | Flow::If(_) | Flow::Block(..) | Flow::Branch(_) => return false,
            Flow::Call => {
                self.returns.push(Some(last.next));
                return false;
            }
            Flow::Return | Flow::Jump | Flow::Register => {}
        }
        // A return from an exception that has interrupted a handler is not the return of the handler.
        let own =
            self.returns.iter().rposition(Option::is_none).map_or(0, |exception| exception + 1);
        if let Some(call) = self.returns[own..].iter().rposition(|&to| to == Some(next.address)) {
            self.returns.truncate(own + call);
            return false;
        }
        if last.flow == Flow::Register {
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
mod tests;

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Traps, told to the core. Each function makes one call of the core and carries out the [`Effect`] that it returns. This
//! is the same on every machine, so it is whole.

use crate::fault;
use crate::machine::Machine;
use crossgate_abi::{ARGUMENT_WORDS, Word};
use crossgate_kernel::call::{Enter, Return};
use crossgate_kernel::{Effect, Kernel};

/// How a trap ends.
#[derive(Debug)]
pub enum Way {
    /// Into a method: a first context with these words is written below the window, and loaded.
    Enter(Enter),
    /// Back to a caller, whose context is where this says: status and results go into its saved registers.
    Leave(Return),
    /// As the effect says: a status into the saved registers of the thread that trapped, if there is one, and the same
    /// thread goes on; or the context of the thread that is current now is [loaded](crate::exit::load).
    Follow(Effect),
}

/// The current thread, whose registers are saved at `stack_pointer`, calls a method.
pub fn call(
    kernel: &mut Kernel<Machine>,
    stack_pointer: Word,
    selector: Word,
    words: &mut [Word; ARGUMENT_WORDS],
) -> Way {
    match kernel.call(stack_pointer, selector, words) {
        Ok(entry) => Way::Enter(entry),
        Err(effect) => Way::Follow(effect),
    }
}

/// The current thread returns from a method.
pub fn leave(kernel: &mut Kernel<Machine>, words: &[Word; ARGUMENT_WORDS]) -> Way {
    match kernel.leave_with_care(words) {
        Ok(exit) => Way::Leave(exit),
        Err(effect) => Way::Follow(effect),
    }
}

/// The current thread makes another system call.
pub fn system_call(
    kernel: &mut Kernel<Machine>,
    stack_pointer: Word,
    number: Word,
    words: &mut [Word; ARGUMENT_WORDS],
) -> Way {
    Way::Follow(kernel.system_call(stack_pointer, number, words))
}

/// The timer has come.
pub fn timer(kernel: &mut Kernel<Machine>) -> Way {
    Way::Follow(kernel.timer())
}

/// An interrupt line is active.
pub fn interrupt(kernel: &mut Kernel<Machine>, line: u16) -> Way {
    Way::Follow(kernel.interrupt(line))
}

/// The CPU refused what the current thread wanted.
pub fn fault(kernel: &mut Kernel<Machine>) -> Way {
    let report = fault::read();
    Way::Follow(kernel.fault(report.cause, report.instruction, report.address))
}

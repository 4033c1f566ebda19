// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handlers of traps. Each function makes one call of the core and carries out the [`Effect`] that it returns. This
//! file is the same on every machine, so it is complete.

use crate::fault_status;
use crate::machine::Machine;
use crossgate_abi::{ARGUMENT_WORDS, Word};
use crossgate_kernel::call::{Enter, Return};
use crossgate_kernel::{Effect, Kernel};

/// The end of a trap.
#[derive(Debug)]
pub enum Way {
    /// Enters a method: a first context with these words is written below the window, and loaded.
    Enter(Enter),
    /// Returns to a caller, whose context is at the given place: status and results go into its saved registers. Then a
    /// context is loaded, because another thread may be more urgent than the caller.
    Leave(Return),
    /// Carries out the effect: a status, if there is one, goes into the saved registers of the thread that trapped. Then
    /// either the same thread continues, or a context is loaded.
    Follow(Effect),
    /// [Loads](crate::exit::load) the context of the most urgent thread.
    Load,
}

/// Makes a call of a method for the current thread, whose registers are saved at `stack_pointer`.
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

/// Returns the current thread from a method.
pub fn leave(kernel: &mut Kernel<Machine>, words: &[Word; ARGUMENT_WORDS]) -> Way {
    kernel.leave_with_care(words).map_or(Way::Load, Way::Leave)
}

/// Makes another system call for the current thread.
pub fn system_call(
    kernel: &mut Kernel<Machine>,
    stack_pointer: Word,
    number: Word,
    words: &mut [Word; ARGUMENT_WORDS],
) -> Way {
    Way::Follow(kernel.system_call(stack_pointer, number, words))
}

/// Handles the interrupt of the timer.
pub fn timer(kernel: &mut Kernel<Machine>) -> Way {
    kernel.timer();
    Way::Load
}

/// Handles an active interrupt line.
pub fn interrupt(kernel: &mut Kernel<Machine>, line: u16) -> Way {
    kernel.interrupt(line);
    Way::Load
}

/// Handles a fault of the current thread.
pub fn fault(kernel: &mut Kernel<Machine>) -> Way {
    let report = fault_status::read();
    kernel.fault(report.cause, report.instruction, report.address);
    Way::Load
}

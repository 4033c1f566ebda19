// SPDX-License-Identifier: MIT OR Apache-2.0
//! The amount of its stack that a thread has used. If it is more than the thread declares, it is reported at the end of
//! the program. Processes that may inspect can also ask for it.
//!
//! Code of a host takes more stack than code of a microcontroller. So a thread has more stack than it declares, and may
//! use it. Stacks are zero at first, so words that are not zero were used. A callee's stack starts at the next border
//! of a [step](STEP) below its caller's stack. So there may be unused words between them, and each step is checked
//! separately.

use crate::linux::output;
use crate::pages::STEP;
use crossgate_abi::table::System;
use crossgate_protection::Span;

/// Reports the threads that have used more stack than they declare in the wiring. `open` opens a stack.
pub fn tell(system: &System, wiring: &System, open: impl Fn(Span)) {
    for (thread, declared) in system.threads.iter().zip(wiring.threads).skip(1) {
        let stack = thread.stack_range().into();
        open(stack);
        let (used, declared) = (used(stack), declared.stack_size);
        if used > declared {
            let process = system.processes.get(thread.process.index());
            output::tell(format_args!(
                "crossgate: thread {} of process {} has used {used} bytes of stack here, and declares {declared}",
                thread.name,
                process.map_or("?", |process| process.name),
            ));
        }
    }
}

/// Returns the part of a stack to check next, from `from` bytes above its start on: the rest of a step, if there is
/// one.
pub fn step_from(stack: Span, from: usize) -> Option<Span> {
    let step = stack.start.checked_add(from / STEP * STEP)?;
    (step < stack.end).then_some(Span { start: step, end: step + STEP })
}

/// Returns how many bytes of a stack, which is open, were used.
fn used(stack: Span) -> usize {
    let steps = (stack.start..stack.end).step_by(STEP);
    steps.map(|start| used_of_step(Span { start, end: start + STEP })).sum()
}

/// Returns how many bytes of a step, which is open, were used.
pub fn used_of_step(step: Span) -> usize {
    let words = (step.start..step.end).step_by(size_of::<u64>());
    let is_used = |&word: &usize| {
        // SAFETY: the address is that of a word of a stack. The stack is open, and no thread runs at this time.
        unsafe { core::ptr::with_exposed_provenance::<u64>(word).read() != 0 }
    };
    words.into_iter().find(is_used).map_or(0, |lowest| step.end - lowest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_used_from_its_end() {
        let mut words = vec![0_u64; 3 * STEP / size_of::<u64>()];
        let start = words.as_ptr().expose_provenance();
        let stack = Span { start, end: start + 3 * STEP };
        assert_eq!(used(stack), 0);
        *words.last_mut().unwrap() = 1;
        assert_eq!(used(stack), 8);
        words[2 * STEP / 8 - 4] = 1;
        words[2 * STEP / 8 - 2] = 1;
        assert_eq!(used(stack), 8 + 32);
        words[0] = 1;
        assert_eq!(used(stack), 8 + 32 + STEP);
    }
}

//! What a thread had in its registers and on its stack when it crashed.

use crate::context::Context;
use crate::machine::Machine;
use crossgate_abi::Word;
use crossgate_abi::inspect::dump::{REGISTER_COUNT, STACK_WORDS};
use crossgate_kernel::memory::Span;
use crossgate_kernel::thread::Thread;

/// Where the stack pointer is among the registers of a dump.
const STACK_POINTER: usize = 4;

/// As [`Port::dump`](crossgate_kernel::port::Port::dump).
pub fn dump(
    machine: &Machine,
    thread: &Thread,
    window: Span,
    registers: &mut [Word; REGISTER_COUNT],
    stack: &mut [Word; STACK_WORDS],
) -> usize {
    let mut length = 0;
    with_stack(machine, window, || {
        match machine.faulted {
            Some(faulted) => *registers = faulted,
            None => match saved(thread.stack_pointer, window) {
                Some(saved) => *registers = saved,
                None => return,
            },
        }
        let start = registers[STACK_POINTER].checked_next_multiple_of(size_of::<Word>());
        if let Some(start) = start.filter(|&start| window.start <= start) {
            for (place, address) in
                stack.iter_mut().zip((start..window.end).step_by(size_of::<Word>()))
            {
                // SAFETY: it is a word of the stack, which is open; no thread runs meanwhile.
                *place = unsafe { core::ptr::with_exposed_provenance::<Word>(address).read() };
                length += 1;
            }
        }
    });
    length
}

/// The registers of a thread whose context was saved there.
fn saved(context: Word, window: Span) -> Option<[Word; REGISTER_COUNT]> {
    let place = Span::new(context, Context::SIZE).filter(|&place| window.contains(place))?;
    if !context.is_multiple_of(align_of::<Context>()) {
        return None;
    }
    // SAFETY: it is in the stack, which is open, and any bytes are a context; no thread runs meanwhile.
    let context = unsafe { &*core::ptr::with_exposed_provenance::<Context>(context) };
    let [rdi, rsi, rdx, rcx] = context.words;
    let [r15, r14, r13, r12, rbx, rbp] = context.saved;
    let (rax, rsp, rip) = (context.selector, place.end, context.return_address);
    // What is not saved is nobody's.
    Some([rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, 0, 0, 0, 0, r12, r13, r14, r15, rip])
}

/// Has what the stack has of a process open for a while.
fn with_stack(machine: &Machine, window: Span, work: impl FnOnce()) {
    if machine.opening.domain.stack.contains(window) {
        work();
    } else {
        machine.with_open(window, work);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handlers of system calls, interrupts and faults.
//!
//! Each function makes one call of the core, carries out the [`Effect`] that it returns, and returns the [`Way`] out.

use crate::context::Context;
use crate::linux::{output, program};
use crate::machine::{Machine, Resume, window_of, window_top, with_kernel};
use crate::start::run;
use crate::way::{Answer, Start, Way};
use crate::words::{ATTENTION, DEADLINE, DEVICE, PENDING, STEP, TIMER};
use crate::{copies, exit, fault_status, lending, step, strays};
use core::sync::atomic::Ordering;
use crossgate_abi::number;
use crossgate_abi::number::hosted::{self, HostedCall};
use crossgate_abi::{Cause, Status, Word};
use crossgate_kernel::call::Enter;
use crossgate_kernel::wait::Pending;
use crossgate_kernel::{Effect, Kernel};
use crossgate_protection::Span;

/// Handles a call of the gate, which has saved the registers of the current thread.
pub extern "C" fn enter(context: *mut Context) -> Way {
    with_kernel(|kernel| {
        step::arrived();
        let way = system_call(kernel, context);
        kernel.port.open_at_exit();
        way
    })
}

/// Starts the first thread.
pub fn first(kernel: &mut Kernel<Machine>) -> Way {
    let way = load(kernel);
    kernel.port.open_at_exit();
    way
}

fn system_call(kernel: &mut Kernel<Machine>, context: *mut Context) -> Way {
    let window = window_of(kernel.current());
    let stack_pointer = context.addr();
    let is_open =
        Span::new(stack_pointer, Context::SIZE).is_some_and(|saved| window.contains(saved));
    if !is_open || !stack_pointer.is_multiple_of(align_of::<Context>()) {
        kernel.fault(Cause::Stack, 0, 0);
        return load(kernel);
    }
    // SAFETY: the context lies in the open part of the thread's stack, which only that thread uses.
    let context = unsafe { &mut *context };
    dispatch(kernel, stack_pointer, context)
}

fn dispatch(kernel: &mut Kernel<Machine>, stack_pointer: Word, context: &mut Context) -> Way {
    let selector = context.selector;
    if selector.cast_signed() >= 0 {
        kernel.port.clock.count();
        return call(kernel, stack_pointer, context);
    }
    let number = number::system_call(selector);
    if number != hosted::INTERRUPT {
        kernel.port.clock.count();
    }
    if number == number::RETURN {
        return leave(kernel, context);
    }
    let Some(call) = HostedCall::from_number(number) else {
        let effect = kernel.system_call(stack_pointer, number, &mut context.words);
        return follow(kernel, stack_pointer, context, effect);
    };
    // There is no `_` arm, so that an entry of the list without an action does not compile.
    let effect = match call {
        HostedCall::Interrupt => return interrupt(kernel, stack_pointer, context),
        HostedCall::Idle => {
            if kernel.thread_id() == 0 {
                if kernel.port.devices.idle() {
                    kernel.port.end(0);
                }
                if !kernel.rest() {
                    kernel.port.clock.idle();
                }
            }
            return interrupt(kernel, stack_pointer, context);
        }
        HostedCall::DeviceRead | HostedCall::DeviceWrite => {
            return device(kernel, stack_pointer, context);
        }
        HostedCall::Say | HostedCall::End if !kernel.port.semihosting => {
            Effect::reply(Status::NO_SUCH_SYSTEM_CALL)
        }
        HostedCall::Say => {
            output::say(context.words[0] as u8);
            Effect::reply(Status::OK)
        }
        HostedCall::End => kernel.port.end(context.words[0] as i32),
        HostedCall::InterfaceOf => {
            let (system, index) = (kernel.port.system, context.words[0]);
            let gate = system.gates.get(index);
            let service = gate.and_then(|gate| system.services.get(gate.service.index()));
            let service = service.filter(|service| usize::from(service.gate) == index);
            context.words[1] = service.map_or(0, |service| service.interface as *const () as Word);
            Effect::reply(Status::OK)
        }
        HostedCall::HeapOf => {
            let process = kernel.current().rights().process;
            let region = kernel.port.regions.get(process.index());
            context.words[1] = region.map_or(0, |region| region.heap);
            Effect::reply(Status::OK)
        }
        HostedCall::NameOf => {
            let process = kernel.port.system.processes.get(context.words[0]);
            let name = process.map_or("", |process| process.name);
            (context.words[1], context.words[2]) = (name.as_ptr().addr(), name.len());
            Effect::reply(Status::OK)
        }
    };
    follow(kernel, stack_pointer, context, effect)
}

/// Reads or writes a register of a device for the current thread.
fn device(kernel: &mut Kernel<Machine>, stack_pointer: Word, context: &mut Context) -> Way {
    let [start, register, value, _] = context.words;
    let process = kernel.current().rights().process;
    if !kernel.port.owns(process, start) {
        kernel.fault(Cause::Access, program::in_program(context.return_address), start);
        return load(kernel);
    }
    if number::system_call(context.selector) == hosted::DEVICE_READ {
        context.words[1] = kernel.port.read_device(start, register);
    } else {
        kernel.port.write_device(start, register, value);
    }
    follow(kernel, stack_pointer, context, Effect::reply(Status::OK))
}

/// Makes a call of a method for the current thread.
fn call(kernel: &mut Kernel<Machine>, stack_pointer: Word, context: &mut Context) -> Way {
    let (selector, mut words) = (context.selector, context.words);
    let (system, stack) = (kernel.port.system, kernel.current().stack());
    copies::name_originals(kernel.current(), system, selector, &mut words);
    lending::from_stack(stack);
    match kernel.call(stack_pointer, selector, &words) {
        Ok(entry) => {
            kernel.account();
            let (rights, mut words) = (entry.rights, entry.words);
            let (thread, top) = (kernel.current_thread(), entry.stack_top);
            let stack_pointer = copies::copy_in(thread, &kernel.port, selector, &mut words, top);
            kernel.port.open(stack, rights);
            let [first, second, third, fourth] = words;
            let Enter { entry, object, .. } = entry;
            let arguments = [object.addr(), first, second, third, fourth, entry];
            let target = run as *const () as Word;
            begin(kernel, Start { stack_pointer, target, arguments })
        }
        Err(effect) => follow(kernel, stack_pointer, context, effect),
    }
}

/// Returns the current thread from a method.
fn leave(kernel: &mut Kernel<Machine>, context: &mut Context) -> Way {
    let lent = copies::Copies::of(kernel.current());
    let stack = kernel.current().stack();
    let (exit, short) = match kernel.leave(&context.words) {
        Some(exit) => (exit, true),
        None => match kernel.leave_with_care(&context.words) {
            Some(exit) => (exit, false),
            None => return load(kernel),
        },
    };
    kernel.port.open(stack, exit.rights);
    if !lent.is_empty() {
        kernel.port.open_now();
        lent.copy_out(&kernel.port);
    }
    let words = [exit.status.0, exit.words[0], exit.words[1]];
    if short {
        return answer(kernel, exit.stack_pointer, words);
    }
    kernel.port.open_now();
    let context = core::ptr::with_exposed_provenance_mut::<Context>(exit.stack_pointer);
    // SAFETY: the caller's context was saved there, and its stack is open again.
    unsafe { (&mut (*context).words)[..words.len()].copy_from_slice(&words) };
    load(kernel)
}

/// Continues after a system call that returns these words.
fn answer(kernel: &mut Kernel<Machine>, stack_pointer: Word, words: [Word; 3]) -> Way {
    kernel.port.answer = Answer { stack_pointer, words };
    Way { exit: exit::answer, argument: (&raw const kernel.port.answer).addr() }
}

/// Handles an interrupt of the current thread. (A thread can also call this when nothing is pending. This does no
/// harm.)
fn interrupt(kernel: &mut Kernel<Machine>, stack_pointer: Word, context: &Context) -> Way {
    kernel.current().stack_pointer = stack_pointer;
    let interrupted = kernel.thread_id();
    // This reads the window now, because the thread may be in another process later.
    let window = window_of(kernel.current());
    let pending = PENDING.swap(0, Ordering::Relaxed);
    if pending & ATTENTION != 0 {
        strays::tell_strays(false);
        if let Some(status) = strays::end() {
            kernel.port.end(status);
        }
    }
    if pending & DEADLINE != 0 {
        kernel.port.clock.bring_forward();
    }
    if pending & (TIMER | DEADLINE) != 0 {
        kernel.timer();
        // Devices share the timer with the core, so the core sets it first.
        kernel.reschedule();
    }
    if pending & (TIMER | DEADLINE | DEVICE) != 0 {
        kernel.port.advance_devices();
        while let Some(line) = kernel.port.devices.raised() {
            kernel.interrupt(line);
        }
    }
    kernel.reschedule();
    // Only the interrupted thread is single-stepped, not another thread that continues now.
    if pending & STEP != 0 && kernel.thread_id() == interrupted && interrupted != 0 {
        let steps = kernel.port.clock.take_steps();
        step::begin(context, window, steps);
    }
    load(kernel)
}

/// Handles a fault of the current thread.
pub extern "C" fn fault() -> Way {
    with_kernel(|kernel| {
        step::arrived();
        let way = crash(kernel);
        kernel.port.open_at_exit();
        way
    })
}

fn crash(kernel: &mut Kernel<Machine>) -> Way {
    let report = fault_status::take();
    kernel.port.faulted = Some(report.registers);
    kernel.fault(report.cause, report.instruction, report.address);
    load(kernel)
}

/// Carries out the effect.
fn follow(
    kernel: &mut Kernel<Machine>,
    stack_pointer: Word,
    context: &mut Context,
    effect: Effect,
) -> Way {
    if let Some(status) = effect.status() {
        context.set_status(status);
    }
    if effect.switch {
        return load(kernel);
    }
    Way { exit: exit::resume, argument: stack_pointer }
}

/// Continues with the most urgent thread.
pub fn load(kernel: &mut Kernel<Machine>) -> Way {
    kernel.reschedule();
    kernel.account();
    let id = kernel.thread_id();
    let thread = kernel.current();
    let (stack, rights, stack_pointer) = (thread.stack(), thread.rights(), thread.stack_pointer);
    let pending = thread.take_pending();
    kernel.port.open(stack, rights);
    if let Resume::Beginning { stack_pointer, entry } = kernel.port.resume(id, stack_pointer) {
        return begin(kernel, Start { stack_pointer, target: entry, arguments: [0; 6] });
    }
    debug_assert!(stack_pointer < window_top(stack, rights));
    match pending {
        Pending::Nothing => Way { exit: exit::resume, argument: stack_pointer },
        Pending::Retry => Way { exit: exit::retry, argument: stack_pointer },
        Pending::Reply { status, word } => answer(kernel, stack_pointer, [status.into(), word, 0]),
    }
}

fn begin(kernel: &mut Kernel<Machine>, start: Start) -> Way {
    kernel.port.start = start;
    Way { exit: exit::start, argument: (&raw const kernel.port.start).addr() }
}

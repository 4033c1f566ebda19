// SPDX-License-Identifier: MIT OR Apache-2.0
//! The signals by which Linux interrupts a thread.
//!
//! A handler does none of the kernel's work. It changes the place at which the thread continues when the handler
//! returns. After an interrupt the thread continues in code that reports the interrupt to the kernel. After a fault it
//! continues in the kernel.

use crate::entry::{self, is_on_the_way_in};
use crate::interrupt::{self, RED_ZONE};
use crate::linux::signals::{self, ENDS, FAULTS, interrupts};
use crate::linux::{keys, program};
use crate::machine::{window_of, with_kernel};
use crate::memory::STACK;
use crate::words::{
    ATTENTION, DEVICE, HANDLER_STACK_END, HAS_KEYS, PENDING, RIGHTS, SIGNAL_STACK_END, TIMER,
    is_user,
};
use crate::{fault_status, step, strays};
use core::arch::naked_asm;
use core::ffi::{c_int, c_void};
use core::mem::offset_of;
use core::sync::atomic::{AtomicI32, Ordering};
use crossgate_abi::{Cause, Word};
use crossgate_protection::Span;

/// Installs the handlers of the signals. Linux delivers signals on the signals' stack, which ends at `stack_end`. With
/// protection keys, the handlers run on another stack, because processes can write to the signals' stack: Linux needs
/// this.
///
/// # Errors
/// If Linux refuses.
pub fn install(stack_end: usize, handlers_end: usize, has_keys: bool) -> Result<(), String> {
    SIGNAL_STACK_END.store(stack_end, Ordering::Relaxed);
    HANDLER_STACK_END.store(handlers_end, Ordering::Relaxed);
    THIS.store(std::process::id().cast_signed(), Ordering::Relaxed);
    let all = || FAULTS.into_iter().chain(interrupts());
    for signal in all() {
        if ENDS.contains(&signal) && signals::is_ignored(signal) {
            continue;
        }
        let handler = if has_keys { handle_with_keys } else { handle };
        signals::handle(signal, handler, all())?;
    }
    Ok(())
}

/// Handles any signal.
pub extern "C" fn handle(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    signals::allow_any_alignment();
    if !is_from_linux(context) {
        return;
    }
    // SAFETY: Linux passes the handler its information about the signal.
    let (code, sender) = unsafe { ((*info).si_code, (*info).si_pid()) };
    let is_sent = code <= libc::SI_USER && sender != THIS.load(Ordering::Relaxed);
    if FAULTS.contains(&signal) && !is_sent {
        on_fault(signal, info, context);
    } else {
        on_interrupt(signal, sender, context);
    }
}

/// Handles a signal, if there are protection keys: Linux runs a handler without rights to memory with a key.
///
/// In: the signal in edi, its information in rsi, the context in rdx, on the signals' stack; no rights to any key. Out:
/// on that stack again, at the end of a handler. The legend is in [`entry`].
///
/// Attacker: jumps here, with arguments and a stack of its choice, and so makes a handler run with all rights
/// (`forged_signals`). The stack is the kernel's own, from memory that the attacker can't write. The address of the
/// context, through which the handler writes, is checked to be on the signals' stack ([`is_from_linux`]).
#[unsafe(naked)]
pub extern "C" fn handle_with_keys(_: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {
    naked_asm!(
        // Linux clears the flag of direction; a jump does not.
        "cld",
        // All rights, because the handler needs memory that has keys. The registers are those that `wrpkru` uses.
        "mov r8, rdx",
        "xor eax, eax",
        "xor ecx, ecx",
        "xor edx, edx",
        "wrpkru",
        "mov rdx, r8",
        // Switch to the handler's own stack, because all processes can write to the signals' stack. The return address
        // is pushed twice, for the alignment.
        "mov rax, rsp",
        "mov rsp, [rip + {handler_stack_end}]",
        "push rax",
        "push rax",
        "call {handle}",
        "mov rsp, [rsp]",
        // The rights of the current process: a process that has jumped here has no more than before. Linux gives an
        // interrupted thread its own rights back.
        "mov eax, [rip + {rights}]",
        "xor ecx, ecx",
        "xor edx, edx",
        "wrpkru",
        "ret",
        handler_stack_end = sym HANDLER_STACK_END,
        handle = sym handle,
        rights = sym RIGHTS,
    )
}

/// Returns whether Linux has written the context. A process that jumps here may pass any address instead; a context is
/// used only on the signals' stack, where nothing lies between two signals.
fn is_from_linux(context: *mut c_void) -> bool {
    let end = SIGNAL_STACK_END.load(Ordering::Relaxed);
    let size = offset_of!(libc::ucontext_t, uc_sigmask) + size_of::<u64>();
    let stack = Span { start: end - STACK, end };
    Span::new(context.addr(), size).is_some_and(|context| stack.contains(context))
}

/// The ID of this program's Linux process.
static THIS: AtomicI32 = AtomicI32::new(0);

/// Returns the registers that a handler changes.
fn registers(context: *mut c_void) -> &'static mut [i64; 23] {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: Linux passes the handler the context of the interrupted code, which the handler may change.
    unsafe { &mut (*context).uc_mcontext.gregs }
}

/// Unblocks all signals from the return of the handler on, because other threads have to be interrupted, too. (The
/// interrupted thread may have blocked signals, as some functions of the C library do.)
fn unblock_signals(context: *mut c_void) {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: as in `registers`. Linux uses only the first word of the set.
    unsafe { (&raw mut (*context).uc_sigmask).cast::<u64>().write(0) };
}

/// Makes the thread continue at `target`, with this stack pointer, and without single steps.
fn redirect(registers: &mut [i64; 23], target: *const (), stack_pointer: usize) {
    // Linux' segments for 64-bit code, and for the stack. They are set because the thread may have switched to 32-bit
    // code.
    const SEGMENTS: i64 = 0x2b << 48 | 0x33;
    registers[libc::REG_CSGSFS as usize] = SEGMENTS;
    registers[libc::REG_EFL as usize] &= !step::TRAP;
    registers[libc::REG_RIP as usize] = target.addr() as i64;
    registers[libc::REG_RSP as usize] = stack_pointer as i64;
}

fn on_interrupt(signal: c_int, sender: libc::pid_t, context: *mut c_void) {
    let what = match signal {
        libc::SIGALRM => TIMER,
        libc::SIGIO => DEVICE,
        libc::SIGVTALRM if is_user() && !step::is_going_on() => {
            with_kernel(|kernel| kernel.port.clock.tick())
        }
        libc::SIGVTALRM => 0,
        libc::SIGINT | libc::SIGTERM | libc::SIGHUP => {
            strays::note_end(signal);
            ATTENTION
        }
        _ => {
            strays::note(signal, sender);
            ATTENTION
        }
    };
    PENDING.fetch_or(what, Ordering::Relaxed);
    if is_user() && PENDING.load(Ordering::Relaxed) != 0 {
        tell_kernel(registers(context));
    }
}

/// Makes the interrupted thread, which ran user code, report an interrupt to the kernel.
fn tell_kernel(registers: &mut [i64; 23]) {
    let (instruction, stack_pointer) = place(registers);
    if is_on_the_way_in(instruction) {
        return;
    }
    let (window, rights) = with_kernel(|kernel| {
        let machine = &kernel.port;
        let rights = machine.protection.kernel_rights(&machine.opening);
        (window_of(kernel.current_thread()), rights)
    });
    const ROOM: usize = RED_ZONE + size_of::<usize>();
    if !(window.start + ROOM..=window.end).contains(&stack_pointer) {
        return to_kernel(registers, Cause::Stack, instruction, 0);
    }
    let below = stack_pointer - ROOM;
    // The write uses the rights of the thread, so that it can't write where the thread can't write.
    if let Some(rights) = rights {
        keys::set_rights(rights);
    }
    // SAFETY: the address is in the open part of the thread's stack, below the part that the thread uses.
    unsafe { core::ptr::with_exposed_provenance_mut::<usize>(below).write_unaligned(instruction) };
    redirect(registers, interrupt::by_signal as *const (), below);
}

/// Returns the instruction and stack pointer that were interrupted.
fn place(registers: &[i64; 23]) -> (usize, usize) {
    (registers[libc::REG_RIP as usize] as usize, registers[libc::REG_RSP as usize] as usize)
}

/// Makes the thread continue in the kernel, which then handles a fault of the thread.
fn to_kernel(registers: &mut [i64; 23], cause: Cause, instruction: Word, address: Word) {
    fault_status::note(registers, cause, instruction, address);
    const FLAGS: i64 = 0x202;
    registers[libc::REG_EFL as usize] = FLAGS;
    let has_keys = HAS_KEYS.load(Ordering::Relaxed) != 0;
    let entry =
        if has_keys { entry::fault_entry_with_keys } else { entry::__crossgate_fault_entry };
    let stack_pointer = registers[libc::REG_RSP as usize] as usize;
    redirect(registers, entry as *const (), stack_pointer);
}

fn on_fault(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let registers = registers(context);
    let (instruction, stack_pointer) = place(registers);
    // SAFETY: Linux passes the handler its information about the signal.
    let (address, code) = unsafe { ((*info).si_addr().addr(), (*info).si_code) };
    if signal == libc::SIGTRAP && code == libc::TRAP_TRACE {
        let flags = &mut registers[libc::REG_EFL as usize];
        if step::done(flags) && is_user() {
            tell_kernel(registers);
        }
        return;
    }
    if !is_user() {
        let instruction = program::in_program(instruction);
        program::fatal(format_args!(
            "the kernel itself crashed: signal {signal} at instruction {instruction:#x}, address {address:#x}"
        ));
    }
    let window = with_kernel(|kernel| window_of(kernel.current()));
    let is_memory = matches!(signal, libc::SIGSEGV | libc::SIGBUS);
    let access = registers[libc::REG_ERR as usize];
    let cause = if is_memory && !(window.start..=window.end).contains(&stack_pointer) {
        Cause::Stack
    } else {
        fault_status::cause(signal, access, address, window.start)
    };
    let address = if is_memory { address } else { 0 };
    unblock_signals(context);
    to_kernel(registers, cause, instruction, address);
}

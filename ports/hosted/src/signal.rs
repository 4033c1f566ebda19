//! Signals: what Linux interrupts a thread with.
//!
//! A handler does none of the kernel's work. It changes where the thread goes on when the handler
//! returns: after an interrupt in code that tells the kernel, after a fault in the kernel.

use crate::gate::{self, DEVICE, MODE, PENDING, RED_ZONE, TIMER, is_user};
use crate::host;
use crate::machine::{kernel, window_of};
use crate::memory::GUARD;
use crate::step;
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use crossgate_abi::{Cause, Word};

/// A thread has been sent to tell the kernel of an interrupt.
static SENT: AtomicBool = AtomicBool::new(false);

/// Where the stack of the handlers ends.
pub static SIGNAL_STACK_END: AtomicUsize = AtomicUsize::new(0);

/// What a fault handler leaves to the kernel.
static CAUSE: AtomicU8 = AtomicU8::new(0);
static INSTRUCTION: AtomicUsize = AtomicUsize::new(0);
static ADDRESS: AtomicUsize = AtomicUsize::new(0);

/// A fault.
pub struct Report {
    pub cause: Cause,
    pub instruction: Word,
    pub address: Word,
}

/// The fault that sent the current thread to the kernel.
pub fn report() -> Report {
    let cause = CAUSE.load(Ordering::Relaxed);
    let cause = Cause::ALL.into_iter().find(|&known| known as u8 == cause);
    Report {
        cause: cause.unwrap_or(Cause::Unknown),
        instruction: INSTRUCTION.load(Ordering::Relaxed),
        address: ADDRESS.load(Ordering::Relaxed),
    }
}

/// A thread has come to the kernel.
pub fn arrived() {
    SENT.store(false, Ordering::Relaxed);
    step::arrived();
}

/// The signals of faults.
const FAULTS: [c_int; 7] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGTRAP,
    libc::SIGABRT,
    libc::SIGSYS,
];
/// Those of interrupts.
const INTERRUPTS: [c_int; 3] = [libc::SIGALRM, libc::SIGVTALRM, libc::SIGIO];

/// Has the signals handled, on a stack of their own.
///
/// # Errors
/// Linux refuses.
pub fn install() -> Result<(), String> {
    SIGNAL_STACK_END.store(host::signal_stack()?, Ordering::Relaxed);
    let all = || FAULTS.iter().chain(&INTERRUPTS).copied();
    for signal in FAULTS {
        host::handle(signal, on_fault, all())?;
    }
    for signal in INTERRUPTS {
        host::handle(signal, on_interrupt, all())?;
    }
    Ok(())
}

/// The registers that a handler changes.
fn registers(context: *mut c_void) -> &'static mut [i64; 23] {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: Linux gives the handler the context of what it interrupted, which is its to change.
    unsafe { &mut (*context).uc_mcontext.gregs }
}

/// No signal is blocked when the handler is left, whatever the interrupted thread had blocked (as some
/// functions of the C library do): others have to be interrupted.
fn unblock_signals(context: *mut c_void) {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: as in `registers`. Of the set Linux has the first word only.
    unsafe { (&raw mut (*context).uc_sigmask).cast::<u64>().write(0) };
}

/// The thread goes on at `target`, with this stack pointer, and is not single-stepped.
fn redirect(registers: &mut [i64; 23], target: *const (), stack_pointer: usize) {
    // Linux' segments for code of 64 bits, and for the stack. The thread may have gone to code of 32 bits.
    const SEGMENTS: i64 = 0x2b << 48 | 0x33;
    registers[libc::REG_CSGSFS as usize] = SEGMENTS;
    registers[libc::REG_EFL as usize] &= !step::TRAP;
    registers[libc::REG_RIP as usize] = target.addr() as i64;
    registers[libc::REG_RSP as usize] = stack_pointer as i64;
}

extern "C" fn on_interrupt(signal: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    host::allow_any_alignment();
    let what = match signal {
        libc::SIGIO => DEVICE,
        libc::SIGVTALRM if is_user() && !step::is_going_on() => {
            // SAFETY: user code ran, so the kernel did not.
            unsafe { kernel() }.port.clock.tick()
        }
        libc::SIGVTALRM => 0,
        _ => TIMER,
    };
    PENDING.fetch_or(what, Ordering::Relaxed);
    let is_free = is_user() && !SENT.load(Ordering::Relaxed);
    if is_free && PENDING.load(Ordering::Relaxed) != 0 {
        interrupt(registers(context));
    }
}

/// Has the thread, which runs user code, tell the kernel of an interrupt.
fn interrupt(registers: &mut [i64; 23]) {
    // SAFETY: user code ran, so the kernel did not.
    let kernel = unsafe { kernel() };
    let (instruction, stack_pointer) = place(registers);
    let window = window_of(kernel.current());
    const ROOM: usize = RED_ZONE + size_of::<usize>();
    if !(window.start + ROOM..=window.end).contains(&stack_pointer) {
        return to_kernel(registers, Cause::Stack, instruction, 0);
    }
    let below = stack_pointer - ROOM;
    SENT.store(true, Ordering::Relaxed);
    // Linux lets a handler at nothing that has a key.
    if gate::HAS_KEYS.load(Ordering::Relaxed) != 0 {
        host::set_rights(gate::RIGHTS.load(Ordering::Relaxed));
    }
    // SAFETY: it is in the open part of the thread's stack, below what the thread uses.
    unsafe { core::ptr::with_exposed_provenance_mut::<usize>(below).write_unaligned(instruction) };
    redirect(registers, gate::interrupt_by_signal as *const (), below);
}

/// The instruction and stack pointer that were interrupted.
fn place(registers: &[i64; 23]) -> (usize, usize) {
    (registers[libc::REG_RIP as usize] as usize, registers[libc::REG_RSP as usize] as usize)
}

/// The thread goes on in the kernel, with a fault.
fn to_kernel(registers: &mut [i64; 23], cause: Cause, instruction: Word, address: Word) {
    CAUSE.store(cause as u8, Ordering::Relaxed);
    INSTRUCTION.store(host::in_program(instruction), Ordering::Relaxed);
    ADDRESS.store(address, Ordering::Relaxed);
    MODE.store(gate::KERNEL, Ordering::Relaxed);
    const FLAGS: i64 = 0x202;
    registers[libc::REG_EFL as usize] = FLAGS;
    let stack = gate::KERNEL_STACK_END.load(Ordering::Relaxed);
    redirect(registers, gate::fault_entry as *const (), stack);
}

extern "C" fn on_fault(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    host::allow_any_alignment();
    let registers = registers(context);
    let (instruction, stack_pointer) = place(registers);
    // SAFETY: Linux gives the handler what it knows of the signal.
    let (address, code) = unsafe { ((*info).si_addr().addr(), (*info).si_code) };
    if signal == libc::SIGTRAP && code == libc::TRAP_TRACE {
        let flags = &mut registers[libc::REG_EFL as usize];
        if step::done(flags) && is_user() {
            interrupt(registers);
        }
        return;
    }
    if !is_user() {
        host::fatal(&format!(
            "the kernel itself crashed: signal {signal} at instruction {instruction:#x}, address {address:#x}"
        ));
    }
    // SAFETY: user code ran, so the kernel did not.
    let window = window_of(unsafe { kernel() }.current());
    let is_memory = matches!(signal, libc::SIGSEGV | libc::SIGBUS);
    let access = registers[libc::REG_ERR as usize];
    let cause = if is_memory && !(window.start..=window.end).contains(&stack_pointer) {
        Cause::Stack
    } else {
        cause(signal, access, address, window.start)
    };
    let address = if is_memory { address } else { 0 };
    unblock_signals(context);
    to_kernel(registers, cause, instruction, address);
}

/// The cause of a fault of a thread whose stack pointer is in its stack, which starts at `stack`.
fn cause(signal: c_int, access: i64, address: Word, stack: Word) -> Cause {
    const INSTRUCTION_FETCH: i64 = 1 << 4;
    match signal {
        libc::SIGSEGV if (stack - GUARD..stack).contains(&address) => Cause::Stack,
        libc::SIGSEGV if access & INSTRUCTION_FETCH != 0 => Cause::Execute,
        libc::SIGSEGV => Cause::Access,
        libc::SIGBUS => Cause::Bus,
        libc::SIGABRT => Cause::Panic,
        _ => Cause::Instruction,
    }
}

//! Signals: what Linux interrupts a thread with.
//!
//! A handler does none of the kernel's work. It changes where the thread goes on when the handler
//! returns: after an interrupt in code that tells the kernel, after a fault in the kernel.

use crate::gate::{self, ATTENTION, DEVICE, PENDING, RED_ZONE, TIMER, is_user};
use crate::machine::{kernel, window_of};
use crate::memory::{GUARD, STACK};
use crate::{host, keys, step};
use core::ffi::{c_int, c_void};
use core::mem::offset_of;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use crossgate_abi::inspect::dump;
use crossgate_abi::{Cause, Word};
use crossgate_protection::Span;

/// The signal by which somebody wants the program to end, or 0.
static END: AtomicU8 = AtomicU8::new(0);

/// Where the stack of the handlers ends.
pub static SIGNAL_STACK_END: AtomicUsize = AtomicUsize::new(0);

/// What a fault handler leaves to the kernel.
static CAUSE: AtomicU8 = AtomicU8::new(0);
static INSTRUCTION: AtomicUsize = AtomicUsize::new(0);
static ADDRESS: AtomicUsize = AtomicUsize::new(0);
static REGISTERS: [AtomicUsize; dump::REGISTER_COUNT] =
    [const { AtomicUsize::new(0) }; dump::REGISTER_COUNT];

/// The registers in the order of a dump.
const DUMPED: [c_int; dump::REGISTER_COUNT] = [
    libc::REG_RAX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RBX,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
    libc::REG_RIP,
];

/// A fault.
pub struct Report {
    pub cause: Cause,
    pub instruction: Word,
    pub address: Word,
}

/// The fault that sent the current thread to the kernel.
pub fn report() -> Report {
    let cause = Cause::from_number(CAUSE.load(Ordering::Relaxed).into());
    Report {
        cause: cause.unwrap_or(Cause::Unknown),
        instruction: INSTRUCTION.load(Ordering::Relaxed),
        address: ADDRESS.load(Ordering::Relaxed),
    }
}

/// The registers with which it did, as a [dump] has them.
pub fn registers_of_fault() -> [Word; dump::REGISTER_COUNT] {
    core::array::from_fn(|index| REGISTERS[index].load(Ordering::Relaxed))
}

/// A thread has come to the kernel.
pub fn arrived() {
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
/// Those by which somebody wants the program to end.
const ENDS: [c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// Those of interrupts, `ENDS`, and those that nobody expects and that would end the program. (Of the others, Linux
/// or the program's user may expect that they do.)
pub fn interrupts() -> impl Iterator<Item = c_int> {
    [libc::SIGALRM, libc::SIGVTALRM, libc::SIGIO]
        .into_iter()
        .chain(ENDS)
        .chain([libc::SIGUSR1, libc::SIGUSR2, libc::SIGPROF, libc::SIGSTKFLT, libc::SIGPWR])
        .chain(libc::SIGRTMIN()..=libc::SIGRTMAX())
}

/// Has the signals handled, on the signals' stack, whose end this is. With protection keys the handlers have a
/// stack of their own, since Linux has to be able to write to the signals'.
///
/// # Errors
/// Linux refuses.
pub fn install(stack_end: usize, handlers_end: usize, has_keys: bool) -> Result<(), String> {
    SIGNAL_STACK_END.store(stack_end, Ordering::Relaxed);
    gate::HANDLER_STACK_END.store(handlers_end, Ordering::Relaxed);
    THIS.store(std::process::id().cast_signed(), Ordering::Relaxed);
    let all = || FAULTS.into_iter().chain(interrupts());
    for signal in all() {
        if ENDS.contains(&signal) && host::is_ignored(signal) {
            continue;
        }
        let handler = if has_keys { gate::handle_with_keys } else { handle };
        host::handle(signal, handler, all())?;
    }
    Ok(())
}

/// Handles any signal.
pub extern "C" fn handle(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    host::allow_any_alignment();
    if !is_from_linux(context) {
        return;
    }
    // SAFETY: Linux gives the handler what it knows of the signal.
    let (code, sender) = unsafe { ((*info).si_code, (*info).si_pid()) };
    let is_sent = code <= libc::SI_USER && sender != THIS.load(Ordering::Relaxed);
    if FAULTS.contains(&signal) && !is_sent {
        on_fault(signal, info, context);
    } else {
        on_interrupt(signal, sender, context);
    }
}

/// Whether Linux has written the context. A process that jumps here has what it likes instead; nothing is done with
/// that but on the signals' stack, where nothing lies between two signals.
fn is_from_linux(context: *mut c_void) -> bool {
    let end = SIGNAL_STACK_END.load(Ordering::Relaxed);
    let size = offset_of!(libc::ucontext_t, uc_sigmask) + size_of::<u64>();
    let stack = Span { start: end - STACK, end };
    Span::new(context.addr(), size).is_some_and(|context| stack.contains(context))
}

/// The program, as Linux knows it.
static THIS: AtomicI32 = AtomicI32::new(0);

/// How many signals came that nobody expects.
static STRAYS: AtomicU32 = AtomicU32::new(0);
/// The last of them, and the process of Linux that has sent it.
static STRAY: AtomicI32 = AtomicI32::new(0);
static SENDER: AtomicI32 = AtomicI32::new(0);

/// Tells of signals that nobody expects: the first one as soon as it comes, all at the end.
pub fn tell_strays(is_end: bool) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    let count = STRAYS.load(Ordering::Relaxed);
    if count == 0 || TOLD.swap(true, Ordering::Relaxed) && !is_end {
        return;
    }
    let (signal, sender) = (STRAY.load(Ordering::Relaxed), SENDER.load(Ordering::Relaxed));
    host::tell(format_args!(
        "crossgate: signals that nobody waits for, and that change nothing: {count}; the last was signal \
         {signal} of Linux process {sender}"
    ));
}

/// Whether somebody wants the program to end: its exit status.
pub fn end() -> Option<c_int> {
    match END.load(Ordering::Relaxed) {
        0 => None,
        signal => Some(128 + c_int::from(signal)),
    }
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

fn on_interrupt(signal: c_int, sender: libc::pid_t, context: *mut c_void) {
    let what = match signal {
        libc::SIGALRM => TIMER,
        libc::SIGIO => DEVICE,
        libc::SIGVTALRM if is_user() && !step::is_going_on() => {
            // SAFETY: user code ran, so the kernel did not.
            unsafe { kernel() }.port.clock.tick()
        }
        libc::SIGVTALRM => 0,
        libc::SIGINT | libc::SIGTERM | libc::SIGHUP => {
            END.store(signal as u8, Ordering::Relaxed);
            ATTENTION
        }
        _ => {
            STRAYS.fetch_add(1, Ordering::Relaxed);
            STRAY.store(signal, Ordering::Relaxed);
            SENDER.store(sender, Ordering::Relaxed);
            ATTENTION
        }
    };
    PENDING.fetch_or(what, Ordering::Relaxed);
    if is_user() && PENDING.load(Ordering::Relaxed) != 0 {
        interrupt(registers(context));
    }
}

/// Has the thread, which runs user code, tell the kernel of an interrupt.
fn interrupt(registers: &mut [i64; 23]) {
    let (instruction, stack_pointer) = place(registers);
    if gate::is_on_the_way_in(instruction) {
        return;
    }
    // SAFETY: user code ran, so the kernel did not.
    let kernel = unsafe { kernel() };
    let window = window_of(kernel.current());
    const ROOM: usize = RED_ZONE + size_of::<usize>();
    if !(window.start + ROOM..=window.end).contains(&stack_pointer) {
        return to_kernel(registers, Cause::Stack, instruction, 0);
    }
    let below = stack_pointer - ROOM;
    // With what the thread may write itself.
    if let Some(rights) = kernel.port.protection.kernel_rights(&kernel.port.opening) {
        keys::set_rights(rights);
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
    for (place, register) in REGISTERS.iter().zip(DUMPED) {
        place.store(registers[register as usize] as usize, Ordering::Relaxed);
    }
    const FLAGS: i64 = 0x202;
    registers[libc::REG_EFL as usize] = FLAGS;
    let has_keys = gate::HAS_KEYS.load(Ordering::Relaxed) != 0;
    let entry = if has_keys { gate::fault_entry_with_keys } else { gate::__crossgate_fault_entry };
    let stack_pointer = registers[libc::REG_RSP as usize] as usize;
    redirect(registers, entry as *const (), stack_pointer);
}

fn on_fault(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
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
        let instruction = host::in_program(instruction);
        host::fatal(format_args!(
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

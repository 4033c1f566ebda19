// SPDX-License-Identifier: MIT OR Apache-2.0
//! The signals, and how Linux gets to handle them.

use super::failed;
use crate::registers::restore;
use core::ffi::c_int;
use crossgate_protection::Span;

/// The signals of faults.
pub const FAULTS: [c_int; 7] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGTRAP,
    libc::SIGABRT,
    libc::SIGSYS,
];
/// The signals by which a user ends the program.
pub const ENDS: [c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// Returns the signals of interrupts, the signals in `ENDS`, and unexpected signals that would end the program. (Other
/// signals keep their effect, because Linux or the user may rely on it.)
pub fn interrupts() -> impl Iterator<Item = c_int> {
    [libc::SIGALRM, libc::SIGVTALRM, libc::SIGIO]
        .into_iter()
        .chain(ENDS)
        .chain([libc::SIGUSR1, libc::SIGUSR2, libc::SIGPROF, libc::SIGSTKFLT, libc::SIGPWR])
        .chain(libc::SIGRTMIN()..=libc::SIGRTMAX())
}

/// A signal handler.
pub type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut core::ffi::c_void);

/// The argument of the system call `rt_sigaction`.
#[repr(C)]
struct Action {
    handler: Handler,
    flags: u64,
    restorer: unsafe extern "C" fn(),
    blocked: u64,
}

/// Returns `true` if a signal is ignored. The program inherits this setting from the program that started it.
pub fn is_ignored(signal: c_int) -> bool {
    // SAFETY: the call only reads the setting, which is written into the variable.
    unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        libc::sigaction(signal, core::ptr::null(), &mut action);
        action.sa_sigaction == libc::SIG_IGN
    }
}

/// Makes Linux call `handler` for `signal`, on the signals' stack, with the signals of `blocked` held off.
///
/// # Errors
/// If Linux refuses.
pub fn handle(
    signal: c_int,
    handler: Handler,
    blocked: impl Iterator<Item = c_int>,
) -> Result<(), String> {
    const RESTORER: u64 = 0x0400_0000;
    let flags = (libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART) as u64 | RESTORER;
    let blocked = blocked.fold(0, |set, signal| set | 1 << (signal - 1));
    let action = Action { handler, flags, restorer: restore, blocked };
    // SAFETY: the action has the layout of Linux; the handler does only what a handler may do.
    let result = unsafe {
        let size = size_of_val(&action.blocked);
        libc::syscall(libc::SYS_rt_sigaction, signal, &raw const action, 0_usize, size)
    };
    if result == 0 { Ok(()) } else { Err(failed("a signal cannot be handled")) }
}

/// Makes signals arrive on this stack.
///
/// # Errors
/// If Linux refuses.
pub fn set_stack(span: Span) -> Result<(), String> {
    // Without this flag, Linux takes a thread whose stack pointer is on this stack for a handler, and writes below its
    // stack pointer.
    const WHATEVER_THE_STACK_POINTER: c_int = 1 << 31; // SS_AUTODISARM
    // The emulator of Linux that is a part of QEMU does not know the flag.
    for ss_flags in [WHATEVER_THE_STACK_POINTER, 0] {
        let stack = libc::stack_t { ss_sp: span.start as *mut _, ss_flags, ss_size: span.length() };
        // SAFETY: the memory is mapped for this, and stays.
        if unsafe { libc::sigaltstack(&stack, core::ptr::null_mut()) } == 0 {
            return Ok(());
        }
    }
    Err(failed("there is no stack for signals"))
}

/// Waits for a signal, unless `ready` returns `true` already.
pub fn wait(ready: impl Fn() -> bool) {
    // SAFETY: the sets are written before they are used; the handlers change only data that they may change.
    unsafe {
        let mut blocked = core::mem::zeroed();
        let mut before = core::mem::zeroed();
        libc::sigemptyset(&mut blocked);
        for signal in interrupts() {
            libc::sigaddset(&mut blocked, signal);
        }
        libc::sigprocmask(libc::SIG_BLOCK, &blocked, &mut before);
        while !ready() {
            libc::sigsuspend(&before);
        }
        libc::sigprocmask(libc::SIG_SETMASK, &before, core::ptr::null_mut());
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The handler that Linux calls for a signal.

use crate::linux::signals::Handler;
use crate::signal::handle;
use crate::words::{HANDLER_STACK_END, RIGHTS};
use core::arch::naked_asm;
use core::ffi::{c_int, c_void};

/// Returns the handler.
pub fn handler(has_keys: bool) -> Handler {
    if has_keys { handle_with_keys } else { handle }
}

/// Handles a signal, if there are protection keys: Linux runs a handler without rights to memory with a key.
///
/// In: the signal in edi, its information in rsi, the context in rdx, on the signals' stack; no rights to any key. Out:
/// on that stack again, at the end of a handler. The legend is in [`entry`](crate::entry).
///
/// Attacker: jumps here, with arguments and a stack of its choice, and so makes a handler run with all rights
/// (`forged_signals`). The stack is the kernel's own, from memory that the attacker can't write. The address of the
/// context, through which the handler writes, is checked to be on the signals' stack ([`signal`](crate::signal)).
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

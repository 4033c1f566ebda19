// SPDX-License-Identifier: MIT OR Apache-2.0
//! The paths out of the kernel. They open the memory that the thread may use, and load the registers of the
//! thread.
//!
//! The legend of the assembly is in [`entry`](crate::entry).

use crate::changes::{CHANGES, Change};
use crate::context::Context;
use crate::cpu::{COMPONENTS, TELLS_USE};
use crate::interrupt::interrupt;
use crate::linux::memory::cannot_protect;
use crate::way::{Answer, Start, Way};
use crate::words::{HAS_KEYS, KERNEL_STACK_END, MODE, PENDING, RIGHTS, USER};
use core::arch::naked_asm;
use core::mem::offset_of;
use core::sync::atomic::Ordering;

unsafe extern "C" {
    /// The name of the gate for user code: see [`entry`](crate::entry).
    fn __crossgate_gate();
}

/// Takes the way to the first thread, on the kernel's stack. The calling code never continues.
pub fn first(way: Way) -> ! {
    // SAFETY: the kernel's stack is not in use yet, and the way leads to the first thread.
    unsafe {
        core::arch::asm!(
            "mov rsp, {stack}",
            "jmp {leave}",
            stack = in(reg) KERNEL_STACK_END.load(Ordering::Relaxed),
            leave = sym leave,
            in("rax") way.exit,
            in("rdx") way.argument,
            options(noreturn),
        )
    }
}

/// Makes the [`CHANGES`] of protection, then takes a [`Way`].
///
/// In: the way in rax and rdx. Out: its argument in rdi, at its exit. It is entered on the kernel's stack, and in the
/// kernel's mode.
///
/// Attacker: jumps here, or to the `syscall`, with registers of its choice. Where Linux is blocked that is a fault,
/// because the mode is the user's; otherwise it has called Linux, which the book admits (`gates`: leaves,
/// leaves_by_pages).
//
// The kernel makes its calls of Linux here, and then continues with a jump and not with a return. Linux clears the
// CPU's predictions of returns, so after a call of Linux each return to an earlier caller would be mispredicted. On
// some machines this would cost a third of the time of a system call.
#[unsafe(naked)]
pub unsafe extern "C" fn leave() {
    naked_asm!(
        // Registers that Linux preserves.
        "mov rbx, rax",
        "mov r12, rdx",
        "lea r13, [rip + {changes}]",
        // This loop makes one change after the other, and ends at a change of length 0.
        "2: mov rsi, [r13 + {length}]",
        "test rsi, rsi",
        "jz 3f",
        "mov rdi, [r13 + {start}]",
        "mov rdx, [r13 + {protection}]",
        "mov eax, {mprotect}",
        "syscall",
        "add r13, {size}",
        "test eax, eax",
        "jz 2b",
        // Memory that has to be closed may still be open, so no code may continue.
        "mov edi, eax",
        "call {cannot_protect}",
        "3: mov rdi, r12",
        "jmp rbx",
        changes = sym CHANGES,
        length = const offset_of!(Change, length),
        start = const offset_of!(Change, start),
        protection = const offset_of!(Change, protection),
        mprotect = const libc::SYS_mprotect,
        size = const size_of::<Change>(),
        cannot_protect = sym cannot_protect,
    )
}

/// The index of MXCSR in the legacy region.
const MXCSR: usize = 6;

/// The state that `xrstor` loads to put all of the extended state into its initial configuration.
#[repr(C, align(64))]
pub struct InitialState {
    legacy: [u32; 128],
    header: [u64; 8],
}

/// See [`InitialState`]. The state is all "initial" (header 0), but MXCSR is loaded from here.
pub static INITIAL_STATE: InitialState = {
    let mut legacy = [0; 128];
    legacy[MXCSR] = 0x1f80;
    InitialState { legacy, header: [0; 8] }
};

/// The components of the extended state that one instruction can clear: SSE and AVX.
const QUICK_COMPONENTS: u32 = 1 << 1 | 1 << 2;

/// Clears registers, so that none keeps a value that the kernel, or another thread, had in it: r8 to r11, and the whole
/// extended state. The others are loaded afterwards. It changes rax, rcx, rdx (`registers`, `vectors`).
//
// To load the whole extended state takes as long as the rest of a system call. Usually only SSE and AVX are in use. The
// CPU can report this, and one instruction can clear them.
macro_rules! scrub {
    () => {
        "cmp byte ptr [rip + {tells_use}], 0
         je 2f
         mov ecx, 1
         xgetbv
         test eax, {slow_components}
         jnz 2f
         vzeroall
         ldmxcsr [rip + {initial_state} + {control}]
         jmp 3f
         2: mov eax, {components}
         mov edx, -1
         xrstor64 [rip + {initial_state}]
         3: xor r8d, r8d
         xor r9d, r9d
         xor r10d, r10d
         xor r11d, r11d"
    };
}

/// Gives the protection keys the rights of the thread that continues. It changes rax, rcx and rdx.
///
/// Attacker: jumps here. It then gets the rights of the current process, which it has already. Only the kernel can
/// write the word with these rights (`kernel_memory`).
macro_rules! take_rights {
    () => {
        "cmp byte ptr [rip + {has_keys}], 0
         je 4f
         mov eax, [rip + {rights}]
         xor ecx, ecx
         xor edx, edx
         wrpkru
         4:"
    };
}

/// Continues with the saved [`Context`] to whose saved registers rsp points.
///
/// Attacker: has changed the words that are popped, by another thread of its process, or jumps here with a stack of its
/// own (`gates`: comes_back, spoils). These are pops of user code, in the mode of user code: it gains what it has.
///
/// If something is pending, the thread first enters the kernel again, as by an interrupt. Otherwise an event since the
/// kernel's last check would have to wait until the thread makes a system call.
macro_rules! go_on {
    () => {
        "pop r15
         pop r14
         pop r13
         pop r12
         pop rbx
         pop rbp
         cmp dword ptr [rip + {pending}], 0
         jne 5f
         pop r11
         jmp r11
         5: call {interrupt}
         ret"
    };
}

/// Continues after a system call.
///
/// In: rdi is the [`Context`], which contains the results. Out: the results in rax, rdx, rcx; the registers that a
/// function preserves are unchanged.
#[unsafe(naked)]
pub unsafe extern "C" fn resume() {
    naked_asm!(
        scrub!(),
        "mov rsp, rdi",
        "xor esi, esi",
        "xor edi, edi",
        // The stack pointer already points into the thread's stack. From here on a signal interrupts the thread.
        "mov word ptr [rip + {mode}], {user}",
        take_rights!(),
        // Attacker: has changed the control words. A value that the CPU refuses to load is a fault of user code
        // (`gates`: spoils).
        "ldmxcsr [rsp]",
        "fldcw [rsp + 4]",
        "add rsp, {words}",
        "pop rax",
        "pop rdx",
        "pop rcx",
        "add rsp, 8",
        go_on!(),
        components = const COMPONENTS,
        slow_components = const COMPONENTS & !QUICK_COMPONENTS,
        tells_use = sym TELLS_USE,
        control = const MXCSR * size_of::<u32>(),
        initial_state = sym INITIAL_STATE,
        has_keys = sym HAS_KEYS,
        rights = sym RIGHTS,
        mode = sym MODE,
        user = const USER,
        words = const offset_of!(Context, words),
        pending = sym PENDING,
        interrupt = sym interrupt,
    )
}

/// Continues after a system call, with results that are not in the context.
///
/// In: rdi is the [`Answer`]. Out: as for [`resume`].
#[unsafe(naked)]
pub unsafe extern "C" fn answer() {
    naked_asm!(
        scrub!(),
        "mov rsp, [rdi + {stack_pointer}]",
        // The answer is read now, because it is memory of the kernel, and the right to read it ends soon.
        "mov r12, [rdi + {words}]",
        "mov r13, [rdi + {words} + 8]",
        "mov r14, [rdi + {words} + 16]",
        "xor esi, esi",
        "xor edi, edi",
        // The stack pointer already points into the thread's stack. From here on a signal interrupts the thread.
        "mov word ptr [rip + {mode}], {user}",
        take_rights!(),
        "mov rax, r12",
        "mov rdx, r13",
        "mov rcx, r14",
        "ldmxcsr [rsp]",
        "fldcw [rsp + 4]",
        "add rsp, {saved}",
        go_on!(),
        components = const COMPONENTS,
        slow_components = const COMPONENTS & !QUICK_COMPONENTS,
        tells_use = sym TELLS_USE,
        control = const MXCSR * size_of::<u32>(),
        initial_state = sym INITIAL_STATE,
        stack_pointer = const offset_of!(Answer, stack_pointer),
        words = const offset_of!(Answer, words),
        has_keys = sym HAS_KEYS,
        rights = sym RIGHTS,
        mode = sym MODE,
        user = const USER,
        saved = const offset_of!(Context, saved),
        pending = sym PENDING,
        interrupt = sym interrupt,
    )
}

/// Repeats the system call of a context.
///
/// In: rdi is the [`Context`]. Out: it continues at the gate, with the registers of the first call of the gate.
#[unsafe(naked)]
pub unsafe extern "C" fn retry() {
    naked_asm!(
        scrub!(),
        "mov rsp, rdi",
        // The stack pointer already points into the thread's stack. From here on a signal interrupts the thread.
        "mov word ptr [rip + {mode}], {user}",
        take_rights!(),
        "ldmxcsr [rsp]",
        "fldcw [rsp + 4]",
        "add rsp, {selector}",
        "pop rax",
        "pop rdi",
        "pop rsi",
        "pop rdx",
        "pop rcx",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "jmp {gate}",
        components = const COMPONENTS,
        slow_components = const COMPONENTS & !QUICK_COMPONENTS,
        tells_use = sym TELLS_USE,
        control = const MXCSR * size_of::<u32>(),
        initial_state = sym INITIAL_STATE,
        has_keys = sym HAS_KEYS,
        rights = sym RIGHTS,
        mode = sym MODE,
        user = const USER,
        selector = const offset_of!(Context, selector),
        gate = sym __crossgate_gate,
    )
}

/// Calls a function on a fresh stack. It must not return: the address that it would return to is 0.
///
/// In: rdi is the [`Start`]. Out: its six arguments in rdi, rsi, rdx, rcx, r8, r9; the rest is 0, but r11.
#[unsafe(naked)]
pub unsafe extern "C" fn start() {
    naked_asm!(
        scrub!(),
        "mov rsp, [rdi + {stack_pointer}]",
        "mov r11, [rdi + {target}]",
        "mov rsi, [rdi + {arguments} + 8]",
        // Two arguments are kept in other registers for now, because `take_rights` uses their registers.
        "mov r12, [rdi + {arguments} + 16]",
        "mov r13, [rdi + {arguments} + 24]",
        "mov r8, [rdi + {arguments} + 32]",
        "mov r9, [rdi + {arguments} + 40]",
        "mov rdi, [rdi + {arguments}]",
        // The stack pointer already points into the thread's stack. From here on a signal interrupts the thread.
        "mov word ptr [rip + {mode}], {user}",
        take_rights!(),
        "mov rdx, r12",
        "mov rcx, r13",
        // The registers are cleared, so that they keep no value of their last owner.
        "xor eax, eax",
        "xor ebx, ebx",
        "xor ebp, ebp",
        "xor r12d, r12d",
        "xor r13d, r13d",
        "xor r14d, r14d",
        "xor r15d, r15d",
        // As in `go_on`.
        "cmp dword ptr [rip + {pending}], 0",
        "jne 6f",
        "5: push 0",
        "jmp r11",
        "6: call {interrupt}",
        "jmp 5b",
        components = const COMPONENTS,
        slow_components = const COMPONENTS & !QUICK_COMPONENTS,
        tells_use = sym TELLS_USE,
        control = const MXCSR * size_of::<u32>(),
        initial_state = sym INITIAL_STATE,
        stack_pointer = const offset_of!(Start, stack_pointer),
        target = const offset_of!(Start, target),
        arguments = const offset_of!(Start, arguments),
        has_keys = sym HAS_KEYS,
        rights = sym RIGHTS,
        mode = sym MODE,
        user = const USER,
        pending = sym PENDING,
        interrupt = sym interrupt,
    )
}

//! The way into the kernel and back, on x86-64.
//!
//! There is no trap: a system call is a call of the gate. It saves the registers that a function
//! preserves on the thread's stack, then goes to the kernel's stack. An interrupt that comes while a
//! thread runs has the thread make such a call, too, after saving all registers: so every thread that
//! does not run is saved in the same way, and a stack that is too small for it faults in user mode.
//!
//! Whether user code runs is a byte in memory. It is *user* only while the stack pointer is the
//! thread's; so what is pushed on the way in and popped on the way out is the thread's own doing.
//!
//! With protection keys the kernel has rights of its own beside those of the process in force. From the
//! instruction that gives them up to the one that takes them, no address is a process' to choose: so to jump
//! there gains nothing.

mod state;

pub use state::*;

use crate::context::{Answer, Context, Start};
use crate::{handler, host, signal};
use core::arch::naked_asm;
use core::ffi::{c_int, c_void};
use core::mem::offset_of;
use crossgate_abi::number::{self, hosted};

/// A way back to user mode: the first is jumped to with the second as argument.
#[repr(C)]
pub struct Way {
    pub exit: unsafe extern "C" fn(),
    pub argument: usize,
}

/// The index of MXCSR in the legacy region.
const MXCSR: usize = 6;

/// What `xrstor` loads to put all of the extended state into its initial configuration.
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

/// All components of the extended state but the rights of protection keys, which are the kernel's.
const COMPONENTS: u32 = !(1 << 9);

/// The protection keys have the rights of the thread that goes on. It changes rax, rcx and rdx.
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

/// Has the kernel do its work, with its rights, on its stack, and with what a thread could have changed put right,
/// and leaves it. What is at `rsp` is in rdi.
macro_rules! run_handler {
    ($label:literal) => {
        concat!(
            "mov rdi, rsp
             cmp byte ptr [rip + {has_keys}], 0
             je 2f
             mov eax, [rip + {rights}]
             and eax, [rip + {kernel_keeps}]
             xor ecx, ecx
             xor edx, edx
             wrpkru
             2: ",
            ".global ",
            $label,
            "\n",
            $label,
            ": mov word ptr [rip + {mode}], {kernel}
             mov rsp, [rip + {kernel_stack_end}]
             push 0x202
             popfq
             cmp byte ptr [rip + {has_wrfsbase}], 0
             je 3f
             mov rax, [rip + {thread_pointer}]
             wrfsbase rax
             xor eax, eax
             wrgsbase rax
             3: call {handler}
             jmp {leave}"
        )
    };
}

unsafe extern "C" {
    /// In the gate: the instruction that changes the mode.
    fn __crossgate_gate_enters();
    /// The same after a fault.
    fn __crossgate_fault_enters();
    /// Where a thread goes that did what it must not do.
    pub fn __crossgate_fault_entry();
    /// Where an interrupted thread comes back from the gate.
    fn __crossgate_interrupted();
}

/// Whether a thread that is to execute this instruction is about to come to the kernel by itself, without a loop.
///
/// To interrupt it would be of no use; and once it has the kernel's rights, they would be lost before it comes
/// to use them.
pub fn is_on_the_way_in(instruction: usize) -> bool {
    let is_between = |first: unsafe extern "C" fn(), last: unsafe extern "C" fn()| {
        (first as *const () as usize..=last as *const () as usize).contains(&instruction)
    };
    is_between(__crossgate_gate, __crossgate_gate_enters)
        || is_between(fault_entry_with_keys, __crossgate_fault_enters)
        || is_between(interrupt_by_signal, interrupt_by_signal)
        || (interrupt as *const () as usize..__crossgate_interrupted as *const () as usize)
            .contains(&instruction)
}

/// A system call: the selector in rax, arguments in rdi, rsi, rdx, rcx; then the status in rax,
/// results in rdx, rcx.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __crossgate_gate() {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push rcx",
        "push rdx",
        "push rsi",
        "push rdi",
        "push rax",
        "sub rsp, 8",
        "stmxcsr [rsp]",
        "fnstcw [rsp + 4]",
        // Neither direction nor alignment nor trap flag is the thread's to choose.
        run_handler!("__crossgate_gate_enters"),
        mode = sym MODE,
        kernel = const KERNEL,
        kernel_stack_end = sym KERNEL_STACK_END,
        has_wrfsbase = sym HAS_WRFSBASE,
        thread_pointer = sym THREAD_POINTER,
        handler = sym handler::enter,
        leave = sym leave,
        has_keys = sym HAS_KEYS,
        rights = sym RIGHTS,
        kernel_keeps = sym KERNEL_KEEPS,
    )
}

/// Handles a signal, if there are protection keys: Linux lets a handler at nothing that has one.
#[unsafe(naked)]
pub extern "C" fn handle_with_keys(_: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {
    naked_asm!(
        "cld",
        "mov r8, rdx",
        "xor eax, eax",
        "xor ecx, ecx",
        "xor edx, edx",
        "wrpkru",
        "mov rdx, r8",
        "mov rax, rsp",
        "mov rsp, [rip + {handler_stack_end}]",
        "push rax",
        "push rax",
        "call {handle}",
        "mov rsp, [rsp]",
        // Who has jumped here has no more rights than before. Linux gives the thread its own back.
        "mov eax, [rip + {rights}]",
        "xor ecx, ecx",
        "xor edx, edx",
        "wrpkru",
        "ret",
        handler_stack_end = sym HANDLER_STACK_END,
        handle = sym signal::handle,
        rights = sym RIGHTS,
    )
}

/// Where a thread goes that did what it must not do, if there are protection keys: whatever rights it has given
/// itself. Without them it goes to `__crossgate_fault_entry`.
#[unsafe(naked)]
pub unsafe extern "C" fn fault_entry_with_keys() {
    naked_asm!(
        "xor eax, eax",
        "xor ecx, ecx",
        "xor edx, edx",
        "wrpkru",
        ".global __crossgate_fault_entry",
        "__crossgate_fault_entry:",
        run_handler!("__crossgate_fault_enters"),
        mode = sym MODE,
        kernel = const KERNEL,
        kernel_stack_end = sym KERNEL_STACK_END,
        has_wrfsbase = sym HAS_WRFSBASE,
        thread_pointer = sym THREAD_POINTER,
        handler = sym handler::fault,
        leave = sym leave,
        has_keys = sym HAS_KEYS,
        rights = sym RIGHTS,
        kernel_keeps = sym KERNEL_KEEPS,
    )
}

/// Makes the [`CHANGES`] of protection, then goes the [`Way`] in rax and rdx.
//
// The kernel has Linux called here, and goes on with a jump, because every return to a function that was
// called before a system call is mispredicted: Linux leaves nothing of what the CPU knows of returns.
// On some machines that costs a third of the system call.
#[unsafe(naked)]
pub unsafe extern "C" fn leave() {
    naked_asm!(
        "mov rbx, rax",
        "mov r12, rdx",
        "lea r13, [rip + {changes}]",
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
        cannot_protect = sym host::cannot_protect,
    )
}

/// Components of the extended state that one instruction clears: SSE and AVX.
const QUICK_COMPONENTS: u32 = 1 << 1 | 1 << 2;

/// No register keeps what the kernel, or another thread, had in it.
//
// To load all of the extended state takes as long as the rest of a system call. Mostly none of it is in
// use but SSE and AVX, which the CPU can tell and clear by itself.
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

/// Goes on where the [`Context`] that rsp has come to the end of was saved.
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

/// Goes on after a system call, with the [`Context`] at rdi, which has its results.
#[unsafe(naked)]
pub unsafe extern "C" fn resume() {
    naked_asm!(
        scrub!(),
        "mov rsp, rdi",
        "xor esi, esi",
        "xor edi, edi",
        "mov word ptr [rip + {mode}], {user}",
        take_rights!(),
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

/// Goes on after a system call, with the [`Answer`] at rdi.
#[unsafe(naked)]
pub unsafe extern "C" fn answer() {
    naked_asm!(
        scrub!(),
        "mov rsp, [rdi + {stack_pointer}]",
        "mov r12, [rdi + {words}]",
        "mov r13, [rdi + {words} + 8]",
        "mov r14, [rdi + {words} + 16]",
        "xor esi, esi",
        "xor edi, edi",
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

/// Makes the system call of the [`Context`] at rdi again.
#[unsafe(naked)]
pub unsafe extern "C" fn retry() {
    naked_asm!(
        scrub!(),
        "mov rsp, rdi",
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

/// Calls a function on a fresh stack, by the [`Start`] at rdi. It must not return.
#[unsafe(naked)]
pub unsafe extern "C" fn start() {
    naked_asm!(
        scrub!(),
        "mov rsp, [rdi + {stack_pointer}]",
        "mov r11, [rdi + {target}]",
        "mov rsi, [rdi + {arguments} + 8]",
        "mov r12, [rdi + {arguments} + 16]",
        "mov r13, [rdi + {arguments} + 24]",
        "mov r8, [rdi + {arguments} + 32]",
        "mov r9, [rdi + {arguments} + 40]",
        "mov rdi, [rdi + {arguments}]",
        "mov word ptr [rip + {mode}], {user}",
        take_rights!(),
        "mov rdx, r12",
        "mov rcx, r13",
        "xor eax, eax",
        "xor ebx, ebx",
        "xor ebp, ebp",
        "xor r12d, r12d",
        "xor r13d, r13d",
        "xor r14d, r14d",
        "xor r15d, r15d",
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

/// What a signal has the interrupted thread call: its stack pointer is below the red zone, and the
/// address to go on at lies there.
#[unsafe(naked)]
pub unsafe extern "C" fn interrupt_by_signal() {
    naked_asm!("call {interrupt}", "ret {red_zone}", interrupt = sym interrupt, red_zone = const RED_ZONE)
}

/// How many bytes below the stack pointer a function may use without saying so.
pub const RED_ZONE: usize = 128;

/// Where [`interrupt`] keeps the flags, above its frame pointer.
pub const INTERRUPT_FLAGS: usize = 15 * size_of::<usize>();

/// Tells the kernel of an interrupt, and changes no register.
#[unsafe(naked)]
unsafe extern "C" fn interrupt() {
    naked_asm!(
        "pushfq",
        "push rax",
        "push rcx",
        "push rdx",
        "push rbx",
        "push rbp",
        "push rsi",
        "push rdi",
        "push r8",
        "push r9",
        "push r10",
        "push r11",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "cld",
        "mov rbp, rsp",
        "sub rsp, [rip + {size}]",
        "and rsp, -64",
        // The header of the area has to be 0.
        "xor eax, eax",
        "lea rdi, [rsp + 512]",
        "mov ecx, 8",
        "rep stosq",
        "mov eax, {components}",
        "mov edx, -1",
        "xsave64 [rsp]",
        "mov rax, {selector}",
        "call {gate}",
        ".global __crossgate_interrupted",
        "__crossgate_interrupted:",
        "mov eax, {components}",
        "mov edx, -1",
        "xrstor64 [rsp]",
        // What was saved is no use of the stack that is the thread's own.
        "lea rdi, [rsp - {context}]",
        "mov rcx, rbp",
        "sub rcx, rdi",
        "shr ecx, 3",
        "xor eax, eax",
        "rep stosq",
        "mov rsp, rbp",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop r11",
        "pop r10",
        "pop r9",
        "pop r8",
        "pop rdi",
        "pop rsi",
        "pop rbp",
        "pop rbx",
        "pop rdx",
        "pop rcx",
        "pop rax",
        "popfq",
        "ret",
        size = sym EXTENDED_STATE_SIZE,
        context = const Context::SIZE,
        components = const COMPONENTS,
        selector = const number::system_call(hosted::INTERRUPT) as isize,
        gate = sym __crossgate_gate,
    )
}

/// A system call of the port's own code in user mode.
pub fn system_call(number: usize, words: [usize; 3]) -> [usize; 2] {
    let [first, second, third] = words;
    let (status, word);
    // SAFETY: the gate preserves what a function preserves.
    unsafe {
        core::arch::asm!(
            "call {gate}",
            gate = sym __crossgate_gate,
            inlateout("rax") number::system_call(number) => status,
            in("rdi") first,
            in("rsi") second,
            inlateout("rdx") third => word,
            clobber_abi("C"),
        );
    }
    [status, word]
}

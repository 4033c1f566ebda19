// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers that Linux saves when it calls a signal handler, and loads when the handler returns.

use core::ffi::c_void;
use crossgate_abi::Word;
use crossgate_abi::inspect::dump;

/// The code to which a handler returns. (The C library has the same code, but its address is not available.)
#[unsafe(naked)]
pub unsafe extern "C" fn restore() {
    core::arch::naked_asm!("mov eax, {}", "syscall", "ud2", const libc::SYS_rt_sigreturn)
}

/// The length of [`restore`] up to the end of its system call, in bytes.
pub const RESTORE_LENGTH: usize = 8;

/// The flag that makes the CPU trap after each instruction (Intel SDM 3A, 2.3).
pub const TRAP: i64 = 1 << 8;

/// The registers in the order of a dump.
const DUMPED: [core::ffi::c_int; dump::REGISTER_COUNT] = [
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

/// The registers of the code that a signal has interrupted. They are loaded when the handler returns.
pub struct Registers<'a>(&'a mut [i64; 23]);

impl Registers<'_> {
    /// Returns the registers in the context that Linux has passed to the handler of a signal.
    ///
    /// # Safety
    /// The context is valid as long as the result.
    pub unsafe fn of<'a>(context: *mut c_void) -> Registers<'a> {
        let context = context.cast::<libc::ucontext_t>();
        // SAFETY: the caller promises it; the handler may change the context.
        Registers(unsafe { &mut (*context).uc_mcontext.gregs })
    }

    /// Returns the address of the next instruction.
    pub fn instruction(&self) -> Word {
        self.0[libc::REG_RIP as usize] as Word
    }

    /// Returns the stack pointer.
    pub fn stack_pointer(&self) -> Word {
        self.0[libc::REG_RSP as usize] as Word
    }

    /// Returns the flags.
    pub fn flags(&mut self) -> &mut i64 {
        &mut self.0[libc::REG_EFL as usize]
    }

    /// Returns the registers in the order of a dump.
    pub fn dumped(&self) -> [Word; dump::REGISTER_COUNT] {
        DUMPED.map(|register| self.0[register as usize] as Word)
    }

    /// Returns whether the fault was an attempt to execute the memory at `address`.
    pub fn is_fetch(&self, _address: Word) -> bool {
        const INSTRUCTION_FETCH: i64 = 1 << 4;
        self.0[libc::REG_ERR as usize] & INSTRUCTION_FETCH != 0
    }

    /// Makes the code continue at `target`, with this stack pointer, and without single steps.
    pub fn redirect(&mut self, target: *const (), stack_pointer: Word) {
        // Linux' segments for 64-bit code, and for the stack. They are set because the thread may have switched to
        // 32-bit code.
        const SEGMENTS: i64 = 0x2b << 48 | 0x33;
        self.0[libc::REG_CSGSFS as usize] = SEGMENTS;
        *self.flags() &= !TRAP;
        self.0[libc::REG_RIP as usize] = target.addr() as i64;
        self.0[libc::REG_RSP as usize] = stack_pointer as i64;
    }

    /// Gives all flags their usual values.
    pub fn reset_flags(&mut self) {
        const FLAGS: i64 = 0x202;
        *self.flags() = FLAGS;
    }
}

/// Makes the CPU accept addresses that are not aligned. A handler has to call this first, because it starts with the
/// alignment flag of the interrupted thread. Linux restores the thread's flag later.
pub fn allow_any_alignment() {
    const ALIGNMENT_CHECK: u32 = 1 << 18;
    // SAFETY: the instruction sets a flag to the value that Rust code expects.
    unsafe {
        core::arch::asm!(
            "pushfq",
            "and qword ptr [rsp], {}",
            "popfq",
            const !ALIGNMENT_CHECK as i32,
        );
    }
}

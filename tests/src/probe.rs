//! Attempts on memory.

use core::arch::asm;

/// Reads a word. If it is out of reach the current process is stopped here.
#[must_use]
pub fn load(address: usize) -> u32 {
    let word;
    // SAFETY: a read, of whatever the protection unit allows, changes nothing.
    unsafe { asm!("ldr {}, [{}]", out(reg) word, in(reg) address, options(nostack, readonly)) };
    word
}

/// Writes a word. If it is out of reach the current process is stopped here.
pub fn store(address: usize, word: u32) {
    // SAFETY: this is an attack. That it can't break the memory of this process' own Rust objects
    // is the caller's aim; that it can't reach others' is what is tested.
    unsafe { asm!("str {}, [{}]", in(reg) word, in(reg) address, options(nostack)) };
}

/// Jumps.
pub fn jump(address: usize) -> ! {
    // SAFETY: nothing comes back.
    unsafe { asm!("bx {}", in(reg) address, options(noreturn)) }
}

/// Where the kernel keeps the bounds of the current stack: at the top of its own.
#[must_use]
pub fn kernel_memory() -> usize {
    unsafe extern "C" {
        static _stack_start: [u32; 0];
    }
    (&raw const _stack_start).addr() - 8
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a thread on its stack, and the addresses at which they may lie.

use core::arch::asm;
use crossgate_abi::{ARGUMENT_WORDS, Status, Word};
use crossgate_protection::Span;

/// The words at a saved stack pointer: the program counter, then x1 to x31.
#[repr(C, align(16))]
pub struct Context {
    /// The address of the next instruction.
    pub program_counter: Word,
    ra: Word,
    /// The stack pointer of the thread.
    pub sp: Word,
    gp: Word,
    tp: Word,
    t0_to_t2: [Word; 3],
    s0_to_s1: [Word; 2],
    /// a0 to a3.
    pub arguments: [Word; ARGUMENT_WORDS],
    /// a4.
    pub selector: Word,
    a5_to_a7: [Word; 3],
    s2_to_s11: [Word; 10],
    t3_to_t6: [Word; 4],
}

const _: () = assert!(Context::SIZE == 32 * size_of::<Word>(), "`entry` saves this many words");

/// The bit of a saved program counter that marks the context of a thread that the fast path has saved.
pub const MARK: Word = 1;

impl Context {
    /// The size of a context in bytes.
    pub const SIZE: Word = size_of::<Context>();

    /// Sets the status with which the system call of this context ends.
    pub fn set_status(&mut self, status: Status) {
        self.arguments[0] = status.0;
    }

    /// Sets the status and the results with which the system call of this context ends.
    pub fn answer(&mut self, status: Status, [first, second]: [Word; 2]) {
        let [.., fourth] = self.arguments;
        self.arguments = [status.0, first, second, fourth];
    }

    /// Makes the thread repeat its system call: `ecall` is 4 bytes long. Of a context that the fast path has saved, which
    /// [bit 0](MARK) of the program counter tells, the other registers become 0, as they would if the system call ended.
    pub fn repeat(&mut self) {
        if self.program_counter & MARK != 0 {
            *self = Context {
                program_counter: self.program_counter - MARK,
                ra: 0,
                t0_to_t2: [0; 3],
                a5_to_a7: [0; 3],
                t3_to_t6: [0; 4],
                ..*self
            };
        }
        self.program_counter = self.program_counter.wrapping_sub(4);
    }

    /// Writes the context of a thread that starts, and returns its address. All other registers are 0.
    ///
    /// # Safety
    /// `top` is a multiple of 16, and the [`SIZE`](Self::SIZE) bytes below are memory of the stack that is not in use.
    // (For these zeroes, the compiler would call `memset`, which takes twice as long. The worker often starts again.)
    #[inline(never)]
    pub unsafe fn start(entry: Word, top: Word) -> Word {
        let place = top.wrapping_sub(Self::SIZE);
        // SAFETY: the caller promises that the memory is valid, and the loop writes 32 bytes at a time of these 128.
        unsafe {
            asm!(
                "1: sw zero, 0({word})",
                "sw zero, 4({word})",
                "sw zero, 8({word})",
                "sw zero, 12({word})",
                "sw zero, 16({word})",
                "sw zero, 20({word})",
                "sw zero, 24({word})",
                "sw zero, 28({word})",
                "addi {word}, {word}, 32",
                "bne {word}, {top}, 1b",
                word = inout(reg) place => _,
                top = in(reg) top,
                options(nostack),
            );
            let context = place as *mut Context;
            (*context).program_counter = entry;
            (*context).sp = top;
        }
        place
    }
}

/// The bounds of the stack pointer of the thread that runs, at the top of the kernel's stack.
///
/// The kernel itself saves the registers of a thread, and the protection unit does not stop the kernel. So these are
/// the bounds of the window (the part of the stack that is open to the thread), not of the whole stack. They change at
/// each call and return.
#[repr(C, align(16))]
pub struct Bounds {
    /// The lowest allowed value of the stack pointer.
    pub lowest: Word,
    /// The highest allowed value of the stack pointer.
    pub highest: Word,
    /// The place where `entry` keeps t0 and t1 until it knows that it may save them on the thread's stack.
    pub temporaries: [Word; 2],
}

unsafe extern "C" {
    /// The end of the kernel's stack.
    static mut _stack_start: [Bounds; 0];
}

impl Bounds {
    /// Returns the address of the bounds in force.
    pub fn place() -> *mut Bounds {
        (&raw mut _stack_start).cast::<Bounds>().wrapping_sub(1)
    }

    /// Returns the bounds of a thread with this window, whose start is a multiple of 16: the context is aligned down.
    pub fn of(window: Span) -> [Word; 2] {
        [window.start.wrapping_add(Context::SIZE), window.end]
    }
}

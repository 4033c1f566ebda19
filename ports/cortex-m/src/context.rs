// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of a thread on its stack, and the memory in which they may lie.

use crossgate_abi::{ARGUMENT_WORDS, Status, Word};
use crossgate_kernel::call::Enter;
use crossgate_protection::Span;

/// The words at a saved stack pointer: first the registers that the kernel saved, then the frame that the CPU pushed
/// (ARM DDI 0403E, B1.5.6).
#[repr(C)]
pub struct Context {
    saved: Saved,
    /// r0 to r3.
    pub arguments: [Word; ARGUMENT_WORDS],
    /// r12.
    pub selector: Word,
    link: Word,
    /// The address of the next instruction.
    pub program_counter: Word,
    status: Word,
}

/// The first context of a method, and above it the argument word for which no register is left.
#[repr(C)]
struct FirstContext {
    context: Context,
    fourth_word: Word,
    // Keeps the stack pointer a multiple of 8, as the procedure call standard requires.
    _padding: Word,
}

/// The bit of `EXC_RETURN` (in `lr` at the entry of an exception) that says that a thread was interrupted. (The kernel
/// uses the main stack.)
pub const PROCESS_STACK: Word = 1 << 2;
/// The size of the frame that the CPU pushes, in bytes.
pub const FRAME: Word = 32;
/// The size of the registers that the kernel pushes, in bytes.
pub const SAVED: Word = 32;

/// The process stack pointer after the kernel has given way to an interrupt. In this state the registers of all threads
/// are saved, none is loaded, and the interrupt is served at once. There is no stack at this address, and no memory.
pub const GIVEN_WAY: u32 = !3;

/// The execution status of a thread. All threads run Thumb code.
pub const THUMB: Word = 1 << 24;

/// The registers that the kernel saves.
#[repr(C)]
struct Saved {
    r4: Word,
    r5: Word,
    r6: Word,
    r7: Word,
    r8: Word,
    r9: Word,
    r10: Word,
    r11: Word,
}

const _: () = assert!(
    core::mem::offset_of!(Context, program_counter) == 14 * size_of::<Word>(),
    "`start` clears this many words"
);
const _: () = assert!(
    Context::SIZE == SAVED + FRAME,
    "the CPU's frame follows the registers that the kernel saved"
);

impl Context {
    /// The size of a context in bytes.
    pub const SIZE: Word = size_of::<Context>();
    /// The number of bytes of the stack that are needed to enter a method.
    pub const FIRST_SIZE: Word = size_of::<FirstContext>();

    /// Returns the words of a system call, and of its results. They are read from the stack, because an exception that
    /// came in between may have changed the registers.
    #[inline(always)]
    pub fn words(&mut self) -> &mut [Word; ARGUMENT_WORDS] {
        &mut self.arguments
    }

    /// Sets the status with which the system call of this context ends.
    #[inline(always)]
    pub fn set_status(&mut self, status: Status) {
        self.arguments[0] = status.0;
    }

    /// Writes the context of a thread that enters a method, and returns its address. All registers but the arguments
    /// are 0. (The return address is 0, too. The method's entry is a thunk, which ends by a system call. If it returned
    /// instead, it would fault, because 0 is not an address of Thumb code.)
    ///
    /// # Safety
    /// `entry.stack_top` is a multiple of 8, and the [`FIRST_SIZE`](Self::FIRST_SIZE) bytes below are memory of the
    /// stack that is not in use.
    #[inline(always)]
    pub unsafe fn enter(entry: &Enter) -> *mut Context {
        let [first, second, third, fourth_word] = entry.words;
        // SAFETY: the caller promises that the memory is valid.
        unsafe {
            let context = Self::start(entry.entry, entry.stack_top - Self::FIRST_SIZE + Self::SIZE);
            (*context).arguments = [entry.object.addr(), first, second, third];
            (*context.cast::<FirstContext>()).fourth_word = fourth_word;
            context
        }
    }

    /// Writes the context of a thread that starts, and returns its address.
    ///
    /// # Safety
    /// `top` is a multiple of 8, and the [`SIZE`](Self::SIZE) bytes below are memory of the stack that is not in use.
    #[cfg(not(baseline))]
    #[unsafe(naked)]
    pub unsafe extern "C" fn start(entry: Word, top: Word) -> *mut Context {
        core::arch::naked_asm!(
            "bic r2, r0, #1",
            "mov r3, #{thumb}",
            "stmdb r1!, {{r2, r3}}",
            "movs r0, #0",
            "movs r2, #0",
            "movs r3, #0",
            "mov r12, #0",
            "stmdb r1!, {{r0, r2, r3, r12}}",
            "stmdb r1!, {{r0, r2, r3, r12}}",
            "stmdb r1!, {{r0, r2, r3, r12}}",
            "stmdb r1!, {{r0, r2}}",
            "mov r0, r1",
            "bx lr",
            thumb = const THUMB,
        )
    }

    /// Writes the context of a thread that starts, and returns its address.
    ///
    /// # Safety
    /// As above.
    #[cfg(baseline)]
    pub unsafe fn start(entry: Word, top: Word) -> *mut Context {
        let context = (top - Self::SIZE) as *mut Context;
        let saved = Saved { r4: 0, r5: 0, r6: 0, r7: 0, r8: 0, r9: 0, r10: 0, r11: 0 };
        let (arguments, program_counter) = ([0; ARGUMENT_WORDS], entry & !1);
        // SAFETY: the caller promises that the memory is valid.
        unsafe {
            context.write(Context {
                saved,
                arguments,
                selector: 0,
                link: 0,
                program_counter,
                status: THUMB,
            });
        }
        context
    }

    /// Answers the system call of this context.
    #[cfg(baseline)]
    pub fn answer(&mut self, status: Status, word: Word) {
        self.set_status(status);
        (self.arguments[1], self.arguments[2]) = (word, 0);
    }

    /// Makes the thread repeat its system call: its program counter goes back to the `svc` instruction, which is 2
    /// bytes long.
    #[cfg(baseline)]
    pub fn repeat(&mut self) {
        self.program_counter -= 2;
    }
}

/// The addresses at which the context of the running thread may lie: in memory that the thread could write itself.
///
/// The CPU pushes its frame with the rights of the thread, so the frame lies in memory that is open to the thread. As
/// long as the thread holds no lease, the open part of its stack is one window from the bottom up. So all of the stack
/// below the frame is open as well, and the bounds are the whole stack. A lease may open a part of the stack that
/// belongs to a caller, with closed memory below it. So while the thread holds leases, the bounds are the window itself
/// ([`load`](crate::exit::load)).
///
/// The bounds are kept at the top of the main stack. The kernel's exceptions don't nest, so each finds them at its
/// stack pointer.
#[repr(C)]
pub struct Bounds {
    /// The lowest allowed value of the process stack pointer when an exception is entered.
    lowest: Word,
    /// The greatest allowed distance above the lowest value.
    range: Word,
}

unsafe extern "C" {
    /// The end of the main stack.
    pub static mut _stack_start: [Bounds; 0];
}

impl Bounds {
    /// Returns the address of the bounds in force.
    pub fn place() -> *mut Bounds {
        (&raw mut _stack_start).cast::<Bounds>().wrapping_sub(1)
    }

    /// Returns the bounds of a thread with this stack.
    pub fn of(stack: Span) -> [Word; 2] {
        let lowest = stack.start + SAVED;
        [lowest, stack.end.wrapping_sub(lowest + FRAME)]
    }

    /// Returns the bounds of a thread to which this part of its stack is open.
    #[cfg(baseline)]
    pub fn in_window(window: Span) -> Bounds {
        let [lowest, range] = Self::of(window);
        Bounds { lowest, range }
    }
}

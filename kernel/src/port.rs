// SPDX-License-Identifier: MIT OR Apache-2.0
//! The core's view of the hardware.

use crate::thread::Thread;
use crossgate_abi::Word;
use crossgate_abi::inspect::dump;
use crossgate_abi::table::ProcessMemory;
use crossgate_protection::{Span, Unit};

/// An architecture, as the core sees it.
///
/// A port never does with rights of its own what the current thread could not do with its own: the address at
/// which it says that the thread's registers are saved lies, with all of them, in the window that is open to
/// the thread.
///
/// Before it goes on with another thread than the one that ran, it tells the core: [`account`] counts how long
/// threads run.
///
/// [`account`]: crate::Kernel::account
///
/// An implementation has to keep what each item promises: the security properties rest on it.
pub trait Port: 'static {
    /// Its memory protection unit. (The core only keeps values in the unit's form.)
    type Unit: Unit;

    /// The number of bytes of the caller's stack, from the stack pointer that it reports upwards, that hold
    /// registers that the kernel saved: they can't be lent.
    const CONTEXT_SIZE: Word;
    /// The number of bytes of the callee's stack that the kernel uses to enter it, including what it needs to
    /// save the callee's registers at its first system call.
    const ENTRY_SIZE: Word;

    /// The stack that starts here in the form that the protection unit wants. The core only keeps it.
    fn stack_register(start: Word) -> Word;

    /// Returns what the stack pointer of a thread with this stack is to be checked against when its registers are
    /// saved. The core only keeps it.
    fn bounds(stack: Span) -> [Word; 2];

    /// The code at which every thread begins: it does nothing but the system call
    /// [`BEGIN`](crossgate_abi::number::BEGIN).
    const BEGIN: extern "C" fn() -> !;

    /// Gives a piece of a process' memory, from offset `from`, its initial values. The piece is small,
    /// as interrupts wait meanwhile. Tells where the next piece starts, if there is one.
    fn reset(&mut self, memory: &ProcessMemory, from: Word) -> Option<Word>;

    /// Writes the context of a thread that starts at `entry` with an empty stack that ends at
    /// `stack_end`. Tells its stack pointer.
    fn first_context(entry: extern "C" fn() -> !, stack_end: Word) -> Word;

    /// Resets the whole system, as power going off and on does: the process that decides about the others
    /// is down for good.
    ///
    /// It returns only where a test looks at what the core would do.
    fn reset_system(&mut self);

    /// The time since start in µs. Never runs backwards.
    fn now(&mut self) -> u64;

    /// Asks for [`Kernel::timer`](crate::Kernel::timer) at `wake_at` (µs since start, or
    /// [`NEVER`](crate::time::NEVER)) or soon after; what was asked for before is forgotten.
    fn set_timer(&mut self, wake_at: u64);

    /// Reads a word of a process' memory. The core has checked that the address is aligned and
    /// belongs to the process that named it.
    fn read_word(&mut self, address: Word) -> Word;

    /// Writes such a word.
    fn write_word(&mut self, address: Word, value: Word);

    /// Looks at some words of a stack, from `from` bytes above its start on (any number), as interrupts wait
    /// meanwhile. Returns how many bytes were used that it had not seen, and where to look next; 0 is nowhere.
    ///
    /// Words count as used if they are not what they were at boot, and so do those above them, as far as a callee
    /// begins right below its caller.
    fn stack_use(&mut self, stack: Span, from: Word) -> [Word; 2];

    /// Tells the registers of a thread that crashed now, as a [dump] has them, and the words from its stack pointer
    /// on, as far as they lie in `window`: that is what its stack has of the process that it was in. Returns how many
    /// those are. What is not known stays as it is.
    ///
    /// [dump]: crossgate_abi::inspect::dump
    fn dump(
        &mut self,
        thread: &Thread<Self::Unit>,
        window: Span,
        registers: &mut [Word; dump::REGISTER_COUNT],
        stack: &mut [Word; dump::STACK_WORDS],
    ) -> usize;

    /// Keeps interrupt `line` from arriving, or lets it arrive again. What came while it was kept is
    /// forgotten then, unless the device still holds the line.
    ///
    /// There need be no such line: exceptions of the CPU are told as lines too.
    fn mask(&mut self, line: u16, mask: bool);
}

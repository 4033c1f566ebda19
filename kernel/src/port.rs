// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interface of the core to the hardware.

use crate::thread::Thread;
use crossgate_abi::Word;
use crossgate_abi::inspect::dump;
use crossgate_abi::table::ProcessMemory;
use crossgate_protection::{Span, Unit};

/// An architecture, as the core sees it.
///
/// On behalf of the current thread, a port makes no access that the thread may not make itself. So the saved registers
/// of a thread, whose address the port reports, lie entirely in the window that is open to the thread.
///
/// Before the port continues with a thread other than the one that ran, and at each call and return that the core makes,
/// it calls [`account`], which counts how long threads run.
///
/// [`account`]: crate::Kernel::account
///
/// An implementation has to keep the promises of each item, because the security properties rest on them.
pub trait Port: 'static {
    /// The kind of memory protection unit, and what it can express. (The core only keeps values in its form.)
    type Unit: Unit;

    /// The number of bytes of the caller's stack, from the reported stack pointer upwards, that hold registers which
    /// the kernel saved: they can't be lent.
    const CONTEXT_SIZE: Word;
    /// The number of bytes of the callee's stack that the kernel uses to enter it, including the space to save the
    /// callee's registers at its first system call.
    const ENTRY_SIZE: Word;

    /// Returns the stack that starts at `start`, in the form of the protection unit. The core only keeps the value.
    fn stack_register(start: Word) -> Word;

    /// Returns the values against which the stack pointer of a thread with this stack is checked when its registers are
    /// saved. The core only keeps them.
    fn bounds(stack: Span) -> [Word; 2];

    /// The entry of every thread: code that does nothing but the system call [`BEGIN`](crossgate_abi::number::BEGIN).
    const BEGIN: extern "C" fn() -> !;

    /// Gives a piece of a process' memory, from offset `from`, its initial values. The piece is small, because
    /// interrupts wait meanwhile. Returns the offset of the next piece, if there is one.
    fn reset(&mut self, memory: &ProcessMemory, from: Word) -> Option<Word>;

    /// Writes the context of a thread that starts at `entry` with an empty stack that ends at `stack_end`. Returns its
    /// stack pointer.
    fn first_context(entry: extern "C" fn() -> !, stack_end: Word) -> Word;

    /// Resets the whole system, as a power cycle does. The core asks for it when the supervisor is down for good.
    ///
    /// It returns only in a test of what the core would do.
    fn reset_system(&mut self);

    /// Returns the time since start in µs, which never decreases.
    fn now(&mut self) -> u64;

    /// Sets the timer: [`Kernel::timer`](crate::Kernel::timer) is to be called at `wake_at` (µs since start, or
    /// [`NEVER`](crate::time::NEVER)) or soon after. It replaces the earlier time.
    fn set_timer(&mut self, wake_at: u64);

    /// Returns whether an interrupt, or the timer, is pending while the core handles the present event: then the core
    /// puts off all that it can. A port that is not able to tell answers `false`.
    ///
    /// An interrupt whose line is [masked](Self::mask) is not pending.
    fn interrupt_is_pending(&self) -> bool;

    /// Reads a word of a process' memory. The core has checked that the address is aligned and belongs to the process
    /// that named it.
    fn read_word(&mut self, address: Word) -> Word;

    /// Writes such a word.
    fn write_word(&mut self, address: Word, value: Word);

    /// Looks for the lowest used word of a stack, upwards from `from` bytes above its start (any number), in a few
    /// words only, because interrupts wait meanwhile. Returns the number of bytes from the word that it found to the end
    /// of the stack, or 0 if it found none; and where to look next, or 0 if nothing is left to look at.
    ///
    /// A word is used if it is not what it was at boot. Everything above a used word counts as used, even if the stack
    /// of a callee did not begin right below that of its caller.
    fn stack_use(&mut self, stack: Span, from: Word) -> [Word; 2];

    /// Writes the registers of a thread that crashed now, as a [dump] has them, 0 for those that are not known. Some may
    /// be saved in `window`, which is the part of its stack that belongs to the process that it was in. Returns its
    /// stack pointer, which may be any address; 0 if it is not known.
    ///
    /// [dump]: crossgate_abi::inspect::dump
    fn dump(
        &mut self,
        thread: &Thread<Self::Unit>,
        window: Span,
        registers: &mut [Word; dump::REGISTER_COUNT],
    ) -> Word;

    /// Reads a word of this stack, whose thread does not run. The core has checked that the address is aligned and lies
    /// in the stack.
    fn stack_word(&mut self, stack: Span, address: Word) -> Word;

    /// Masks interrupt `line`, or unmasks it. An interrupt that arrived while the line was masked is dropped, unless
    /// the device still holds the line.
    ///
    /// The line need not exist: exceptions of the CPU are reported as lines too.
    fn mask(&mut self, line: u16, mask: bool);
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interface of the core to the hardware.

use crate::thread::Thread;
use crossgate_abi::Word;
use crossgate_abi::inspect::dump;
use crossgate_abi::power::Depth;
use crossgate_abi::table::ProcessMemory;
use crossgate_protection::{Span, Unit};

/// An architecture, as the core sees it.
///
/// When a port accesses memory on behalf of the current thread, it makes only accesses that the thread itself may make.
/// So the port saves the registers of a thread only inside the window that is open to the thread. The address at which
/// they are saved is the stack pointer that the port reports.
///
/// The port calls [`account`] before it continues with a thread other than the one that ran, and at each call and
/// return that the core makes. [`account`] counts how long threads run.
///
/// [`account`]: crate::Kernel::account
///
/// An implementation has to keep the promises of each item, because the security properties rest on them.
pub trait Port: 'static {
    /// The kind of memory protection unit. (The core stores the register values of this unit, but never interprets
    /// them.)
    type Unit: Unit;

    /// The number of bytes of the callee's stack that the kernel uses to enter a method, including the space to save
    /// the registers at the first system call of the method. (If the callee uses registers that take more space, that
    /// space is part of what the method needs.)
    const ENTRY_SIZE: Word;

    /// Returns the first address above the registers that were saved at the reported stack pointer. The bytes below
    /// this address can't be lent.
    fn context_end(stack_pointer: Word) -> Word;

    /// Returns the start of a stack in the form of the protection unit. The core stores the value and never interprets
    /// it.
    fn stack_register(start: Word) -> Word;

    /// Returns the bounds against which the port checks the stack pointer of a thread with this stack before it saves
    /// the thread's registers. The core stores the bounds and never interprets them.
    fn bounds(stack: Span) -> [Word; 2];

    /// The entry of every thread: code that does nothing but the system call [`BEGIN`](crossgate_abi::number::BEGIN).
    const BEGIN: extern "C" fn() -> !;

    /// Resets a piece of a process' memory, from offset `from`, to its initial values. The piece is small, because
    /// interrupts wait meanwhile. Returns the offset of the next piece, if there is one.
    fn reset(&mut self, memory: &ProcessMemory, from: Word) -> Option<Word>;

    /// Writes the context of a thread that starts at `entry` with an empty stack that ends at `stack_end`. Returns the
    /// thread's stack pointer.
    fn first_context(entry: extern "C" fn() -> !, stack_end: Word) -> Word;

    /// Resets the whole system. The core calls this function when the supervisor stays down for good.
    ///
    /// It returns only in tests of the core.
    fn reset_system(&mut self);

    /// Returns the time since start in µs, which never decreases.
    fn now(&mut self) -> u64;

    /// Sets the timer: the port has to call [`Kernel::timer`](crate::Kernel::timer) at `wake_at` (µs since start, or
    /// [`NEVER`](crate::time::NEVER)) or soon after. This time replaces the one that was set before.
    fn set_timer(&mut self, wake_at: u64);

    /// Returns whether an interrupt, or the timer, is pending while the core handles the present event. If so, the core
    /// gives up or defers all work that can wait. A port that can't find out returns `false`.
    ///
    /// An interrupt whose line is [masked](Self::mask) is not pending.
    fn interrupt_is_pending(&self) -> bool;

    /// Makes the idle thread, which is current, continue as a part of the kernel, with interrupts held off: it calls
    /// [`Kernel::rest`](crate::Kernel::rest) next. A port whose kernel waits for interrupts has nothing to do here.
    fn enter_kernel(&mut self) {}

    /// Makes the idle thread an ordinary thread again. Interrupts that are pending come next.
    fn leave_kernel(&mut self) {}

    /// Lets the CPU sleep until an interrupt, or the timer, is pending, or until some earlier time. The sleep may be at
    /// most this deep; the result is the depth that it had.
    ///
    /// `until` is the time to which the timer is set. A sleep that is deeper than [`Depth::Light`] may stop the timer:
    /// the port then wakes up the CPU by that time by other means, and the core sets the timer again.
    /// [`now`](Self::now) counts on during each sleep.
    fn sleep(&mut self, depth: Depth, until: u64) -> Depth;

    /// Reads a word of a process' memory. The core has checked that the address is aligned and belongs to the process
    /// that named it.
    fn read_word(&mut self, address: Word) -> Word;

    /// Writes a word of a process' memory, at an address that the core has checked in the same way.
    fn write_word(&mut self, address: Word, value: Word);

    /// Looks for the lowest used word of a stack. The search starts `from` bytes above the start of the stack (`from`
    /// may be any number), and looks at only a few words, because interrupts wait meanwhile. The first result is the
    /// number of bytes from the word that was found to the end of the stack, or 0 if none was found. The second result
    /// is the next value of `from`, or 0 if nothing is left to look at.
    ///
    /// A word is used if its value differs from the one at boot. Everything above a used word counts as used, even if
    /// the stack of a callee did not begin right below that of its caller.
    fn stack_use(&mut self, stack: Span, from: Word) -> [Word; 2];

    /// Writes the registers of a thread that has crashed, in the order of a [dump]; an unknown register is 0. Some of
    /// them may be saved in `window`, the part of the thread's stack that belongs to the process in which it crashed.
    /// Returns the thread's stack pointer, which may be any address, or 0 if it is unknown.
    ///
    /// The core calls this function once for each fault, before any thread runs again, and for some other crashes.
    ///
    /// [dump]: crossgate_abi::inspect::dump
    fn dump(
        &mut self,
        thread: &Thread<Self::Unit>,
        window: Span,
        registers: &mut [Word; dump::REGISTER_COUNT],
    ) -> Word;

    /// Reads a word of the stack of a thread that is not running. The core has checked that the address is aligned and
    /// lies in the stack.
    fn stack_word(&mut self, stack: Span, address: Word) -> Word;

    /// Masks interrupt `line`, or unmasks it. An interrupt that arrived while the line was masked is dropped, unless
    /// the device still holds the line.
    ///
    /// The line need not exist: exceptions of the CPU are reported as lines too.
    fn mask(&mut self, line: u16, mask: bool);
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The CPU as the kernel core sees it, and the kernel itself.
//!
//! The kernel is one static, which the handlers of traps use through `with_kernel`.

use crate::clock::Clock;
use crate::context::{Bounds, Context};
use crate::interrupts::{self, __crossgate_board_mask};
use crate::protection::{self, ProcessRegions, STACK_GRANULE};
use crate::{crash, last_words, memory, stack_use, start};
#[cfg(not(feature = "napot"))]
use core::mem::offset_of;
use core::ptr::NonNull;
use crossgate_abi::Word;
use crossgate_abi::inspect::dump;
use crossgate_abi::power::Depth;
use crossgate_abi::table::{ProcessMemory, System};
use crossgate_kernel::Kernel;
#[cfg(not(feature = "napot"))]
use crossgate_kernel::Offsets;
use crossgate_kernel::port::Port;
use crossgate_kernel::{thread, threads};
use crossgate_protection::{Native, Span};

unsafe extern "Rust" {
    safe fn __crossgate_board_reset() -> !;
}

/// The hardware, as the kernel core sees it, and the state of the port itself.
pub struct Machine {
    /// The values of the protection unit's registers that open each process.
    // Not a slice, so that an index needs no check.
    regions: NonNull<ProcessRegions>,
    pub(crate) clock: Clock,
    /// `true` if a lease is open in the protection unit.
    has_open_leases: bool,
    /// `true` from a fault of a thread, or another trap with a stack pointer outside of its window, until the thread's
    /// registers are in a dump.
    pub(crate) has_faulted: bool,
}

/// The offsets of the kernel's fields, in bytes from its start.
#[cfg(not(feature = "napot"))]
pub const KERNEL: Offsets = Kernel::<Machine>::OFFSETS;
/// The offset of the address of all regions, in bytes from the start of the kernel. The next two constants are the offsets
/// of the clock, and of a byte that is not 0 if a lease is open.
#[cfg(not(feature = "napot"))]
pub const REGIONS: usize = offset_of!(Kernel<Machine>, port) + offset_of!(Machine, regions);
#[cfg(not(feature = "napot"))]
pub const CLOCK: usize = offset_of!(Kernel<Machine>, port) + offset_of!(Machine, clock);
#[cfg(not(feature = "napot"))]
pub const LEASES_OPEN: usize =
    offset_of!(Kernel<Machine>, port) + offset_of!(Machine, has_open_leases);

impl Machine {
    /// Returns the state of the port after a reset.
    ///
    /// # Safety
    /// `regions` has as many entries as the wiring has processes.
    pub const unsafe fn new(clock: Clock, regions: &'static mut [ProcessRegions]) -> Machine {
        let regions = NonNull::from_mut(regions).cast();
        Machine { regions, clock, has_open_leases: false, has_faulted: false }
    }

    /// Computes the registers that open each process.
    ///
    /// # Safety
    /// The kernel was made for this wiring.
    pub unsafe fn set_regions(&mut self, system: &System) {
        let mut regions = self.regions;
        for process in system.processes {
            // SAFETY: there are regions for every process.
            unsafe {
                regions.as_mut().set(process);
                regions = regions.add(1);
            }
        }
    }
}

unsafe extern "Rust" {
    /// The kernel, which `start!` defines.
    pub static mut __crossgate_kernel: Kernel<Machine>;
}

/// Lets `work` use the kernel.
///
/// Only handlers of traps call this function, and traps do not nest: a trap of the kernel itself halts the machine. So no
/// other code uses the kernel meanwhile, as long as no `work` calls this function again.
#[inline(always)]
pub(crate) fn with_kernel<R>(work: impl FnOnce(&mut Kernel<Machine>) -> R) -> R {
    let kernel = &raw mut __crossgate_kernel;
    // SAFETY: this is the only reference, as explained above, and it does not outlive `work`.
    work(unsafe { &mut *kernel })
}

/// A thread of this port.
pub type Thread = thread::Thread<Native>;
/// The place where the core keeps a thread that is not the current one.
pub type Slot = threads::Slot<Native>;

/// Returns the part of its stack that a thread may use now.
pub fn window_of(thread: &Thread) -> Span {
    let start = thread.stack().start;
    Span { start, end: start + usize::from(thread.rights().window) * STACK_GRANULE }
}

/// Opens the memory that the current thread may use, and nothing else, and sets the bounds of its stack pointer.
#[inline(always)]
pub fn open(kernel: &mut Kernel<Machine>) {
    // (`current` finds the thread without a look-up in the table.)
    let thread = kernel.current();
    let (stack, rights) = (thread.stack(), thread.rights());
    let [lowest, highest] = Bounds::of(window_of(thread));
    // SAFETY: only the handlers of traps use the bounds, and nothing refers to them meanwhile.
    unsafe {
        (*Bounds::place()).lowest = lowest;
        (*Bounds::place()).highest = highest;
    }
    // SAFETY: the core knows only processes of the wiring, and there are regions for each.
    let regions = unsafe { kernel.port.regions.add(rights.process.index()).as_ref() };
    protection::open(stack.start, rights.window, regions);
    if rights.leases.bits() != 0 || kernel.port.has_open_leases {
        open_leases(kernel);
    }
}

#[cold]
#[inline(never)]
fn open_leases(kernel: &mut Kernel<Machine>) {
    let mut held = kernel.current_thread().leases();
    let (mut first, mut second) = (held.next(), held.next());
    let is_open = first.is_some();
    // If both leases open a byte, the first one decides. Because leases are rounded, they may open the same byte
    // although the lent memory does not overlap. So a lease for writing comes first.
    if first.is_some_and(|it| !it.writable) && second.is_some_and(|it| it.writable) {
        core::mem::swap(&mut first, &mut second);
    }
    protection::open_leases([first, second].map(|lease| lease.map(|it| &it.registers)));
    drop(held);
    kernel.port.has_open_leases = is_open;
}

/// The number of bytes of stack that a method gets beyond those that its service declares. Services declare the bytes
/// that their code needs on ARM. On this CPU stack frames are multiples of 16 bytes, and hold more registers.
const RESERVE: Word = 128;

// By the values of these symbols, `crossgate-link` knows the stack that threads and services need beside that of their
// code.
core::arch::global_asm!(
    ".global __crossgate_context_size",
    ".set __crossgate_context_size, {context}",
    ".global __crossgate_floats_size",
    ".set __crossgate_floats_size, 0",
    ".global __crossgate_entry_size",
    ".set __crossgate_entry_size, {entry}",
    ".global __crossgate_entry_reserve",
    ".set __crossgate_entry_reserve, {reserve}",
    context = const Context::SIZE,
    entry = const Machine::ENTRY_SIZE,
    reserve = const RESERVE,
);

impl Port for Machine {
    // (The wiring uses the sizes of this unit.)
    type Unit = Native;

    // A method is entered with its words in registers.
    const ENTRY_SIZE: Word = Context::SIZE + RESERVE;

    #[inline(always)]
    fn context_end(stack_pointer: Word) -> Word {
        stack_pointer + Context::SIZE
    }

    #[inline(always)]
    fn stack_register(start: Word) -> Word {
        start
    }

    #[inline]
    fn bounds(stack: Span) -> [Word; 2] {
        Bounds::of(stack)
    }

    const BEGIN: extern "C" fn() -> ! = start::begin;

    #[inline]
    fn reset(&mut self, memory: &ProcessMemory, from: Word) -> Option<Word> {
        // SAFETY: the core resets only processes that are down, and whose memory is no longer lent.
        unsafe { memory::reset(memory, from) }
    }

    #[inline]
    fn first_context(entry: extern "C" fn() -> !, stack_end: Word) -> Word {
        // SAFETY: the stack is one of the wiring, whose size is a multiple of 16, and the thread that uses it restarts.
        unsafe { Context::start(entry as Word, stack_end) }
    }

    #[inline]
    fn reset_system(&mut self) {
        last_words::say("the supervisor crashed too often, reset", &[]);
        __crossgate_board_reset()
    }

    #[inline(always)]
    fn now(&mut self) -> u64 {
        self.clock.now()
    }

    #[inline]
    fn set_timer(&mut self, at: u64) {
        self.clock.set_timer(at);
    }

    #[inline(always)]
    fn interrupt_is_pending(&self) -> bool {
        interrupts::pending() != 0
    }

    #[inline]
    /// The boards have no deep sleep.
    fn sleep(&mut self, _: Depth, _: u64) -> Depth {
        interrupts::wait();
        Depth::Light
    }

    fn read_word(&mut self, address: Word) -> Word {
        // SAFETY: the core checked that the address is that of a word of the current process' RAM; the thread that uses
        // it is not running.
        unsafe { (address as *const Word).read_volatile() }
    }

    #[inline]
    fn write_word(&mut self, address: Word, value: Word) {
        // SAFETY: as in `read_word`.
        unsafe { (address as *mut Word).write_volatile(value) };
    }

    #[inline]
    fn stack_use(&mut self, stack: Span, from: Word) -> [Word; 2] {
        stack_use::look(stack, from)
    }

    #[inline]
    fn dump(
        &mut self,
        thread: &Thread,
        window: Span,
        registers: &mut [Word; dump::REGISTER_COUNT],
    ) -> Word {
        let has_faulted = core::mem::take(&mut self.has_faulted);
        crash::dump(has_faulted, thread.stack_pointer, window, registers)
    }

    #[inline]
    fn stack_word(&mut self, _: Span, address: Word) -> Word {
        // SAFETY: the core checked that the address is that of a word of a stack, whose thread is not running.
        unsafe { (address as *const Word).read_volatile() }
    }

    #[inline]
    fn mask(&mut self, line: u16, mask: bool) {
        __crossgate_board_mask(line, mask);
    }
}

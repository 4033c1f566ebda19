// SPDX-License-Identifier: MIT OR Apache-2.0
//! The CPU as the kernel core sees it, and the kernel itself.
//!
//! The kernel is one static. Exception handlers use it through `with_kernel`, and the assembly through [its address and
//! the offsets of its fields](KERNEL).

use crate::clock::Clock;
use crate::context::{Bounds, Context};
use crate::exception;
use crate::protection::{self, ProcessRegions, ProtectionUnit};
use crate::sleep::Slept;
use crate::{crash, floats, last_words, memory, stack_use, start};
use core::mem::offset_of;
use core::ptr::NonNull;
use cortex_m::peripheral::{NVIC, SCB};
#[cfg(baseline)]
use crossgate_abi::ProcessId;
use crossgate_abi::Word;
use crossgate_abi::inspect::dump;
use crossgate_abi::power::Depth;
use crossgate_abi::table::{ProcessMemory, System};
use crossgate_kernel::port::Port;
use crossgate_kernel::{Kernel, Offsets};
use crossgate_kernel::{lease, thread, threads};
use crossgate_protection::{Native, Span, Unit};

/// The hardware, as the kernel core sees it, and the state of the port itself.
#[repr(C)]
pub struct Machine {
    /// The values of the protection unit's registers that open each process.
    // Not a slice, because a slice is two words. The assembly reads this word together with the next field.
    regions: NonNull<ProcessRegions>,
    /// The address of the protection unit's registers.
    #[cfg(not(baseline))]
    region_registers: u32,
    clock: Clock,
    /// The leases that are open in the protection unit; 0 if there are none.
    #[cfg(not(baseline))]
    pub leases_open: u8,
    /// `true` if the core [counts](Kernel::account) how long threads run. The field is next to `leases_open`, so that
    /// the assembly reads both at once.
    #[cfg(not(baseline))]
    counts_time: bool,
}

#[cfg(not(baseline))]
const _: () = assert!(
    LEASES_OPEN.is_multiple_of(2)
        && offset_of!(Machine, counts_time) == offset_of!(Machine, leases_open) + 1
);

/// The offsets of the kernel's fields, in bytes from its start.
pub const KERNEL: Offsets = Kernel::<Machine>::OFFSETS;
/// The offset of `Machine::regions`, in bytes from the start of the kernel. The next two constants are the offsets of
/// the clock and of the [leases that are open](Machine::leases_open).
pub const REGIONS: usize = offset_of!(Kernel<Machine>, port) + offset_of!(Machine, regions);
pub const CLOCK: usize = offset_of!(Kernel<Machine>, port) + offset_of!(Machine, clock);
#[cfg(not(baseline))]
pub const LEASES_OPEN: usize = offset_of!(Kernel<Machine>, port) + offset_of!(Machine, leases_open);

impl Machine {
    /// Returns the state of the port after a reset.
    ///
    /// # Safety
    /// `regions` has as many entries as the wiring has processes.
    pub const unsafe fn new(
        clock: Clock,
        regions: &'static mut [ProcessRegions],
        counts_time: bool,
    ) -> Machine {
        let regions = NonNull::from_mut(regions).cast();
        #[cfg(baseline)]
        {
            let _ = counts_time;
            Machine { regions, clock }
        }
        #[cfg(not(baseline))]
        {
            let region_registers = protection::REGION_REGISTERS;
            Machine { regions, region_registers, clock, leases_open: 0, counts_time }
        }
    }

    /// Computes the registers that open each process.
    ///
    /// # Safety
    /// The kernel was made for this wiring.
    #[inline(always)]
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

    /// Returns the registers that open a process of the wiring.
    #[cfg(baseline)]
    pub fn regions_of(&self, process: ProcessId) -> &ProcessRegions {
        // SAFETY: there are regions for every process, and nothing changes them after the start.
        unsafe { self.regions.add(process.index()).as_ref() }
    }

    /// Starts the clock.
    #[inline(always)]
    pub fn start_clock(&mut self) {
        self.clock.start();
    }
}

unsafe extern "Rust" {
    safe fn __crossgate_board_sleep(depth: Depth, left: u64) -> Slept;
    /// The kernel, which `start!` defines.
    pub static mut __crossgate_kernel: Kernel<Machine>;
}

/// Lets `work` use the kernel.
///
/// Only exception handlers call this function, and [`fall_asleep`] while all of them are held off. All handlers but
/// those of faults have the same priority, so they do not nest. The handler of a fault has a higher priority, but uses
/// the kernel only if the fault interrupted a thread. So no other code uses the kernel meanwhile, as long as no `work`
/// calls this function again.
#[inline(always)]
pub(crate) fn with_kernel<R>(work: impl FnOnce(&mut Kernel<Machine>) -> R) -> R {
    let kernel = &raw mut __crossgate_kernel;
    // SAFETY: this is the only reference, as explained above, and it does not outlive `work`.
    work(unsafe { &mut *kernel })
}

/// The place of the priority of `SVCall` among those of the CPU's own exceptions, from number 4 on.
#[cfg(not(baseline))]
const SVCALL: usize = 11 - 4;
/// The priority of the kernel, of which a CPU may have only the upper three bits; and the one before it.
#[cfg(not(baseline))]
const LAST: u8 = 0b111 << 5;
#[cfg(not(baseline))]
const BEFORE_LAST: u8 = 0b110 << 5;

/// Lets the CPU sleep. The idle thread calls this as a [part of the kernel](Port::enter_kernel), on the main stack,
/// with interrupts held off. Afterwards they are held off by their priority, and not by the mask, so that the idle
/// thread, after it has given its privileges back, can still make a system call, which ends this.
#[cfg(not(baseline))]
pub extern "C" fn fall_asleep() {
    with_kernel(|kernel| kernel.rest());
    // SAFETY: these registers belong to the kernel. Of all exceptions of the kernel, only `SVCall` can come now.
    unsafe {
        (*SCB::PTR).shpr[SVCALL].write(BEFORE_LAST);
        cortex_m::register::basepri::write(LAST);
    }
    // The mask ends only when the priority is in force (Cortex-M7 r0p0 and r0p1, erratum 837070).
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
}

/// A thread of this port.
pub type Thread = thread::Thread<ProtectionUnit>;
/// The place where the core keeps a thread that is not the current one.
pub type Slot = threads::Slot<ProtectionUnit>;
/// Memory that is lent, with the value of the register that opens it.
pub type Lease = lease::Lease<<ProtectionUnit as Unit>::Lease>;
/// The offsets of the fields of a thread.
pub type Offset = thread::Offset<ProtectionUnit>;

/// Returns the part of its stack that is open to a thread.
#[cfg(baseline)]
pub fn window_of(thread: &Thread) -> Span {
    let start = thread.stack().start;
    Span { start, end: start + protection::window_size(thread.rights().window) }
}

/// The number of bytes of stack that a method gets beyond those that its service declares. Services declare the bytes
/// that their code needs on ARMv7-M. With the instructions of ARMv6-M or ARMv8-M Baseline, code uses fewer registers and more stack.
const RESERVE: Word = if cfg!(baseline) { 64 } else { 0 };

// By the values of these symbols, `crossgate-link` knows the stack that threads and services need beside that of their
// code.
core::arch::global_asm!(
    ".global __crossgate_context_size",
    ".set __crossgate_context_size, {context}",
    ".global __crossgate_floats_size",
    ".set __crossgate_floats_size, {floats}",
    ".global __crossgate_entry_size",
    ".set __crossgate_entry_size, {entry}",
    ".global __crossgate_entry_reserve",
    ".set __crossgate_entry_reserve, {reserve}",
    context = const Context::SIZE,
    floats = const floats::SIZE,
    entry = const Machine::ENTRY_SIZE,
    reserve = const RESERVE,
);

impl Port for Machine {
    // (`system!` makes the wiring's tables for this unit.)
    type Unit = Native;

    const ENTRY_SIZE: Word = Context::FIRST_SIZE + Context::SIZE + RESERVE;

    #[inline(always)]
    fn context_end(stack_pointer: Word) -> Word {
        let pushed = floats::pushed(floats::is_marked(stack_pointer));
        floats::context(stack_pointer) + Context::SIZE + pushed
    }

    #[inline(always)]
    fn stack_register(start: Word) -> Word {
        start | protection::STACK_REGION as Word
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
        // SAFETY: the stack is one of the wiring, whose size is a multiple of 32, and the thread that uses it restarts.
        unsafe { Context::start(entry as Word, stack_end) }.addr()
    }

    #[inline]
    fn reset_system(&mut self) {
        last_words::say("the supervisor crashed too often, reset", &[]);
        SCB::sys_reset()
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
        exception::look()
    }

    /// The exception returns to the idle thread, which then runs privileged, and is interrupted by nothing.
    #[cfg(not(baseline))]
    #[inline]
    fn enter_kernel(&mut self) {
        const UNPRIVILEGED: u32 = 1;
        cortex_m::interrupt::disable();
        let control = cortex_m::register::control::read().bits() & !UNPRIVILEGED;
        // SAFETY: only the idle thread gets the privileges, and it executes nothing but `__crossgate_sleeper` until it has
        // given them back.
        unsafe { core::arch::asm!("msr control, {}", "isb", in(reg) control, options(nostack)) };
    }

    /// No interrupt comes before the exception returns, because all have the priority of `SVCall` again.
    #[cfg(not(baseline))]
    #[inline]
    fn leave_kernel(&mut self) {
        // SAFETY: these registers belong to the kernel, and have these values whenever a thread runs.
        unsafe {
            (*SCB::PTR).shpr[SVCALL].write(u8::MAX);
            cortex_m::register::basepri::write(0);
        }
    }

    #[inline]
    fn sleep(&mut self, depth: Depth, until: u64) -> Depth {
        let left = until.saturating_sub(self.clock.now());
        // (A deep sleep takes too long if an interrupt is pending already.)
        let depth = if exception::look() { Depth::Light } else { depth };
        let slept = __crossgate_board_sleep(depth, left);
        self.clock.add(slept.uncounted);
        slept.depth
    }

    #[inline]
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
        crash::dump(thread.stack_pointer, window, registers)
    }

    #[inline]
    fn stack_word(&mut self, _: Span, address: Word) -> Word {
        // SAFETY: the core checked that the address is that of a word of a stack, whose thread is not running.
        unsafe { (address as *const Word).read_volatile() }
    }

    #[inline]
    fn mask(&mut self, line: u16, mask: bool) {
        let (word, bit) = (usize::from(line / 32), 1 << (line % 32));
        // SAFETY: the handler of every line belongs to the kernel.
        let nvic = unsafe { &*NVIC::PTR };
        // The exceptions of the CPU, which the core sees as lines, too, have no mask.
        let Some(masked) = nvic.icer.get(word) else { return };
        // SAFETY: as above; the CPU has as many registers of each of the other two kinds as of `icer`.
        unsafe {
            if mask {
                masked.write(bit);
                cortex_m::asm::dsb();
            } else {
                // The line may have become pending again by the same interrupt, because the device still held the line
                // after the kernel had masked it. This pending state is cleared here. If the device holds the line even
                // now, the line stays pending.
                cortex_m::asm::dsb();
                nvic.icpr.get_unchecked(word).write(bit);
                nvic.iser.get_unchecked(word).write(bit);
            }
        }
    }
}

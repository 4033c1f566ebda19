//! From reset to the first thread.

use crate::context::Context;
use crate::crash;
use crate::entry::{self, Bounds};
use crate::last_words::{halt, say};
use crate::mpu;
use core::mem::offset_of;
use core::ptr::NonNull;
use cortex_m::peripheral::{NVIC, SCB};
use crossgate_abi::Word;
use crossgate_abi::inspect::dump;
use crossgate_abi::table::{ProcessMemory, System};
use crossgate_kernel::Kernel;
use crossgate_kernel::port::Port;
use crossgate_kernel::thread::Thread;
use crossgate_protection::Span;
use crossgate_protection::armv7m::ArmV7M;
use volatile_register::RW;

pub use crate::clock::Clock;
pub use crate::entry::{begin, interrupt, slow};
pub use crate::mpu::ProcessRegions;

/// The hardware, as the kernel core sees it, and what the port itself remembers.
#[repr(C)]
pub struct Machine {
    /// The registers that open each process.
    // Not a slice, so that it is one word, which `entry` reads, with the next.
    regions: NonNull<ProcessRegions>,
    /// Where those of the protection unit are.
    region_registers: u32,
    clock: Clock,
    /// The leases that are open in the protection unit; 0 if there are none.
    pub leases_open: u8,
    /// Whether the core [counts](Kernel::account) how long threads run. Right behind, so that `entry` reads
    /// both at once.
    counts_time: bool,
}

const _: () = assert!(
    LEASES_OPEN.is_multiple_of(2)
        && offset_of!(Machine, counts_time) == offset_of!(Machine, leases_open) + 1
);

/// Where the kernel's [regions](Machine::regions), [clock](Machine::clock) and the
/// [leases that are open](Machine::leases_open) are, in bytes from its start.
pub const REGIONS: usize = offset_of!(Kernel<Machine>, port) + offset_of!(Machine, regions);
pub const CLOCK: usize = offset_of!(Kernel<Machine>, port) + offset_of!(Machine, clock);
pub const LEASES_OPEN: usize = offset_of!(Kernel<Machine>, port) + offset_of!(Machine, leases_open);

impl Machine {
    /// The hardware as it is after a reset.
    ///
    /// # Safety
    /// `regions` has as many entries as the wiring has processes.
    pub const unsafe fn new(
        clock: Clock,
        regions: &'static mut [ProcessRegions],
        counts_time: bool,
    ) -> Machine {
        let regions = NonNull::from_mut(regions).cast();
        let region_registers = mpu::REGION_REGISTERS;
        Machine { regions, region_registers, clock, leases_open: 0, counts_time }
    }
}

unsafe extern "Rust" {
    /// The kernel, which `start!` makes.
    pub static mut __crossgate_kernel: Kernel<Machine>;
}

/// The kernel.
///
/// # Safety
/// The caller is the reset handler, or an exception handler of the one priority that all have which
/// call this, so no other reference exists.
#[inline(always)]
pub unsafe fn kernel() -> &'static mut Kernel<Machine> {
    let kernel = &raw mut __crossgate_kernel;
    // SAFETY: as the caller vouches.
    unsafe { &mut *kernel }
}

/// How many bytes of a process' memory are reset at a time.
const PIECE: Word = 256;

/// Fills words of memory up to an end with those from an address on, or with 0 if that is 0.
///
/// # Safety
/// They are words that nobody uses, and words that may be read.
// Four words at a time: the library's functions take five times as long.
#[unsafe(naked)]
unsafe extern "C" fn fill(to: *mut u32, end: Word, from: Word) {
    core::arch::naked_asm!(
        "push {{r4, r5, r6, lr}}",
        "movs r3, #0",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "1: subs r12, r1, r0",
        "beq 5f",
        "cmp r12, #16",
        "blo 3f",
        "cbz r2, 2f",
        "ldmia r2!, {{r3, r4, r5, r6}}",
        "2: stmia r0!, {{r3, r4, r5, r6}}",
        "b 1b",
        "3: cbz r2, 4f",
        "ldmia r2!, {{r3}}",
        "4: stmia r0!, {{r3}}",
        "b 1b",
        "5: pop {{r4, r5, r6, pc}}",
    )
}

/// What stacks are painted with, if somebody may ask how much of them was used.
const PAINT: u32 = 0xc0de_a11e;
/// How many bytes of a stack are looked at at a time.
const LOOK: Word = 28 * size_of::<u32>();

/// Paints the stacks of all threads.
///
/// # Safety
/// No thread has begun.
pub unsafe fn paint_stacks(system: &System) {
    for thread in system.threads {
        let start = thread.stack.addr();
        for word in (start..start + thread.stack_size).step_by(size_of::<u32>()) {
            // SAFETY: it is a word of a stack of the wiring, on which nothing runs yet.
            unsafe { (word as *mut u32).write_volatile(PAINT) };
        }
    }
}

/// Sets everything up and becomes the idle thread.
///
/// # Safety
/// Called once, by the reset handler, with the wiring that the kernel was made for.
pub unsafe fn boot(system: &'static System) -> ! {
    // SAFETY: as the caller vouches.
    unsafe { boot_and(system, || ()) }
}

/// Boots, and does something more as soon as interrupts are set up.
///
/// # Safety
/// As [`boot`].
#[inline(always)]
pub unsafe fn boot_and(system: &'static System, more: impl FnOnce()) -> ! {
    cortex_m::interrupt::disable();
    // SAFETY: nothing uses the kernel before the first exception.
    let kernel = unsafe { kernel() };
    let mut regions = kernel.port.regions;
    for process in system.processes {
        // SAFETY: there are regions for every process.
        unsafe {
            regions.as_mut().set(process);
            regions = regions.add(1);
        }
    }
    let flash = Span {
        start: symbol(&raw const __crossgate_flash_start),
        end: symbol(&raw const __crossgate_flash_end),
    };
    // First, as SysTick may be running.
    kernel.port.clock.start();
    configure(system);
    more();
    mpu::enable(flash);
    kernel.start(flash);
    // SAFETY: the idle thread starts here, without privileges.
    unsafe { become_current_thread() }
}

unsafe extern "C" {
    static __crossgate_flash_start: u8;
    static __crossgate_flash_end: u8;
    pub static __crossgate_kernel_stack_bottom: u8;
}

/// The address that the linker gave to a symbol.
pub fn symbol(symbol: *const u8) -> Word {
    symbol.addr()
}

/// Exception priorities, and which faults are told apart. What boot code has left is put right: no
/// interrupt is let in, and none preempts another.
#[inline(always)]
fn configure(system: &System) {
    const FAULTS_ENABLED: u32 = 0b111 << 16;
    const TRAP_DIVISION_BY_ZERO: u32 = 1 << 4;
    const ALIGN_STACK: u32 = 1 << 9;
    /// The other half of the register has caches, if the CPU has some.
    const BEHAVIOUR: u32 = 0xffff;
    const FORGET_PENDSV_AND_SYSTICK: u32 = 1 << 27 | 1 << 25;
    // SAFETY: the reset handler runs alone; these registers are the kernel's.
    unsafe {
        let (scb, nvic) = (&*SCB::PTR, &*NVIC::PTR);
        set_all(&nvic.icer);
        // The lowest priority, for all but faults. (If theirs is as low, their lower numbers decide.)
        set_all(core::slice::from_raw_parts(nvic.ipr.as_ptr().cast(), nvic.ipr.len() / 4));
        let [_faults, others @ ..] = &*scb.shpr.as_ptr().cast::<[RW<u32>; 3]>();
        set_all(others);
        cortex_m::register::basepri::write(0);
        scb.icsr.write(FORGET_PENDSV_AND_SYSTICK);
        for interrupt in system.interrupts {
            // What does not exist has no priority.
            let line = nvic.ipr.get(usize::from(interrupt.line));
            if line.is_none_or(|priority| priority.read() == 0) {
                refuse_line(interrupt.line);
            }
        }
        scb.cfsr.write(u32::MAX);
        scb.shcsr.write(FAULTS_ENABLED);
        scb.ccr.modify(|value| value & !BEHAVIOUR | TRAP_DIVISION_BY_ZERO | ALIGN_STACK);
        // Without write buffering a bus error is told at the store that caused it, so that the
        // right process is blamed (Cortex-M3 and M4: ACTLR.DISDEFWBUF).
        const DISABLE_WRITE_BUFFER: u32 = 1 << 1;
        (*cortex_m::peripheral::ICB::PTR).actlr.modify(|value| value | DISABLE_WRITE_BUFFER);
    }
}

/// Says that the wiring, or the board, has an interrupt line that the CPU has not.
#[inline(always)]
pub fn refuse_line(line: u16) -> ! {
    halt("this CPU has no interrupt line", &[line.into()])
}

/// Writes 1 to all bits of registers.
#[inline(never)]
fn set_all(registers: &[RW<u32>]) {
    for register in registers {
        // SAFETY: they are the kernel's, and mask or forget interrupts or make them less urgent.
        unsafe { register.write(u32::MAX) };
    }
}

/// Runs the current thread, unprivileged, on the process stack, from its first context.
///
/// # Safety
/// It has not run yet. The main stack is abandoned: from here on only exceptions use it, from its
/// top.
unsafe fn become_current_thread() -> ! {
    const UNPRIVILEGED_ON_PROCESS_STACK: u32 = 0b11;
    // SAFETY: as the caller vouches; no exception of the kernel comes in between, as every interrupt line is
    // masked until a thread acknowledges it, nothing is pending, and the timer's first deadline is far away. What is
    // above the kernel leaves all as it is.
    unsafe {
        core::arch::asm!(
            "mov sp, {main_stack}",
            "bl {load}",
            "ldr r1, [r0, #{program_counter}]",
            "adds r1, #1", // Thumb code
            "adds r0, #{size}",
            "msr psp, r0",
            "cpsie i",
            "movs r0, #{control}",
            "msr control, r0",
            "isb",
            "bx r1",
            main_stack = in(reg) Bounds::place(),
            load = sym entry::load,
            program_counter = const core::mem::offset_of!(Context, program_counter),
            size = const Context::SIZE,
            control = const UNPRIVILEGED_ON_PROCESS_STACK,
            options(noreturn),
        )
    }
}

impl Port for Machine {
    type Unit = ArmV7M;

    const CONTEXT_SIZE: Word = Context::SIZE;
    const ENTRY_SIZE: Word = Context::FIRST_SIZE + Context::SIZE;

    #[inline(always)]
    fn stack_register(start: Word) -> Word {
        start | mpu::STACK_REGION as Word
    }

    fn bounds(stack: Span) -> [Word; 2] {
        let lowest = stack.start + entry::SAVED;
        [lowest, stack.end.wrapping_sub(lowest + entry::FRAME)]
    }

    const BEGIN: extern "C" fn() -> ! = entry::begin;

    fn reset(&mut self, memory: &ProcessMemory, from: Word) -> Option<Word> {
        let start = memory.start + from;
        let end = memory.kept_start.min(start + PIECE);
        // Not `clamp`, which can panic.
        let copied = memory.data_end.max(start).min(end);
        // SAFETY: the linker laid the memory out in whole words, and put the image into flash. No thread is in the
        // process, and none has been lent any of its memory.
        unsafe {
            fill(start as *mut u32, copied, memory.image + from);
            fill(copied as *mut u32, end, 0);
        }
        (end < memory.kept_start).then_some(end - memory.start)
    }

    fn first_context(entry: extern "C" fn() -> !, stack_end: Word) -> Word {
        // SAFETY: the stack is one of the wiring, whose size is a multiple of 32, and the thread
        // that uses it starts anew.
        unsafe { Context::start(entry as Word, stack_end) }.addr()
    }

    fn reset_system(&mut self) {
        say("the supervisor crashed too often, reset", &[]);
        SCB::sys_reset()
    }

    #[inline(always)]
    fn now(&mut self) -> u64 {
        self.clock.now()
    }

    fn set_deadline(&mut self, deadline: u64) {
        self.clock.set_deadline(deadline);
    }

    fn read_word(&mut self, address: Word) -> Word {
        // SAFETY: the core checked that it is a word of the current process' RAM; the thread that
        // uses it is not running.
        unsafe { (address as *const Word).read_volatile() }
    }

    fn write_word(&mut self, address: Word, value: Word) {
        // SAFETY: as in `read_word`.
        unsafe { (address as *mut Word).write_volatile(value) };
    }

    fn stack_use(&mut self, stack: Span, from: Word) -> [Word; 2] {
        let mut word = stack.end.min(stack.start.saturating_add(from & !3));
        let end = stack.end.min(word.saturating_add(LOOK));
        while word < end {
            // SAFETY: it is a word of a stack of the wiring; who uses it is not running.
            if unsafe { (word as *const u32).read_volatile() } != PAINT {
                return [stack.end - word, 0];
            }
            word += size_of::<u32>();
        }
        [0, if end < stack.end { end - stack.start } else { 0 }]
    }

    fn dump(
        &mut self,
        thread: &Thread,
        window: Span,
        registers: &mut [Word; dump::REGISTER_COUNT],
        stack: &mut [Word; dump::STACK_WORDS],
    ) -> usize {
        crash::dump(thread.stack_pointer, window, registers, stack)
    }

    fn mask(&mut self, line: u16, mask: bool) {
        let (word, bit) = (usize::from(line / 32), 1 << (line % 32));
        // SAFETY: the handler of every line is the kernel's.
        let nvic = unsafe { &*NVIC::PTR };
        // The exceptions of the CPU, which are told as lines too, have no mask.
        let Some(masked) = nvic.icer.get(word) else { return };
        // SAFETY: as above; these are as many registers as those that mask.
        unsafe {
            if mask {
                masked.write(bit);
                cortex_m::asm::dsb();
            } else {
                // A device that still held the line when it was masked has made it pending again. If it
                // holds it no longer, that was the same interrupt; if it does, it stays pending.
                cortex_m::asm::dsb();
                nvic.icpr.get_unchecked(word).write(bit);
                nvic.iser.get_unchecked(word).write(bit);
            }
        }
    }
}

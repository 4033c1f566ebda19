//! From reset to the first thread.

use crate::armv7m;
use crate::clock::Clock;
use crate::context::Context;
use crate::entry::Bounds;
use crate::{handler, mpu};
use core::mem::MaybeUninit;
use cortex_m::peripheral::{NVIC, SCB, scb::SystemHandler};
use crossgate_abi::Word;
use crossgate_abi::table::{ProcessMemory, System};
use crossgate_kernel::memory::Span;
use crossgate_kernel::port::{Port, Window};
use crossgate_kernel::{Kernel, Storage};

pub use crate::mpu::ProcessRegions;

/// The hardware, as the kernel core sees it, and what the port itself remembers.
pub struct Machine {
    clock: Clock,
    regions: &'static [ProcessRegions],
    /// How many leases are open in the protection unit.
    pub leases_open: u8,
}

impl Machine {
    /// The registers that open a process.
    #[inline(always)]
    pub fn regions(&self, process: u8) -> &ProcessRegions {
        // SAFETY: the numbers of processes come from the wiring, whose tables `system!` has checked,
        // and `boot` filled in the regions of every process of it.
        unsafe { self.regions.get_unchecked(usize::from(process)) }
    }
}

#[allow(non_upper_case_globals, reason = "named like what `start!` makes, so that tools find it")]
static mut __crossgate_kernel: MaybeUninit<Kernel<Machine>> = MaybeUninit::uninit();
/// Where the kernel is.
const KERNEL: *mut MaybeUninit<Kernel<Machine>> = &raw mut __crossgate_kernel;

/// The kernel.
///
/// # Safety
/// [`boot`] has made it, and the caller is an exception handler of the one priority that all have
/// which call this, so no other reference exists.
#[inline(always)]
pub unsafe fn kernel() -> &'static mut Kernel<Machine> {
    // SAFETY: as the caller vouches.
    unsafe { (*KERNEL).assume_init_mut() }
}

/// The priority of all exceptions but faults: the lowest.
const KERNEL_PRIORITY: u8 = 0xff;

/// Sets everything up and becomes the idle thread.
///
/// # Safety
/// Called once, by the reset handler, with statics that nothing else uses.
pub unsafe fn boot(
    system: &'static System,
    storage: Storage,
    regions: &'static mut [ProcessRegions],
    ticks_per_microsecond: u32,
) -> ! {
    for (process, regions) in system.processes.iter().zip(regions.iter_mut()) {
        // SAFETY: no thread runs yet.
        unsafe { fill(process.memory) };
        *regions = ProcessRegions::of(process);
    }
    let flash = Span {
        start: symbol(&raw const __crossgate_flash_start),
        end: symbol(&raw const __crossgate_flash_end),
    };
    configure(system);
    mpu::enable(flash, symbol(&raw const __crossgate_kernel_stack_bottom));
    let machine = Machine { clock: Clock::start(ticks_per_microsecond), regions, leases_open: 0 };
    // SAFETY: nothing uses the kernel before the first exception.
    let kernel = unsafe { (*KERNEL).write(Kernel::new(system, storage, flash, machine)) };
    for (index, thread) in system.threads.iter().enumerate() {
        // SAFETY: the stack is the thread's alone, and its size is a multiple of 32.
        let context =
            unsafe { Context::start(thread.entry, thread.stack.addr() + thread.stack_size) };
        kernel.place(index, context.addr());
    }
    // SAFETY: the idle thread starts here, without privileges.
    unsafe { become_current_thread(kernel) }
}

unsafe extern "C" {
    static __crossgate_flash_start: u8;
    static __crossgate_flash_end: u8;
    static __crossgate_kernel_stack_bottom: u8;
}

/// The address that the linker gave to a symbol.
fn symbol(symbol: *const u8) -> Word {
    symbol.addr()
}

/// Gives a process' memory its initial values.
///
/// # Safety
/// Nothing uses the memory.
unsafe fn fill(memory: &ProcessMemory) {
    let initialised = memory.data_end - memory.start;
    // SAFETY: the linker laid the memory out and put the image into flash.
    unsafe {
        let start = memory.start as *mut u8;
        start.copy_from_nonoverlapping(memory.image as *const u8, initialised);
        start.add(initialised).write_bytes(0, memory.end - memory.data_end);
    }
}

/// Exception priorities, and which faults are told apart.
fn configure(system: &System) {
    const FAULTS_ENABLED: u32 = 0b111 << 16;
    const TRAP_DIVISION_BY_ZERO: u32 = 1 << 4;
    const ALIGN_STACK: u32 = 1 << 9;
    // SAFETY: the reset handler runs alone; these registers are the kernel's.
    unsafe {
        let mut core = cortex_m::Peripherals::steal();
        for handler in [SystemHandler::SVCall, SystemHandler::PendSV, SystemHandler::SysTick] {
            core.SCB.set_priority(handler, KERNEL_PRIORITY);
        }
        for interrupt in system.interrupts {
            core.NVIC.set_priority(Line(interrupt.line), KERNEL_PRIORITY);
        }
        let scb = &*SCB::PTR;
        scb.shcsr.modify(|value| value | FAULTS_ENABLED);
        scb.ccr.modify(|value| value | TRAP_DIVISION_BY_ZERO | ALIGN_STACK);
        // Without write buffering a bus error is told at the store that caused it, so that the
        // right process is blamed (Cortex-M3 and M4: ACTLR.DISDEFWBUF).
        const DISABLE_WRITE_BUFFER: u32 = 1 << 1;
        (*cortex_m::peripheral::ICB::PTR).actlr.modify(|value| value | DISABLE_WRITE_BUFFER);
    }
}

/// Runs the current thread, unprivileged, on the process stack, from its first context.
///
/// # Safety
/// It has not run yet. The main stack is abandoned: from here on only exceptions use it, from its
/// top.
unsafe fn become_current_thread(kernel: &mut Kernel<Machine>) -> ! {
    const UNPRIVILEGED_ON_PROCESS_STACK: u32 = 0b11;
    // SAFETY: as the caller vouches; no exception comes in between, as every interrupt line is
    // masked until a thread acknowledges it, and the timer's first deadline is far away.
    unsafe {
        core::arch::asm!(
            "mov sp, {main_stack}",
            "bl {load}",
            "ldr r1, [r0, #{program_counter}]",
            "orr r1, #1",
            "add r0, #{size}",
            "msr psp, r0",
            "movs r0, #{control}",
            "msr control, r0",
            "isb",
            "bx r1",
            main_stack = in(reg) Bounds::place(),
            load = sym load_first,
            program_counter = const core::mem::offset_of!(Context, program_counter),
            size = const Context::SIZE,
            control = const UNPRIVILEGED_ON_PROCESS_STACK,
            in("r0") kernel,
            options(noreturn),
        )
    }
}

extern "C" fn load_first(kernel: &mut Kernel<Machine>) -> *mut Context {
    handler::load(kernel)
}

/// An interrupt line by its number.
#[derive(Clone, Copy)]
struct Line(u16);

// SAFETY: the number is that of the wiring, and does not change.
unsafe impl cortex_m::interrupt::InterruptNumber for Line {
    fn number(self) -> u16 {
        self.0
    }
}

impl Port for Machine {
    const CONTEXT_SIZE: Word = Context::SIZE;
    const ENTRY_SIZE: Word = Context::FIRST_SIZE + Context::SIZE;

    #[inline(always)]
    fn window(stack: Span, stack_pointer: Word) -> Window {
        armv7m::window(stack, stack_pointer)
    }

    #[inline(always)]
    fn coverable(span: Span, limits: Span) -> bool {
        armv7m::coverable(span, limits)
    }

    fn now(&mut self) -> u64 {
        self.clock.now()
    }

    fn set_deadline(&mut self, deadline: Option<u64>) {
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

    fn mask(&mut self, line: u16) {
        NVIC::mask(Line(line));
        cortex_m::asm::dsb();
    }

    fn unmask(&mut self, line: u16) {
        // SAFETY: the handler of every line is the kernel's.
        unsafe { NVIC::unmask(Line(line)) };
    }
}

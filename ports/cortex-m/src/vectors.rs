// SPDX-License-Identifier: MIT OR Apache-2.0
//! The vector table of a firmware that has [handlers above the kernel](crate::zero_latency), or keeps crash dumps.

#[cfg(not(baseline))]
use crate::boot::refuse_line;
#[cfg(not(baseline))]
use crate::context::PROCESS_STACK;
use crate::crash::keep_registers;
use crate::protection::ACTIVE_FAULTS;
#[cfg(not(baseline))]
use crate::protection::FAULT_PRIORITIES;
use crate::zero_latency::Line;
#[cfg(not(baseline))]
use crate::zero_latency::PRIORITIES;
#[cfg(not(baseline))]
use cortex_m::peripheral::NVIC;
use cortex_m::peripheral::SCB;
#[cfg(not(baseline))]
use volatile_register::RW;

/// Handles a hard fault, which no handler above the kernel can preempt. If a thread caused it (by a breakpoint), this
/// handler pends a usage fault instead, and returns. The CPU then takes the usage fault before the thread continues,
/// and handlers above the kernel can preempt the usage fault.
#[cfg(not(baseline))]
#[unsafe(naked)]
unsafe extern "C" fn hard_fault() {
    core::arch::naked_asm!(
        "tst lr, #{thread}",
        "beq 1f",
        "ldr r0, 2f",
        "ldr r1, [r0]",
        "orr r1, r1, #{pend_usage_fault}",
        "str r1, [r0]",
        "dsb",
        "bx lr",
        "1: b {of_the_kernel}",
        ".balign 4",
        "2: .word {system_handler_control}",
        thread = const PROCESS_STACK,
        pend_usage_fault = const 1 << 12,
        system_handler_control = const 0xe000_ed24_u32,
        of_the_kernel = sym HardFault,
    )
}

unsafe extern "C" {
    // The handlers of the port, and the handler of cortex-m-rt for exceptions that the port does not handle.
    fn NonMaskableInt();
    fn HardFault();
    #[cfg(not(baseline))]
    fn MemoryManagement();
    #[cfg(not(baseline))]
    fn BusFault();
    #[cfg(not(baseline))]
    fn UsageFault();
    #[cfg(not(baseline))]
    fn SecureFault();
    fn SVCall();
    fn DefaultHandler();
}

// (There are no handlers above the kernel.)
#[cfg(baseline)]
use HardFault as hard_fault;

/// The number of entries of the architecture: the first stack pointer, 15 exceptions, 240 lines (on an ARMv6-M 32).
const COUNT: usize = if cfg!(armv6m) { 48 } else { 256 };

/// A vector table.
#[cfg_attr(not(armv6m), repr(C, align(1024)))]
#[cfg_attr(armv6m, repr(C, align(256)))]
pub struct Vectors([Option<unsafe extern "C" fn()>; COUNT]);

impl Vectors {
    /// Returns the port's table, with these handlers. If there are crash dumps, its handlers of faults save registers.
    #[must_use]
    pub const fn new(handlers: &[Line], is_dumped: bool) -> Vectors {
        let mut vectors = [Some(DefaultHandler as unsafe extern "C" fn()); COUNT];
        // The CPU reads these two entries only after a reset, and then from the table of cortex-m-rt.
        (vectors[0], vectors[1]) = (None, None);
        vectors[2] = Some(NonMaskableInt);
        vectors[3] = Some(if handlers.is_empty() { HardFault } else { hard_fault });
        #[cfg(not(baseline))]
        {
            vectors[4] = Some(MemoryManagement);
            vectors[5] = Some(BusFault);
            vectors[6] = Some(UsageFault);
            if *ACTIVE_FAULTS.end() == 7 {
                vectors[7] = Some(SecureFault);
            }
        }
        if is_dumped {
            let first = if handlers.is_empty() { 3 } else { 4 };
            let mut fault = first;
            while fault <= *ACTIVE_FAULTS.end() as usize {
                vectors[fault] = Some(keep_registers);
                fault += 1;
            }
        }
        vectors[11] = Some(SVCall);
        let mut index = 0;
        while index < handlers.len() {
            vectors[16 + handlers[index].line as usize] = Some(handlers[index].enter);
            index += 1;
        }
        Vectors(vectors)
    }

    /// Installs the table. Stops the machine if that is not possible, as on a Cortex-M0.
    ///
    /// # Safety
    /// The kernel has not started, and its board has these handlers.
    pub unsafe fn install(&'static self) {
        let table = core::ptr::from_ref(self).addr() as u32;
        // SAFETY: as the caller promises.
        unsafe { (*SCB::PTR).vtor.write(table) };
        cortex_m::asm::dsb();
        // SAFETY: this only reads a register.
        #[cfg(baseline)]
        if unsafe { (*SCB::PTR).vtor.read() } != table {
            crate::last_words::halt("this CPU can't move its vector table", &[]);
        }
    }
}

/// Does nothing: [`check`](crate::zero_latency::check) refuses all handlers.
///
/// # Safety
/// None is needed.
#[cfg(baseline)]
pub unsafe fn enable(_: &[Line]) {}

/// The place of a priority in its register: every ARMv7-M has at least the upper three bits.
#[cfg(not(baseline))]
const LEVEL: u32 = 5;

/// Lets the handlers preempt the kernel, even while it handles a fault of a thread. (A fault of a handler becomes a
/// hard fault.)
///
/// # Safety
/// The kernel has not started, and has set up the priorities of all other exceptions. The table in force is that of
/// these handlers, which [`check`](crate::zero_latency::check) has accepted.
#[cfg(not(baseline))]
pub unsafe fn enable(handlers: &[Line]) {
    /// The priority of faults, between handlers and kernel.
    const FAULTS: u32 = FAULT_PRIORITIES * ((PRIORITIES as u32) << LEVEL);
    /// The setting by which every bit of a priority decides which exception preempts which.
    const ALL_BITS_PREEMPT: u32 = 0x05fa << 16;
    // SAFETY: as the caller promises; these registers belong to the kernel.
    unsafe {
        let (scb, nvic) = (&*SCB::PTR, &*NVIC::PTR);
        scb.aircr.write(ALL_BITS_PREEMPT);
        (*scb.shpr.as_ptr().cast::<RW<u32>>()).write(FAULTS);
        cortex_m::asm::dsb();
        for handler in handlers {
            let line = usize::from(handler.line);
            let priority = nvic.ipr.get_unchecked(line);
            // The priority of a line that does not exist is always read as 0.
            if priority.read() == 0 {
                refuse_line(handler.line);
            }
            priority.write(handler.priority << LEVEL);
            nvic.icpr.get_unchecked(line / 32).write(1 << (line % 32));
            nvic.iser.get_unchecked(line / 32).write(1 << (line % 32));
        }
    }
}

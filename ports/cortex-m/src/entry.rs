//! The way from an exception to Rust and back.
//!
//! On entry the registers that the CPU has not saved (r4 to r11) are pushed on the thread's stack,
//! below the CPU's frame, if they lie inside that stack: a stack pointer that points elsewhere would
//! have the kernel write there. The handler gets the address of this context, and gives back the
//! address of the context to go on with: the same, a callee's, or a caller's; or null if it is to be
//! that of the thread which is current now.

use crate::boot::{__crossgate_kernel, LEASES_OPEN, Machine, ProcessRegions, REGIONS};
use crate::context::Context;
use crate::{fault, handler, mpu};
use crossgate_abi::{LEASES_PER_CALL, Word, number};
use crossgate_kernel::Kernel;
use crossgate_kernel::lease::Lease;
use crossgate_kernel::thread::offset;

/// Where the context of the thread that runs may lie: in memory that it could write itself.
///
/// The CPU pushes its frame with the rights of the thread, so the frame lies in what is open to the
/// thread. As long as the thread holds no lease, what is open of its stack is its window, from the
/// bottom up: if the frame is in the stack, so is what the kernel pushes below it, and the bounds are the
/// whole stack. A lease may be of a caller's part of the stack, with closed memory below it. So whenever
/// leases are opened or closed the bounds become the window itself ([`open_leases`]).
///
/// They are kept at the top of the main stack. Exceptions don't nest, so each finds them at its stack
/// pointer.
#[repr(C)]
pub struct Bounds {
    /// The lowest allowed value of the process stack pointer on entry.
    lowest: Word,
    /// How far above that it may be.
    range: Word,
}

/// In what an exception is entered with in `lr`: that it interrupted a thread. (The kernel has the main
/// stack.)
const PROCESS_STACK: Word = 1 << 2;
/// What the CPU pushed.
const FRAME: Word = 32;
/// What the kernel pushes.
const SAVED: Word = 32;

unsafe extern "C" {
    static mut _stack_start: [Bounds; 0];
}

impl Bounds {
    /// Where the bounds in force are.
    pub fn place() -> *mut Bounds {
        (&raw mut _stack_start).cast::<Bounds>().wrapping_sub(1)
    }
}

/// Saves the thread's registers and leaves the address of its context in r0. At `9:` goes on what is
/// to be done if its stack pointer is out of bounds.
macro_rules! save {
    () => {
        "mrs r0, psp
         ldrd r1, r2, [sp]
         subs r1, r0, r1
         cmp r1, r2
         bhi 9f
         stmdb r0!, {{r4-r11}}"
    };
}

/// Goes on with the context at r0.
macro_rules! resume {
    () => {
        "ldmia r0!, {{r4-r11}}
         msr psp, r0
         mvn r0, #2 // EXC_RETURN: thread mode, process stack
         bx r0"
    };
}

/// Goes on with the context at r0, or with the current thread's if that is null.
macro_rules! resume_or_load {
    () => {
        concat!("cbnz r0, 0f\nbl {load}\n0:", resume!())
    };
}

/// A system call. What it is, its selector says: the r12 that the CPU saved.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn SVCall() {
    core::arch::naked_asm!(
        save!(),
        "ldr r1, [r0, #{selector}]",
        "cmp r1, #0",
        "blt 2f",
        "bl {call}",
        "1:",
        resume_or_load!(),
        "2: mvns r1, r1",
        "bne 3f",
        "bl {leave}",
        resume_or_load!(),
        "3: cmp r1, #{last_of_table}",
        "bhi 8f",
        "tbb [pc, r1]",
        // In the order of their numbers; the first is dealt with.
        "4: .byte 0, (5f - 4b) / 2, (6f - 4b) / 2, (7f - 4b) / 2, (10f - 4b) / 2",
        ".balign 2",
        "5: bl {yield_now}",
        "bl {load}",
        resume!(),
        "6: bl {signal}",
        resume_or_load!(),
        "7: bl {wait}",
        resume_or_load!(),
        "10: bl {thread_id}",
        "b 1b",
        "8: bl {other}",
        "b 1b",
        "9: bl {out_of_bounds}",
        "bl {load}",
        resume!(),
        selector = const core::mem::offset_of!(Context, selector),
        last_of_table = const number::THREAD_ID,
        call = sym handler::call,
        leave = sym handler::leave,
        yield_now = sym handler::yield_now,
        signal = sym handler::signal,
        wait = sym handler::wait,
        thread_id = sym handler::thread_id,
        other = sym handler::system_call,
        out_of_bounds = sym handler::out_of_bounds,
        load = sym load,
    )
}

const _: () = assert!(
    number::RETURN == 0
        && number::YIELD == 1
        && number::SIGNAL == 2
        && number::WAIT == 3
        && number::THREAD_ID == 4,
    "the table of `SVCall` is in this order"
);

/// The timer, and every interrupt line. It may go on with another thread than the one that it
/// interrupted. If the stack pointer of that one is out of bounds, it is as if the next one had been
/// interrupted. If it was none that was interrupted, the kernel has not started.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn DefaultHandler() {
    core::arch::naked_asm!(
        "tst lr, #{thread}",
        "beq 8f",
        save!(),
        "1: bl {handler}",
        resume_or_load!(),
        "9: bl {out_of_bounds}",
        "bl {load}",
        "b 1b",
        "8: b {early}",
        thread = const PROCESS_STACK,
        early = sym handler::early_interrupt,
        handler = sym handler::interrupt,
        out_of_bounds = sym handler::out_of_bounds,
        load = sym load,
    )
}

/// A fault. The interrupted context is not saved: nothing ever goes back to it.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn HardFault() {
    core::arch::naked_asm!(
        "tst lr, #{thread}",
        "beq 1f",
        "mrs r0, psp",
        "bl {handler}",
        "bl {load}",
        resume!(),
        // It was the kernel's. Its stack may be used up, or closed by the guard.
        "1: mov r0, sp",
        "ldr r1, 2f",
        "mov sp, r1",
        "cpsid f", // faults are like hard faults from now on: for them the protection unit is off
        "b {kernel_fault}",
        ".balign 4",
        "2: .word {stack}",
        thread = const PROCESS_STACK,
        stack = sym _stack_start,
        kernel_fault = sym fault::kernel_fault,
        handler = sym handler::fault,
        load = sym load,
    )
}

/// Faults that are told apart by their status only.
macro_rules! same_as_hard_fault {
    ($($name:ident)*) => { $(
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name() {
            core::arch::naked_asm!("b {hard_fault}", hard_fault = sym HardFault)
        }
    )* };
}

same_as_hard_fault! { MemoryManagement BusFault UsageFault }

/// Where every thread begins: with a system call that goes on at its entry.
#[unsafe(naked)]
pub extern "C" fn begin() -> ! {
    core::arch::naked_asm!(
        "mvn r12, #{number}",
        "svc 0",
        number = const crossgate_abi::number::BEGIN,
    )
}

/// Opens what the thread that is current now may use: its stack, its process' memory and devices, its
/// leases. Leaves the address of its context in r0.
///
/// The stack pointer is at the [`Bounds`], which become those of this thread's stack.
#[unsafe(naked)]
pub unsafe extern "C" fn load() -> *mut Context {
    core::arch::naked_asm!(
        "ldr r5, 6f",
        "ldr r4, [r5]", // the current thread
        "ldr r0, [r4]", // its context
        "ldrd r1, r2, [r4, #{stack}]",
        "adds r3, r1, #{saved}",
        "subs r2, r2, r3",
        "subs r2, #{frame}",
        "strd r3, r2, [sp]",
        "ldrb r3, [r4, #{pending}]",
        "cbnz r3, 3f",
        "1: ldr r3, [r4, #{level}]",
        "ldrb r2, [r5, #{leases_open}]",
        "orrs r2, r2, r3, lsr #24",
        "bne 4f",
        "2: ubfx r2, r3, #16, #8", // the process
        "ldr r6, [r5, #{regions}]",
        "add r2, r2, r2, lsl #1",
        "add r2, r6, r2, lsl #3", // its regions
        "orr r1, r1, #{stack_region}",
        "movt r3, #{stack_access}",
        "ldm r2, {{r4-r9}}",
        "ldr r12, 7f",
        "stm r12, {{r1, r3-r9}}",
        "dsb",
        "bx lr",
        // Something is pending.
        "3: movs r6, #0",
        "strb r6, [r4, #{pending}]",
        "cmp r3, #1",
        "bne 5f",
        // A reply: status, word, 0.
        "ldrb r2, [r4, #{pending_status}]",
        "ldr r3, [r4, #{pending_word}]",
        "strd r2, r3, [r0, #{arguments}]",
        "str r6, [r0, #{arguments} + 8]",
        "b 1b",
        // The call again: back to the `svc` instruction, which is 2 bytes long.
        "5: ldr r3, [r0, #{program_counter}]",
        "subs r3, #2",
        "str r3, [r0, #{program_counter}]",
        "b 1b",
        "4: push {{r0, r1, r3, lr}}",
        "mov r0, r5",
        "bl {open_leases}",
        "pop {{r0, r1, r3, lr}}",
        "b 2b",
        ".balign 4",
        "6: .word {kernel}",
        "7: .word {registers}",
        kernel = sym __crossgate_kernel,
        stack = const offset::STACK,
        saved = const SAVED,
        frame = const FRAME,
        pending = const offset::PENDING,
        level = const offset::LEVEL,
        leases_open = const LEASES_OPEN,
        regions = const REGIONS,
        stack_region = const mpu::STACK_REGION,
        stack_access = const mpu::STACK_ACCESS,
        registers = const mpu::REGION_REGISTERS,
        pending_status = const offset::PENDING_STATUS,
        pending_word = const offset::PENDING_WORD,
        arguments = const core::mem::offset_of!(Context, arguments),
        program_counter = const core::mem::offset_of!(Context, program_counter),
        open_leases = sym open_leases,
    )
}

const _: () = assert!(size_of::<ProcessRegions>() == 24, "`load` multiplies by it");

/// Opens the leases that are in force for the current thread, closes those that were, and has its context
/// lie in its window; in its stack if it holds none: it may go back to its caller without a look at this. (A window
/// has room for a context: one that has not is never entered.)
// Cold, so that calls without leases have the short way.
#[cold]
#[unsafe(naked)]
pub unsafe extern "C" fn open_leases(kernel: &mut Kernel<Machine>) {
    core::arch::naked_asm!(
        "push {{r4, r5, r6, lr}}",
        "ldr r1, [r0]", // the current thread
        "ldr r2, [r1, #{level}]",
        "lsrs r3, r2, #24",
        "strb r3, [r0, #{leases_open}]",
        "bne 4f",
        // There are none (any more): the whole stack.
        "ldrd r3, r4, [r1, #{stack}]",
        "subs r4, r3",
        "b 5f",
        // The window: so many eighths of this size. Those above are disabled.
        "4: ubfx r3, r2, #1, #5",
        "subs r3, #2",
        "ubfx r4, r2, #8, #8",
        "orr r4, #0x100",
        "rbit r4, r4",
        "clz r4, r4",
        "lsls r4, r3",
        "5: subs r4, #{context}",
        "ldr r3, 6f",
        "str r4, [r3, #-4]",
        // The leases: the first that is in force, and how many.
        "lsrs r5, r2, #28",
        "ubfx r6, r2, #24, #4",
        "subs r6, r5",
        "add r1, r1, r5, lsl #4",
        "adds r1, #{leases}",
        "ldr r3, 7f",
        "movs r5, #{region}",
        "1: cbz r6, 3f",
        "ldr r2, [r1, #{start}]",
        "ldr r4, [r1, #{registers}]",
        "ubfx r0, r4, #1, #5",
        "adds r0, #1", // log2 of the region's size, to which its address is aligned
        "lsrs r2, r0",
        "lsls r2, r0",
        "orrs r2, r5",
        "strd r2, r4, [r3]",
        "adds r1, #{lease}",
        "subs r6, #1",
        "2: adds r5, #1",
        "cmp r5, #{last_region}",
        "bls 1b",
        "pop {{r4, r5, r6, pc}}",
        "3: strd r5, r6, [r3]",
        "b 2b",
        ".balign 4",
        "6: .word {bounds}",
        "7: .word {region_registers}",
        level = const offset::LEVEL,
        stack = const offset::STACK,
        leases_open = const LEASES_OPEN,
        context = const SAVED + FRAME,
        leases = const offset::LEASES,
        region = const mpu::LEASE_REGION,
        last_region = const mpu::LEASE_REGION + LEASES_PER_CALL as u32 - 1,
        start = const Lease::START,
        registers = const Lease::REGISTERS,
        lease = const size_of::<Lease>(),
        bounds = sym _stack_start,
        region_registers = const mpu::REGION_REGISTERS,
    )
}

const _: () = assert!(size_of::<Lease>() == 16, "`open_leases` multiplies by it");

/// What the idle thread does: let another thread run, then wait for interrupts.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn __crossgate_idle() -> ! {
    core::arch::naked_asm!(
        "mvn r12, #{number}",
        "svc 0",
        "0: wfi",
        "b 0b",
        number = const crossgate_abi::number::YIELD,
    )
}

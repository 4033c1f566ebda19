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
use crossgate_abi::table::{self, Interrupt};
use crossgate_abi::{LEASES_PER_CALL, Word};
use crossgate_kernel::lease::Lease;
use crossgate_kernel::notification::Notification;
use crossgate_kernel::thread::offset;
use crossgate_kernel::{Kernel, Offsets};

/// Where the context of the thread that runs may lie: in memory that it could write itself.
///
/// The CPU pushes its frame with the rights of the thread, so the frame lies in what is open to the
/// thread. As long as the thread holds no lease, what is open of its stack is its window, from the
/// bottom up: if the frame is in the stack, so is what the kernel pushes below it, and the bounds are the
/// whole stack. A lease may be of a caller's part of the stack, with closed memory below it. So whenever
/// leases are opened or closed the bounds become the window itself ([`load`]).
///
/// They are kept at the top of the main stack. The kernel's exceptions don't nest, so each finds them at its stack
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
pub const PROCESS_STACK: Word = 1 << 2;
/// What the CPU pushed.
pub const FRAME: Word = 32;
/// What the kernel pushes.
pub const SAVED: Word = 32;

unsafe extern "C" {
    static mut _stack_start: [Bounds; 0];
}

impl Bounds {
    /// Where the bounds in force are.
    pub fn place() -> *mut Bounds {
        (&raw mut _stack_start).cast::<Bounds>().wrapping_sub(1)
    }
}

/// Saves the thread's registers and leaves the address of its context in r0. If its stack pointer is
/// out of bounds, it goes on at the label instead.
macro_rules! save {
    ($out_of_bounds:literal) => {
        concat!(
            "mrs r0, psp
             ldrd r1, r2, [sp]
             subs r1, r0, r1
             cmp r1, r2
             bhi ",
            $out_of_bounds,
            "\nstmdb r0!, {{r4-r11}}"
        )
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
pub(crate) use resume;

/// The slow way of every system call: the core decides.
///
/// The registers are as in [`SVCall`](crate::fast_path), but for r3 and lr. What a thread has in r4 to r11 when it returns from a
/// call is nobody's, so they are not saved, and nothing is written to its stack.
///
/// # Safety
/// It is jumped to, by the handler of a system call whose exception it ends.
#[unsafe(naked)]
pub unsafe extern "C" fn slow() {
    core::arch::naked_asm!(
        "cmn r12, #1",
        "beq .Lslow_return",
        save!(".Lslow_out_of_bounds"),
        "ldr r1, [r0, #{selector}]",
        "cmp r1, #0",
        "blt .Lslow_other",
        "bl {call}",
        ".global __crossgate_resume_or_load, __crossgate_go_on",
        ".thumb_func",
        "__crossgate_resume_or_load:",
        ".Lslow_resume_or_load: cbnz r0, .Lslow_resume",
        ".thumb_func",
        "__crossgate_go_on:",
        ".Lslow_go_on: bl {load}",
        ".Lslow_resume:",
        resume!(),
        ".Lslow_return: bl {leave}",
        "b .Lslow_go_on",
        ".Lslow_other: mvns r1, r1",
        "bl {other}",
        "b .Lslow_resume_or_load",
        ".Lslow_out_of_bounds: bl {out_of_bounds}",
        "b .Lslow_go_on",
        selector = const core::mem::offset_of!(Context, selector),
        call = sym handler::call,
        leave = sym handler::leave,
        other = sym handler::system_call,
        out_of_bounds = sym handler::out_of_bounds,
        load = sym load,
    )
}

unsafe extern "C" {
    // Parts of `slow`: go on with the context at r0, or with the current thread's if that is null, ...
    fn __crossgate_resume_or_load() -> !;
    // ... and with the thread that is current now.
    #[link_name = "__crossgate_go_on"]
    pub fn go_on() -> !;
    // A part of `SVCall` in `fast_path`: signals the notification at r2 with the number r1. The current thread is at r3, its context at
    // r0, the kernel at lr; a word becomes 0 at r8. r12 is 0.
    fn __crossgate_signal() -> !;
}

/// Where the kernel has what.
pub const KERNEL: Offsets = Kernel::<Machine>::OFFSETS;

/// The timer, and every interrupt line.
///
/// A line that is bound to a notification is masked, as the core does it; then it is as if a thread had signalled
/// that: `SVCall` does it if one thread waits, and for no other. Anything else goes the [slow](interrupt) way.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn DefaultHandler() {
    core::arch::naked_asm!(
        "tst lr, #{thread}",
        "beq .Linterrupt_early",
        "ldr lr, .Linterrupt_kernel",
        save!(".Linterrupt_out_of_bounds"),
        "mrs r1, ipsr",
        "subs r1, #16", // the line, if it is one
        "bmi .Linterrupt_slow",
        "ldr r2, [lr, #{system}]",
        "ldrd r2, r3, [r2, #{bound}]", // what is bound, and how many
        ".Linterrupt_next: subs r3, #1",
        "bmi .Linterrupt_slow",
        "ldrh r4, [r2], #{size}",
        "cmp r4, r1",
        "bne .Linterrupt_next",
        "ldr r3, .Linterrupt_masks",
        "lsrs r4, r1, #5",
        "movs r5, #1",
        "and r6, r1, #31",
        "lsls r5, r6",
        "str r5, [r3, r4, lsl #2]",
        "dsb",
        "ldrb r1, [r2, #{notification} - {size}]",
        "ldr r2, [lr, #{notifications}]",
        "add r2, r2, r1, lsl #3",
        "ldr r3, [lr]",
        // Instead of a status, the word that it sets to 0.
        "add r8, r2, #{waiters}",
        "mov r12, #0",
        "b {signal}",
        ".Linterrupt_slow: b {slow}",
        ".Linterrupt_out_of_bounds: bl {out_of_bounds}",
        "bl {load}",
        "b .Linterrupt_slow",
        ".Linterrupt_early: b {early}",
        ".balign 4",
        ".Linterrupt_masks: .word {masks}",
        ".Linterrupt_kernel: .word {kernel}",
        thread = const PROCESS_STACK,
        system = const KERNEL.system,
        bound = const core::mem::offset_of!(table::System, interrupts),
        size = const size_of::<Interrupt>(),
        notification = const core::mem::offset_of!(Interrupt, notification),
        notifications = const KERNEL.notifications,
        waiters = const Notification::WAITERS,
        signal = sym __crossgate_signal,
        early = sym handler::early_interrupt,
        slow = sym interrupt,
        out_of_bounds = sym handler::out_of_bounds,
        load = sym load,
        masks = const INTERRUPTS_DISABLED,
        kernel = sym __crossgate_kernel,
    )
}

/// Where a line is masked: a bit each.
const INTERRUPTS_DISABLED: u32 = 0xe000_e180;

const _: () = assert!(
    core::mem::offset_of!(Interrupt, line) == 0 && size_of::<Interrupt>() == 4,
    "`DefaultHandler` takes them so"
);

/// The slow way of an interrupt: the core decides. The context of the thread that it interrupted is at r0. It may go
/// on with another. (If the stack pointer of that one was out of bounds, it is as if the next one had been
/// interrupted.)
///
/// # Safety
/// It is jumped to, by the handler of an interrupt whose exception it ends.
#[unsafe(naked)]
pub unsafe extern "C" fn interrupt() {
    core::arch::naked_asm!(
        "bl {handler}",
        "b {resume_or_load}",
        handler = sym handler::interrupt,
        resume_or_load = sym __crossgate_resume_or_load,
    )
}

/// The non-maskable interrupt comes at any moment, in the middle of the kernel too. So the kernel is told
/// later, by PendSV, which nothing else uses.
///
/// It may come when a system call has been made, and before that is entered. So it leaves all registers as they
/// are.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn NonMaskableInt() {
    core::arch::naked_asm!(
        "push {{r0, r1}}",
        "ldr r0, .Lnmi_control",
        "mov r1, #{pend_pendsv}", // where a 0 is written nothing happens
        "str r1, [r0]",
        "pop {{r0, r1}}",
        "bx lr",
        ".balign 4",
        ".Lnmi_control: .word {interrupt_control}",
        pend_pendsv = const 1 << 28,
        interrupt_control = const 0xe000_ed04_u32,
    )
}

/// A fault. The interrupted context is not saved: nothing ever goes back to it.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn HardFault() {
    core::arch::naked_asm!(
        "tst lr, #{thread}",
        "beq .Lfault_of_kernel",
        "mrs r0, psp",
        "bl {handler}",
        "b {go_on}",
        // It was the kernel's. Its stack may be used up, or closed by the guard.
        ".Lfault_of_kernel: mov r0, sp",
        "ldr r1, .Lfault_stack",
        "mov sp, r1",
        "cpsid f", // faults are like hard faults from now on: for them the protection unit is off
        "b {kernel_fault}",
        ".balign 4",
        ".Lfault_stack: .word {stack}",
        thread = const PROCESS_STACK,
        stack = sym _stack_start,
        kernel_fault = sym fault::kernel_fault,
        handler = sym handler::fault,
        go_on = sym go_on,
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
/// The stack pointer is at the [`Bounds`], which become those of this thread's stack; those of its window if it holds
/// leases, and those of its stack again if it holds none: it may go back to its caller without a look at this. (A
/// window has room for a context: one that has not is never entered.)
#[unsafe(naked)]
pub unsafe extern "C" fn load() -> *mut Context {
    core::arch::naked_asm!(
        "ldr r5, .Lload_kernel",
        "ldr r4, [r5]", // the current thread
        "ldm r4, {{r1, r2, r3}}", // its stack, level, calls
        "ldr r0, [r4, #{stack_pointer}]", // its context
        "ldrd r6, r7, [r4, #{bounds}]",
        "strd r6, r7, [sp]",
        "ldrb r6, [r4, #{pending}]",
        "cbnz r6, .Lload_pending",
        ".Lload_leases: ldrh r6, [r5, #{leases_open}]",
        "orrs r6, r6, r3, lsr #31",
        "bne .Lload_special",
        ".Lload_regions: uxtb r6, r2", // the process
        "ldrd r7, r8, [r5, #{regions}]",
        "add r7, r7, r6, lsl #5", // its regions
        "lsrs r2, r2, #16",
        "movt r2, #{stack_access}",
        "ldm r7, {{r3-r7, r9}}",
        "stm r8, {{r1-r7, r9}}",
        "dsb",
        "bx lr",
        // Something is pending.
        ".Lload_pending: movs r7, #0",
        "strb r7, [r4, #{pending}]",
        "cmp r6, #1",
        "bne .Lload_retry",
        // A reply: status, word, 0.
        "ldrb r6, [r4, #{pending_status}]",
        "ldr r8, [r4, #{pending_word}]",
        "strd r6, r8, [r0, #{arguments}]",
        "str r7, [r0, #{arguments} + 8]",
        "b .Lload_leases",
        // The call again: back to the `svc` instruction, which is 2 bytes long.
        ".Lload_retry: ldr r6, [r0, #{program_counter}]",
        "subs r6, #2",
        "str r6, [r0, #{program_counter}]",
        "b .Lload_leases",
        // The core counts how long threads run. Or leases are in force, or were.
        ".Lload_special: ldr r3, [r5, #{budgets}]",
        "cbz r3, .Lload_lend",
        "push {{r0, r1, r2, lr}}",
        "mov r0, r5",
        "ldr r3, [r3]",
        "blx r3",
        "pop {{r0, r1, r2, lr}}",
        // The leases that are in force get opened, the others closed.
        ".Lload_lend: push {{r0, r1}}",
        "ubfx r6, r2, #8, #8",
        "strb r6, [r5, #{leases_open}]",
        "cbz r6, .Lload_open", // the bounds are set
        // The window: so many eighths of this size. Those above are disabled.
        "ubfx r7, r2, #17, #5",
        "subs r7, #2",
        "lsrs r3, r2, #24",
        "orr r3, #0x100",
        "rbit r3, r3",
        "clz r3, r3",
        "lsls r3, r7",
        "subs r3, #{context}",
        "str r3, [sp, #12]",
        // The leases: the first that is in force, and how many.
        ".Lload_open: lsrs r7, r6, #4",
        "and r6, r6, #15",
        "subs r6, r7",
        "add r4, r4, r7, lsl #4",
        "adds r4, #{leases}",
        "ldr r7, [r5, #{regions} + 4]",
        "movs r3, #{lease_region}",
        ".Lload_next: cbz r6, .Lload_close",
        "ldr r0, [r4, #{start}]",
        "ldr r1, [r4, #{registers}]",
        "ubfx r5, r1, #1, #5",
        "adds r5, #1", // log2 of the region's size, to which its address is aligned
        "lsrs r0, r5",
        "lsls r0, r5",
        "orrs r0, r3",
        "strd r0, r1, [r7]",
        "adds r4, #{lease}",
        "subs r6, #1",
        ".Lload_more: adds r3, #1",
        "cmp r3, #{last_region}",
        "bls .Lload_next",
        "pop {{r0, r1}}",
        "ldr r5, .Lload_kernel",
        "b .Lload_regions",
        ".Lload_close: strd r3, r6, [r7]",
        "b .Lload_more",
        ".balign 4",
        ".Lload_kernel: .word {kernel}",
        kernel = sym __crossgate_kernel,
        stack_pointer = const offset::STACK_POINTER,
        bounds = const offset::BOUNDS,
        pending = const offset::PENDING,
        leases_open = const LEASES_OPEN,
        regions = const REGIONS,
        stack_access = const mpu::STACK_ACCESS,
        pending_status = const offset::PENDING_STATUS,
        pending_word = const offset::PENDING_WORD,
        arguments = const core::mem::offset_of!(Context, arguments),
        program_counter = const core::mem::offset_of!(Context, program_counter),
        budgets = const KERNEL.budgets,
        context = const SAVED + FRAME,
        leases = const offset::LEASES,
        lease_region = const mpu::LEASE_REGION,
        last_region = const mpu::LEASE_REGION + LEASES_PER_CALL as u32 - 1,
        start = const Lease::START,
        registers = const Lease::REGISTERS,
        lease = const size_of::<Lease>(),
    )
}

const _: () = assert!(size_of::<ProcessRegions>() == 32, "`load` and `SVCall` multiply by it");
const _: () = assert!(size_of::<Lease>() == 16, "`load` multiplies by it");

/// What the idle thread does: the work that the kernel has put off, then it waits for interrupts.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn __crossgate_idle() -> ! {
    core::arch::naked_asm!(
        ".Lidle_work: mvn r12, #{number}",
        "svc 0",
        "cmp r0, #0",
        "beq .Lidle_work",
        "wfi",
        "b .Lidle_work",
        number = const crossgate_abi::number::WORK,
    )
}

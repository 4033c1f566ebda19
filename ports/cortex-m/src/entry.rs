//! The way from an exception to Rust and back.
//!
//! On entry the registers that the CPU has not saved (r4 to r11) are pushed on the thread's stack,
//! below the CPU's frame, if they lie inside that stack: a stack pointer that points elsewhere would
//! have the kernel write there. The handler gets the address of this context, and gives back the
//! address of the context to go on with: the same, a callee's, or another thread's.

use crate::context::Context;
use crate::handler;
use crossgate_abi::{Word, number};

/// Where the context of the thread that runs may lie.
///
/// It is kept at the top of the main stack. Exceptions don't nest, so each finds it at its stack
/// pointer.
#[repr(C)]
pub struct Bounds {
    /// The lowest allowed value of the process stack pointer on entry.
    lowest: Word,
    /// How far above that it may be.
    range: Word,
}

/// What the CPU pushed.
const FRAME: Word = 32;
/// What the kernel pushes.
const SAVED: Word = 32;

unsafe extern "C" {
    static mut _stack_start: [Bounds; 0];
}

impl Bounds {
    /// The bounds of a stack from `start` to `end`.
    pub const fn of_stack(start: Word, end: Word) -> Bounds {
        Bounds { lowest: start + SAVED, range: end.wrapping_sub(start + SAVED + FRAME) }
    }

    /// Where the bounds in force are.
    pub fn place() -> *mut Bounds {
        (&raw mut _stack_start).cast::<Bounds>().wrapping_sub(1)
    }

    /// Makes these the ones of the thread that runs next.
    #[inline(always)]
    pub fn put_in_force(self) {
        // SAFETY: the place is at the top of the main stack, above what exceptions and, before the
        // first of them, the reset handler use. Only exception entries read it.
        unsafe { Self::place().write(self) };
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

/// Goes on with the thread whose context is at r0.
macro_rules! resume {
    () => {
        "ldmia r0!, {{r4-r11}}
         msr psp, r0
         mvn r0, #2 // EXC_RETURN: thread mode, process stack
         bx r0"
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
        resume!(),
        "2: mvns r1, r1",
        "bne 3f",
        "bl {leave}",
        resume!(),
        "3: cmp r1, #{last_of_table}",
        "bhi 8f",
        "tbb [pc, r1]",
        // In the order of their numbers; the first is dealt with.
        "4: .byte 0, (5f - 4b) / 2, (6f - 4b) / 2, (7f - 4b) / 2, (10f - 4b) / 2",
        ".balign 2",
        "5: bl {yield_now}",
        resume!(),
        "6: bl {signal}",
        "b 1b",
        "7: bl {wait}",
        "b 1b",
        "10: bl {thread_id}",
        "b 1b",
        "8: bl {other}",
        "b 1b",
        "9: bl {out_of_bounds}",
        "b 1b",
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

/// An exception handler that may go on with another thread than the one it interrupted. The second
/// handler is for a stack pointer out of bounds.
macro_rules! entry {
    ($(#[$doc:meta])* $name:ident => $handler:path, $out_of_bounds:path) => {
        $(#[$doc])*
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name() {
            core::arch::naked_asm!(
                save!(),
                "bl {handler}",
                "1:",
                resume!(),
                "9: bl {out_of_bounds}",
                "b 1b",
                handler = sym $handler,
                out_of_bounds = sym $out_of_bounds,
            )
        }
    };
}

entry! {
    /// The timer.
    SysTick => handler::timer, handler::timer_out_of_bounds
}
entry! {
    /// Every interrupt line.
    DefaultHandler => handler::interrupt, handler::interrupt_out_of_bounds
}

/// A fault. The interrupted context is not saved: nothing ever goes back to it.
macro_rules! fault_entry {
    ($($name:ident)*) => { $(
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name() {
            core::arch::naked_asm!(
                "mrs r0, psp",
                "mov r1, lr",
                "bl {handler}",
                resume!(),
                handler = sym handler::fault,
            )
        }
    )* };
}

fault_entry! { HardFault MemoryManagement BusFault UsageFault DebugMonitor }

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

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Crossgate on ARM Cortex-M.
//!
//! The kernel of a firmware consists of the core (the crate `crossgate-kernel`), which makes the decisions, and a port.
//! This port passes the words of system calls to the core, and carries out the core's decisions with the CPU's
//! registers and its protection unit. All assembly and all accesses to registers of the CPU are here. The most frequent
//! operations are carried out here in assembly, without the core, with the same results.
//!
//! On a small core of ARMv6-M or ARMv8-M Baseline, such as a Cortex-M0+ or a Cortex-M23, the core of the kernel makes all
//! decisions: there are no fast paths. There are other files for both architectures in the folder `baseline`; those of
//! the same name as a file of the table take its place.
//!
//! A file uses only files above it in this table (`xtask/src/layering.rs` checks it), so each file can be read without
//! those below it. Files of other ports with the same contents have the same names.
//!
//! | file | contents |
//! |---|---|
//! | `context` | the registers of a thread on its stack, and the memory in which they may lie |
//! | `exception` | numbers of exceptions |
//! | `linker` | addresses that the linker script defines |
//! | `last_words` | sends a message when the kernel can't go on; each text is in the file that detects the reason |
//! | `floats` | the registers of the floating point unit, if there is one |
//! | `protection/armv7m` | ARMv7-M: the protection unit, with the pieces of assembly that depend on it; faults |
//! | `protection/armv6m` | ARMv6-M: opens the same regions without assembly |
//! | `protection/armv8m` | the same as in `protection/armv7m`, for ARMv8-M |
//! | `protection/armv8m_baseline` | ARMv8-M Baseline: opens the same regions without assembly |
//! | `protection` | the choice among them |
//! | `start` | the port's code that threads run: the start of each thread, and the idle thread |
//! | `memory` | the initial values of a process |
//! | `stack_use` | the amount of stack that a thread has used |
//! | `alarm` | SysTick's interrupt, which wakes the threads that sleep |
//! | `clock` | time, from the board's counter |
//! | [`sleep`] | the functions that a board needs to let the CPU sleep |
//! | `crash` | the registers and the stack of a thread when it crashed |
//! | `instruction` | ARMv6-M, ARMv8-M Baseline: the memory that an instruction accesses |
//! | `fault_status` | the cause of a fault, from the CPU's registers |
//! | `machine` | the CPU as the kernel core sees it, and the kernel itself |
//! | `sleeper` | the idle thread, if the CPU may sleep deeply |
//! | `exchange` | ARMv6-M: compare and exchange, without atomic instructions |
//! | `handler` | reports exceptions to the core, and carries out its effects |
//! | `exit` | the path from the kernel to a thread |
//! | `entry` | the path from an exception to Rust; the legend of all assembly |
//! | `fast_path/call` | a call, without Rust |
//! | `fast_path/lend` | a call that lends memory of the caller's stack |
//! | `fast_path/leave` | the return from a call |
//! | `fast_path/dispatch` | the choice among the other system calls; those for the thread's index, the time, and deadlines |
//! | `fast_path/switch` | yield, and the switch to another thread |
//! | `fast_path/signal` | a signal |
//! | `fast_path/wait` | a wait for a signal |
//! | `fast_path/floats` | the parts of the fast path that only threads with floats need |
//! | `fast_path/interrupt` | an interrupt line, as a signal |
//! | `fast_path` | the handler of system calls, made of the pieces above |
//! | `boot` | from reset to the first thread |
//! | [`zero_latency`] | interrupts that a board serves above the kernel |
//! | `vectors` | the vector table of a board with such handlers, or of a firmware that keeps crash dumps |
//! | `board` | the contract between the port and a board |
//! | `systick` | SysTick as the counter of a board without another one |
//!
//! All exceptions that run the kernel have the same priority, except for faults, so none of them preempts the kernel.
//! (The non-maskable interrupt preempts it, but only pends PendSV.) Faults come first. When the CPU enters an
//! exception, it may fail to save registers, and then the fault has to be handled before the handler of that exception
//! runs. (A fault of the kernel halts the machine.) A board may have handlers [above the kernel](zero_latency). They
//! preempt the kernel and its handlers of faults, and restore all registers.
//!
//! Threads always run unprivileged, with the process stack pointer. Exceptions run on the main stack, whose lower end
//! is guarded.
//!
//! The feature `armv8-1m` is for a CPU with ARMv8.1-M (Cortex-M52, M55, M85): such a CPU clears the words of a system call
//! when it enters the handler, so the kernel reads them from the thread's stack. A firmware without the feature does not
//! work there.
#![no_std]

#[cfg(all(target_os = "none", armv8_1m, target_abi = "eabihf"))]
compile_error!("the feature `armv8-1m` is for the target thumbv8m.main-none-eabi");

mod board;
pub mod sleep;
pub mod zero_latency;

#[cfg(target_os = "none")]
mod alarm;
#[cfg(target_os = "none")]
#[doc(hidden)]
pub mod boot;
#[cfg(target_os = "none")]
#[doc(hidden)]
pub mod clock;
#[cfg(target_os = "none")]
mod context;
#[cfg(target_os = "none")]
mod crash;
#[cfg(target_os = "none")]
#[cfg_attr(baseline, path = "baseline/entry.rs")]
#[doc(hidden)]
pub mod entry;
#[cfg(target_os = "none")]
mod exception;
#[cfg(all(target_os = "none", armv6m))]
#[path = "baseline/exchange.rs"]
mod exchange;
#[cfg(target_os = "none")]
#[cfg_attr(baseline, path = "baseline/exit.rs")]
mod exit;
#[cfg(all(target_os = "none", not(baseline)))]
mod fast_path;
#[cfg(target_os = "none")]
#[cfg_attr(baseline, path = "baseline/fault_status.rs")]
mod fault_status;
#[cfg(target_os = "none")]
mod floats;
#[cfg(target_os = "none")]
mod handler;
#[cfg(all(target_os = "none", baseline))]
#[path = "baseline/instruction.rs"]
mod instruction;
#[cfg(target_os = "none")]
mod last_words;
#[cfg(target_os = "none")]
#[doc(hidden)]
pub mod linker;
#[cfg(target_os = "none")]
#[doc(hidden)]
pub mod machine;
#[cfg(target_os = "none")]
mod memory;
#[cfg(target_os = "none")]
#[doc(hidden)]
pub mod protection;
#[cfg(target_os = "none")]
mod sleeper;
#[cfg(target_os = "none")]
#[doc(hidden)]
pub mod stack_use;
#[cfg(target_os = "none")]
#[doc(hidden)]
pub mod start;
#[cfg(target_os = "none")]
mod systick;
#[cfg(target_os = "none")]
#[doc(hidden)]
pub mod vectors;

#[doc(hidden)]
pub use board::Frequencies;
pub use board::{Board, Counter};
#[cfg(target_os = "none")]
pub use last_words::{refuse, reset};
#[cfg(target_os = "none")]
pub use systick::SysTick;

// The vector table and the reset handler.
#[cfg(target_os = "none")]
use cortex_m_rt as _;
#[cfg(target_os = "none")]
#[doc(hidden)]
pub use crossgate_kernel as kernel;

/// Tells the linker wrapper that the compiler does not merge statics.
#[cfg(all(target_os = "none", statics_apart))]
#[unsafe(no_mangle)]
static __crossgate_statics_apart: [u8; 0] = [];

/// Makes a firmware from a wiring: the kernel's memory, and the entry point. The second argument is the [`Board`].
///
/// ```ignore
/// crossgate::system! { pub static SYSTEM; /* ... */ }
/// crossgate_cortex_m::start!(SYSTEM, Mine);
/// ```
#[macro_export]
macro_rules! start {
    ($system:path, $board:ty) => {
        // Without the script of `crossgate-link`, a linker finds no reference to any code, and would link an empty
        // file. This section makes it fail instead: the linker keeps the section, and only `crossgate-link` defines the
        // symbol in it.
        ::core::arch::global_asm!(
            ".pushsection .crossgate.linked, \"aR\", %progbits",
            ".word __crossgate_firmware_has_to_be_linked_by_crossgate_link",
            ".popsection",
        );
        const _: () = {
            use $crate::clock::Clock;
            use $crate::machine::Machine;
            use $crate::protection::ProcessRegions;
            use $crate::vectors::{Vectors, enable};
            use $crate::zero_latency::{Line, check};
            use $crate::{Board, Counter};

            const FREQUENCIES: $crate::Frequencies = $crate::Frequencies::of::<$board>();
            const _: () = $system.check_lines(<$board as Board>::LINES);

            const HANDLERS: &[Line] = <$board as Board>::ZERO_LATENCY;
            const _: () = check(HANDLERS, <$board as Board>::LINES, &$system);

            #[unsafe(no_mangle)]
            fn __crossgate_board_start() {
                <$board as Board>::prepare();
                <<$board as Board>::Counter as Counter>::start();
            }
            #[unsafe(no_mangle)]
            fn __crossgate_board_count() -> u32 {
                <<$board as Board>::Counter as Counter>::count()
            }
            #[unsafe(no_mangle)]
            fn __crossgate_board_alarm(cycles: u32) {
                <<$board as Board>::Counter as Counter>::alarm(cycles);
            }
            // (The linker computes the stack of a sleep apart from that of all other code.)
            #[inline(never)]
            #[unsafe(no_mangle)]
            fn __crossgate_board_sleep(
                depth: $crate::sleep::Depth,
                left: u64,
            ) -> $crate::sleep::Slept {
                <$board as Board>::sleep(depth, left)
            }
            #[unsafe(no_mangle)]
            fn __crossgate_board_tell(byte: u8) {
                <$board as Board>::tell(byte);
            }

            static mut __crossgate_kernel_regions: [ProcessRegions; $system.processes.len()] =
                [ProcessRegions::EMPTY; $system.processes.len()];
            // There are regions for every process.
            $crate::kernel::statics!(
                $system,
                Machine,
                Machine::new(
                    Clock::new(FREQUENCIES.counter, FREQUENCIES.cpu),
                    &mut *(&raw mut __crossgate_kernel_regions),
                    IS_BUDGETED,
                )
            );

            #[unsafe(export_name = "main")]
            extern "C" fn main() -> ! {
                // `crossgate-link` finds the table by its section, and adds the stack of the handlers to the kernel's
                // stack.
                #[unsafe(link_section = ".rodata.crossgate_vectors")]
                static VECTORS: Vectors = Vectors::new(HANDLERS, IS_DUMPED);
                // SAFETY: the reset handler calls this once, before any interrupt is enabled.
                unsafe {
                    if HANDLERS.is_empty() && !IS_INSPECTED {
                        $crate::boot::boot(&$system)
                    } else {
                        $crate::boot::boot_and(&$system, || {
                            if IS_DUMPED || !HANDLERS.is_empty() {
                                VECTORS.install();
                            }
                            if !HANDLERS.is_empty() {
                                enable(HANDLERS);
                            }
                            if !$system.inspectors.is_empty() {
                                $crate::stack_use::paint_stacks(&$system);
                            }
                        })
                    }
                }
            }
        };
    };
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Crossgate on RISC-V: cores with 32 bits, machine mode, user mode and physical memory protection (RV32IMAC, or RV32IMC
//! without atomic instructions).
//!
//! The port turns registers into values for the kernel core, and the core's effects into registers and memory
//! protection. The port is the only part of the kernel that contains assembly and accesses registers of the CPU.
//!
//! A file uses only files above it in this table (`xtask/src/layering.rs` checks it), so that each can be read without
//! knowledge of the files below it. Files of other ports with the same contents have the same names.
//!
//! | file | contents |
//! |---|---|
//! | `context` | the registers of a thread on its stack, and the addresses at which they may lie |
//! | `linker` | addresses that the linker script defines |
//! | `last_words` | sends the last words of a kernel that can't go on; their text is in the file that finds the reason |
//! | `start` | the port's code that threads run: the start of each thread, and the idle thread |
//! | `atomic` | the port's code that threads run, on a CPU without atomic instructions: compare and exchange |
//! | `memory` | the initial values of a process |
//! | `stack_use` | the amount of stack that a thread has used |
//! | `interrupts` | the interrupts that are pending; what a board chooses: a timer and an interrupt controller |
//! | `clint` | a timer: that of a core-local interruptor (CLINT), or one alone |
//! | `plic` | an interrupt controller: a platform-level one (PLIC) |
//! | `xh3irq` | an interrupt controller: that of the core Hazard3 |
//! | `clock` | time, from the timer |
//! | `crash` | the registers of a thread when it crashed |
//! | `fault_address` | with the feature `napot`: the address of an access that has faulted, from the instruction |
//! | `fault_status` | the cause of a fault, from the CPU's registers |
//! | `probe` | writes registers of the protection unit, and reads them back |
//! | `protection` | the protection unit's registers |
//! | `protection/napot` | in place of `protection`, with the feature `napot`: the registers of a unit with powers of two only |
//! | `machine` | the CPU as the kernel core sees it, and the kernel itself |
//! | `exit` | the paths from the kernel to a thread |
//! | `handler` | reports traps to the core, and carries out its effects |
//! | `fast_path/pieces` | pieces of the fast path that several others contain |
//! | `fast_path/call` | a plain call, or one that takes a lock |
//! | `fast_path/lend` | a call that lends memory of the caller's stack |
//! | `fast_path/leave` | the return from a call |
//! | `fast_path/dispatch` | the choice among the other system calls; the short ones |
//! | `fast_path/switch` | yield, and the switch to another thread |
//! | `fast_path/signal` | a signal |
//! | `fast_path/wait` | a wait for a signal |
//! | `fast_path` | the most frequent system calls, without Rust: the parts above |
//! | `entry` | the path from a trap to Rust; the legend of all assembly |
//! | `vectors` | the address of the handler of traps, and a table of vectors for cores that need one |
//! | `privilege` | takes the rights that boot code may have given to other modes |
//! | `boot` | from reset to the first thread |
//! | `board` | the contract between the port and a board |
//!
//! The kernel runs in machine mode with interrupts disabled, and no trap preempts it. (A trap of the kernel itself halts
//! the machine.) Threads always run in user mode. The protection unit does not stop the kernel, but it guards the lower
//! end of the kernel's stack.
#![no_std]

mod board;
mod clint;
mod interrupts;
mod plic;
mod xh3irq;

#[cfg(all(target_arch = "riscv32", not(target_has_atomic = "32")))]
#[doc(hidden)]
pub mod atomic;
#[cfg(target_arch = "riscv32")]
#[doc(hidden)]
pub mod boot;
#[cfg(target_arch = "riscv32")]
#[doc(hidden)]
pub mod clock;
#[cfg(target_arch = "riscv32")]
mod context;
#[cfg(target_arch = "riscv32")]
mod crash;
#[cfg(target_arch = "riscv32")]
#[doc(hidden)]
pub mod entry;
#[cfg(target_arch = "riscv32")]
#[doc(hidden)]
pub mod exit;
#[cfg(all(target_arch = "riscv32", not(feature = "napot")))]
mod fast_path;
#[cfg(any(test, all(target_arch = "riscv32", feature = "napot")))]
mod fault_address;
#[cfg(target_arch = "riscv32")]
mod fault_status;
#[cfg(target_arch = "riscv32")]
#[doc(hidden)]
pub mod handler;
#[cfg(target_arch = "riscv32")]
mod last_words;
#[cfg(target_arch = "riscv32")]
mod linker;
#[cfg(target_arch = "riscv32")]
#[doc(hidden)]
pub mod machine;
#[cfg(target_arch = "riscv32")]
mod memory;
#[cfg(target_arch = "riscv32")]
mod privilege;
#[cfg(target_arch = "riscv32")]
mod probe;
#[cfg(target_arch = "riscv32")]
#[cfg_attr(feature = "napot", path = "protection/napot.rs")]
#[doc(hidden)]
pub mod protection;
#[cfg(target_arch = "riscv32")]
#[doc(hidden)]
pub mod stack_use;
#[cfg(target_arch = "riscv32")]
#[doc(hidden)]
pub mod start;

#[cfg(target_arch = "riscv32")]
mod vectors;

pub use board::Board;
#[doc(hidden)]
pub use board::{check, megahertz};
pub use clint::{Clint, MachineTimer};
#[cfg(target_arch = "riscv32")]
#[doc(hidden)]
pub use crossgate_kernel as kernel;
pub use interrupts::{Controller, Timer};
pub use plic::Plic;
pub use xh3irq::Xh3irq;

/// `true` if traps enter the kernel through a table of vectors.
#[doc(hidden)]
pub const VECTORED: bool = cfg!(feature = "vectored");

/// Tells the linker wrapper that the compiler does not merge statics.
#[cfg(all(target_arch = "riscv32", statics_apart))]
#[unsafe(no_mangle)]
static __crossgate_statics_apart: [u8; 0] = [];

/// Makes a firmware from a wiring: the kernel's memory, and the entry point. The second argument is the [`Board`].
///
/// ```ignore
/// crossgate::system! { pub static SYSTEM; /* ... */ }
/// crossgate_riscv::start!(SYSTEM, Mine);
/// ```
#[macro_export]
macro_rules! start {
    ($system:path, $board:ty) => {
        // Without the script of `crossgate-link`, a linker would place the memory of processes anywhere. This section
        // makes it fail instead: the linker keeps the section, and only `crossgate-link` defines the symbol in it.
        ::core::arch::global_asm!(
            ".pushsection .crossgate.linked, \"aR\", @progbits",
            ".word __crossgate_firmware_has_to_be_linked_by_crossgate_link",
            ".popsection",
        );
        const _: () = {
            use $crate::clock::Clock;
            use $crate::machine::Machine;
            use $crate::protection::ProcessRegions;
            use $crate::{Board, Controller, Timer};

            const _: () = $crate::check::<$board>(&$system);

            #[unsafe(no_mangle)]
            fn __crossgate_board_prepare() {
                <$board as Board>::prepare();
            }
            #[unsafe(no_mangle)]
            fn __crossgate_board_reset() -> ! {
                <$board as Board>::reset()
            }
            #[unsafe(no_mangle)]
            fn __crossgate_board_tell(byte: u8) {
                <$board as Board>::tell(byte);
            }

            type BoardTimer = <$board as Board>::Timer;
            #[unsafe(no_mangle)]
            fn __crossgate_board_start() {
                BoardTimer::start();
            }
            #[unsafe(no_mangle)]
            fn __crossgate_board_count() -> u64 {
                BoardTimer::count()
            }
            #[unsafe(no_mangle)]
            fn __crossgate_board_compare(count: u64) {
                BoardTimer::compare(count);
            }

            type BoardController = <$board as Board>::Controller;
            #[unsafe(no_mangle)]
            fn __crossgate_board_reset_lines() {
                BoardController::reset();
            }
            #[unsafe(no_mangle)]
            fn __crossgate_board_enable(line: u16) -> bool {
                BoardController::enable(line)
            }
            #[unsafe(no_mangle)]
            fn __crossgate_board_mask(line: u16, mask: bool) {
                BoardController::mask(line, mask);
            }
            #[unsafe(no_mangle)]
            fn __crossgate_board_claim() -> Option<u16> {
                BoardController::claim()
            }
            #[unsafe(no_mangle)]
            fn __crossgate_board_open() {
                BoardController::open();
            }
            #[unsafe(no_mangle)]
            fn __crossgate_board_pending() -> u32 {
                BoardController::pending()
            }

            static mut __crossgate_kernel_regions: [ProcessRegions; $system.processes.len()] =
                [ProcessRegions::EMPTY; $system.processes.len()];
            // There are regions for every process.
            $crate::kernel::statics!(
                $system,
                Machine,
                Machine::new(
                    Clock::new(const { $crate::megahertz::<$board>() }),
                    &mut *(&raw mut __crossgate_kernel_regions),
                )
            );

            #[unsafe(export_name = "main")]
            extern "C" fn main() -> ! {
                // SAFETY: the reset handler calls this once, before any interrupt is enabled, and no thread has started.
                unsafe {
                    $crate::boot::boot(&$system, || {
                        if !$system.inspectors.is_empty() {
                            $crate::stack_use::paint_stacks(&$system);
                        }
                    })
                }
            }
        };
    };
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Crossgate on ARM Cortex-M.
//!
//! The port turns registers into values for the kernel core, and the core's effects into registers and memory
//! protection. The port is the only part of the kernel that contains assembly and accesses registers of the CPU. It
//! carries out the most frequent operations by itself, in assembly, exactly as the core would.
//!
//! A file uses only files above it in this table (`xtask/src/layering.rs` checks it), so that each can be read without
//! knowledge of the files below it. Files of the hosted port with the same contents have the same names.
//!
//! | file | contents |
//! |---|---|
//! | `context` | the registers of a thread on its stack, and the memory in which they may lie |
//! | `exception` | numbers of exceptions |
//! | `linker` | addresses that the linker script defines |
//! | `last_words` | sends the last words of a kernel that can't go on; their text is in the file that finds the reason |
//! | `floats` | the registers of the floating point unit, if there is one |
//! | `protection/armv7m` | ARMv7-M: the protection unit, with the pieces of assembly that depend on it; faults |
//! | `protection/armv8m` | the same for ARMv8-M |
//! | `protection` | the choice between the two |
//! | `start` | the port's code that threads run: the start of each thread, and the idle thread |
//! | `memory` | the initial values of a process |
//! | `stack_use` | the amount of stack that a thread has used |
//! | `alarm` | SysTick's interrupt, which wakes the threads that sleep |
//! | `clock` | time, from the board's counter |
//! | `crash` | the registers and the stack of a thread when it crashed |
//! | `fault_status` | the cause of a fault, from the CPU's registers |
//! | `machine` | the CPU as the kernel core sees it, and the kernel itself |
//! | `handler` | reports exceptions to the core, and carries out its effects |
//! | `exit` | the path from the kernel to a thread |
//! | `entry` | the path from an exception to Rust; the legend of all assembly |
//! | `fast_path/call` | a call, without Rust |
//! | `fast_path/lend` | a call that lends memory of the caller's stack |
//! | `fast_path/leave` | the return from a call |
//! | `fast_path/dispatch` | the choice among the other system calls; the index, the time, deadlines |
//! | `fast_path/switch` | yield, and the switch to another thread |
//! | `fast_path/signal` | a signal |
//! | `fast_path/wait` | a wait for a signal |
//! | `fast_path/floats` | the parts of these for threads that use floats |
//! | `fast_path/interrupt` | an interrupt line, as a signal |
//! | `fast_path` | the handler of system calls, which consists of the pieces above |
//! | `boot` | from reset to the first thread |
//! | [`zero_latency`] | interrupts that a board serves above the kernel |
//! | `vectors` | the vector table of a board with such handlers, or of a firmware that keeps crash dumps |
//! | `board` | the contract between the port and a board |
//! | `systick` | SysTick as the counter of a board without another one |
//!
//! All exceptions except for faults have the same priority, so none of them preempts the kernel. Faults have a higher
//! priority, because the CPU can fail to save registers when it enters an exception: then the fault has to be handled
//! before the exception's own handler runs. (A fault of the kernel halts the machine.) A board may have handlers [above
//! the kernel](zero_latency). They preempt the kernel and its handlers of faults, and restore all registers.
//!
//! Threads always run unprivileged, with the process stack pointer. Exceptions run on the main stack, whose lower end
//! is guarded.
#![no_std]

mod board;
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
#[doc(hidden)]
pub mod entry;
#[cfg(target_os = "none")]
mod exception;
#[cfg(target_os = "none")]
mod exit;
#[cfg(target_os = "none")]
mod fast_path;
#[cfg(target_os = "none")]
mod fault_status;
#[cfg(target_os = "none")]
mod floats;
#[cfg(target_os = "none")]
mod handler;
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
pub use crossgate_abi::{ProcessId, Set, Word, inspect::dump::WORDS as DUMP_WORDS};

#[doc(hidden)]
pub use board::Frequencies;
pub use board::{Board, Counter};
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
            use $crate::kernel::{
                Kernel, Storage,
                budget::{Account, Budgets},
                lock::Lock,
                note::{Crashes, Inspection},
                notification::Notification,
                optional::{Optional, is_needed},
                process::Process,
                usage::Usage,
            };
            use $crate::machine::{Machine, Slot, Thread};
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
            #[unsafe(no_mangle)]
            fn __crossgate_board_tell(byte: u8) {
                <$board as Board>::tell(byte);
            }

            static mut __crossgate_kernel_idle: Thread = Thread::EMPTY;
            static mut __crossgate_kernel_threads: [Thread; $system.threads.len() - 1] =
                [const { Thread::EMPTY }; $system.threads.len() - 1];
            static mut __crossgate_kernel_slots: [Slot; $system.threads.len()] = {
                let mut slots = [const { None }; $system.threads.len()];
                let mut index = 1;
                while index < slots.len() {
                    // SAFETY: no other code names this static, and each index occurs once.
                    slots[index] =
                        Some(unsafe { &mut *(&raw mut __crossgate_kernel_threads[index - 1]) });
                    index += 1;
                }
                slots
            };
            static mut __crossgate_kernel_locks: [Lock; $system.locks] =
                [Lock::FREE; $system.locks];
            const GRANTED: usize = if $system.passes_handles { $system.services.len() } else { 0 };
            static mut __crossgate_kernel_granted: [$crate::Set<$crate::ProcessId>; GRANTED] =
                [$crate::Set::EMPTY; GRANTED];
            static mut __crossgate_kernel_notifications: [Notification;
                $system.notifications.len()] = [Notification::QUIET; $system.notifications.len()];
            static mut __crossgate_kernel_processes: [Process; $system.processes.len()] =
                [Process::NEW; $system.processes.len()];
            static mut __crossgate_kernel_regions: [ProcessRegions; $system.processes.len()] =
                [ProcessRegions::EMPTY; $system.processes.len()];
            const IS_BUDGETED: bool = $system.budgets.is_some();
            const BUDGETS: usize = $crate::kernel::budget::count(&$system);
            const SLICED: usize = if IS_BUDGETED { $system.threads.len() } else { 0 };
            static mut __crossgate_kernel_accounts: [Account; BUDGETS] = [Account::NEW; BUDGETS];
            static mut __crossgate_kernel_slices: [u32; SLICED] = [0; SLICED];
            const IS_COUNTED: bool = match $system.budgets {
                Some(wiring) => wiring.cpu_time,
                None => false,
            };
            const COUNTED: [usize; 2] =
                if IS_COUNTED { [$system.threads.len(), $system.processes.len()] } else { [0, 0] };
            static mut __crossgate_kernel_times_of_threads: [u64; COUNTED[0]] = [0; COUNTED[0]];
            static mut __crossgate_kernel_times_of_processes: [u64; COUNTED[1]] = [0; COUNTED[1]];
            static mut __crossgate_kernel_usage: [Usage; IS_COUNTED as usize] = {
                let mut usage = [const { Usage::NONE }; IS_COUNTED as usize];
                if let Some(usage) = usage.first_mut() {
                    // SAFETY: no other code names these statics.
                    *usage = unsafe {
                        Usage::new(
                            &mut *(&raw mut __crossgate_kernel_times_of_threads),
                            &mut *(&raw mut __crossgate_kernel_times_of_processes),
                        )
                    };
                }
                usage
            };
            static mut __crossgate_kernel_budgets: [Budgets<Machine>; IS_BUDGETED as usize] = {
                let mut budgets = [const { Budgets::NONE }; IS_BUDGETED as usize];
                if let (Some(wiring), Some(budgets)) = ($system.budgets, budgets.first_mut()) {
                    // SAFETY: no other code names these statics.
                    *budgets = unsafe {
                        Budgets::new(
                            wiring,
                            &mut *(&raw mut __crossgate_kernel_accounts),
                            &mut *(&raw mut __crossgate_kernel_slices),
                            (&mut *(&raw mut __crossgate_kernel_usage)).first_mut(),
                        )
                    };
                }
                budgets
            };
            const IS_DUMPED: bool = !$system.dumpers.is_empty();
            const IS_INSPECTED: bool = $system.is_inspected();
            const NOTED: usize = if IS_INSPECTED { $system.processes.len() } else { 0 };
            static mut __crossgate_kernel_crashes: [Crashes; NOTED] = [Crashes::NONE; NOTED];
            // Nothing resets this memory, so a dump survives resets and stays until the next one.
            #[unsafe(link_section = ".uninit.crossgate_dump")]
            static mut __crossgate_kernel_dump: [[$crate::Word; $crate::DUMP_WORDS];
                IS_DUMPED as usize] = [[0; $crate::DUMP_WORDS]; IS_DUMPED as usize];
            static mut __crossgate_kernel_inspection: [Inspection; IS_INSPECTED as usize] = {
                let mut inspection = [const { Inspection::NONE }; IS_INSPECTED as usize];
                if let Some(inspection) = inspection.first_mut() {
                    // SAFETY: no other code names these statics.
                    *inspection = unsafe {
                        Inspection::new(
                            &mut *(&raw mut __crossgate_kernel_crashes),
                            (&mut *(&raw mut __crossgate_kernel_dump)).first_mut(),
                        )
                    };
                }
                inspection
            };
            const LIVES: usize =
                if $system.lost_clients.is_empty() { 0 } else { $system.processes.len() };
            static mut __crossgate_kernel_ended: [u32; LIVES] = [0; LIVES];
            const HAS_OPTIONAL: bool = is_needed(&$system);
            static mut __crossgate_kernel_optional: [Optional<Machine>; HAS_OPTIONAL as usize] = {
                let mut optional = [const { Optional::NONE }; HAS_OPTIONAL as usize];
                if let Some(optional) = optional.first_mut() {
                    // SAFETY: no other code names these statics.
                    *optional = unsafe {
                        Optional::new(
                            &$system,
                            &mut *(&raw mut __crossgate_kernel_ended),
                            (&mut *(&raw mut __crossgate_kernel_inspection)).first_mut(),
                        )
                    };
                }
                optional
            };
            // SAFETY: no other code names these statics; there are regions for every process.
            #[unsafe(no_mangle)]
            static mut __crossgate_kernel: Kernel<Machine> = unsafe {
                Kernel::new(
                    &$system,
                    Storage {
                        idle: &mut *(&raw mut __crossgate_kernel_idle),
                        threads: &mut *(&raw mut __crossgate_kernel_slots),
                        locks: &mut *(&raw mut __crossgate_kernel_locks),
                        notifications: &mut *(&raw mut __crossgate_kernel_notifications),
                        granted: &mut *(&raw mut __crossgate_kernel_granted),
                        processes: &mut *(&raw mut __crossgate_kernel_processes),
                        budgets: (&mut *(&raw mut __crossgate_kernel_budgets)).first_mut(),
                        optional: (&mut *(&raw mut __crossgate_kernel_optional)).first_mut(),
                    },
                    Machine::new(
                        Clock::new(FREQUENCIES.counter, FREQUENCIES.cpu),
                        &mut *(&raw mut __crossgate_kernel_regions),
                        IS_BUDGETED,
                    ),
                )
            };

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

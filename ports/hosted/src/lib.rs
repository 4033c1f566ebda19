// SPDX-License-Identifier: MIT OR Apache-2.0
//! Crossgate as an ordinary Linux program, with the isolation of a microcontroller.
//!
//! The firmware is the same: its process crates, its wiring, the kernel core. One thread of the host
//! plays the CPU; the threads of the firmware are contexts on stacks of their own; timer and devices
//! interrupt by signals; pages take the place of a memory protection unit.
//!
//! A file uses only files above it in this table (`xtask/src/rooms.rs` checks it), so that each can be read with no more
//! than those in mind. The Cortex-M port has the same names for what is the same.
//!
//! | file | what |
//! |---|---|
//! | `words` | the words by which user code, signal handlers and the kernel tell each other how things are |
//! | `context` | the registers of a thread on its stack |
//! | `linux` | what the port wants of Linux: |
//! | `linux/cpu` | what the CPU can do |
//! | `linux/files` | files, and the standard input and output |
//! | `linux/output` | what is told on the standard error |
//! | `linux/terminal` | terminals: that of the standard input, and new ones |
//! | `linux/program` | what the loader made of the program, and its end |
//! | `linux/memory` | the address space: what is mapped, and what of it is open |
//! | `linux/keys` | protection keys |
//! | `linux/signals` | which signals there are, and how Linux comes to handle them |
//! | `linux/time` | the host's clock and its timers |
//! | `start` | the port's code in threads: where each begins, and where a method is entered |
//! | `panic` | panics of user code |
//! | `memory` | where the memory of the processes is |
//! | `heap` | the kernel's heap; no process has one |
//! | `stack_use` | how much of its stack a thread has used |
//! | `schedule` | where interrupts come in virtual time |
//! | `clock` | time, the host's or virtual |
//! | `interrupt` | what a signal has a thread execute |
//! | `step` | interrupts after a number of instructions |
//! | `strays` | signals that are no interrupts of devices |
//! | `crash` | what a thread had in its registers and on its stack when it crashed |
//! | `fault` | what a handler of signals leaves to the kernel of a fault |
//! | `domain` | what is open |
//! | `protection` | what closes memory: pages, or keys |
//! | `changes` | what has to be opened and closed when the kernel is left |
//! | `lending` | what can be lent: what the board could |
//! | `options` | the command line |
//! | `device` | devices: |
//! | `device/lamps` | lamps, shown in the terminal |
//! | `device/serial` | a serial line, connected to something on the host |
//! | `device/timer` | a timer |
//! | `devices` | all devices, and the interrupt controller |
//! | `machine` | the host as the kernel core sees it, and the kernel itself |
//! | `copies` | memory that is lent to a call, copied |
//! | `exit` | the ways from the kernel to a thread |
//! | `handler` | system calls and faults told to the core, and its effects carried out |
//! | `entry` | the way into the kernel; the legend of all assembly |
//! | `signal` | what Linux interrupts a thread with |
//! | `inside` | what the system tests have to know |
//! | `boot` | from `main` to the first thread |

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
compile_error!(
    "firmware runs as a program on x86-64 Linux only, so far. On other machines there is the emulated board: \
     build for `--target thumbv7m-none-eabi`, or run `cargo xtask demo --board mps2-an385`"
);

#[doc(hidden)]
pub mod boot;
mod changes;
mod clock;
mod context;
mod copies;
mod crash;
mod device;
mod devices;
mod domain;
mod entry;
mod exit;
mod fault;
mod handler;
mod heap;
#[doc(hidden)]
pub mod inside;
mod interrupt;
mod lending;
mod linux;
mod machine;
mod memory;
mod options;
mod panic;
mod protection;
mod schedule;
mod signal;
mod stack_use;
mod start;
mod step;
mod strays;
mod words;

#[doc(hidden)]
pub use crossgate_abi::hosted::LINES;
#[doc(hidden)]
pub use machine::Machine;

/// Makes a program of a wiring: its `main` function.
///
/// The package needs a `build.rs` that has the linker put each process' statics on pages of their own:
///
/// ```ignore
/// fn main() {
///     crossgate_link::hosted::build();
/// }
/// ```
#[macro_export]
macro_rules! start {
    ($system:path) => {
        const _: () = assert!(
            option_env!("CROSSGATE_LINKS").is_some(),
            "the processes of this firmware would not be isolated: its build script (build.rs) has to \
             call `crossgate_link::hosted::build()`"
        );
        const _: () = $system.check_lines($crate::LINES);
        fn main() {
            $crate::boot::run(&$system)
        }
    };
}

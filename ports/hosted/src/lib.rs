// SPDX-License-Identifier: MIT OR Apache-2.0
//! Crossgate as an ordinary Linux program, with the isolation of a microcontroller.
//!
//! The firmware is the same: its process crates, its wiring, the kernel core. One thread of the host acts as the CPU.
//! The threads of the firmware are contexts with their own stacks. The timer and the devices interrupt by signals.
//! Memory pages replace the memory protection unit.
//!
//! A file uses only files above it in this table (`xtask/src/layering.rs` checks this). So to understand a file, you
//! need to know only the files above it. Files of other ports with the same contents have the same names.
//!
//! | file | contents |
//! |---|---|
//! | `words` | the words by which user code, signal handlers and the kernel share their state |
//! | `pages` † | the sizes of pages and stacks |
//! | `way` | the ways out of the kernel, and the registers with which a thread continues |
//! | `context` † | the registers of a thread on its stack |
//! | `cpu` † | the abilities of the CPU |
//! | `registers` † | the registers that Linux saves when it calls a signal handler |
//! | `linux` | the functions of Linux that the port uses: |
//! | `linux/files` | files, and the standard input and output |
//! | `linux/forward` | the other end of an Ethernet cable, which forwards connections of the host |
//! | `linux/output` | lines on the standard error |
//! | `linux/terminal` | terminals: that of the standard input, and new ones |
//! | `linux/program` | the loaded program, and its end |
//! | `linux/memory` | the address space: mapped memory, and its open parts |
//! | `linux/signals` | the signals, and how Linux gets to handle them |
//! | `linux/time` | the host's clock and its timers |
//! | `linux/random` | random numbers of the host |
//! | `keys` † | protection keys |
//! | `blocking` † | the means to refuse system calls of Linux to user code |
//! | `gate` † | calls of the gate by the port's own code |
//! | `start` | the port's code in threads: the start of each, and the entry of methods |
//! | `panic` | panics of user code |
//! | `memory` | the places of the processes' memory |
//! | `heap` | the kernel's heap; no process has one |
//! | `stack_use` | the amount of its stack that a thread has used |
//! | `schedule` | the places of interrupts in virtual time |
//! | `clock` | time, the host's or virtual |
//! | `interrupt` † | the code that a signal makes a thread execute |
//! | `step` † | interrupts after a number of instructions |
//! | `strays` | signals that are no interrupts of devices |
//! | `crash` | the registers and the stack of a thread when it crashed |
//! | `fault_status` | the status of a fault, which a handler of signals notes for the kernel |
//! | `domain` | the memory that is open |
//! | `protection` | the means to close memory: pages, or keys |
//! | `changes` | the memory to open and to close when the kernel is left |
//! | `lending` | the pieces that can be lent: those that the board could open |
//! | `options` | the command line |
//! | `device` | devices: |
//! | `device/analog` | a PWM generator, and a converter that measures it |
//! | `device/screen` | what a display shows, in the terminal or in a file |
//! | `device/i2c` | a controller of an I2C bus, with simulated chips |
//! | `device/ethernet` | an Ethernet controller, whose cable leads back or to the host |
//! | `device/lamps` | lamps, shown in the terminal |
//! | `device/rtc` | a real-time clock |
//! | `device/serial` | a serial line, connected to something on the host |
//! | `device/timer` | a timer |
//! | `device/trng` | a true random number generator |
//! | `device/watchdog` | a watchdog |
//! | `device/flash` | a flash in a file, whose power can be cut |
//! | `device/bus` | the devices at their addresses, and the interrupt controller |
//! | `machine` | the host as the kernel core sees it, and the kernel itself |
//! | `copies` | memory that is lent to a call, copied |
//! | `exit` † | the paths from the kernel to a thread |
//! | `handler` | system calls and faults passed to the core, and its effects carried out |
//! | `entry` † | the path into the kernel; the legend of all assembly |
//! | `signal` | the signals by which Linux interrupts a thread |
//! | `handling` † | the handler that Linux calls for a signal |
//! | `inside` | facts that the system tests need |
//! | `boot` | from `main` to the first thread |
//!
//! † These files depend on the CPU: each CPU has its own, in the folder of its name.

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
compile_error!(
    "firmware runs as a program on Linux only, on x86-64 and on aarch64. On other machines there is the emulated \
     board: build for `--target thumbv7m-none-eabi`, or run `cargo xtask demo --board mps2-an385`"
);

#[cfg(target_arch = "aarch64")]
#[path = "aarch64/mod.rs"]
mod arch;
#[cfg(target_arch = "x86_64")]
#[path = "x86_64/mod.rs"]
mod arch;
#[doc(hidden)]
pub mod boot;
mod changes;
mod clock;
mod copies;
mod crash;
mod device;
mod domain;
mod fault_status;
mod handler;
mod heap;
#[doc(hidden)]
pub mod inside;
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
mod strays;
mod way;
mod words;

pub(crate) use arch::{
    blocking, context, cpu, entry, exit, gate, handling, interrupt, keys, pages, registers, step,
};

#[doc(hidden)]
pub use crossgate_abi::hosted::LINES;
#[doc(hidden)]
pub use machine::Machine;

/// Makes a program from a wiring: its `main` function.
///
/// The package needs a `build.rs` that makes the linker put each process' statics on pages of their own:
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

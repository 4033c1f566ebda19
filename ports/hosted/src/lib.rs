//! Crossgate as an ordinary Linux program, with the isolation of a microcontroller.
//!
//! The firmware is the same: its process crates, its wiring, the kernel core. One thread of the host
//! plays the CPU; the threads of the firmware are contexts on stacks of their own; timer and devices
//! interrupt by signals; pages take the place of a memory protection unit.
//!
//! | file | what |
//! |---|---|
//! | `machine` | the host as the kernel core sees it, and the kernel itself |
//! | `boot` | from `main` to the first thread |
//! | `start` | the port's code in threads: where each begins, and where a method is entered |
//! | `entry` | the way into the kernel; the legend of all assembly |
//! | `interrupt` | what a signal has a thread execute |
//! | `handler` | system calls and faults told to the core, and its effects carried out |
//! | `exit` | the ways from the kernel to a thread |
//! | `words` | the words by which these tell each other how things are |
//! | `context` | the registers of a thread on its stack |
//! | `signal` | what Linux interrupts a thread with |
//! | `fault` | what a handler of signals leaves to the kernel of a fault |
//! | `strays` | signals that are no interrupts of devices |
//! | `crash` | what a thread had in its registers and on its stack when it crashed |
//! | `protection` | what closes memory: pages, or keys |
//! | `domain` | what is open |
//! | `changes` | what has to be opened and closed when the kernel is left |
//! | `memory` | where the memory of the processes is |
//! | `lending` | what can be lent: what the board could |
//! | `copies` | memory that is lent to a call, copied |
//! | `clock` | time, the host's or virtual |
//! | `schedule`, `step` | where interrupts come in virtual time, to the instruction |
//! | `stack_use` | how much of its stack a thread has used |
//! | `device` | serial lines, timers, lamps |
//! | `devices` | all of them, and the interrupt controller |
//! | `heap`, `panic` | no process has a heap; panics of user code |
//! | `options` | the command line |
//! | `linux` | what the port wants of Linux |
//! | `inside` | what the system tests have to know |

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

//! Crossgate as an ordinary Linux program, with the isolation of a microcontroller.
//!
//! The firmware is the same: its process crates, its wiring, the kernel core. One thread of the host
//! plays the CPU; the threads of the firmware are contexts on stacks of their own; timer and devices
//! interrupt by signals; pages take the place of a memory protection unit.
//!
//! | file | what |
//! |---|---|
//! | `gate` | the way into the kernel and back: assembly |
//! | `handler` | what happened, told to the core; what it answers, done |
//! | `context` | the registers of a thread on its stack |
//! | `domain` | what is open: the memory protection unit |
//! | `protection` | by pages, or by keys |
//! | `keys` | protection keys |
//! | `memory` | where the memory of the processes is |
//! | `lend` | memory that is lent to a call |
//! | `lending` | what can be lent: what the board could |
//! | `machine` | the host as the core sees it |
//! | `clock` | time, the host's or virtual |
//! | `schedule`, `step` | where interrupts come in virtual time, to the instruction |
//! | `signal` | interrupts and faults |
//! | `stack_use` | how much stack threads have used |
//! | `panic` | panics of user code |
//! | `device` | serial lines, timers, lamps |
//! | `options` | the command line |
//! | `heap` | no process has one |
//! | `host` | what the port wants of Linux |
//! | `inside` | what the system tests have to know |
//! | `boot` | from `main` to the first thread |

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
compile_error!(
    "firmware runs as a program on x86-64 Linux only, so far. On other machines there is the emulated board: \
     build for `--target thumbv7m-none-eabi`, or run `cargo xtask demo --board mps2-an385`"
);

#[doc(hidden)]
pub mod boot;
mod clock;
mod context;
mod crash;
mod device;
mod domain;
mod gate;
mod handler;
mod heap;
mod host;
#[doc(hidden)]
pub mod inside;
mod keys;
mod lend;
mod lending;
mod machine;
mod memory;
mod options;
mod panic;
mod protection;
mod schedule;
mod signal;
mod stack_use;
mod step;

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

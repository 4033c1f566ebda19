// SPDX-License-Identifier: MIT OR Apache-2.0
//! A referee that compares the fast paths of system calls and interrupts with the slow paths, which are the
//! specification.
//!
//! The referee is privileged code of a test. From the first system call on, the referee never lets a thread run. It
//! acts for the threads itself, as [puppets](puppet). For each system call, the referee sets up the state that a CPU
//! would have, and jumps to the kernel's handler. When the kernel returns to the thread, the referee gets the CPU back
//! before the thread executes an instruction. Then the referee restores the state, and runs the system call once more,
//! along the slow path. The contents of the registers, of the memory and of the protection unit must be the same after
//! both runs. If the fast path gave up, it must have changed nothing by then.
//!
//! So the CPU runs the instructions of the firmware itself. Only the first instruction of each slow path is replaced, by
//! one that leads to a look at the state at this moment.
//!
//! | file | contents |
//! |---|---|
//! | `slots` | the addresses of the memory of the referee, which is separate from the firmware's |
//! | `kernel` | the kernel, for reading |
//! | `operation` | a system call or an interrupt |
//! | `world` | the memory of the firmware, and the differences in it |
//! | `arena` | the notes of the referee, in its memory |
//! | `puppet` | the actions of a thread, without the thread |
//! | `comparison` | both paths from the same state |
//! | `game` | the start |
//! | `random`, `search`, `sweep` | the system calls that are compared |
//!
//! The module `cpu` depends on the CPU and the port. It has the same files for each:
//!
//! | file | contents |
//! |---|---|
//! | `registers` | the registers when the kernel starts, and when a thread continues |
//! | `moment` | the state outside of memory that the kernel may change, and the differences in it |
//! | `thread` | the registers of a thread, and the state in which the CPU calls the kernel |
//! | `dead` | the dead memory of the port |
//! | `words` | a copy of words |
//! | `notes` | the notes by which the referee gets control |
//! | `processor` | a run of the kernel with given registers |
//! | `look` | the look at the state when a slow path starts |
//! | `patch` | the changed instructions at the starts of the slow paths |
//! | `run` | a run of the kernel, along either path |
//! | `board` | the way in which the referee gets control |
//!
//! `firmware.rs` is the firmware of the test `equivalence`, which each package of tests of a port includes.

mod arena;
mod comparison;
#[cfg(target_arch = "arm")]
#[path = "referee/arm/mod.rs"]
mod cpu;
#[cfg(target_arch = "riscv32")]
#[path = "referee/riscv/mod.rs"]
mod cpu;
mod game;
mod kernel;
mod operation;
pub mod puppet;
pub mod random;
pub mod search;
mod slots;
pub mod sweep;
mod world;

pub use cpu::board::RefereeBoard;
pub use cpu::run::{SHARE, SKIPPED, SWEPT, has_fast_path};
pub use game::Firmware;
pub use operation::{CALL, INTERRUPT, KINDS, Operation, Path, UNKNOWN};
pub use puppet::{Referee, Turn};

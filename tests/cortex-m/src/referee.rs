// SPDX-License-Identifier: MIT OR Apache-2.0
//! A referee that compares the fast paths of system calls and interrupts with the slow paths, which are the
//! specification.
//!
//! The referee is privileged code of a test. From the first system call on, the referee never lets a thread run. It
//! acts for the threads itself, as [puppets](puppet). For each system call, the referee sets up the state that a CPU
//! would have (a frame on the process stack, registers), and jumps to the address in the firmware's vector table. When
//! the kernel returns to the thread, an exception that was pended before gives the CPU back to the referee before the
//! thread executes an instruction. Then the referee restores the state, and runs the system call once more, along the
//! slow path. The contents of the registers, of the memory and of the protection unit must be the same after both runs.
//! If the fast path gave up, it must have changed nothing by then.
//!
//! So the CPU runs the instructions of the firmware itself. Only the first instruction of each slow path is
//! [replaced](patch) by a branch to code that looks at the state at this moment.
//!
//! The referee compares an interrupt in the same way. The CPU takes the interrupt after the referee has pended it and
//! returns from its own exception, so the active exception has the right number. On the slow path, the referee saves
//! the registers.
//!
//! | file | contents |
//! |---|---|
//! | `slots` | the addresses of the memory of the referee, which is separate from the firmware's |
//! | `registers` | the registers while an exception is handled |
//! | `moment` | the state outside of memory that the kernel may change, and the differences in it |
//! | `world` | the memory of the firmware, and the differences in it |
//! | `operation` | a system call or an interrupt |
//! | `arena` | the notes of the referee, in its memory |
//! | `processor` | a run of the kernel with given registers |
//! | `look` | the look at the state when a slow path starts |
//! | `patch` | the branches at the starts of the slow paths |
//! | `puppet` | the actions of a thread, without the thread |
//! | `comparison` | both paths from the same state |
//! | `board` | the way in which the referee gets control |
//! | `random`, `search`, `sweep` | the system calls that are compared |

mod arena;
pub mod board;
mod comparison;
mod look;
mod moment;
mod operation;
mod patch;
mod processor;
pub mod puppet;
pub mod random;
mod registers;
pub mod search;
mod slots;
pub mod sweep;
mod world;

pub use arena::{Arena, arena};
pub use comparison::Path;
pub use moment::{Moment, kernel};
pub use operation::{CALL, INTERRUPT, KINDS, Operation, UNKNOWN};
pub use puppet::{Referee, Turn};
pub use slots::{END, FREE_SLOT, REST};
pub use world::World;

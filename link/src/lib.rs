// SPDX-License-Identifier: MIT OR Apache-2.0
//! The linker of a Crossgate firmware: gives every process a memory of its own.
//!
//! Rustc calls the program `crossgate-link` in place of `rust-lld`, with the same arguments (as it calls flip-link).
//! The program links once to measure, decides where everything goes, links again, and checks the result. A program that
//! has no processes is left to `rust-lld` alone.
//!
//! ```toml
//! # .cargo/config.toml
//! [target.thumbv7m-none-eabi]
//! linker = "link/crossgate-link"
//! rustflags = ["-C", "link-arg=-Tlink.x", "-C", "llvm-args=-enable-global-merge=false"]
//! ```
//!
//! The scripts are those of cortex-m-rt, or of the RISC-V port: their `link.x` and the user's `memory.x`, which names the memories FLASH and
//! RAM. Both are used as they are; the scripts of crossgate-link go before them and after.
//!
//! # The layout
//!
//! ```text
//!           RAM                                             FLASH
//!          +---------------------------+                   +----------------------------+
//!          | kernel stack              | exceptions        | vectors, code, constants   |
//!          +---------------------------+                   | initial values of .data    |
//!          | stack of sensor.sampler   | one region        +----------------------------+
//!          +---------------------------+                   | __crossgate_memory_fan     |
//!          | .data .bss .uninit        | the kernel's      | __crossgate_memory_sensor  |
//!          +---------------------------+                   +----------------------------+
//!          | other stacks              |                   | initial values of `fan`    |
//!          +---------------------------+                   | initial values of `sensor` |
//!  shared  | lent memory of `sensor`   | one region of     +----------------------------+
//!  data    | its initialised statics   | the protection
//!  zeroed  | its other statics         | unit, opened
//!          | (lost to rounding)        | as a whole
//!  kept    | what is not reset         |
//!          +---------------------------+
//!          | statics of `fan` ...      |
//! ```
//!
//! A region of ARMv7-M is a block of a power of two, aligned to its size, of which eighths can be left out. The memory
//! of a process is as many eighths as it needs, so less than an eighth of the block is lost. A stack starts where a
//! block starts (at the next power of two of its size, at least 256), because the kernel narrows it in a call. Large
//! blocks are placed first, and the small ones fill the holes. All stacks lie below all memories of processes, so that
//! nothing that is open to a thread is below a stack, however large a frame is. The kernel's statics fill holes, too.
//!
//! | symbol | meaning |
//! |---|---|
//! | `__crossgate_memory_<process>` | seven words, `crossgate_abi::table::ProcessMemory` |
//! | `__crossgate_kernel_stack_bottom`, `_stack_start` | the kernel's stack |
//! | `__crossgate_flash_start`, `__crossgate_flash_end` | FLASH of `memory.x` |
//! | `__crossgate_ram_start`, `__crossgate_ram_end` | RAM of `memory.x` |
//!
//! The part `shared` starts and ends at multiples of 32 bytes, and may be empty. A process that has no statics has no
//! region: all its addresses but `image` are those of the start of RAM, `start` and `end` too. The part `zeroed` of a
//! process, and the memory lost to rounding, is zero at start. The part `kept` comes last, and only the process itself
//! writes it.
//!
//! # The owner of a static
//!
//! A process is in the wiring if the firmware wants its `__crossgate_memory_<process>`. Then
//!
//! 1. the statics of the crate with the name of a process belong to that process, and so do its objects (section
//!    `.crossgate.object.<process>`) and the memory of its heap (`.crossgate.heap.<process>`);
//! 2. any other static belongs to its user: to the only process whose code refers to it, or to the kernel. If several
//!    processes use it, each gets its own (see `copies`).
//!
//! A process uses everything that its entry points refer to, everything that this refers to, and so on. Its entry
//! points are in the tables that `crossgate::system!` writes: each record of a service names an object and its methods,
//! each record of a thread names a stack and a function. The kernel uses everything that the interrupt vectors refer
//! to, directly or not, but not through those tables. Because the analysis reads the machine code, it does not matter
//! in which crate a generic function was compiled, or which functions were inlined. Constants may be used by all,
//! because flash is readable by all.
//!
//! # Errors
//!
//! Each names the static, its crate, and the way from an entry point to it:
//!
//! - a static that two processes use and that is not copied, because it belongs to the firmware's own crate or to one
//!   with an `#[interface]`, or may be lent; or a static that a process and the kernel use;
//! - a static of a process' crate, or an object, that is used by another process or the kernel;
//! - a process with the name of the firmware's own crate, which would own the statics of the kernel;
//! - a static that nothing uses, but that is kept all the same (by an option of the linker);
//! - a `shared!` static of the kernel, which lends nothing;
//! - statics of different users that the compiler may merge (see `merging`);
//! - code and data under a name that the kernel, or a process, looks for, in a crate that it does not depend on (see
//!   `trust`).
//!
//! Other errors say which memory is too small, by how much, and what needs it; that a stack is of a size that the
//! protection unit can't open; that the wiring has no process of that name; that the crates are merged (LTO), so that
//! the owner of a static can't be found.
//!
//! # Sections
//!
//! The compiler writes `.crossgate.object.<process>`, `.crossgate.heap.<process>`, `.crossgate.shared.<static>`, and
//! `.crossgate.stack.<process>.<thread>` (`kernel` stands for the process of the idle thread). The firmware contains
//! `.crossgate.shared.<process>`, `.crossgate.data.<process>`, `.crossgate.zeroed.<process>`, the stacks under the same
//! names, and `.crossgate.memory` with the tables. [`map::MemoryMap`] reads them. `.crossgate.interfaces`, the description
//! of services ([`interfaces`]), is in no segment.
#![forbid(unsafe_code)]

mod advice;
mod arguments;
mod copies;
mod critical;
mod heap;
#[cfg(unix)]
pub mod hosted;
mod image;
mod inputs;
pub mod interfaces;
mod kernel_stack;
mod layout;
#[cfg(unix)]
mod library;
mod link;
mod linker;
pub mod map;
mod merging;
mod names;
mod ownership;
mod plan;
mod processor;
mod protection;
mod reach;
mod riscv;
mod script;
mod scripts;
mod thumb;
mod trust;
mod vectors;
mod verify;

pub use arguments::Arguments;
pub use layout::Span;
pub use link::link;

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The linker of a Crossgate firmware. It gives every process its own memory.
//!
//! Rustc calls the program `crossgate-link` in place of `rust-lld`, with the same arguments (as it calls flip-link).
//! The program links once to measure, decides where everything goes, links again, and checks the result. For a program
//! without processes it only calls `rust-lld`.
//!
//! ```toml
//! # .cargo/config.toml
//! [target.thumbv7m-none-eabi]
//! linker = "link/crossgate-link"
//! rustflags = ["-C", "link-arg=-Tlink.x", "-C", "llvm-args=-enable-global-merge=false"]
//! ```
//!
//! The scripts are those of cortex-m-rt, or of the RISC-V port: their `link.x` and the user's `memory.x`, which names the
//! memories FLASH and RAM. Both are used unchanged. The scripts of crossgate-link come before and after them.
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
//! The port says which regions the protection unit can open, by the value of the symbol `__crossgate_protection_unit`
//! (see `unit`), and everything gets a size and a place that suit this unit. A region of ARMv7-M, for example, is a block
//! of a power of two, aligned to its size. Eighths of the block can be left out of the region. The memory of a process
//! takes only as many eighths as it needs, so less than an eighth of the block is lost. A stack starts where a block
//! starts (at the next power of two of its size, at least 256), because the kernel narrows the region of the stack in a
//! call. Where regions are exact, nothing is lost but the rest of a granule. Large blocks are placed first, and small blocks fill the holes. All stacks are
//! below all memories of processes. So no memory that is open to a thread is below a stack, and a stack overflow always
//! faults, however large the frame is. The kernel's statics fill holes, too.
//!
//! | symbol | meaning |
//! |---|---|
//! | `__crossgate_memory_<process>` | seven words, `crossgate_abi::table::ProcessMemory` |
//! | `__crossgate_kernel_stack_bottom`, `_stack_start` | the kernel's stack |
//! | `__crossgate_flash_start`, `__crossgate_flash_end` | FLASH of `memory.x` |
//! | `__crossgate_constants_start`, `__crossgate_constants_end` | the addresses at which code reads the contents of FLASH: those of FLASH, or as many from the symbol `_constants` of `memory.x` on |
//! | `__crossgate_ram_start`, `__crossgate_ram_end` | RAM of `memory.x` |
//!
//! The section `.crossgate.stack_needs`, which is in no segment, holds the numbers of bytes of stack that the code of each
//! thread and each service needs (see `stack_need`). A part of these are the bytes that the kernel needs there, which the
//! port says by the symbols `__crossgate_context_size`, `__crossgate_floats_size`, `__crossgate_entry_size` and
//! `__crossgate_entry_reserve`. Likewise, `.crossgate.flash_use` holds the numbers of bytes of code and constants by user
//! and by crate (see `flash_use`).
//!
//! Of the part `shared`, each piece can be opened and nothing else. The part may be empty. A process without statics has no
//! region: all its addresses except for `image` are the start of RAM. The part `zeroed` of a process, and the memory
//! that is lost to rounding, are zero at the start. The part `kept` comes last, and only the process itself writes it.
//!
//! # The owner of a static
//!
//! A process is in the wiring if the firmware refers to its symbol `__crossgate_memory_<process>`. There are two rules
//! for its statics:
//!
//! 1. the statics of the crate with the name of a process belong to this process. Its objects (section
//!    `.crossgate.object.<process>`) and the memory of its heap (`.crossgate.heap.<process>`) also belong to it;
//! 2. any other static belongs to its user: to the only process whose code refers to it, or to the kernel. If several
//!    processes use it, each gets its own (see `copies`).
//!
//! A process uses everything to which its entry points refer, directly or through other items. Its entry points are in
//! the tables that `crossgate::system!` writes: each record of a service names an object and its methods, each record
//! of a thread names a stack and a function. The kernel uses everything to which the interrupt vectors refer, directly
//! or through other items, but not through the tables. Because the analysis reads the machine code, it does not matter
//! in which crate a generic function was compiled, or which functions were inlined. All processes may use constants,
//! because all of them can read flash.
//!
//! # Errors
//!
//! Each of these errors names the static, its crate, and the path from an entry point to it:
//!
//! - a static that two processes use, but that is not copied, because it belongs to the firmware's own crate or to a
//!   crate with an `#[interface]`, or because it may be lent;
//! - a static that both a process and the kernel use; a static of a process' crate, or an object, that another process
//!   or the kernel uses;
//! - a process with the name of the firmware's own crate, which would own the statics of the kernel;
//! - a static that nothing uses, but that an option of the linker keeps;
//! - a `shared!` static of the kernel, which lends nothing;
//! - statics of different users that the compiler may merge (see `merging`);
//! - code or data with a name that the kernel or a process refers to, if it is in a crate on which the kernel or this
//!   process does not depend (see `trust`).
//!
//! Other errors are: a memory is too small (the error says by how much, and what needs the memory); the protection unit
//! can't open a stack of this size; the wiring has no process with this name; the crates are merged (LTO), so that the
//! owner of a static can't be found.
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
mod flash_use;
mod heap;
#[cfg(unix)]
pub mod hosted;
mod image;
mod inputs;
pub mod interfaces;
mod json;
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
mod stack_need;
mod thumb;
mod trust;
mod unit;
mod vectors;
mod verify;

pub use arguments::Arguments;
pub use layout::Span;
pub use link::link;

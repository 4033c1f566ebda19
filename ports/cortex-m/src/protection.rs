// SPDX-License-Identifier: MIT OR Apache-2.0
//! The protection of memory, which is all that differs from one architecture to another.
//!
//! The rest of the port is the same for all architectures. The module of each has the same items:
//!
//! | item | contents |
//! |---|---|
//! | `ProtectionUnit` | the arithmetic of the unit |
//! | `ProcessRegions` | the registers that open the memory and the devices of a process |
//! | `enable` | turns the protection on, and stops the machine if the CPU has none |
//! | `REGION_REGISTERS` | the address of the unit's registers: one store of eight words opens the stack and the process |
//! | `STACK_REGION` | the bits of the address register of a stack's region besides the address |
//! | `ACTIVE_FAULTS`, `ENABLE_FAULTS`, `PENDED_FAULTS`, `FAULT_PRIORITIES` | the faults of the architecture, with their bits |
//! | `is_below_limit` | tells from the fault status whether a stack pointer went below the limit that the CPU keeps |
//! | `LOWEST_FRAME` | how near to the start of a stack a frame can be |
//! | `set_write_buffer` | makes the CPU report bus errors where they are caused |
//!
//! and pieces of assembly, as macros:
//!
//! | macro | place | contents |
//! |---|---|---|
//! | `stack_registers!` | before a thread is loaded | the other register of the region of its stack |
//! | `set_stack_limit!` | before a thread is loaded | the lowest value of its stack pointer |
//! | `window_size!` | a thread with leases is loaded | the size of its window |
//! | `open_leases!` | a thread is loaded | opens its leases, and closes the other regions for leases |
//! | `close_leases!` | the return from a call | closes all leases |
//! | `call_window!`, `call_stack!`, `call_rights!` | a call | the window of the callee |
//! | `call_constants!` | behind a call | words that it loads |
//! | `lend_registers!` | a call that lends memory | the registers that open the memory |
//! | `lend_region!` | a call that lends memory | opens it |
//!
//! ARMv6-M and ARMv8-M Baseline have no use for these pieces, and for some of the items, because there Rust does all
//! this. In place of the pieces, there are these functions:
//!
//! | function | result |
//! |---|---|
//! | `open` | opens the window of a stack, the memory and the devices of a process, and leases, and sets the limit of the stack |
//! | `window_size` | the size of a window |
//! | `opens` | whether the unit lets a thread access a byte |
//!
//! The comment of each macro lists the registers that pass values to the macro, and its results back.

#[cfg(armv6m)]
mod armv6m;
#[cfg(not(armv8m))]
mod armv7m;
#[cfg(armv8m)]
mod armv8m;
#[cfg(all(armv8m, baseline))]
mod armv8m_baseline;

use crossgate_protection::Unit;

// `crossgate-link` reads this symbol to learn which memory the unit can open.
core::arch::global_asm!(
    ".global __crossgate_protection_unit",
    ".set __crossgate_protection_unit, {}",
    const ProtectionUnit::SHAPE.code(),
);

#[cfg(armv6m)]
pub use armv6m::*;
#[cfg(not(armv8m))]
pub use armv7m::*;
#[cfg(armv8m)]
pub use armv8m::*;
#[cfg(all(armv8m, baseline))]
pub use armv8m_baseline::*;

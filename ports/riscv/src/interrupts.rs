// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupts of the core: those that are pending, and the two parts of a chip that raise them. A board chooses
//! both parts, a [`Timer`] and a [`Controller`].
//!
//! The port calls these parts by functions that `start!` defines for the board, so a chosen part is code without a
//! value: its addresses are constants.

use crossgate_abi::table::Mmio;

/// The bit of the machine timer in `mip` and `mie`, and its number in `mcause`.
#[cfg(target_arch = "riscv32")]
pub const TIMER: u32 = 7;
/// The same for the interrupt controller.
#[cfg(target_arch = "riscv32")]
pub const EXTERNAL: u32 = 11;

/// A timer that raises the interrupt 7 of machine mode. Only the kernel uses it.
pub trait Timer {
    /// The registers of the timer. No process can own them.
    const REGISTERS: Mmio;

    /// Starts the counter, if it does not count from the reset on. Called once, after
    /// [`prepare`](crate::Board::prepare).
    #[inline(always)]
    fn start() {}

    /// Returns the present count.
    fn count() -> u64;

    /// Makes the timer interrupt from this count on, and not before.
    fn compare(count: u64);
}

/// An interrupt controller, by which devices raise the interrupt 11 of machine mode. Only the kernel uses it.
///
/// The line of an interrupt that was claimed stays masked until it is unmasked.
pub trait Controller {
    /// The numbers of the lines. A wiring with another line does not compile.
    const FIRST_LINE: u16;
    /// The number after the last line.
    const LINES: u16;
    /// The registers in memory, if there are any. No process can own them.
    const REGISTERS: Option<Mmio>;

    /// Masks all lines. Called once, after [`prepare`](crate::Board::prepare).
    fn reset();

    /// Lets a line of the wiring interrupt when it is unmasked. Returns whether the controller has the line.
    fn enable(line: u16) -> bool;

    /// Masks a line, or unmasks it. An interrupt that arrived while the line was masked is dropped, unless the device
    /// still holds the line. A line that does not exist is ignored.
    fn mask(line: u16, mask: bool);

    /// Returns the line whose interrupt is pending, and masks it; `None` if there is none any more.
    fn claim() -> Option<u16>;

    /// Lets the core take the interrupts 7 and 11 as soon as a thread runs. Called once, before
    /// [`prepare`](crate::Board::prepare). Only ports with the feature `vectored` call this function; other ports write
    /// the register `mie`, as this function does.
    #[cfg(target_arch = "riscv32")]
    #[inline(always)]
    fn open() {
        enable_in_register();
    }

    /// Returns the bits 7 and 11 if the interrupts of these numbers are pending. Only ports with the feature `vectored`
    /// call this function; other ports read the register `mip`, as this function does.
    #[cfg(target_arch = "riscv32")]
    #[inline(always)]
    fn pending() -> u32 {
        pending_in_register()
    }
}

unsafe extern "Rust" {
    /// The functions of the board's [`Timer`] and [`Controller`].
    pub safe fn __crossgate_board_start();
    pub safe fn __crossgate_board_count() -> u64;
    pub safe fn __crossgate_board_compare(count: u64);
    pub safe fn __crossgate_board_reset_lines();
    pub safe fn __crossgate_board_enable(line: u16) -> bool;
    pub safe fn __crossgate_board_mask(line: u16, mask: bool);
    pub safe fn __crossgate_board_claim() -> Option<u16>;
    #[cfg(feature = "vectored")]
    safe fn __crossgate_board_open();
    #[cfg(feature = "vectored")]
    safe fn __crossgate_board_pending() -> u32;
}

/// Lets the core take the interrupts of the kernel as soon as a thread runs.
#[cfg(target_arch = "riscv32")]
#[inline(always)]
pub fn enable() {
    #[cfg(feature = "vectored")]
    __crossgate_board_open();
    #[cfg(not(feature = "vectored"))]
    enable_in_register();
}

/// Returns the bits of the interrupts that are pending and enabled.
#[cfg(target_arch = "riscv32")]
#[inline(always)]
pub fn pending() -> u32 {
    #[cfg(feature = "vectored")]
    return __crossgate_board_pending();
    #[cfg(not(feature = "vectored"))]
    pending_in_register()
}

#[cfg(target_arch = "riscv32")]
#[inline(always)]
fn enable_in_register() {
    // SAFETY: the register belongs to the kernel, which has a handler for these interrupts.
    unsafe {
        core::arch::asm!("csrw mie, {}", in(reg) 1 << TIMER | 1 << EXTERNAL, options(nomem, nostack));
    }
}

/// The tool that measures how long interrupts wait has to know each such check. So the address of the check is put into
/// a section that is not loaded.
#[cfg(target_arch = "riscv32")]
#[inline(always)]
fn pending_in_register() -> u32 {
    let pending: u32;
    // SAFETY: this only reads registers.
    unsafe {
        core::arch::asm!(
            "0: csrr {pending}, mip",
            ".pushsection .crossgate.looks, \"\", %progbits",
            ".word 0b",
            ".popsection",
            "csrr {enabled}, mie",
            "and {pending}, {pending}, {enabled}",
            pending = out(reg) pending,
            enabled = out(reg) _,
            options(nomem, nostack),
        );
    }
    pending
}

/// Waits until an interrupt is pending.
#[cfg(target_arch = "riscv32")]
pub fn wait() {
    // SAFETY: the instruction changes nothing. Interrupts stay disabled.
    unsafe { core::arch::asm!("wfi", options(nomem, nostack)) };
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The numbers of exceptions, and the one that is active (ARM DDI 0403E, B1.5.2); the addresses of the CPU's registers.

#[cfg(baseline)]
use core::ops::Range;
use cortex_m::peripheral::SCB;
#[cfg(baseline)]
use crossgate_abi::Word;

/// The registers of the CPU itself, which no protection unit opens or closes. Only privileged code can use them.
#[cfg(baseline)]
pub const SYSTEM_REGISTERS: Range<Word> = 0xe000_0000..0xe010_0000;

pub const NON_MASKABLE: u32 = 2;
pub const PENDSV: u32 = 14;
pub const SYSTICK: u32 = 15;

/// Returns the exception that is active (ARM DDI 0403E, B1.4.2).
#[inline(always)]
pub fn active() -> u32 {
    let exception;
    // SAFETY: this only reads a register.
    unsafe {
        core::arch::asm!("mrs {}, ipsr", out(reg) exception, options(nomem, nostack, preserves_flags));
    }
    exception
}

/// Bits of the interrupt control and state register: at least one is set if SysTick or a line is pending and enabled.
/// The register contains the number of the pending exception that comes next, or 0 (ARM DDI 0403E, B3.2.4). Bit 0 of
/// the number is set for SysTick (15) and clear for PendSV (14), which can wait. Of bits 4 to 7, at least one is set
/// for each line (16 and up).
pub const PENDING_EXCEPTION: u32 = 0b1111_0001 << 12;

/// The address of that register.
pub const CONTROL: u32 = 0xe000_ed04;

/// Returns whether an exception is pending and enabled, so that the kernel can stop a long operation for it.
///
/// The tool that measures how long interrupts wait has to know each such check. So the address of the check is put into
/// a section that is not loaded.
#[inline(always)]
pub fn look() -> bool {
    let control: u32;
    // SAFETY: the system control block belongs to the kernel, and this read of it changes nothing.
    unsafe {
        core::arch::asm!(
            "0: ldr {control}, [{control}]",
            ".pushsection .crossgate.looks, \"\", %progbits",
            ".word 0b",
            ".popsection",
            control = inout(reg) &raw const (*SCB::PTR).icsr => control,
            options(readonly, nostack, preserves_flags),
        );
    }
    control & PENDING_EXCEPTION != 0
}

/// Returns the interrupt line of an exception. Exceptions of the CPU itself are below line 0.
pub const fn line_of(exception: u32) -> u32 {
    exception.wrapping_sub(16)
}

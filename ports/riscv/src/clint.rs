// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine timer, in the registers of the core-local interruptor (CLINT), and the interrupts that are pending.

use core::arch::asm;
use crossgate_abi::Word;

/// The offset of the timer's compare register of the first core.
const COMPARE: Word = 0x4000;
/// The offset of the timer's counter.
const COUNT: Word = 0xbff8;

/// The bit of the machine timer in `mip` and `mie`, and its number in `mcause`.
pub const TIMER: u32 = 7;
/// The same for the interrupt controller.
pub const EXTERNAL: u32 = 11;

/// The registers at an address.
#[derive(Clone, Copy)]
pub struct Clint(Word);

impl Clint {
    /// Returns the registers at this address.
    pub const fn at(start: Word) -> Clint {
        Clint(start)
    }

    /// Returns the present count.
    pub fn count(self) -> u64 {
        loop {
            let high = self.read(COUNT + 4);
            let low = self.read(COUNT);
            // If the upper half has changed in between, both halves are read again.
            if self.read(COUNT + 4) == high {
                return u64::from(high) << 32 | u64::from(low);
            }
        }
    }

    /// Makes the timer interrupt from this count on.
    pub fn compare(self, count: u64) {
        // The value between these stores is far in the future, so no interrupt comes too early.
        self.write(COMPARE + 4, u32::MAX);
        self.write(COMPARE, count as u32);
        self.write(COMPARE + 4, (count >> 32) as u32);
    }

    fn read(self, offset: Word) -> u32 {
        // SAFETY: these are registers of the kernel, and reading them has no effect.
        unsafe { ((self.0 + offset) as *const u32).read_volatile() }
    }

    fn write(self, offset: Word, value: u32) {
        // SAFETY: these are registers of the kernel, which alone uses the timer.
        unsafe { ((self.0 + offset) as *mut u32).write_volatile(value) }
    }
}

/// Returns the bits of the interrupts that are pending and enabled.
#[inline(always)]
pub fn pending() -> u32 {
    let (pending, enabled): (u32, u32);
    // SAFETY: this only reads registers.
    unsafe {
        asm!("csrr {}, mip", "csrr {}, mie", out(reg) pending, out(reg) enabled, options(nomem, nostack));
    }
    pending & enabled
}

/// Waits until an interrupt is pending.
pub fn wait() {
    // SAFETY: the instruction changes nothing. Interrupts stay disabled.
    unsafe { asm!("wfi", options(nomem, nostack)) };
}

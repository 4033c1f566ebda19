// SPDX-License-Identifier: MIT OR Apache-2.0
//! The machine timer in the registers of a core-local interruptor (CLINT), or alone.

use crate::interrupts::Timer;
use crossgate_abi::Word;
use crossgate_abi::table::Mmio;

/// The offset of the timer's compare register of the first core.
const COMPARE: Word = 0x4000;
/// The offset of the timer's counter.
const COUNT: Word = 0xbff8;
/// The size of the registers in bytes.
const SIZE: Word = 0x1_0000;

/// The machine timer of the core-local interruptor (CLINT) at the address `START`.
#[derive(Debug)]
pub struct Clint<const START: Word>;

impl<const START: Word> Timer for Clint<START> {
    const REGISTERS: Mmio = Mmio { start: START, size: SIZE };

    #[inline]
    fn count() -> u64 {
        count(START + COUNT)
    }

    #[inline]
    fn compare(count: u64) {
        compare(START + COMPARE, count);
    }
}

/// A machine timer with its counter at the address `COUNT`, and its compare register at the address `COMPARE`. Each has
/// two words, the lower one first.
#[derive(Debug)]
pub struct MachineTimer<const COUNT: Word, const COMPARE: Word>;

impl<const COUNT: Word, const COMPARE: Word> Timer for MachineTimer<COUNT, COMPARE> {
    const REGISTERS: Mmio = {
        let (first, last) = if COUNT < COMPARE { (COUNT, COMPARE) } else { (COMPARE, COUNT) };
        Mmio { start: first, size: last + 8 - first }
    };

    #[inline]
    fn count() -> u64 {
        count(COUNT)
    }

    #[inline]
    fn compare(count: u64) {
        compare(COMPARE, count);
    }
}

/// Returns the present count of a timer whose counter is at this address, two words.
#[inline]
fn count(counter: Word) -> u64 {
    let read = |address| {
        // SAFETY: these are registers of the kernel, and reading them has no effect.
        unsafe { core::ptr::with_exposed_provenance::<u32>(address).read_volatile() }
    };
    loop {
        let high = read(counter + 4);
        let low = read(counter);
        // If the upper half has changed in between, both halves are read again.
        if read(counter + 4) == high {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

/// Makes a timer interrupt from this count on, whose compare register is at this address, two words.
#[inline]
fn compare(register: Word, count: u64) {
    let write = |address, value| {
        // SAFETY: these are registers of the kernel, which alone uses the timer.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(value) };
    };
    // The value between these stores is far in the future, so no interrupt comes too early.
    write(register + 4, u32::MAX);
    write(register, count as u32);
    write(register + 4, (count >> 32) as u32);
}

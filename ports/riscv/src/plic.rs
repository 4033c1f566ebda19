// SPDX-License-Identifier: MIT OR Apache-2.0
//! The platform-level interrupt controller (PLIC), by which devices interrupt the first core in machine mode.
//!
//! The kernel claims an interrupt when it arrives, and completes it when a thread has acknowledged it. In between, the
//! controller does not report the line again, so the line is masked. Any other line is masked by the priority 0. (A
//! line that is not enabled could not be completed, so all lines of the wiring stay enabled.)

use crate::interrupts::Controller;
use crossgate_abi::Word;
use crossgate_abi::table::Mmio;

/// The offset of the bits of the lines that are pending.
const PENDING: Word = 0x1000;
/// The offset of the enable bits of machine mode on the first core.
const ENABLE: Word = 0x2000;
/// The offset of the threshold of machine mode: lines with a higher priority interrupt.
const THRESHOLD: Word = 0x20_0000;
/// The offset of the register that claims a line when it is read, and completes one when it is written.
const CLAIM: Word = 0x20_0004;

/// The size of the registers in bytes, and the number of lines that there is room for.
const SIZE: Word = 0x400_0000;
const MOST_LINES: u16 = 1024;

/// The platform-level interrupt controller (PLIC) at the address `START`, with the lines 1 to `LINES - 1`.
#[derive(Debug)]
pub struct Plic<const START: Word, const LINES: u16>;

impl<const START: Word, const LINES: u16> Controller for Plic<START, LINES> {
    const FIRST_LINE: u16 = 1;
    const LINES: u16 = {
        assert!(LINES <= MOST_LINES, "an interrupt controller (PLIC) has at most 1024 lines");
        LINES
    };
    const REGISTERS: Option<Mmio> = Some(Mmio { start: START, size: SIZE });

    /// Masks all lines, and disables them.
    fn reset() {
        for line in 1..LINES {
            write(START + priority(line), 0);
            write(START + enable(line), 0);
        }
        write(START + THRESHOLD, 0);
    }

    fn enable(line: u16) -> bool {
        let (register, bit) = (START + enable(line), 1 << (line % 32));
        write(register, read(register) | bit);
        read(register) & bit != 0
    }

    fn mask(line: u16, mask: bool) {
        if line == 0 || line >= LINES {
            return;
        }
        if mask {
            return write(START + priority(line), 0);
        }
        // The controller keeps an interrupt that arrived while the line was masked. The kernel claims this interrupt
        // here, and so drops it: the line has the highest priority, 2, so the claim is for this line. If the device
        // still holds the line, the controller notices that at the completion.
        let pending = START + PENDING + 4 * Word::from(line / 32);
        if read(pending) >> (line % 32) & 1 != 0 {
            write(START + priority(line), 2);
            let claimed = read(START + CLAIM);
            // According to its manual, a controller keeps an interrupt until it is claimed. Some forget it when the device
            // withdraws it, so another line may have been claimed instead. The completion gives that line back: its device
            // still holds it, so it interrupts again.
            if claimed != line.into() && claimed != 0 {
                write(START + CLAIM, claimed);
            }
        }
        write(START + priority(line), 1);
        write(START + CLAIM, line.into());
    }

    fn claim() -> Option<u16> {
        let line = read(START + CLAIM) as u16;
        (line != 0).then_some(line)
    }
}

#[inline(always)]
fn read(address: Word) -> u32 {
    // SAFETY: these are registers of the kernel.
    unsafe { core::ptr::with_exposed_provenance::<u32>(address).read_volatile() }
}

#[inline(always)]
fn write(address: Word, value: u32) {
    // SAFETY: these are registers of the kernel, which alone uses them. They only mask interrupts.
    unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(value) }
}

#[inline(always)]
fn priority(line: u16) -> Word {
    4 * Word::from(line)
}

fn enable(line: u16) -> Word {
    ENABLE + 4 * Word::from(line / 32)
}

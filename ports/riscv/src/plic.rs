// SPDX-License-Identifier: MIT OR Apache-2.0
//! The platform-level interrupt controller (PLIC), by which devices interrupt the first core in machine mode.
//!
//! The kernel claims an interrupt when it arrives, and completes it when a thread has acknowledged it. In between, the
//! controller does not report the line again, so the line is masked. Any other line is masked by the priority 0. (A
//! line that is not enabled could not be completed, so all lines of the wiring stay enabled.)

use crossgate_abi::Word;

/// The offset of the bits of the lines that are pending.
const PENDING: Word = 0x1000;
/// The offset of the enable bits of machine mode on the first core.
const ENABLE: Word = 0x2000;
/// The offset of the threshold of machine mode: lines with a higher priority interrupt.
const THRESHOLD: Word = 0x20_0000;
/// The offset of the register that claims a line when it is read, and completes one when it is written.
const CLAIM: Word = 0x20_0004;

/// The registers at an address.
#[derive(Clone, Copy)]
pub struct Plic {
    start: Word,
    lines: u16,
}

impl Plic {
    /// Returns the registers at this address, of a controller that has the lines below `lines`.
    pub const fn at(start: Word, lines: u16) -> Plic {
        Plic { start, lines }
    }

    /// Masks all lines, and disables them.
    pub fn reset(self) {
        for line in 1..self.lines {
            self.write(priority(line), 0);
            self.write(enable(line), 0);
        }
        self.write(THRESHOLD, 0);
    }

    /// Lets a line of the wiring interrupt when it is unmasked. Returns whether the controller has the line.
    pub fn enable(self, line: u16) -> bool {
        let (register, bit) = (enable(line), 1 << (line % 32));
        self.write(register, self.read(register) | bit);
        self.read(register) & bit != 0
    }

    /// Returns the line whose interrupt is pending, and claims it; 0 if there is none any more.
    pub fn claim(self) -> u16 {
        self.read(CLAIM) as u16
    }

    /// Masks a line, or unmasks it.
    pub fn mask(self, line: u16, mask: bool) {
        if line == 0 || line >= self.lines {
            return;
        }
        if mask {
            return self.write(priority(line), 0);
        }
        // The controller keeps an interrupt that arrived while the line was masked. The kernel claims this interrupt
        // here, and so drops it: the line has the highest priority, 2, so the claim is for this line. If the device
        // still holds the line, the controller notices that at the completion.
        let pending = PENDING + 4 * Word::from(line / 32);
        if self.read(pending) >> (line % 32) & 1 != 0 {
            self.write(priority(line), 2);
            let claimed = self.claim();
            // According to its manual, a controller keeps an interrupt until it is claimed. Some forget it when the device
            // withdraws it, so another line may have been claimed instead. The completion gives that line back: its device
            // still holds it, so it interrupts again.
            if claimed != line && claimed != 0 {
                self.write(CLAIM, claimed.into());
            }
        }
        self.write(priority(line), 1);
        self.write(CLAIM, line.into());
    }

    fn read(self, offset: Word) -> u32 {
        // SAFETY: these are registers of the kernel.
        unsafe { ((self.start + offset) as *const u32).read_volatile() }
    }

    fn write(self, offset: Word, value: u32) {
        // SAFETY: these are registers of the kernel, which alone uses them. They only mask interrupts.
        unsafe { ((self.start + offset) as *mut u32).write_volatile(value) }
    }
}

fn priority(line: u16) -> Word {
    4 * Word::from(line)
}

fn enable(line: u16) -> Word {
    ENABLE + 4 * Word::from(line / 32)
}

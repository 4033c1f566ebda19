// SPDX-License-Identifier: MIT OR Apache-2.0
//! An SPI bus: the trait of its chips, and its controller.

use crate::Lines;
use core::fmt;
use embedded_hal::spi::{ErrorKind, ErrorType, SpiBus};

/// A chip on an SPI bus. It gets the bytes of all transfers, and the changes of all lines. One of these lines selects
/// the chip. Times are in µs since start.
pub trait SpiChip {
    /// Tells the chip that a line of the board has changed, at the time `now`.
    fn line(&mut self, line: usize, high: bool, now: u64);
    /// Receives a byte from the controller. Returns the byte that the chip sends at the same time; `None` if the chip
    /// does not drive the line, because it is not selected or has no output.
    fn exchange(&mut self, byte: u8, now: u64) -> Option<u8>;
}

/// A controller of a bus with chips of one kind, for tests and examples on boards that have no such chip.
pub struct SimulatedSpi<C, const CHIPS: usize, const LINES: usize> {
    chips: [C; CHIPS],
    lines: &'static Lines<LINES>,
    /// The number of changes of each line that the chips were told of.
    seen: [u32; LINES],
}

impl<C: SpiChip, const CHIPS: usize, const LINES: usize> SimulatedSpi<C, CHIPS, LINES> {
    /// Creates a bus with these chips. The chips are connected to these lines, and use the clock of the lines.
    #[must_use]
    pub const fn new(
        chips: [C; CHIPS],
        lines: &'static Lines<LINES>,
    ) -> SimulatedSpi<C, CHIPS, LINES> {
        SimulatedSpi { chips, lines, seen: [0; LINES] }
    }

    /// Returns the chips, after they were told of the last changes of the lines.
    pub fn chips(&mut self) -> &mut [C; CHIPS] {
        self.look();
        &mut self.chips
    }

    /// Tells the chips of all changes of the lines since the last call.
    fn look(&mut self) {
        let now = self.lines.now();
        for (line, seen) in self.seen.iter_mut().enumerate() {
            let changes = self.lines.changes(line);
            while *seen != changes {
                *seen = seen.wrapping_add(1);
                let high = seen.is_multiple_of(2);
                let changed = self.lines.changed(line, high, now);
                for chip in &mut self.chips {
                    chip.line(line, high, changed);
                }
            }
        }
    }

    fn exchange(&mut self, byte: u8) -> Result<u8, ErrorKind> {
        let now = self.lines.now();
        let mut answers = self.chips.iter_mut().filter_map(|chip| chip.exchange(byte, now));
        let answer = answers.next();
        // All chips get the byte, also those that are not selected.
        match answers.count() {
            0 => Ok(answer.unwrap_or(0xff)),
            // Two chips drive one line.
            _ => Err(ErrorKind::Other),
        }
    }
}

impl<C, const CHIPS: usize, const LINES: usize> fmt::Debug for SimulatedSpi<C, CHIPS, LINES> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SimulatedSpi").finish_non_exhaustive()
    }
}

impl<C, const CHIPS: usize, const LINES: usize> ErrorType for SimulatedSpi<C, CHIPS, LINES> {
    type Error = ErrorKind;
}

impl<C: SpiChip, const CHIPS: usize, const LINES: usize> SpiBus for SimulatedSpi<C, CHIPS, LINES> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        bytes.fill(0xff);
        self.transfer_in_place(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        self.look();
        bytes.iter().try_for_each(|&byte| self.exchange(byte).map(drop))
    }

    fn transfer(&mut self, to: &mut [u8], from: &[u8]) -> Result<(), ErrorKind> {
        self.look();
        for index in 0..to.len().max(from.len()) {
            let byte = self.exchange(from.get(index).copied().unwrap_or(0xff))?;
            if let Some(to) = to.get_mut(index) {
                *to = byte;
            }
        }
        Ok(())
    }

    fn transfer_in_place(&mut self, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        self.look();
        for byte in bytes {
            *byte = self.exchange(*byte)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;
    use embedded_hal::digital::OutputPin;

    std::thread_local!(static NOW: Cell<u64> = const { Cell::new(0) });
    static LINES: Lines<2> = Lines::new(|| NOW.get());

    /// A chip without an output. It records the changes of its lines.
    struct Noting(Vec<(usize, bool, u64)>);

    impl SpiChip for Noting {
        fn line(&mut self, line: usize, high: bool, now: u64) {
            self.0.push((line, high, now));
        }
        fn exchange(&mut self, _: u8, _: u64) -> Option<u8> {
            None
        }
    }

    #[test]
    fn a_chip_sees_when_its_lines_have_changed() {
        let mut bus = SimulatedSpi::new([Noting(Vec::new())], &LINES);
        let at = |time| NOW.set(time);
        let mut bytes = [0; 2];
        // The 32-bit time of the lines wraps around during this test.
        let begin = u64::from(u32::MAX) - 10;
        at(begin);
        LINES.pin(1).set_low().unwrap();
        at(begin + 5);
        LINES.pin(1).set_low().unwrap();
        at(begin + 100);
        bus.read(&mut bytes).unwrap();
        assert_eq!(bytes, [0xff; 2], "nobody drives the line");
        LINES.pin(1).set_high().unwrap();
        LINES.pin(0).set_low().unwrap();
        at(begin + 150);
        LINES.pin(1).set_low().unwrap();
        at(begin + 200);
        let [chip] = bus.chips();
        assert_eq!(
            chip.0,
            [
                (1, false, begin),
                (0, false, begin + 100),
                (1, true, begin + 100),
                (1, false, begin + 150)
            ]
        );
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines of the log that are kept over a restart.

use core::convert::Infallible;
use crossgate::{Kept, Plain};
use crossgate_log::History;
use embedded_io::{ErrorType, Write};

/// The number of bytes that are kept of each line.
const LENGTH: usize = <dyn History>::LONGEST;

/// A line.
#[derive(Plain, Clone, Copy)]
#[repr(C)]
struct Entry {
    /// The number of lines that were written before this line.
    sequence: u32,
    /// The text of the line. Zeroes fill the rest of the array.
    text: [u8; LENGTH],
}

crossgate::kept! {
    static FIRST: Entry;
    static SECOND: Entry;
    static THIRD: Entry;
    static FOURTH: Entry;
    static FIFTH: Entry;
    static SIXTH: Entry;
    static SEVENTH: Entry;
    static EIGHTH: Entry;
}

static LINES: [&Kept<Entry>; <dyn History>::LINES as usize] =
    [&FIRST, &SECOND, &THIRD, &FOURTH, &FIFTH, &SIXTH, &SEVENTH, &EIGHTH];

/// An output that keeps the last 8 lines in memory. This memory keeps its contents when the process of the console
/// restarts, and when the whole system is reset. The output keeps up to 80 bytes of each line, without colours. A
/// process has at most one such output.
#[derive(Debug)]
pub struct Past {
    text: [u8; LENGTH],
    length: usize,
    /// The number of the next line, once it is known.
    next: Option<u32>,
    /// `true` while the bytes belong to a colour code.
    is_colour: bool,
}

impl Past {
    /// Creates the output. The lines from before a restart or a reset are still there.
    #[must_use]
    pub const fn new() -> Past {
        Past { text: [0; LENGTH], length: 0, next: None, is_colour: false }
    }

    /// Writes the kept lines, the oldest first.
    ///
    /// # Errors
    /// The errors of `output`.
    pub fn replay<W: Write>(output: &mut W) -> Result<(), W::Error> {
        for age in (0..LINES.len() as u32).rev() {
            if let Some(text) = Past::line(age) {
                let length = text.iter().position(|&byte| byte == 0).unwrap_or(LENGTH);
                for &byte in text.get(..length).unwrap_or(&[]) {
                    // Another firmware, which ran before, may have used this memory for another process.
                    let is_printable = (b' '..=b'~').contains(&byte);
                    output.write_all(&[if is_printable { byte } else { b'.' }])?;
                }
                output.write_all(b"\r\n")?;
            }
        }
        Ok(())
    }

    /// Returns the kept line of this age, if there is one. The newest line has the age 0. Zeroes fill the rest of the
    /// array.
    pub(crate) fn line(age: u32) -> Option<[u8; LENGTH]> {
        let sequence = newest()?.checked_sub(age)?;
        let entry = LINES.get(sequence as usize % LINES.len())?.get()?;
        (entry.sequence == sequence).then_some(entry.text)
    }
}

impl Default for Past {
    fn default() -> Past {
        Past::new()
    }
}

/// Returns the number of the last line, if there is one.
fn newest() -> Option<u32> {
    LINES.iter().filter_map(|line| line.get()).map(|entry| entry.sequence).max()
}

impl ErrorType for Past {
    type Error = Infallible;
}

impl Write for Past {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        for &byte in bytes {
            match byte {
                _ if self.is_colour => self.is_colour = byte != b'm',
                b'\x1b' => self.is_colour = true,
                b'\r' => {}
                b'\n' => {
                    let next = self.next.or_else(|| newest().map(|last| last.wrapping_add(1)));
                    let sequence = next.unwrap_or(0);
                    if let Some(line) = LINES.get(sequence as usize % LINES.len()) {
                        line.set(Entry { sequence, text: self.text });
                    }
                    *self = Past { next: Some(sequence.wrapping_add(1)), ..Past::new() };
                }
                _ => {
                    if let Some(place) = self.text.get_mut(self.length) {
                        *place = byte;
                        self.length += 1;
                    }
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Both;
    use crate::tests::Wire;

    fn replayed() -> Vec<String> {
        let mut wire = Wire::default();
        Past::replay(&mut wire).unwrap();
        let bytes = wire.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    /// (This is a single test, because a process has only one `Past`.)
    #[test]
    fn the_last_lines_are_there_in_the_next_life() {
        assert_eq!(replayed(), [""; 0]);
        let serial = Wire::default();
        let mut both = Both(serial.clone(), Past::new());
        for line in 0..5 {
            write!(both, "line {line}\r\n").unwrap();
        }
        write!(both, "half a line").unwrap();
        let sent = serial.0.lock().unwrap().len();
        assert_eq!(sent, 5 * "line 0\r\n".len() + "half a line".len());
        assert_eq!(replayed(), ["line 0", "line 1", "line 2", "line 3", "line 4"]);

        let mut next_life = Past::new();
        for line in 5..12 {
            write!(next_life, "line {line}\r\n").unwrap();
        }
        write!(next_life, "{}\r\n", "x".repeat(200)).unwrap();
        let last = "x".repeat(LENGTH);
        let wanted: Vec<_> = (5..12).map(|line| format!("line {line}")).chain([last]).collect();
        assert_eq!(replayed(), wanted);

        // If the code of a colour were kept, and the line were cut off, the colour would go on in the lines after it.
        write!(next_life, "\x1b[31mred\x1b[0m\r\n\x1b[2m{}\x1b[0m\r\n", "y".repeat(99)).unwrap();
        assert_eq!(replayed()[6..], ["red".to_owned(), "y".repeat(LENGTH)]);
        let mut text = [b'.'; LENGTH];
        text[..12].copy_from_slice(b"forged\x1b[2J\r\n");
        LINES[7].set(Entry { sequence: 15, text });
        assert_eq!(replayed().last(), Some(&format!("forged.[2J{}", ".".repeat(LENGTH - 10))));
    }
}

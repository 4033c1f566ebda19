// SPDX-License-Identifier: MIT OR Apache-2.0
//! An SSD1306: a display of 128 x 64 points. Numbers of sections are those of Solomon Systech's data sheet, revision 1.1.

use crate::SpiChip;
use core::fmt;

/// An SSD1306 on four wires and a reset line, in a module with 128 x 64 points that is mounted as most are: what begins at
/// the upper left has segments remapped and outputs scanned backwards.
///
/// - Until its reset line was low once, it does nothing: its registers have no known state (8.9).
/// - The memory keeps what it has over a reset, and has noise at first (8.5).
/// - The line for data and commands counts at the last bit of a byte (8.1.3). A command of several bytes has all of them as
///   commands; data between them are data.
/// - The display shows something 100 ms after it was switched on (8.9), and only if the charge pump was enabled before:
///   that takes effect when it is switched on (application note, 2.1).
/// - It has no output: what is read is nothing.
///
/// Scrolling and the configuration of outputs are taken for what they are, and have no effect.
#[derive(Clone)]
pub struct Ssd1306 {
    select: usize,
    data: usize,
    reset: usize,
    is_selected: bool,
    is_data: bool,
    in_reset: bool,
    /// It was in reset once.
    has_begun: bool,
    /// The memory by pages of eight rows, as it is wired to the segments.
    memory: [[u8; COLUMNS]; PAGES],
    /// The command of which the rest is to come, how many bytes of it are here, and they.
    pending: [u8; 7],
    received: usize,
    mode: Mode,
    columns: (u8, u8),
    pages: (u8, u8),
    column: u8,
    page: u8,
    start_line: u8,
    offset: u8,
    /// The number of rows that are driven, less 1.
    multiplex: u8,
    is_remapped: bool,
    is_backwards: bool,
    is_entire: bool,
    is_inverse: bool,
    /// The charge pump as it was set.
    pump: bool,
    /// The time from which on the display shows something.
    lit_from: Option<u64>,
}

const COLUMNS: usize = 128;
const PAGES: usize = 8;
/// The time from switching on to light, in µs (8.9, tAF).
const TO_LIGHT: u64 = 100_000;

/// The way in which the place in the memory moves on (10.1.3).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Horizontal,
    Vertical,
    Page,
}

impl Ssd1306 {
    /// The points of a row, and of a column.
    pub const SIZE: (usize, usize) = (COLUMNS, 8 * PAGES);

    /// Creates a display that has power, on these lines of the board: that which selects it, that for data (high) and
    /// commands, and its reset.
    #[must_use]
    pub const fn new(select: usize, data: usize, reset: usize) -> Ssd1306 {
        Ssd1306 {
            select,
            data,
            reset,
            is_selected: false,
            is_data: true,
            in_reset: false,
            has_begun: false,
            memory: [[0b1010_0110; COLUMNS]; PAGES],
            pending: [0; 7],
            received: 0,
            mode: Mode::Page,
            columns: (0, COLUMNS as u8 - 1),
            pages: (0, PAGES as u8 - 1),
            column: 0,
            page: 0,
            start_line: 0,
            offset: 0,
            multiplex: 63,
            is_remapped: false,
            is_backwards: false,
            is_entire: false,
            is_inverse: false,
            pump: false,
            lit_from: None,
        }
    }

    /// Sets everything but the memory and the lines as after a reset (8.5).
    fn begin(&mut self) {
        *self = Ssd1306 {
            memory: self.memory,
            is_selected: self.is_selected,
            is_data: self.is_data,
            has_begun: true,
            ..Ssd1306::new(self.select, self.data, self.reset)
        };
    }

    /// Returns what the display shows at this time.
    #[must_use]
    pub fn picture(&self, now: u64) -> Picture {
        let mut picture = Picture { rows: [[0; COLUMNS / 8]; 8 * PAGES] };
        if self.lit_from.is_none_or(|from| now < from) {
            return picture;
        }
        for y in 0..=self.multiplex {
            // The module's first row is at the last output.
            let output = 63 - y;
            let line =
                if self.is_backwards { self.multiplex.saturating_sub(output) } else { output };
            let row = usize::from((line + self.offset + self.start_line) % 64);
            for x in 0..COLUMNS {
                let stored = self.memory[row / 8][COLUMNS - 1 - x] >> (row % 8) & 1 != 0;
                if (stored || self.is_entire) != self.is_inverse {
                    picture.rows[usize::from(y)][x / 8] |= 0x80 >> (x % 8);
                }
            }
        }
        picture
    }

    fn store(&mut self, byte: u8) {
        let column = usize::from(self.column);
        let segment = if self.is_remapped { COLUMNS - 1 - column } else { column };
        self.memory[usize::from(self.page)][segment] = byte;
        let on = |place: &mut u8, (first, last): (u8, u8)| {
            let ends = *place == last;
            *place = if ends { first } else { (*place + 1) & 0x7f };
            ends
        };
        match self.mode {
            Mode::Page => _ = on(&mut self.column, (0, COLUMNS as u8 - 1)),
            Mode::Horizontal => {
                if on(&mut self.column, self.columns) {
                    on(&mut self.page, self.pages);
                }
            }
            Mode::Vertical => {
                if on(&mut self.page, self.pages) {
                    on(&mut self.column, self.columns);
                }
            }
        }
        self.page %= PAGES as u8;
    }

    fn command(&mut self, byte: u8, now: u64) {
        self.pending[self.received] = byte;
        self.received += 1;
        if self.received < length(self.pending[0]) {
            return;
        }
        self.received = 0;
        let [command, first, second, ..] = self.pending;
        match command {
            0x00..=0x0f if self.mode == Mode::Page => {
                self.column = self.column & 0x70 | command & 0x0f
            }
            0x10..=0x17 if self.mode == Mode::Page => {
                self.column = self.column & 0x0f | command << 4 & 0x70
            }
            0x20 => {
                self.mode = match first & 3 {
                    0 => Mode::Horizontal,
                    1 => Mode::Vertical,
                    2 => Mode::Page,
                    _ => self.mode,
                };
            }
            0x21 if self.mode != Mode::Page => {
                self.columns = (first & 0x7f, second & 0x7f);
                self.column = first & 0x7f;
            }
            0x22 if self.mode != Mode::Page => {
                self.pages = (first & 7, second & 7);
                self.page = first & 7;
            }
            0x40..=0x7f => self.start_line = command & 0x3f,
            0x8d => self.pump = first & 4 != 0,
            0xa0 | 0xa1 => self.is_remapped = command & 1 != 0,
            0xa4 | 0xa5 => self.is_entire = command & 1 != 0,
            0xa6 | 0xa7 => self.is_inverse = command & 1 != 0,
            // 0 to 14 are not valid (10.1.11).
            0xa8 if first & 0x3f >= 15 => self.multiplex = first & 0x3f,
            0xae => self.lit_from = None,
            0xaf if self.pump => self.lit_from = self.lit_from.or(Some(now + TO_LIGHT)),
            0xb0..=0xb7 if self.mode == Mode::Page => self.page = command & 7,
            0xc0..=0xc7 => self.is_backwards = false,
            0xc8..=0xcf => self.is_backwards = true,
            0xd3 => self.offset = first & 0x3f,
            _ => {}
        }
    }
}

/// The number of bytes of the command that begins so (9).
const fn length(command: u8) -> usize {
    match command {
        0x20 | 0x81 | 0x8d | 0xa8 | 0xd3 | 0xd5 | 0xd9 | 0xda | 0xdb => 2,
        0x21 | 0x22 | 0xa3 => 3,
        0x29 | 0x2a => 6,
        0x26 | 0x27 => 7,
        _ => 1,
    }
}

impl SpiChip for Ssd1306 {
    fn line(&mut self, line: usize, high: bool, _: u64) {
        if line == self.select {
            self.is_selected = !high;
        } else if line == self.data {
            self.is_data = high;
        } else if line == self.reset {
            self.in_reset = !high;
            if !high {
                self.begin();
                self.in_reset = true;
            }
        }
    }

    fn exchange(&mut self, byte: u8, now: u64) -> Option<u8> {
        if self.is_selected && self.has_begun && !self.in_reset {
            if self.is_data {
                self.store(byte);
            } else {
                self.command(byte, now);
            }
        }
        None
    }
}

impl fmt::Debug for Ssd1306 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ssd1306").field("lit_from", &self.lit_from).finish_non_exhaustive()
    }
}

/// What a display shows, 128 x 64 points. As text it is 16 lines of 64 characters of Braille, each of 2 x 4 points.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Eight points a byte, the leftmost in the highest bit.
    rows: [[u8; COLUMNS / 8]; 8 * PAGES],
}

impl Picture {
    /// A display that shows nothing.
    pub const DARK: Picture = Picture { rows: [[0; COLUMNS / 8]; 8 * PAGES] };
    /// The head of the picture as a file.
    const HEAD: &'static [u8; 10] = b"P4\n128 64\n";
    /// The number of bytes of the picture as a file.
    pub const FILE: usize = Self::HEAD.len() + COLUMNS * PAGES;

    /// Returns whether the point is lit; one that there is not is dark.
    #[must_use]
    pub fn is_lit(&self, x: usize, y: usize) -> bool {
        let byte = self.rows.get(y).and_then(|row| row.get(x / 8));
        byte.is_some_and(|byte| byte << (x % 8) & 0x80 != 0)
    }

    /// Returns the picture as a file of the format PBM, which most programs for pictures know. Lit points are white.
    #[must_use]
    pub fn pbm(&self) -> [u8; Picture::FILE] {
        let mut file = [0; Picture::FILE];
        let (head, points) = file.split_at_mut(Self::HEAD.len());
        head.copy_from_slice(Self::HEAD);
        // 1 is black.
        points.iter_mut().zip(self.rows.as_flattened()).for_each(|(to, from)| *to = !from);
        file
    }

    /// Returns the characters of a line of the picture as text, of [`Picture::LINES`].
    pub fn line(&self, line: usize) -> impl Iterator<Item = char> + '_ {
        (0..COLUMNS / 2).map(move |column| {
            // The bits of Braille go down the left, then down the right; the lowest row came later.
            const BITS: [[u32; 2]; 4] = [[0, 3], [1, 4], [2, 5], [6, 7]];
            let mut code = 0x2800;
            for (y, bits) in BITS.iter().enumerate() {
                for (x, bit) in bits.iter().enumerate() {
                    code |= u32::from(self.is_lit(2 * column + x, 4 * line + y)) << bit;
                }
            }
            char::from_u32(code).unwrap_or(' ')
        })
    }

    /// The lines of the picture as text.
    pub const LINES: usize = 2 * PAGES;
}

impl fmt::Debug for Picture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("\n")?;
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in 0..Picture::LINES {
            for character in self.line(line) {
                fmt::Write::write_char(formatter, character)?;
            }
            formatter.write_str("\n")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SELECT: usize = 0;
    const DATA: usize = 1;
    const RESET: usize = 2;

    /// A display that was reset, and is selected.
    fn display() -> Ssd1306 {
        let mut display = Ssd1306::new(SELECT, DATA, RESET);
        for (line, high) in [(RESET, false), (RESET, true), (SELECT, false)] {
            display.line(line, high, 0);
        }
        display
    }

    fn send(display: &mut Ssd1306, data: bool, bytes: &[u8], now: u64) {
        display.line(DATA, data, now);
        for &byte in bytes {
            assert_eq!(display.exchange(byte, now), None);
        }
    }

    /// What makes the memory's first byte the upper left of the module.
    const UPRIGHT: [u8; 4] = [0xa1, 0xc8, 0x20, 0];
    const ON: [u8; 3] = [0x8d, 0x14, 0xaf];

    fn lit(picture: &Picture) -> Vec<(usize, usize)> {
        let all = (0..64).flat_map(|y| (0..128).map(move |x| (x, y)));
        all.filter(|&(x, y)| picture.is_lit(x, y)).collect()
    }

    #[test]
    fn it_shows_what_is_in_its_memory_a_while_after_it_was_switched_on() {
        let mut display = display();
        send(&mut display, false, &UPRIGHT, 0);
        send(&mut display, true, &[0; 1024], 0);
        send(&mut display, true, &[1, 0x80], 0);
        send(&mut display, false, &ON, 1000);
        assert_eq!(display.picture(100_999), Picture::DARK);
        assert_eq!(lit(&display.picture(101_000)), [(0, 0), (1, 7)]);
        send(&mut display, false, &[0x40 + 7], 0);
        assert_eq!(lit(&display.picture(101_000)), [(1, 0), (0, 57)]);
        send(&mut display, false, &[0xa7, 0x40], 0);
        assert_eq!(lit(&display.picture(101_000)).len(), 128 * 64 - 2);
        send(&mut display, false, &[0xae], 0);
        assert_eq!(display.picture(500_000), Picture::DARK);
    }

    #[test]
    fn without_a_reset_or_the_pump_before_it_is_dark() {
        let mut display = Ssd1306::new(SELECT, DATA, RESET);
        display.line(SELECT, false, 0);
        send(&mut display, false, &ON, 0);
        send(&mut display, true, &[0xff; 1024], 0);
        assert_eq!(display.picture(500_000), Picture::DARK);
        display.line(RESET, false, 0);
        send(&mut display, false, &ON, 0);
        display.line(RESET, true, 0);
        assert_eq!(display.picture(500_000), Picture::DARK, "in reset");
        send(&mut display, false, &[0xaf, 0x8d, 0x14], 0);
        assert_eq!(display.picture(500_000), Picture::DARK, "the pump after it");
        send(&mut display, false, &[0xaf], 0);
        assert_ne!(display.picture(500_000), Picture::DARK, "noise");
        display.line(RESET, false, 0);
        display.line(RESET, true, 0);
        assert_eq!(display.picture(500_000), Picture::DARK);
    }

    #[test]
    fn only_what_is_selected_counts() {
        let mut display = display();
        send(&mut display, false, &[&UPRIGHT[..], &ON].concat(), 0);
        send(&mut display, true, &[0; 1024], 0);
        display.line(SELECT, true, 0);
        send(&mut display, true, &[0xff; 1024], 0);
        assert_eq!(display.picture(500_000), Picture::DARK);
    }

    #[test]
    fn places_go_on_by_the_mode() {
        let mut display = display();
        send(&mut display, true, &[0; 1024], 0);
        for page in 0..8 {
            send(&mut display, false, &[0xb0 + page, 0x00, 0x10], 0);
            send(&mut display, true, &[0; 128], 0);
        }
        send(&mut display, false, &[&UPRIGHT[..], &ON].concat(), 0);
        send(&mut display, false, &[0x21, 10, 11, 0x22, 2, 3], 0);
        send(&mut display, true, &[1; 3], 0);
        assert_eq!(lit(&display.picture(500_000)), [(10, 16), (11, 16), (10, 24)]);
        send(&mut display, false, &[0x20, 1, 0x21, 10, 11, 0x22, 2, 3], 0);
        send(&mut display, true, &[2; 3], 0);
        assert_eq!(lit(&display.picture(500_000)), [(10, 17), (11, 17), (10, 25)]);
        // In the mode of pages the columns begin anew in the same one.
        send(&mut display, false, &[0x20, 2, 0xb0, 0x0f, 0x17], 0);
        send(&mut display, true, &[4; 2], 0);
        assert!(display.picture(500_000).is_lit(127, 2) && display.picture(500_000).is_lit(0, 2));
    }

    #[test]
    fn a_command_of_several_bytes_is_one_with_data_between() {
        let mut display = display();
        send(&mut display, false, &[&UPRIGHT[..], &[0x8d]].concat(), 0);
        send(&mut display, true, &[0; 1024], 0);
        send(&mut display, false, &[0x14, 0xaf, 0xa5], 0);
        assert_eq!(lit(&display.picture(500_000)).len(), 128 * 64);
    }

    #[test]
    fn a_picture_is_a_file_and_a_text() {
        let mut picture = Picture::DARK;
        picture.rows[0][0] = 0x80;
        picture.rows[63][15] = 1;
        let file = picture.pbm();
        assert_eq!((&file[..12], file[Picture::FILE - 1]), (&b"P4\n128 64\n\x7f\xff"[..], 0xfe));
        let text = picture.to_string();
        assert!(text.starts_with('⠁') && text.ends_with("\u{2880}\n"));
        assert_eq!(text.lines().count(), 16);
    }
}

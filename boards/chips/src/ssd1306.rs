// SPDX-License-Identifier: MIT OR Apache-2.0
//! An SSD1306: a display of 128 x 64 points. Section numbers in parentheses refer to Solomon Systech's data sheet,
//! revision 1.1.

use crate::{I2cChip, Picture, SpiChip};
use core::fmt;

/// An SSD1306 in a module with 128 x 64 points. It is mounted as in most modules: for a picture that begins at the
/// upper left, the driver has to remap the segments and scan the outputs backwards. It is [on an SPI bus](Self::on_spi)
/// of four wires with a reset line, or [on an I2C bus](Self::on_i2c). In a module with I2C, the module resets the chip
/// at power-on.
///
/// - Until its reset line was low once, the chip does nothing, because the state of its registers is not known (8.9).
/// - The memory keeps its contents over a reset. After power-on it has random contents (8.5).
/// - On an SPI bus, the level of a line at the last bit of a byte decides if the byte is data or a command (8.1.3). On
///   an I2C bus, a control byte decides this for the next byte, or for the rest of the transfer (8.1.5). All bytes of a
///   command are sent as commands. Data bytes between them are written to the memory.
/// - The display shows the picture 100 ms after it was switched on (8.9). The charge pump has to be enabled before the
///   display is switched on, because it starts only then (application note, 2.1).
/// - On an SPI bus the chip has no output. A read on an I2C bus returns if the display is off (9).
///
/// Commands for scrolling and for the configuration of outputs are accepted, but have no effect.
#[derive(Clone)]
pub struct Ssd1306<W> {
    wires: W,
    /// True if the chip was reset at least once.
    has_begun: bool,
    /// The memory, in pages of eight rows. The columns are in the order of the segments.
    memory: [[u8; COLUMNS]; PAGES],
    /// The bytes so far of a command that is not complete yet. The next field is their number.
    pending: [u8; 7],
    received: usize,
    mode: Mode,
    columns: (u8, u8),
    pages: (u8, u8),
    column: u8,
    page: u8,
    start_line: u8,
    offset: u8,
    /// The number of driven rows, minus 1.
    multiplex: u8,
    is_remapped: bool,
    is_backwards: bool,
    is_entire: bool,
    is_inverse: bool,
    /// True if the charge pump was enabled by a command.
    pump: bool,
    is_on: bool,
    /// The time at which the display begins to show the picture; `None` if it is off.
    lit_from: Option<u64>,
}

/// The wires of a display [on an SPI bus](Ssd1306::on_spi), and their levels.
#[derive(Clone, Copy, Debug)]
pub struct FourWires {
    select: usize,
    data: usize,
    reset: usize,
    is_selected: bool,
    is_data: bool,
    in_reset: bool,
}

/// The address of a display [on an I2C bus](Ssd1306::on_i2c), and the state of its present transfer.
#[derive(Clone, Copy, Debug)]
pub struct TwoWires {
    address: u8,
    next: Next,
}

/// The meaning of the next byte of a transfer (8.1.5).
#[derive(Clone, Copy, Debug)]
enum Next {
    Control,
    /// Data or a command. After this byte comes a control byte.
    One {
        is_data: bool,
    },
    /// Data or commands, for the rest of the transfer.
    Rest {
        is_data: bool,
    },
}

const COLUMNS: usize = Picture::WIDTH;
const PAGES: usize = Picture::HEIGHT / 8;
/// The time from switching the display on until it shows the picture, in µs (8.9, tAF).
const TO_LIGHT: u64 = 100_000;

/// The order in which the address in the memory advances (10.1.3).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Horizontal,
    Vertical,
    Page,
}

impl Ssd1306<FourWires> {
    /// Creates a display that has power. It is connected to three lines of the board: `select` is its chip select,
    /// `data` is high for data and low for commands, and `reset` is its reset.
    #[must_use]
    pub const fn on_spi(select: usize, data: usize, reset: usize) -> Ssd1306<FourWires> {
        Ssd1306::new(FourWires {
            select,
            data,
            reset,
            is_selected: false,
            is_data: true,
            in_reset: false,
        })
    }
}

impl Ssd1306<TwoWires> {
    /// Creates a display that has power, and that its module has reset. Its address is 0x3c or 0x3d.
    ///
    /// # Panics
    /// If `address` is neither of them.
    #[must_use]
    pub const fn on_i2c(address: u8) -> Ssd1306<TwoWires> {
        assert!(matches!(address, 0x3c | 0x3d), "the address of an SSD1306 is 0x3c or 0x3d");
        let mut display = Ssd1306::new(TwoWires { address, next: Next::Control });
        display.has_begun = true;
        display
    }
}

impl<W: Copy> Ssd1306<W> {
    const fn new(wires: W) -> Ssd1306<W> {
        Ssd1306 {
            wires,
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
            is_on: false,
            lit_from: None,
        }
    }

    /// Sets everything except the memory and the wires to the state after a reset (8.5).
    fn begin(&mut self) {
        *self = Ssd1306 { memory: self.memory, has_begun: true, ..Ssd1306::new(self.wires) };
    }

    /// Returns the time at which the display begins to show the picture; `None` if it is off.
    #[must_use]
    pub const fn lit_from(&self) -> Option<u64> {
        self.lit_from
    }

    /// Returns the picture on the display at this time.
    #[must_use]
    pub fn picture(&self, now: u64) -> Picture {
        let mut picture = Picture::DARK;
        if self.lit_from.is_none_or(|from| now < from) {
            return picture;
        }
        for y in 0..=self.multiplex {
            // The module's first row is connected to the last output.
            let output = 63 - y;
            let line =
                if self.is_backwards { self.multiplex.saturating_sub(output) } else { output };
            let row = usize::from((line + self.offset + self.start_line) % 64);
            for x in 0..COLUMNS {
                let stored = self.memory[row / 8][COLUMNS - 1 - x] >> (row % 8) & 1 != 0;
                if (stored || self.is_entire) != self.is_inverse {
                    picture.light(x, y.into());
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

    fn take(&mut self, is_data: bool, byte: u8, now: u64) {
        if is_data {
            self.store(byte);
        } else {
            self.command(byte, now);
        }
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
            0xae => (self.is_on, self.lit_from) = (false, None),
            0xaf => {
                self.is_on = true;
                if self.pump {
                    self.lit_from = self.lit_from.or(Some(now + TO_LIGHT));
                }
            }
            0xb0..=0xb7 if self.mode == Mode::Page => self.page = command & 7,
            0xc0..=0xc7 => self.is_backwards = false,
            0xc8..=0xcf => self.is_backwards = true,
            0xd3 => self.offset = first & 0x3f,
            _ => {}
        }
    }
}

/// Returns the number of bytes of the command that begins with this byte (9).
const fn length(command: u8) -> usize {
    match command {
        0x20 | 0x81 | 0x8d | 0xa8 | 0xd3 | 0xd5 | 0xd9 | 0xda | 0xdb => 2,
        0x21 | 0x22 | 0xa3 => 3,
        0x29 | 0x2a => 6,
        0x26 | 0x27 => 7,
        _ => 1,
    }
}

impl SpiChip for Ssd1306<FourWires> {
    fn line(&mut self, line: usize, high: bool, _: u64) {
        if line == self.wires.select {
            self.wires.is_selected = !high;
        } else if line == self.wires.data {
            self.wires.is_data = high;
        } else if line == self.wires.reset {
            self.wires.in_reset = !high;
            if !high {
                self.begin();
            }
        }
    }

    fn exchange(&mut self, byte: u8, now: u64) -> Option<u8> {
        let FourWires { is_selected, is_data, in_reset, .. } = self.wires;
        if is_selected && self.has_begun && !in_reset {
            self.take(is_data, byte, now);
        }
        None
    }
}

impl I2cChip for Ssd1306<TwoWires> {
    fn address(&self) -> u8 {
        self.wires.address
    }

    fn start(&mut self, _: bool, _: u64) -> bool {
        self.wires.next = Next::Control;
        true
    }

    fn write(&mut self, byte: u8, now: u64) -> bool {
        match self.wires.next {
            Next::Control => {
                let is_data = byte & 0x40 != 0;
                let is_one = byte & 0x80 != 0;
                self.wires.next =
                    if is_one { Next::One { is_data } } else { Next::Rest { is_data } };
            }
            Next::One { is_data } => {
                self.take(is_data, byte, now);
                self.wires.next = Next::Control;
            }
            Next::Rest { is_data } => self.take(is_data, byte, now),
        }
        true
    }

    fn read(&mut self, _: u64) -> u8 {
        u8::from(!self.is_on) << 6
    }

    fn stop(&mut self, _: u64) {}
}

impl<W> fmt::Debug for Ssd1306<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ssd1306").field("lit_from", &self.lit_from).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimulatedI2c;
    use embedded_hal::i2c::I2c;

    const SELECT: usize = 0;
    const DATA: usize = 1;
    const RESET: usize = 2;

    /// Returns a display that was reset and is selected.
    fn display() -> Ssd1306<FourWires> {
        let mut display = Ssd1306::on_spi(SELECT, DATA, RESET);
        for (line, high) in [(RESET, false), (RESET, true), (SELECT, false)] {
            display.line(line, high, 0);
        }
        display
    }

    fn send(display: &mut Ssd1306<FourWires>, data: bool, bytes: &[u8], now: u64) {
        display.line(DATA, data, now);
        for &byte in bytes {
            assert_eq!(display.exchange(byte, now), None);
        }
    }

    /// The commands after which the memory's first byte is at the upper left of the module.
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
        let mut display = Ssd1306::on_spi(SELECT, DATA, RESET);
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
        // In page mode, the address goes from the last column to the first column of the same page.
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
    fn on_an_i2c_bus_control_bytes_say_what_is_data() {
        std::thread_local!(static NOW: core::cell::Cell<u64> = const { core::cell::Cell::new(0) });
        let mut bus = SimulatedI2c::new([Ssd1306::on_i2c(0x3c)], || NOW.get());
        let mut status = [0];
        bus.read(0x3c, &mut status).unwrap();
        assert_eq!(status, [0x40], "off");
        bus.write(0x3c, &[&[0], &UPRIGHT[..], &ON].concat()).unwrap();
        bus.write(0x3c, &[&[0x40], &[0; 1024][..]].concat()).unwrap();
        // The transfer has a command of one byte, a byte of data, a command of two bytes with a byte of data between
        // them, and then only data.
        bus.write(0x3c, &[0x80, 0x40, 0xc0, 1, 0x80, 0xd3, 0xc0, 2, 0x80, 0, 0x40, 4, 8]).unwrap();
        bus.read(0x3c, &mut status).unwrap();
        assert_eq!(status, [0], "on");
        NOW.set(500_000);
        let [display] = bus.chips();
        assert_eq!(display.lit_from(), Some(TO_LIGHT));
        assert_eq!(lit(&display.picture(500_000)), [(0, 0), (1, 1), (2, 2), (3, 3)]);
        assert!(bus.write(0x3d, &[0]).is_err(), "another address");
    }
}

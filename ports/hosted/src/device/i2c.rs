// SPDX-License-Identifier: MIT OR Apache-2.0
//! A controller of an I2C bus, with a BME280 at the address 0x76 and an SSD1306 at 0x3c.

use super::Device;
use super::screen::Screen;
use crossgate_abi::Word;
use crossgate_abi::hosted::i2c::{
    ACKNOWLEDGED, BUSY, DATA, RATE, RECEIVE, SEND, START, STATUS, STOP,
};
use crossgate_kernel::time::NEVER;
use simulated_chips::{Bme280, Climate, I2cChip, Ssd1306, TwoWires};

/// The number of bits on the bus for a byte and its acknowledgement.
const BYTE: u64 = 9;
/// The period in which the air gets warmer and colder again, in µs.
const PERIOD: u64 = 600_000_000;

/// The controller and its bus.
pub struct I2c {
    sensor: Bme280,
    display: Ssd1306<TwoWires>,
    /// The screen that shows the display to the user.
    screen: Screen,
    /// The time of the last access.
    now: u64,
    /// The time from which on the picture on the screen may be out of date.
    changes: u64,
    /// Bits per second.
    rate: u64,
    transfer: Transfer,
    acknowledged: bool,
    data: u8,
    busy_until: u64,
}

/// The state of the bus.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transfer {
    /// The bus is free.
    None,
    /// A transfer in which no chip takes part.
    WithNobody,
    /// A transfer with the chip at this address.
    With(u8),
}

impl I2c {
    /// Creates a bus that is free.
    pub fn new(screen: Screen) -> I2c {
        I2c {
            sensor: Bme280::new(0x76),
            display: Ssd1306::on_i2c(0x3c),
            screen,
            now: 0,
            changes: NEVER,
            rate: 0,
            transfer: Transfer::None,
            acknowledged: false,
            data: 0xff,
            busy_until: 0,
        }
    }

    fn chip(&mut self, address: u8) -> Option<&mut dyn I2cChip> {
        let chips: [&mut dyn I2cChip; 2] = [&mut self.sensor, &mut self.display];
        chips.into_iter().find(|chip| chip.address() == address)
    }

    /// Returns the chip of the transfer.
    fn partner(&mut self) -> Option<&mut dyn I2cChip> {
        let Transfer::With(address) = self.transfer else { return None };
        self.chip(address)
    }

    /// Returns the time at which the display will begin to show something, if it is switched on but does not show
    /// anything yet.
    fn lights(&self) -> Option<u64> {
        self.display.lit_from().filter(|&from| from > self.now)
    }

    fn stop(&mut self, now: u64) {
        if let Some(chip) = self.partner() {
            chip.stop(now);
        }
        if self.transfer == Transfer::With(self.display.address()) {
            self.changes = now;
        }
        self.transfer = Transfer::None;
    }

    fn start(&mut self, byte: u8, now: u64) {
        self.sensor.expose(climate(now));
        let (address, reads) = (byte >> 1, byte & 1 != 0);
        self.acknowledged = self.chip(address).is_some_and(|chip| chip.start(reads, now));
        self.transfer =
            if self.acknowledged { Transfer::With(address) } else { Transfer::WithNobody };
    }
}

/// Returns the climate at the sensor: the temperature rises and falls by 2 °C, linearly.
fn climate(now: u64) -> Climate {
    // A degree is about 3177 steps of the converter.
    const SWING: u64 = 2 * 3177;
    let phase = now % PERIOD;
    let distance = phase.min(PERIOD - phase);
    let warmer = (2 * SWING * distance / (PERIOD / 2)) as u32;
    let air = Climate::EXAMPLE;
    Climate { temperature: air.temperature - SWING as u32 + warmer, ..air }
}

impl Device for I2c {
    fn read(&mut self, register: Word, now: u64) -> Word {
        match register {
            RATE => self.rate as Word,
            DATA => self.data.into(),
            STATUS if now < self.busy_until => BUSY,
            STATUS if self.acknowledged => ACKNOWLEDGED,
            _ => 0,
        }
    }

    fn write(&mut self, register: Word, value: Word, now: u64) {
        self.now = now;
        if register == RATE {
            self.stop(now);
            (self.rate, self.busy_until) = (value as u64, now);
            return;
        }
        if self.rate == 0 || now < self.busy_until {
            return;
        }
        let bits = match register {
            START => {
                self.start(value as u8, now);
                1 + BYTE
            }
            SEND if self.transfer != Transfer::None => {
                self.acknowledged = self.partner().is_some_and(|chip| chip.write(value as u8, now));
                BYTE
            }
            RECEIVE if self.transfer != Transfer::None => {
                self.data = self.partner().map_or(0xff, |chip| chip.read(now));
                BYTE
            }
            STOP => {
                self.stop(now);
                1
            }
            _ => 0,
        };
        self.busy_until = now + (bits * 1_000_000).div_ceil(self.rate);
    }

    fn advance(&mut self, now: u64) {
        self.now = now;
    }

    fn next(&self) -> u64 {
        self.lights().unwrap_or(NEVER)
    }

    fn is_raised(&self) -> bool {
        false
    }

    /// Shows the display. It is called when no thread can run, so a driver is not in the middle of a picture.
    fn flush(&mut self) {
        if self.now >= self.changes {
            self.screen.show(&self.display.picture(self.now), self.now);
            self.changes = self.lights().unwrap_or(NEVER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Shown;

    /// Writes a register at the time `now`, and waits until the controller is ready again. Returns the time at which it
    /// is ready.
    fn write(device: &mut I2c, register: Word, value: Word, now: u64) -> u64 {
        device.write(register, value, now);
        let end = (now..).find(|&time| device.read(STATUS, time) & BUSY == 0).unwrap();
        assert!(register == STOP || register == RATE || end > now);
        end
    }

    #[test]
    fn the_chip_says_what_it_is_after_the_time_that_it_takes() {
        let mut device = I2c::new(Screen::open(&Shown::Nowhere).unwrap());
        write(&mut device, RATE, 100_000, 0);
        let mut now = write(&mut device, START, 0x76 << 1, 0);
        assert_eq!((now, device.read(STATUS, now)), (100, ACKNOWLEDGED));
        now = write(&mut device, SEND, 0xd0, now);
        now = write(&mut device, START, 0x76 << 1 | 1, now);
        now = write(&mut device, RECEIVE, 0, now);
        assert_eq!((now, device.read(DATA, now)), (380, 0x60));
        write(&mut device, STOP, 1, now);
    }

    #[test]
    fn nobody_acknowledges_another_address_or_without_a_start() {
        let mut device = I2c::new(Screen::open(&Shown::Nowhere).unwrap());
        device.write(START, 0x76 << 1, 0);
        assert_eq!(device.read(STATUS, 0), 0, "it has no rate");
        write(&mut device, RATE, 400_000, 0);
        device.write(SEND, 0, 0);
        assert_eq!(device.read(STATUS, 100), 0, "there is no transfer");
        let now = write(&mut device, START, 0x77 << 1, 100);
        assert_eq!(device.read(STATUS, now), 0);
        let now = write(&mut device, SEND, 0, now);
        assert_eq!(device.read(STATUS, now), 0);
        let now = write(&mut device, RECEIVE, 0, now);
        assert_eq!(device.read(DATA, now), 0xff);
    }

    #[test]
    fn what_comes_while_it_is_busy_has_no_effect() {
        let mut device = I2c::new(Screen::open(&Shown::Nowhere).unwrap());
        write(&mut device, RATE, 400_000, 0);
        device.write(START, 0x76 << 1, 0);
        device.write(START, 0x77 << 1, 24);
        assert_eq!([24, 25].map(|now| device.read(STATUS, now)), [BUSY, ACKNOWLEDGED]);
        device.write(RATE, 400_000, 30);
        device.write(SEND, 0, 30);
        assert!(device.transfer == Transfer::None, "the rate ends a transfer");
    }

    #[test]
    fn the_air_gets_warmer_and_colder() {
        let at = |now| climate(now).temperature;
        let middle = Climate::EXAMPLE.temperature;
        assert_eq!(at(PERIOD / 4), middle);
        assert_eq!(at(0).abs_diff(middle), at(PERIOD / 2).abs_diff(middle));
        assert!(at(0) < at(PERIOD / 2) && at(PERIOD) == at(0));
    }

    #[test]
    fn the_display_is_shown_when_it_is_lit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture.svg");
        let screen = Screen::open(&Shown::File(path.clone())).unwrap();
        let shown = || std::fs::read_to_string(&path).unwrap();
        let dark = shown();
        let mut device = I2c::new(screen);
        let mut now = write(&mut device, RATE, 1_000_000, 0);
        now = write(&mut device, START, 0x3c << 1, now);
        // The display is on, and shows random points.
        for byte in [0x00, 0x8d, 0x14, 0xaf] {
            now = write(&mut device, SEND, byte, now);
            assert_eq!(device.read(STATUS, now), ACKNOWLEDGED);
        }
        write(&mut device, STOP, 1, now);
        device.flush();
        assert_eq!(shown(), dark, "it is not lit yet");
        let lit = device.next();
        assert!((100_000..100_100).contains(&lit));
        device.advance(lit);
        assert_eq!(device.next(), NEVER);
        assert_eq!(shown(), dark, "a thread runs");
        device.flush();
        assert_eq!(shown(), device.display.picture(lit).svg().to_string());
        assert_ne!(shown(), dark);
        std::fs::remove_file(&path).unwrap();
        device.flush();
        assert!(!path.exists(), "nothing has changed");
    }
}

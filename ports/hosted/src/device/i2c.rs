// SPDX-License-Identifier: MIT OR Apache-2.0
//! A controller of an I2C bus, with a BME280 at the address 0x76.

use super::Device;
use crossgate_abi::Word;
use crossgate_abi::hosted::i2c::{
    ACKNOWLEDGED, BUSY, DATA, RATE, RECEIVE, SEND, START, STATUS, STOP,
};
use crossgate_kernel::time::NEVER;
use simulated_chips::{Bme280, Climate, I2cChip};

/// The bits of a byte and its acknowledgement on the bus.
const BYTE: u64 = 9;
/// The period in which the air gets warmer and colder again, in µs.
const PERIOD: u64 = 600_000_000;

/// The controller and its bus.
pub struct I2c {
    chip: Bme280,
    /// Bits per second.
    rate: u64,
    transfer: Transfer,
    acknowledged: bool,
    data: u8,
    busy_until: u64,
}

/// What goes on on the bus.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transfer {
    /// It is free.
    None,
    /// Nobody listens, and nobody sends.
    WithNobody,
    WithChip,
}

impl I2c {
    /// Creates a bus that is free.
    pub fn new() -> I2c {
        I2c {
            chip: Bme280::new(0x76),
            rate: 0,
            transfer: Transfer::None,
            acknowledged: false,
            data: 0xff,
            busy_until: 0,
        }
    }

    fn stop(&mut self, now: u64) {
        if self.transfer == Transfer::WithChip {
            self.chip.stop(now);
        }
        self.transfer = Transfer::None;
    }

    fn start(&mut self, byte: u8, now: u64) {
        self.chip.expose(climate(now));
        let (address, reads) = (byte >> 1, byte & 1 != 0);
        self.acknowledged = address == self.chip.address() && self.chip.start(reads, now);
        self.transfer = if self.acknowledged { Transfer::WithChip } else { Transfer::WithNobody };
    }
}

/// The air in which the chip is: warmer and colder by 2 °C, in a triangle.
fn climate(now: u64) -> Climate {
    // A degree is 3177 steps of the converter, about.
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
        if register == RATE {
            self.stop(now);
            (self.rate, self.busy_until) = (value as u64, now);
            return;
        }
        if self.rate == 0 || now < self.busy_until {
            return;
        }
        let with_chip = self.transfer == Transfer::WithChip;
        let bits = match register {
            START => {
                self.start(value as u8, now);
                1 + BYTE
            }
            SEND if self.transfer != Transfer::None => {
                self.acknowledged = with_chip && self.chip.write(value as u8, now);
                BYTE
            }
            RECEIVE if self.transfer != Transfer::None => {
                self.data = if with_chip { self.chip.read(now) } else { 0xff };
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

    fn advance(&mut self, _: u64) {}

    fn next(&self) -> u64 {
        NEVER
    }

    fn is_raised(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a register when the controller is ready. Returns the time after that.
    fn write(device: &mut I2c, register: Word, value: Word, now: u64) -> u64 {
        device.write(register, value, now);
        let end = (now..).find(|&time| device.read(STATUS, time) & BUSY == 0).unwrap();
        assert!(register == STOP || register == RATE || end > now);
        end
    }

    #[test]
    fn the_chip_says_what_it_is_after_the_time_that_it_takes() {
        let mut device = I2c::new();
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
        let mut device = I2c::new();
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
        let mut device = I2c::new();
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
}

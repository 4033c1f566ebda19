// SPDX-License-Identifier: MIT OR Apache-2.0
//! A BME280: a sensor of temperature, pressure and humidity. Section numbers in parentheses refer to its data sheet,
//! BST-BME280-DS002.

use crate::I2cChip;

/// The air around the chip, as values of its converter (4.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Climate {
    /// Temperature: 20 bits.
    pub temperature: u32,
    /// Pressure: 20 bits.
    pub pressure: u32,
    /// Humidity: 16 bits.
    pub humidity: u16,
}

impl Climate {
    /// With the calibration of [`Bme280`], these are 25.08 °C and 100,653 Pa, as in the example of Bosch's data sheets,
    /// and about 43 % of relative humidity.
    pub const EXAMPLE: Climate =
        Climate { temperature: 519_888, pressure: 415_148, humidity: 0x6d80 };
    /// The contents of the data registers if nothing was measured, or if the measurement is skipped (5.4.7 to 5.4.9).
    const NONE: Climate = Climate { temperature: 0x8_0000, pressure: 0x8_0000, humidity: 0x8000 };
}

/// A BME280. It is in sleep mode until a driver starts a measurement. It measures the climate that the test has
/// [set](Self::expose).
///
/// - After power-on and after a reset it copies its calibration, which takes 2 ms. During this time the calibration
///   reads as 0, and a bit of the status is set (1.1, 5.4.4).
/// - A new oversampling of humidity takes effect with the next write of `ctrl_meas` (5.4.3).
/// - `config` does not change in normal mode (5.4.6).
/// - In forced mode a measurement takes the typical time of the data sheet (9.1). At its end the data registers change,
///   and the chip goes to sleep mode.
/// - A write transfer consists of pairs of a register number and a value (6.2.1). A read transfer goes on to the next
///   register with each byte (6.2.2). The data registers do not change during a read transfer (4).
#[derive(Clone, Debug)]
pub struct Bme280 {
    address: u8,
    climate: Climate,
    /// The time at which the copy of the calibration is complete.
    copies_until: u64,
    /// The register that the next byte is read from.
    register: u8,
    /// The number of bytes of the present write transfer: if it is even, the next byte is the number of a register.
    written: u32,
    ctrl_hum: u8,
    /// The oversampling of humidity that is in effect.
    humidity: u8,
    ctrl_meas: u8,
    config: u8,
    /// The end of the present measurement.
    measures_until: Option<u64>,
    /// The results of the last measurement. The next field has the results that the present read transfer returns.
    data: Climate,
    shadow: Climate,
}

const ID: u8 = 0xd0;
const RESET: u8 = 0xe0;
const CTRL_HUM: u8 = 0xf2;
const STATUS: u8 = 0xf3;
const CTRL_MEAS: u8 = 0xf4;
const CONFIG: u8 = 0xf5;

/// The value that resets the chip when it is written to `reset` (5.4.2).
const RESETS: u8 = 0xb6;
/// The time to copy the calibration, in µs (1.1: start-up time).
const STARTUP: u64 = 2000;

/// The modes in `ctrl_meas` (5.4.5).
const FORCED: [u8; 2] = [1, 2];
const NORMAL: u8 = 3;

/// The words of calibration from 0x88 on: T1 to T3, P1 to P9 (4.2.2), with the values of Bosch's example.
const WORDS: [i32; 12] =
    [27_504, 26_435, -1000, 36_477, -10_685, 3024, 2855, 140, -7, 15_500, -14_600, 6000];
/// H1 at 0xa1.
const H1: u8 = 75;
/// H2, H3, H4, H5 and H6, which share bytes, from 0xe1 on: 370, 0, 313, 50, 30.
const HUMIDITY: [u8; 7] = [0x72, 0x01, 0x00, 0x13, 0x29, 0x03, 0x1e];

impl Bme280 {
    /// Creates a chip whose power comes on at the time 0, in the air of [`Climate::EXAMPLE`]. Its address is 0x76 or
    /// 0x77.
    ///
    /// # Panics
    /// If `address` is neither of them.
    #[must_use]
    pub const fn new(address: u8) -> Bme280 {
        assert!(address == 0x76 || address == 0x77, "the address of a BME280 is 0x76 or 0x77");
        Bme280 {
            address,
            climate: Climate::EXAMPLE,
            copies_until: STARTUP,
            register: 0,
            written: 0,
            ctrl_hum: 0,
            humidity: 0,
            ctrl_meas: 0,
            config: 0,
            measures_until: None,
            data: Climate::NONE,
            shadow: Climate::NONE,
        }
    }

    /// Sets the climate that the chip measures from now on.
    pub const fn expose(&mut self, climate: Climate) {
        self.climate = climate;
    }

    fn mode(&self) -> u8 {
        self.ctrl_meas & 3
    }

    /// The oversampling of temperature, pressure and humidity: 0 (skipped), 1, 2, 4, 8 or 16 (5.4.3, 5.4.5).
    fn oversampling(&self) -> [u64; 3] {
        [self.ctrl_meas >> 5, self.ctrl_meas >> 2 & 7, self.humidity]
            .map(|code| if code == 0 { 0 } else { 1 << (code.min(5) - 1) })
    }

    /// The time that a measurement takes in µs (9.1, typical).
    fn duration(&self) -> u64 {
        let [temperature, pressure, humidity] = self.oversampling();
        let of = |times: u64, more: u64| if times == 0 { 0 } else { 2000 * times + more };
        1000 + of(temperature, 0) + of(pressure, 500) + of(humidity, 500)
    }

    /// The pause between measurements in normal mode, in µs (5.4.6).
    fn standby(&self) -> u64 {
        const TIMES: [u64; 8] = [500, 62_500, 125_000, 250_000, 500_000, 1_000_000, 10_000, 20_000];
        TIMES.get(usize::from(self.config >> 5)).copied().unwrap_or(0)
    }

    /// Completes the measurements that have ended by now.
    fn advance(&mut self, now: u64) {
        let Some(end) = self.measures_until.filter(|&end| end <= now) else { return };
        let [temperature, pressure, humidity] = self.oversampling().map(|times| times > 0);
        self.data = Climate {
            temperature: if temperature {
                self.climate.temperature
            } else {
                Climate::NONE.temperature
            },
            pressure: if pressure { self.climate.pressure } else { Climate::NONE.pressure },
            humidity: if humidity { self.climate.humidity } else { Climate::NONE.humidity },
        };
        self.measures_until = None;
        if self.mode() == NORMAL {
            // Several measurements may have ended since then. Their number makes no difference.
            let period = self.standby() + self.duration();
            self.measures_until = Some(end + period * ((now - end) / period + 1));
        } else {
            self.ctrl_meas &= !3;
        }
    }

    /// In normal mode the end of the next measurement is known. The chip measures only in the last part of the time
    /// until then.
    fn is_measuring(&self, now: u64) -> bool {
        self.measures_until.is_some_and(|end| now + self.duration() >= end)
    }

    fn set(&mut self, register: u8, value: u8, now: u64) {
        match register {
            RESET if value == RESETS => {
                *self = Bme280 {
                    copies_until: now + STARTUP,
                    climate: self.climate,
                    written: self.written,
                    ..Bme280::new(self.address)
                };
            }
            CTRL_HUM => self.ctrl_hum = value & 7,
            CTRL_MEAS => {
                self.ctrl_meas = value;
                self.humidity = self.ctrl_hum;
                let measures = self.mode() == NORMAL || FORCED.contains(&self.mode());
                self.measures_until = measures.then(|| now + self.duration());
            }
            CONFIG if self.mode() != NORMAL => self.config = value,
            // Writes to other registers have no effect.
            _ => {}
        }
    }

    fn get(&self, register: u8, now: u64) -> u8 {
        let copies = now < self.copies_until;
        let word = |words: &[i32], first: u8| {
            let place = usize::from(register - first);
            words.get(place / 2).map_or(0, |word| word.to_le_bytes()[place % 2])
        };
        let [temperature, pressure] =
            [self.shadow.temperature, self.shadow.pressure].map(|value| (value << 4).to_be_bytes());
        match register {
            0x88..=0xa1 | 0xe1..=0xe7 if copies => 0,
            0x88..=0x9f => word(&WORDS, 0x88),
            0xa1 => H1,
            0xe1..=0xe7 => HUMIDITY[usize::from(register - 0xe1)],
            ID => 0x60,
            CTRL_HUM => self.ctrl_hum,
            STATUS => u8::from(self.is_measuring(now)) << 3 | u8::from(copies),
            CTRL_MEAS => self.ctrl_meas,
            CONFIG => self.config,
            0xf7..=0xf9 => pressure[usize::from(register - 0xf7) + 1],
            0xfa..=0xfc => temperature[usize::from(register - 0xfa) + 1],
            0xfd..=0xfe => self.shadow.humidity.to_be_bytes()[usize::from(register - 0xfd)],
            _ => 0,
        }
    }
}

impl I2cChip for Bme280 {
    fn address(&self) -> u8 {
        self.address
    }

    fn start(&mut self, reads: bool, now: u64) -> bool {
        self.advance(now);
        self.written = 0;
        if reads {
            self.shadow = self.data;
        }
        true
    }

    fn write(&mut self, byte: u8, now: u64) -> bool {
        self.advance(now);
        if self.written.is_multiple_of(2) {
            self.register = byte;
        } else {
            self.set(self.register, byte, now);
        }
        self.written += 1;
        true
    }

    fn read(&mut self, now: u64) -> u8 {
        self.advance(now);
        let byte = self.get(self.register, now);
        self.register = self.register.wrapping_add(1);
        byte
    }

    fn stop(&mut self, _: u64) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimulatedI2c;
    use core::cell::Cell;
    use embedded_hal::i2c::I2c;

    std::thread_local! {
        static NOW: Cell<u64> = const { Cell::new(0) };
    }

    type Bus = SimulatedI2c<Bme280, 1>;

    fn bus() -> Bus {
        at(0);
        SimulatedI2c::new([Bme280::new(0x76)], || NOW.get())
    }

    fn at(time: u64) {
        NOW.set(time);
    }

    fn get<const N: usize>(bus: &mut Bus, register: u8) -> [u8; N] {
        let mut bytes = [0; N];
        bus.write_read(0x76, &[register], &mut bytes).unwrap();
        bytes
    }

    /// `ctrl_meas` for temperature and pressure, each measured once.
    const ONCE: u8 = 1 << 5 | 1 << 2;
    const SKIPPED: [u8; 8] = [0x80, 0, 0, 0x80, 0, 0, 0x80, 0];
    const MEASURED: [u8; 8] = [0x65, 0x5a, 0xc0, 0x7e, 0xed, 0x00, 0x6d, 0x80];

    #[test]
    fn the_calibration_is_there_after_two_milliseconds() {
        let mut bus = bus();
        at(1999);
        assert_eq!((get(&mut bus, STATUS), get(&mut bus, 0x88)), ([1], [0, 0]));
        at(2000);
        assert_eq!((get(&mut bus, STATUS), get(&mut bus, 0x88)), ([0], [0x70, 0x6b]));
        bus.write(0x76, &[RESET, 1]).unwrap();
        assert_eq!(get(&mut bus, STATUS), [0], "no other value resets");
        bus.write(0x76, &[RESET, RESETS]).unwrap();
        assert_eq!((get(&mut bus, STATUS), get(&mut bus, 0xe1)), ([1], [0, 0]));
    }

    #[test]
    fn the_humidity_of_the_calibration_is_in_shared_bytes() {
        at(5000);
        let mut bus = bus();
        at(5000);
        let [h2, h2_high, h3, h4, h45, h5, h6] = get(&mut bus, 0xe1).map(i32::from);
        assert_eq!([h2 | h2_high << 8, h3, h6], [370, 0, 30]);
        assert_eq!([h4 << 4 | h45 & 15, h5 << 4 | h45 >> 4], [313, 50]);
    }

    #[test]
    fn a_forced_measurement_takes_its_time_and_ends_in_sleep() {
        let mut bus = bus();
        at(10_000);
        assert_eq!(get(&mut bus, 0xf7), SKIPPED);
        // Temperature, pressure and humidity, each measured once, take 1 + 2 + 2.5 + 2.5 ms.
        bus.write(0x76, &[CTRL_HUM, 1, CTRL_MEAS, ONCE | 1]).unwrap();
        at(17_999);
        assert_eq!((get(&mut bus, STATUS), get(&mut bus, 0xf7)), ([8], SKIPPED));
        at(18_000);
        assert_eq!((get(&mut bus, STATUS), get(&mut bus, 0xf7)), ([0], MEASURED));
        assert_eq!(get(&mut bus, CTRL_MEAS), [ONCE]);
    }

    #[test]
    fn the_humidity_counts_from_the_next_control_on() {
        let mut bus = bus();
        bus.write(0x76, &[CTRL_MEAS, ONCE | 1, CTRL_HUM, 1]).unwrap();
        at(100_000);
        let [.., high, low] = get::<8>(&mut bus, 0xf7);
        assert_eq!([high, low], [0x80, 0], "the wrong order");
        bus.write(0x76, &[CTRL_MEAS, 1 << 5 | 1]).unwrap();
        at(200_000);
        assert_eq!(get(&mut bus, 0xf7), [0x80, 0, 0, 0x7e, 0xed, 0x00, 0x6d, 0x80]);
    }

    #[test]
    fn the_configuration_does_not_change_in_normal_mode() {
        let mut bus = bus();
        bus.write(0x76, &[CONFIG, 0xa0, CTRL_MEAS, ONCE | NORMAL, CONFIG, 0]).unwrap();
        assert_eq!(get(&mut bus, CONFIG), [0xa0]);
        // The chip measures for 5.5 ms in each period of 1005.5 ms.
        for (time, status) in [(5_499, 8), (5_501, 0), (1_005_000, 0), (1_005_501, 8)] {
            at(time);
            assert_eq!(get(&mut bus, STATUS), [status], "{time}");
        }
        bus.write(0x76, &[CTRL_MEAS, 0, CONFIG, 0]).unwrap();
        assert_eq!(get(&mut bus, CONFIG), [0]);
    }

    #[test]
    fn a_burst_sees_one_measurement() {
        let mut chip = Bme280::new(0x77);
        chip.start(false, 5000);
        for byte in [CTRL_MEAS, ONCE | 1, 0xf7] {
            chip.write(byte, 5000);
        }
        chip.start(true, 5000);
        let bytes: Vec<u8> = (0..8).map(|time| chip.read(5000 + time * 10_000)).collect();
        assert_eq!(bytes, SKIPPED);
    }

    #[test]
    fn no_other_address_is_acknowledged() {
        let mut bus = bus();
        for address in (0..128).filter(|&address| address != 0x76) {
            assert!(bus.write(address, &[]).is_err());
        }
        assert!(bus.write(0x76, &[]).is_ok());
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A driver crate in a process of its own. The process `bus` owns an I2C bus, and gives each client one chip. `weather`
//! has the sensor, and uses the unchanged driver crate `bme280-rs`. The process of the bus crashes once. `weather` then
//! gets an error, and starts the sensor again.
//!
//! ```text
//! info  weather: 25.08 degrees, 1006.53 hPa
//! info  weather: 25.08 degrees, 1006.53 hPa
//! fault process bus: panic at examples/steps/src/bin/12_i2c.rs:56, thread main of weather, in call SENSOR
//! info  weather: the call to the bus failed: the server faulted
//! info  weather: 25.08 degrees, 1006.53 hPa
//! info  weather: 25.08 degrees, 1006.53 hPa
//! ```
//!
//! ```sh
//! cargo run -p steps --bin 12_i2c -- --until 1
//! cargo run -p steps --bin 12_i2c --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use bme280_rs::{Bme280, Configuration, Oversampling, Sample, SensorMode};
use board::{UART0, Uart};
use console::Console;
use core::time::Duration;
use crossgate::time::Delay;
use crossgate::{Concurrent, Exclusive, Handle, thread, time};
use crossgate_i2c::{Error, I2cChip, I2cDevice};
use crossgate_i2c_bus::I2cBus;
use crossgate_log::{Levels, Log, Logger, info};
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, Operation};
use simulated_chips::SimulatedI2c;

/// The driver of the bus. Any `I2c` of `embedded-hal` can be the driver; for a real bus, use `board::I2c`. This example
/// has to run on every board, so it simulates a bus with a sensor, according to the data sheet of the sensor. After
/// some transactions the driver panics, to show a crash.
struct Bus {
    chips: SimulatedI2c<simulated_chips::Bme280, 1>,
    transactions: u32,
}

impl Bus {
    const fn new() -> Bus {
        let sensor = simulated_chips::Bme280::new(0x76);
        let chips = SimulatedI2c::new([sensor], || time::now().as_micros());
        Bus { chips, transactions: 0 }
    }
}

impl ErrorType for Bus {
    type Error = ErrorKind;
}

impl I2c for Bus {
    fn transaction(&mut self, address: u8, all: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        self.transactions += 1;
        assert!(self.transactions < 19, "a mistake in the driver of the bus");
        self.chips.transaction(address, all)
    }
}

type Sensor = Bme280<I2cChip<0x76>, Delay>;

/// Resets and configures the sensor.
fn begin(sensor: &mut Sensor) -> Result<(), Error> {
    sensor.init()?;
    let once = Oversampling::Oversample1;
    sensor.set_sampling_configuration(
        Configuration::default()
            .with_temperature_oversampling(once)
            .with_pressure_oversampling(once)
            .with_sensor_mode(SensorMode::Forced),
    )
}

fn measure(sensor: &mut Sensor) -> Result<Sample, Error> {
    sensor.take_forced_measurement()?;
    time::sleep(Duration::from_millis(10));
    sensor.read_sample()
}

fn weather(chip: Handle<dyn I2cDevice<0x76>>, log: Logger) -> ! {
    let mut sensor = Bme280::new(I2cChip::new(chip), Delay);
    let mut begun = begin(&mut sensor);
    for _ in 0..5 {
        match begun.and_then(|()| measure(&mut sensor)) {
            Ok(Sample { temperature: Some(degrees), pressure: Some(pascals), .. }) => {
                info!(log, "{degrees:.2} degrees, {:.2} hPa", pascals / 100.0);
            }
            Ok(_) => info!(log, "the sensor has measured nothing"),
            Err(error) => {
                info!(log, "{error}");
                begun = begin(&mut sensor);
            }
        }
        time::sleep(Duration::from_millis(100));
    }
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process bus {
        object bus (stack = 768): Exclusive<I2cBus<Bus, 64>> = I2cBus::new(Bus::new()) =>
            [SENSOR: dyn I2cDevice<0x76>];
    }
    process weather {
        thread main (priority = 2, stack = 4096) = weather(SENSOR, Logger::new(LOG, LEVELS));
    }
    process console {
        mmio UART0;
        notification FAULTED;
        supervisor FAULTED;
        object terminal (stack = 512): Concurrent<Console<Uart>> =
            Console::new(Uart::new(UART0, 115_200)) => [LOG: dyn Log, LEVELS: dyn Levels];
        thread reporter (priority = 4, stack = 2048) = console::report(&terminal, &SYSTEM, FAULTED);
    }
}
board::start!(SYSTEM);

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process with the sensor. It measures the temperature, and publishes each measurement.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use bme280_rs::{Bme280, Configuration, Oversampling, SensorMode};
use core::time::Duration;
use crossgate::time::Delay;
use crossgate::{Handle, Notification, time};
use crossgate_i2c::{Error, I2cChip, I2cDevice};
use crossgate_log::{Logger, warn};
use crossgate_watch::Watch;

/// The time from one measurement to the next.
const PERIOD: Duration = Duration::from_secs(5);

/// The service object: the temperature in hundredths of a degree Celsius, with room for one thread that waits for
/// changes.
pub type Temperature = Watch<i32, 1>;

/// Creates the object, with no measurement yet. The notification wakes the waiting thread.
#[must_use]
pub const fn temperature(changed: Notification) -> Temperature {
    Watch::new(0, [changed])
}

type Sensor = Bme280<I2cChip<0x76>, Delay>;

/// Resets and configures the sensor.
fn begin(sensor: &mut Sensor) -> Result<(), Error> {
    sensor.init()?;
    sensor.set_sampling_configuration(
        Configuration::default()
            .with_temperature_oversampling(Oversampling::Oversample1)
            .with_sensor_mode(SensorMode::Forced),
    )
}

fn measure(sensor: &mut Sensor) -> Result<Option<f32>, Error> {
    sensor.take_forced_measurement()?;
    // This is the longest time of a measurement.
    time::sleep(Duration::from_millis(10));
    sensor.read_temperature()
}

/// The process' thread.
pub fn main(
    chip: Handle<dyn I2cDevice<0x76>>,
    temperature: &'static Temperature,
    log: Logger,
) -> ! {
    let mut sensor = Bme280::new(I2cChip::new(chip), Delay);
    let mut begun = begin(&mut sensor);
    loop {
        match begun.and_then(|()| measure(&mut sensor)) {
            Ok(Some(degrees)) => temperature.set((degrees * 100.0) as i32),
            Ok(None) => warn!(log, "the sensor has measured nothing"),
            Err(error) => warn!(log, "{error}"),
        }
        time::sleep(PERIOD);
        if begun.is_err() {
            begun = begin(&mut sensor);
        }
    }
}

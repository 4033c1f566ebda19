// SPDX-License-Identifier: MIT OR Apache-2.0
//! An unchanged driver crate of `embedded-hal`, in a process without a bus. The process has one chip, and reads the
//! chip's measurements. Another process has another chip on the same bus. A crash of the process of the bus costs each
//! of them one error and a retry.
#![cfg_attr(target_os = "none", no_std, no_main)]

use bme280_rs::{Bme280, Configuration, Oversampling, SensorMode};
use core::time::Duration;
use crossgate::time::Delay;
use crossgate::{CallError, Exclusive, Handle, Notification, Signal, thread, time};
use crossgate_abi::Cause;
use crossgate_i2c::{Error, Fault, I2cChip, I2cDevice};
use crossgate_i2c_bus::I2cBus;
use embedded_hal::i2c::{ErrorKind, I2c, NoAcknowledgeSource, Operation};
use simulated_chips::SimulatedI2c;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;

type Chips = SimulatedI2c<simulated_chips::Bme280, 2>;

const fn chips() -> Chips {
    let chips = [simulated_chips::Bme280::new(0x76), simulated_chips::Bme280::new(0x77)];
    SimulatedI2c::new(chips, || time::now().as_micros())
}

crossgate::system! {
    static SYSTEM;
    process bus {
        notification BREAK;
        object bus (stack = 768): Exclusive<I2cBus<Chips, 64>> = I2cBus::new(chips()) =>
            [SENSOR: dyn I2cDevice<0x76>, OTHER: dyn I2cDevice<0x77>, SOCKET: dyn I2cDevice<0x40>];
        thread main (priority = 20, stack = 512) = break_down(BREAK);
    }
    process weather {
        notification AGAIN;
        thread main (priority = 5, stack = 4096) = weather(SENSOR, AGAIN, DONE);
    }
    process other {
        notification OTHER_AGAIN;
        thread main (priority = 6, stack = 4096) = other(OTHER, OTHER_AGAIN, DONE);
    }
    process operations { thread main (priority = 4, stack = 4096) = operations(SENSOR_TOO, SOCKET, DONE); }
    process spare {
        object bus_too (stack = 768): Exclusive<I2cBus<Chips, 128>> = I2cBus::new(chips()) =>
            [SENSOR_TOO: dyn I2cDevice<0x76>];
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        counting notification DONE;
        thread main (priority = 31, stack = 2048) = witness(FAULTED, DONE, [AGAIN, OTHER_AGAIN], BREAK);
    }
}
board::start!(SYSTEM);

fn break_down(now: Notification) -> ! {
    now.wait();
    panic!("the bus breaks down")
}

/// The example of the data sheet: degrees, pascals, and per cent.
fn is_the_climate(sample: bme280_rs::Sample) -> bool {
    let near = |value: Option<f32>, wanted: f32| {
        value.is_some_and(|value| (value - wanted).abs() < 0.01 * wanted)
    };
    near(sample.temperature, 25.08)
        && near(sample.pressure, 100_653.0)
        && sample.humidity.is_some_and(|humidity| humidity > 20.0 && humidity < 60.0)
}

fn weather(sensor: Handle<dyn I2cDevice<0x76>>, again: Notification, done: Signal) -> ! {
    let mut driver = Bme280::new(I2cChip::<0x76>::new(sensor), Delay);
    for life in 0..2 {
        expect("the driver starts", driver.init(), Ok(()));
        expect("the chip", driver.chip_id(), Ok(0x60));
        let configuration = Configuration::default()
            .with_temperature_oversampling(Oversampling::Oversample1)
            .with_pressure_oversampling(Oversampling::Oversample16)
            .with_humidity_oversampling(Oversampling::Oversample2)
            .with_sensor_mode(SensorMode::Forced);
        expect("a configuration", driver.set_sampling_configuration(configuration), Ok(()));
        for _ in 0..5 {
            expect("a measurement", driver.take_forced_measurement(), Ok(true));
            // The driver waits for another bit of the status than the bit that says that the chip measures.
            time::sleep(Duration::from_millis(50));
            let sample = driver.read_sample().unwrap_or_default();
            expect_that("the measurements of the chip", is_the_climate(sample));
        }
        expect("signal", done.signal(), Ok(()));
        again.wait();
        if life == 0 {
            // The process of the bus has crashed and restarted, and so has the simulated chip.
            let sample = driver.read_sample().unwrap_or_default();
            expect_that("a chip that has not measured", sample.temperature.is_none());
        }
    }
    thread::exit()
}

/// Has another chip on the same bus, and is in a transaction when the process of the bus crashes.
fn other(chip: Handle<dyn I2cDevice<0x77>>, again: Notification, done: Signal) -> ! {
    let mut chip = I2cChip::<0x77>::new(chip);
    let mut id = [0];
    expect("another chip", chip.write_read(0x77, &[0xd0], &mut id), Ok(()));
    expect("which", id, [0x60]);
    expect("the chip of others", chip.write(0x76, &[0]), Err(Error::OtherAddress(0x76)));
    expect("signal", done.signal(), Ok(()));
    again.wait();
    expect("signal", done.signal(), Ok(()));
    let mut errors = 0;
    for _ in 0..1000 {
        match chip.write_read(0x77, &[0xd0], &mut id) {
            Ok(()) => {}
            Err(error) => {
                let crashed = error == Error::Call(CallError::ServerFaulted);
                let restarts = error == Error::Call(CallError::ServerDown);
                expect_that("an error of the call", crashed || restarts);
                errors += 1;
            }
        }
        time::sleep(Duration::from_micros(100));
    }
    expect_that("a retry suffices", errors <= 1);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Makes transactions of each kind, and one with an address without a chip.
fn operations(
    chip: Handle<dyn I2cDevice<0x76>>,
    socket: Handle<dyn I2cDevice<0x40>>,
    done: Signal,
) -> ! {
    time::sleep(Duration::from_millis(5));
    let mut chip = I2cChip::<0x76>::new(chip);
    let mut words = [[0; 2]; 2];
    let [first, second] = &mut words;
    let mut operations = [
        Operation::Write(&[0x88]),
        Operation::Read(first),
        Operation::Read(second),
        Operation::Write(&[0xf2, 5]),
    ];
    expect("operations", chip.transaction(0x76, &mut operations), Ok(()));
    expect("calibration", words.map(i16::from_le_bytes), [27_504, 26_435]);
    let mut long = [0; 100];
    expect("many bytes", chip.write_read(0x76, &[0x9e], &mut long), Ok(()));
    expect("the last word", &long[..2], &6000_u16.to_le_bytes());
    expect("the written byte", long[0xf2 - 0x9e], 5);
    expect("too many", chip.read(0x76, &mut [0; 129]), Err(Error::Bus(Fault::TooLong)));

    let mut nothing = I2cChip::<0x40>::new(socket);
    let error =
        nothing.write(0x40, &[1, 2]).map_err(|error| embedded_hal::i2c::Error::kind(&error));
    let nobody = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
    expect("nobody acknowledges", error, Err(nobody));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn witness(faulted: Notification, done: Notification, again: [Signal; 2], breaks: Signal) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for _ in 0..3 {
        expect_that("all measure", done.wait_timeout(Duration::from_secs(10)).is_ok());
    }
    expect("signal", again[1].signal(), Ok(()));
    expect_that(
        "the other client uses its chip",
        done.wait_timeout(Duration::from_secs(10)).is_ok(),
    );
    time::sleep(Duration::from_millis(20));
    expect("signal", breaks.signal(), Ok(()));
    watch.expect("bus", Cause::Panic);
    expect_that("the other client continues", done.wait_timeout(Duration::from_secs(10)).is_ok());
    expect("signal", again[0].signal(), Ok(()));
    expect_that("the driver measures again", done.wait_timeout(Duration::from_secs(10)).is_ok());
    watch.expect_no_more();
    pass()
}

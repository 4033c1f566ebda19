// SPDX-License-Identifier: MIT OR Apache-2.0
//! Unchanged async driver crates in processes of tasks. The chip of one driver is on a bus of another process, and the
//! chip of the other driver on a bus of its own process. A thread makes the transactions, and other tasks continue
//! meanwhile. A transaction that has begun finishes before the next one, even if its future is dropped.
#![cfg_attr(target_os = "none", no_std, no_main)]

use bme280_rs::{AsyncBme280, Configuration, Oversampling, Sample, SensorMode};
use core::convert::Infallible;
use core::future::ready;
use core::time::Duration;
use crossgate::pool::Pool;
use crossgate::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use crossgate::{CallError, Exclusive, Handle, Notification, Signal, time};
use crossgate_abi::Cause;
use crossgate_embassy::{BusError, Executor, Io, OPERATIONS, Offloaded};
use crossgate_i2c::{Error, I2cChip, I2cDevice};
use crossgate_i2c_bus::I2cBus;
use embassy_futures::join::join;
use embassy_futures::select::{Either, select};
use embassy_time::{Delay, Ticker, Timer, with_timeout};
use embedded_hal::digital::{self, InputPin};
use embedded_hal::{i2c, spi};
use embedded_hal_async::digital::Wait;
use embedded_hal_async::i2c::I2c;
use embedded_hal_async::spi::SpiDevice;
use simulated_chips::{Bme280, SimulatedI2c};
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;

/// The time of a transaction on the slow bus. (With a seed, times up to 10 ms may be over at once.)
const TRANSACTION: Duration = Duration::from_millis(100);
/// The size of a stack, which is larger without optimisation.
const STACK: usize = if cfg!(target_os = "none") { 4096 } else { 32_768 };

crossgate::system! {
    static SYSTEM;
    process bus {
        notification BREAK;
        object bus (stack = 768): Exclusive<I2cBus<Slow, 64>> = I2cBus::new(Slow::new()) =>
            [SENSOR: dyn I2cDevice<0x76>];
        thread main (priority = 20, stack = 512) = break_down(BREAK);
    }
    process weather {
        notification WEATHER_BELL;
        pool weather_helpers (count = 1, stack = 2048, priority = 4);
        thread main (priority = 5, stack = STACK) =
            weather(WEATHER_BELL, weather_helpers, SENSOR, [BREAK, MEASURED]);
    }
    process own {
        notification OWN_BELL;
        notification CHANGED;
        pool own_helpers (count = 1, stack = 2048, priority = 6);
        thread main (priority = 5, stack = STACK) = own(OWN_BELL, own_helpers, CHANGED, ECHOED);
    }
    process witness {
        notification FAULTED;
        notification MEASURED;
        notification ECHOED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = witness(FAULTED, MEASURED, ECHOED);
    }
}
board::start!(SYSTEM);

/// A bus with slow transactions.
struct Slow(SimulatedI2c<Bme280, 1>);

impl Slow {
    const fn new() -> Slow {
        Slow(SimulatedI2c::new([Bme280::new(0x76)], || time::now().as_micros()))
    }
}

impl i2c::ErrorType for Slow {
    type Error = <SimulatedI2c<Bme280, 1> as i2c::ErrorType>::Error;
}

impl i2c::I2c for Slow {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [i2c::Operation<'_>],
    ) -> Result<(), Self::Error> {
        time::sleep(TRANSACTION);
        self.0.transaction(address, operations)
    }
}

fn break_down(now: Notification) -> ! {
    now.wait();
    panic!("the bus breaks down")
}

static WEATHER: Executor = Executor::new();
static CHIP: Offloaded<I2cChip<0x76, 64>, 64> = Offloaded::new();
static BEATS: AtomicU32 = AtomicU32::new(0);

fn weather(
    bell: Notification,
    helpers: Pool,
    sensor: Handle<dyn I2cDevice<0x76>>,
    signals: [Signal; 2],
) -> ! {
    WEATHER.run(bell, |spawner| {
        spawner.spawn(measure(sensor, helpers, signals).unwrap());
        spawner.spawn(beat().unwrap());
    })
}

#[embassy_executor::task]
async fn beat() {
    let mut ticker = Ticker::every(embassy_time::Duration::from_millis(10));
    loop {
        ticker.next().await;
        BEATS.fetch_add(1, Relaxed);
    }
}

/// The example of the data sheet: degrees, pascals, and per cent.
fn is_the_climate(sample: Sample) -> bool {
    let near = |value: Option<f32>, wanted: f32| {
        value.is_some_and(|value| (value - wanted).abs() < 0.01 * wanted)
    };
    near(sample.temperature, 25.08) && near(sample.pressure, 100_653.0)
}

#[embassy_executor::task]
async fn measure(sensor: Handle<dyn I2cDevice<0x76>>, helpers: Pool, signals: [Signal; 2]) {
    let [breaks, done] = signals;
    let mut chip = CHIP.bus(I2cChip::new(sensor), helpers);
    let mut byte = [0];

    let before = BEATS.load(Relaxed);
    expect("an id", chip.write_read(0x76, &[0xd0], &mut byte).await, Ok(()));
    expect("the identity of the chip", byte, [0x60]);
    expect_that("other tasks continue", BEATS.load(Relaxed) - before >= 5);

    // The thread that makes this transaction is less urgent, so it has not started the transaction when the future is
    // dropped.
    let dropped = select(chip.write(0x76, &[0xf2, 5]), ready(()));
    expect_that("the transaction takes longer", matches!(dropped.await, Either::Second(())));
    expect("the next", chip.write_read(0x76, &[0xf2], &mut byte).await, Ok(()));
    expect("the byte that the dropped transaction wrote", byte, [5]);

    let mut words = [[0; 2]; 2];
    let [first, second] = &mut words;
    let mut operations = [
        i2c::Operation::Write(&[0x88]),
        i2c::Operation::Read(first),
        i2c::Operation::Read(second),
        i2c::Operation::Write(&[0xf2, 1]),
    ];
    expect("operations", chip.transaction(0x76, &mut operations).await, Ok(()));
    expect("calibration", words.map(i16::from_le_bytes), [27_504, 26_435]);
    expect("too long", chip.read(0x76, &mut [0; 65]).await, Err(BusError::TooLong));

    let crash = async {
        Timer::after_millis(50).await;
        breaks.signal()
    };
    let (failed, signalled) = join(chip.read(0x76, &mut byte), crash).await;
    let faulted = BusError::Bus(Error::Call(CallError::ServerFaulted));
    expect("the bus crashes", failed, Err(faulted));
    expect("signal", signalled, Ok(()));

    let mut driver = AsyncBme280::new(chip, Delay);
    expect("the driver starts", driver.init().await, Ok(()));
    let configuration = Configuration::default()
        .with_temperature_oversampling(Oversampling::Oversample1)
        .with_pressure_oversampling(Oversampling::Oversample16)
        .with_humidity_oversampling(Oversampling::Oversample2)
        .with_sensor_mode(SensorMode::Forced);
    expect("set", driver.set_sampling_configuration(configuration).await, Ok(()));
    expect("a measurement", driver.take_forced_measurement().await, Ok(true));
    Timer::after_millis(50).await;
    let sample = driver.read_sample().await.unwrap_or_default();
    expect_that("what the chip measures", is_the_climate(sample));
    expect("signal", done.signal(), Ok(()));
}

/// A chip that keeps the written bytes until they are read or overwritten.
struct Echo([u8; 4]);

impl spi::ErrorType for Echo {
    type Error = Infallible;
}

impl spi::SpiDevice for Echo {
    fn transaction(&mut self, operations: &mut [spi::Operation<'_, u8>]) -> Result<(), Infallible> {
        for operation in operations {
            match operation {
                spi::Operation::Read(to) => to.copy_from_slice(&self.0[..to.len()]),
                spi::Operation::Write(from) => self.0[..from.len()].copy_from_slice(from),
                spi::Operation::Transfer(to, from) => {
                    to.copy_from_slice(&self.0[..to.len()]);
                    self.0[..from.len()].copy_from_slice(from);
                }
                spi::Operation::TransferInPlace(bytes) => {
                    let count = bytes.len();
                    self.0[..count].swap_with_slice(bytes);
                }
                spi::Operation::DelayNs(ns) => time::sleep(Duration::from_nanos(u64::from(*ns))),
            }
        }
        Ok(())
    }
}

static OWN: Executor = Executor::new();
static ECHO: Offloaded<Echo, 24> = Offloaded::new();
static IS_HIGH: AtomicBool = AtomicBool::new(false);

/// A pin whose level is in a static.
struct Pin;

impl digital::ErrorType for Pin {
    type Error = Infallible;
}

impl InputPin for Pin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(IS_HIGH.load(Relaxed))
    }
    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!IS_HIGH.load(Relaxed))
    }
}

fn own(bell: Notification, helpers: Pool, changed: Notification, done: Signal) -> ! {
    OWN.run(bell, |spawner| spawner.spawn(use_own(helpers, changed, done).unwrap()))
}

#[embassy_executor::task]
async fn use_own(helpers: Pool, changed: Notification, done: Signal) {
    let mut chip = ECHO.bus(Echo([0; 4]), helpers);
    let (mut read, mut longer, mut both, mut last) = ([0; 2], [0; 3], [5, 6, 7, 8], [0; 4]);
    let begun = time::now();
    let mut operations = [
        spi::Operation::Write(&[1, 2, 3]),
        spi::Operation::Read(&mut read),
        spi::Operation::Transfer(&mut longer, &[9, 4]),
        spi::Operation::TransferInPlace(&mut both),
        spi::Operation::DelayNs(2_000_000),
        spi::Operation::Read(&mut last),
    ];
    expect("all operations", chip.transaction(&mut operations).await, Ok(()));
    expect_that("a pause", time::now() - begun >= Duration::from_millis(2));
    expect("read", read, [1, 2]);
    expect("bytes that are read while others are written", longer, [1, 2, 3]);
    expect("bytes that are read in place", both, [9, 4, 3, 0]);
    expect("bytes that are written in place", last, [5, 6, 7, 8]);
    let mut many = [const { spi::Operation::DelayNs(0) }; OPERATIONS + 1];
    expect("too many", chip.transaction(&mut many).await, Err(BusError::TooLong));
    expect("the greatest number of operations", chip.transaction(&mut many[1..]).await, Ok(()));

    let mut pin = Io::new(Pin, changed);
    let set = async |level| {
        Timer::after_millis(20).await;
        IS_HIGH.store(level, Relaxed);
        changed.signal();
    };
    let patience = embassy_time::Duration::from_secs(1);
    let brief = embassy_time::Duration::from_millis(5);
    expect("low", pin.wait_for_low().await, Ok(()));
    expect_that("not high", with_timeout(brief, pin.wait_for_high()).await.is_err());
    let (rising, ()) = join(with_timeout(patience, pin.wait_for_rising_edge()), set(true)).await;
    expect("it rises", rising, Ok(Ok(())));
    expect_that("no edge", with_timeout(brief, pin.wait_for_rising_edge()).await.is_err());
    expect_that("no edge", with_timeout(brief, pin.wait_for_any_edge()).await.is_err());
    let (any, ()) = join(with_timeout(patience, pin.wait_for_any_edge()), set(false)).await;
    expect("it falls", any, Ok(Ok(())));
    expect_that("no edge", with_timeout(brief, pin.wait_for_falling_edge()).await.is_err());
    expect("signal", done.signal(), Ok(()));
}

fn witness(faulted: Notification, measured: Notification, echoed: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("bus", Cause::Panic);
    for done in [measured, echoed] {
        expect_that("the driver has finished", done.wait_timeout(Duration::from_secs(60)).is_ok());
    }
    watch.expect_no_more();
    pass()
}

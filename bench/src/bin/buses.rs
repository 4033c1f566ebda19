// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of a transaction on an I2C or SPI bus of another process, compared with the same transaction on a bus of
//! the own process; and the cost of switching an output line of another process.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::{Bench, check};
use board::{TIMER0, Timer, UART0, Uart};
use core::convert::Infallible;
use crossgate::{Exclusive, Handle};
use crossgate_gpio::{OutputHandle, OutputLine, Outputs};
use crossgate_i2c::{I2cChip, I2cDevice};
use crossgate_i2c_bus::I2cBus;
use crossgate_spi::{SpiChip, SpiDevice};
use crossgate_spi_bus::SpiBus;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{self, OutputPin, StatefulOutputPin};
use embedded_hal::i2c::{ErrorType, I2c, Operation};
use embedded_hal::spi::{self, SpiDevice as _};

/// A controller that needs no time for the bus.
struct Instant;

impl ErrorType for Instant {
    type Error = Infallible;
}

impl I2c for Instant {
    #[inline(never)]
    fn transaction(&mut self, _: u8, operations: &mut [Operation<'_>]) -> Result<(), Infallible> {
        let mut register = 0;
        for operation in operations {
            match operation {
                Operation::Write(bytes) => register = bytes.last().copied().unwrap_or(0),
                Operation::Read(bytes) => bytes.fill(register),
            }
        }
        Ok(())
    }
}

impl spi::ErrorType for Instant {
    type Error = Infallible;
}

impl spi::SpiBus for Instant {
    #[inline(never)]
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(5);
        Ok(())
    }
    #[inline(never)]
    fn write(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        core::hint::black_box(bytes);
        Ok(())
    }
    fn transfer(&mut self, to: &mut [u8], _: &[u8]) -> Result<(), Infallible> {
        spi::SpiBus::read(self, to)
    }
    fn transfer_in_place(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        spi::SpiBus::read(self, bytes)
    }
    #[inline(never)]
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A line that leads nowhere, and a delay that takes no time.
struct Nothing;

impl digital::ErrorType for Nothing {
    type Error = Infallible;
}

impl OutputPin for Nothing {
    #[inline(never)]
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
    #[inline(never)]
    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl StatefulOutputPin for Nothing {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        Ok(true)
    }
    fn is_set_low(&mut self) -> Result<bool, Infallible> {
        Ok(false)
    }
}

impl DelayNs for Nothing {
    fn delay_ns(&mut self, _: u32) {}
}

crossgate::system! {
    static SYSTEM;
    process client {
        mmio UART0;
        mmio TIMER0;
        thread main (priority = 8, stack = 4096) = run(SENSOR, MEMORY, LAMP);
    }
    process server {
        object bus: Exclusive<I2cBus<Instant, 64>> = I2cBus::new(Instant) => [SENSOR: dyn I2cDevice<0x76>];
        object spi: Exclusive<SpiBus<Instant, Nothing, Nothing, 1, 64>> =
            SpiBus::new(Instant, [Nothing], Nothing, 4096) => [MEMORY: dyn SpiDevice<0>];
        object lines (stack = 256): Exclusive<Outputs<Nothing, 1>> = Outputs::new([Nothing]) => [LAMP: dyn OutputLine<0>];
    }
}
board::start!(SYSTEM);

/// Reads a register of two bytes, as those of thermometers.
fn read<B: I2c>(bus: &mut B) -> bool {
    let mut bytes = [0; 2];
    bus.write_read(0x76, &[5], &mut bytes).is_ok() && bytes == [5; 2]
}

/// The same on an SPI bus of the own process, with the steps that `embedded-hal` prescribes.
fn read_own(bus: &mut Instant, select: &mut Nothing) -> bool {
    let mut bytes = [0; 2];
    let selected = select.set_low().is_ok();
    let done = spi::SpiBus::write(bus, &[5]).is_ok() && spi::SpiBus::read(bus, &mut bytes).is_ok();
    spi::SpiBus::flush(bus).is_ok()
        && select.set_high().is_ok()
        && selected
        && done
        && bytes == [5; 2]
}

fn read_chip(chip: &mut SpiChip<0>) -> bool {
    let mut bytes = [0; 2];
    let mut operations = [spi::Operation::Write(&[5]), spi::Operation::Read(&mut bytes)];
    chip.transaction(&mut operations).is_ok() && bytes == [5; 2]
}

fn run(
    sensor: Handle<dyn I2cDevice<0x76>>,
    memory: Handle<dyn SpiDevice<0>>,
    lamp: Handle<dyn OutputLine<0>>,
) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    let mut own = Instant;
    bench.measure("i2c_own_bus", || check(read(&mut own)));
    let mut chip = I2cChip::<0x76>::new(sensor);
    bench.measure("i2c_transaction", || check(read(&mut chip)));
    bench.measure("spi_own_bus", || check(read_own(&mut own, &mut Nothing)));
    let mut chip = SpiChip::<0>::new(memory);
    bench.measure("spi_transaction", || check(read_chip(&mut chip)));
    let mut lamp = OutputHandle::<0>::new(lamp);
    bench.measure("gpio_set", || check(lamp.set_high().is_ok()));
    bench.end()
}

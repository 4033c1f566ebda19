// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of a transaction on a bus of another process, and of the same one on a bus of one's own.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::{Bench, check};
use board::{TIMER0, Timer, UART0, Uart};
use core::convert::Infallible;
use crossgate::{Exclusive, Handle};
use crossgate_i2c::{I2cChip, I2cDevice};
use crossgate_i2c_bus::I2cBus;
use embedded_hal::i2c::{ErrorType, I2c, Operation};

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

crossgate::system! {
    static SYSTEM;
    process client {
        mmio UART0;
        mmio TIMER0;
        thread main (priority = 8, stack = 4096) = run(SENSOR);
    }
    process server {
        object bus: Exclusive<I2cBus<Instant, 64>> = I2cBus::new(Instant) => [SENSOR: dyn I2cDevice<0x76>];
    }
}
board::start!(SYSTEM);

/// Reads a register of two bytes, as a thermometer has.
fn read<B: I2c>(bus: &mut B) -> bool {
    let mut bytes = [0; 2];
    bus.write_read(0x76, &[5], &mut bytes).is_ok() && bytes == [5; 2]
}

fn run(sensor: Handle<dyn I2cDevice<0x76>>) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    let mut own = Instant;
    bench.measure("i2c_own_bus", || check(read(&mut own)));
    let mut chip = I2cChip::<0x76>::new(sensor);
    bench.measure("i2c_transaction", || check(read(&mut chip)));
    bench.end()
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A weather station: a sensor and a display on one I2C bus, each with its driver in a process of its own.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{I2C0, I2c, UART0, Uart};
use climate::Temperature;
use console::Console;
use crossgate::{Concurrent, Exclusive};
use crossgate_i2c::I2cDevice;
use crossgate_i2c_bus::I2cBus;
use crossgate_log::{Levels, Log, Logger};
use crossgate_watch::Observer;

crossgate::system! {
    static SYSTEM;

    process bus {
        mmio I2C0;
        object bus (stack = 768): Exclusive<I2cBus<I2c, 64>> = I2cBus::new(I2c::new(I2C0, 400_000)) =>
            [SENSOR: dyn I2cDevice<0x76>, DISPLAY: dyn I2cDevice<0x3c>];
    }

    process climate {
        notification CHANGED;
        object temperature (stack = 256): Concurrent<Temperature> = climate::temperature(CHANGED) =>
            [TEMPERATURE: dyn Observer<i32>];
        thread main (priority = 3, stack = 4096) =
            climate::main(SENSOR, &temperature, Logger::new(LOG, LEVELS));
    }

    process panel {
        thread main (priority = 2, stack = 8192) =
            panel::main(DISPLAY, TEMPERATURE, Logger::new(LOG, LEVELS));
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

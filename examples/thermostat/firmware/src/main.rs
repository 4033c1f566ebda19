// SPDX-License-Identifier: MIT OR Apache-2.0
//! The thermostat's wiring: its processes, the resources that they own, and the calls that they may make.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::Uart;
use console::Console;
use crossgate::{Concurrent, Exclusive};
use crossgate_log::Log;
use crossgate_watch::Observer;
use fan::Motor;
use sensor::Room;
use thermostat_interfaces::{Fan, Measured};

crossgate::system! {
    /// The thermostat.
    pub static SYSTEM;

    process sensor {
        mmio board::UART1;
        notification RECEIVED;
        notification CHANGED;
        interrupt board::interrupt::UART1_RX => RECEIVED;
        object room (stack = 256): Concurrent<Room> = sensor::room(CHANGED) =>
            [TEMPERATURE: dyn Observer<Measured>];
        thread sampler (priority = 3, stack = 1024) = sensor::sampler(
            &room,
            Uart::new(board::UART1, 115_200).with_receive_interrupt(),
            RECEIVED,
            LOG,
        );
    }

    process fan {
        mmio board::UART2;
        object motor (stack = 512): Exclusive<Motor<Uart>> =
            Motor::new(Uart::new(board::UART2, 115_200), LOG) => [FAN: dyn Fan];
    }

    process control {
        thread main (priority = 2, stack = 2048) = control::main(TEMPERATURE, FAN, LOG);
    }

    process console {
        mmio board::UART0;
        notification FAULTED;
        supervisor FAULTED;
        object terminal (stack = 512): Concurrent<Console<Uart>> =
            Console::new(Uart::new(board::UART0, 115_200)) => [LOG: dyn Log];
        thread reporter (priority = 4, stack = 1024) =
            console::report(&terminal, &SYSTEM, FAULTED);
    }
}

board::start!(SYSTEM);

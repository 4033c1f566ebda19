// SPDX-License-Identifier: MIT OR Apache-2.0
//! A lamp that blinks, a process that crashes from time to time, a log, and a shell on the first serial line that shows
//! all of them.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{Lamp, Uart};
use console::{Console, Past};
use crossgate::{Concurrent, Exclusive};
use crossgate_log::{History, Log, SetLevels};
use light::{Bulb, Light};
use shell::Kernel;

crossgate::system! {
    static SYSTEM;
    cpu_time;

    process light {
        mmio board::LAMPS;
        object bulb (stack = 512): Exclusive<Bulb<Lamp>> = Bulb::new(Lamp::new(0)) => [LIGHT: dyn Light];
    }

    process pulse {
        thread blinker (priority = 3, stack = 1024) = pulse::main(LIGHT);
    }

    process clumsy {
        thread walker (priority = 2, stack = 3072) = clumsy::main(LOG);
    }

    process log {
        notification NEVER;
        object console (stack = 1536): Concurrent<Console<Past>> = Console::new(Past::new())
            => [LOG: dyn Log, SET_LEVELS: dyn SetLevels, HISTORY: dyn History];
        thread names (priority = 4, stack = 1024) = console::report(&console, &SYSTEM, NEVER);
    }

    process shell {
        mmio board::UART0;
        inspects;
        crash_dumps;
        notification TYPED;
        notification FAULTED;
        supervisor FAULTED;
        interrupt board::interrupt::UART0_RX => TYPED;
        thread main (priority = 1, stack = 6144) = shell::run_with(
            Uart::new(board::UART0, 115_200).with_receive_interrupt(),
            &SYSTEM,
            Kernel::new().with_log(SET_LEVELS, HISTORY),
            TYPED,
            FAULTED,
        );
    }
}

board::start!(SYSTEM);

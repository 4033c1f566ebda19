// SPDX-License-Identifier: MIT OR Apache-2.0
//! An interrupt that wakes a thread. The wiring binds the interrupt of a timer to a notification, and the thread of the
//! driver waits for this notification. The driver is a process. It owns the registers of its device, and has no other
//! rights.
//!
//! ```text
//! info  driver: tick 1
//! info  driver: tick 2
//! info  driver: tick 3
//! ```
//!
//! ```sh
//! cargo run -p steps --bin 05_interrupt -- --until 1
//! cargo run -p steps --bin 05_interrupt --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{CLOCK_HZ, TIMER0, Timer, UART0, Uart, interrupt};
use console::Console;
use crossgate::{Concurrent, Notification, thread};
use crossgate_log::{Levels, Log, Logger, info};

/// 100 ms, in ticks of the timer.
const PERIOD: u32 = CLOCK_HZ / 10;

fn driver(expired: Notification, log: Logger) -> ! {
    let mut timer = Timer::new(TIMER0);
    for tick in 1..=3 {
        timer.interrupt_after(PERIOD);
        // The interrupt line is masked at the start, and again after each interrupt. This call unmasks it.
        expired.acknowledge();
        expired.wait();
        timer.clear_interrupt();
        info!(log, "tick {tick}");
    }
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process driver {
        mmio TIMER0;
        notification EXPIRED;
        interrupt interrupt::TIMER0 => EXPIRED;
        thread main (priority = 3, stack = 2048) = driver(EXPIRED, Logger::new(LOG, LEVELS));
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

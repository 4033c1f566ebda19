// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of a line of the log, without the serial line that it is written to.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::Bench;
use board::{TIMER0, Timer, UART0, Uart};
use console::{Console, Settings};
use core::convert::Infallible;
use core::hint::black_box;
use crossgate::Concurrent;
use crossgate_log::{Level, Levels, Log, Logger};

/// A serial line that takes everything.
struct Nowhere;

impl embedded_io::ErrorType for Nowhere {
    type Error = Infallible;
}
impl embedded_io::Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(black_box(bytes).len())
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

const SETTINGS: Settings = Settings { levels: &[("client", Level::Info)], colour: false };

crossgate::system! {
    static SYSTEM;
    process client {
        mmio UART0;
        mmio TIMER0;
        thread main (priority = 2, stack = 4096) = run(&Logger::new(LOG, LEVELS));
    }
    process console {
        notification FAULTED;
        supervisor FAULTED;
        object terminal (stack = 512): Concurrent<Console<Nowhere>> =
            Console::with_settings(Nowhere, SETTINGS) => [LOG: dyn Log, LEVELS: dyn Levels];
        thread reporter (priority = 9, stack = 1024) = console::report(&terminal, &SYSTEM, FAULTED);
    }
}
board::start!(SYSTEM);

fn run(log: &Logger) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    let mut reading = 0_u32;
    assert!(log.takes(Level::Info) && !log.takes(Level::Debug));
    bench.measure("log_line", || {
        reading = 100 + (reading + 1) % 900;
        crossgate_log::info!(log, "reading {}", black_box(reading));
    });
    bench.measure("log_level_off", || {
        crossgate_log::debug!(log, "reading {}", black_box(reading));
    });
    bench.end()
}

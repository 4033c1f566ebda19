// SPDX-License-Identifier: MIT OR Apache-2.0
//! A crash, and its effects. `divider` panics in the middle of a call. Its client gets an error, and the console gets a
//! record of the crash. The process restarts with the initial values of its memory.
//!
//! ```text
//! info  client: 6 / 3 = Ok(2)
//! fault process divider: panic at examples/steps/src/bin/03_restart.rs:40, thread main of client, in call DIVIDE
//! info  client: 6 / 0 = Err(ServerFaulted)
//! info  client: calls since the restart: Ok(0)
//! info  client: 8 / 2 = Ok(4)
//! ```
//!
//! ```sh
//! cargo run -p steps --bin 03_restart -- --until 1
//! cargo run -p steps --bin 03_restart --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{UART0, Uart};
use console::Console;
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Concurrent, Handle, interface, thread};
use crossgate_log::{Levels, Log, Logger, info};

#[interface]
trait Divide {
    /// Returns the quotient.
    fn divide(&self, dividend: u32, divisor: u32) -> u32;
    /// Returns how often `divide` was called.
    fn calls(&self) -> u32;
}

struct Divider {
    calls: AtomicU32,
}

impl Divide for Divider {
    fn divide(&self, dividend: u32, divisor: u32) -> u32 {
        self.calls.fetch_add(1, Ordering::Relaxed);
        dividend / divisor
    }
    fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }
}

fn client(divider: Handle<dyn Divide>, log: Logger) -> ! {
    info!(log, "6 / 3 = {:?}", divider.divide(6, 3));
    info!(log, "6 / 0 = {:?}", divider.divide(6, 0));
    info!(log, "calls since the restart: {:?}", divider.calls());
    info!(log, "8 / 2 = {:?}", divider.divide(8, 2));
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process divider {
        object divider: Concurrent<Divider> = Divider { calls: AtomicU32::new(0) } => [DIVIDE: dyn Divide];
    }
    process client {
        thread main (priority = 2, stack = 4096) = client(DIVIDE, Logger::new(LOG, LEVELS));
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

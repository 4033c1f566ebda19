// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two processes and a call. `client` has a handle of a service of `converter`. A call looks like a function call. But
//! the thread of the client enters the other process and runs the method there: no other thread is woken, and nothing
//! is copied.
//!
//! ```text
//! info  client: 21 C are 69 F
//! info  client: -40 C are -40 F
//! ```
//!
//! Run the example on Linux, or on the emulated board (Ctrl-A X ends the emulator):
//!
//! ```sh
//! cargo run -p steps --bin 01_call -- --until 1
//! cargo run -p steps --bin 01_call --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{UART0, Uart};
use console::Console;
use crossgate::{Concurrent, Handle, interface, thread};
use crossgate_log::{Levels, Log, Logger, info, warn};

/// The interface that the processes have in common.
#[interface]
trait Convert {
    /// Converts whole degrees.
    fn fahrenheit(&self, celsius: i32) -> i32;
}

/// The object of the process `converter`.
struct Converter;

impl Convert for Converter {
    fn fahrenheit(&self, celsius: i32) -> i32 {
        32 + celsius * 9 / 5
    }
}

/// The thread of the process `client`.
fn client(convert: Handle<dyn Convert>, log: Logger) -> ! {
    for celsius in [21, -40] {
        // Each call can fail, because the other process may have crashed.
        match convert.fahrenheit(celsius) {
            Ok(fahrenheit) => info!(log, "{celsius} C are {fahrenheit} F"),
            Err(error) => warn!(log, "no answer: {error}"),
        }
    }
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process converter {
        object converter: Concurrent<Converter> = Converter => [CONVERT: dyn Convert];
    }
    // This process may call only CONVERT, LOG and LEVELS, because its block names them.
    process client {
        thread main (priority = 2, stack = 2048) = client(CONVERT, Logger::new(LOG, LEVELS));
    }
    // The console prints the log lines of all processes, and each crash. The other examples have it too.
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

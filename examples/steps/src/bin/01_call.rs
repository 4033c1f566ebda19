// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two processes and a call. `client` has a handle of a service of `converter`. A method of the handle looks like a
//! function, but its body runs in the other process, by the thread of the client: nobody is woken, nothing is copied.
//!
//! ```text
//! info  client: 21 C are 69 F
//! info  client: -40 C are -40 F
//! ```
//!
//! On Linux, and on the emulated board, where Ctrl-A X ends it:
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
        // Each call may fail: the other process may have crashed.
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
    // It may call CONVERT, LOG and LEVELS, because its block mentions them, and nothing else.
    process client {
        thread main (priority = 2, stack = 2048) = client(CONVERT, Logger::new(LOG, LEVELS));
    }
    // Prints what others log, and each crash. The other examples have it as well.
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

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Isolation of processes. `thief` uses a serial line that it does not own. The protection unit refuses the access, and
//! the process stops. `neighbour` goes on.
//!
//! ```text
//! info  thief: this serial line is not mine
//! fault process thief: access to memory of others at 0x..., instruction 0x..., thread main of thief
//! info  neighbour: nothing has happened to me
//! ```
//!
//! ```sh
//! cargo run -p steps --bin 02_isolation -- --until 1
//! cargo run -p steps --bin 02_isolation --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{UART0, UART1, Uart};
use console::Console;
use core::time::Duration;
use crossgate::{Concurrent, thread, time};
use crossgate_log::{Levels, Log, Logger, info};

/// The driver of the serial line is ordinary code. It works only in the process that owns the registers.
fn thief(log: Logger) -> ! {
    info!(log, "this serial line is not mine");
    Uart::new(UART1, 115_200).enable();
    unreachable!("the access does not return")
}

fn neighbour(log: Logger) -> ! {
    time::sleep(Duration::from_millis(100));
    info!(log, "nothing has happened to me");
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process owner { mmio UART1; }
    // Without `on_fault = stop` this process would restart, and try again.
    process thief {
        on_fault = stop;
        thread main (priority = 3, stack = 2048) = thief(Logger::new(LOG, LEVELS));
    }
    process neighbour {
        thread main (priority = 2, stack = 2048) = neighbour(Logger::new(LOG, LEVELS));
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

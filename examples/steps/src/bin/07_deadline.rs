// SPDX-License-Identifier: MIT OR Apache-2.0
//! A deadline for a call. `worker` computes for minutes if the number is large. The client gives each call 20 ms. If a
//! server still computes after this time, the kernel stops the call and restarts the server's process. So the client
//! always gets its thread back.
//!
//! ```text
//! info  client: 7 is prime: Ok(true)
//! fault process worker: a call took too long, thread main of client, in call WORK
//! info  client: 4294967291 is prime: Err(DeadlineExceeded)
//! info  client: 9 is prime: Ok(false)
//! ```
//!
//! ```sh
//! cargo run -p steps --bin 07_deadline -- --until 1
//! cargo run -p steps --bin 07_deadline --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{UART0, Uart};
use console::Console;
use core::time::Duration;
use crossgate::time::with_deadline;
use crossgate::{Concurrent, Handle, interface, thread};
use crossgate_log::{Levels, Log, Logger, info};

#[interface]
trait Work {
    /// Returns `true` if the number is prime.
    fn is_prime(&self, number: u32) -> bool;
}

struct Worker;

impl Work for Worker {
    fn is_prime(&self, number: u32) -> bool {
        (2..number).all(|divisor| !number.is_multiple_of(divisor))
    }
}

fn client(work: Handle<dyn Work>, log: Logger) -> ! {
    for number in [7, 4_294_967_291, 9] {
        let result = with_deadline(Duration::from_millis(20), || work.is_prime(number));
        info!(log, "{number} is prime: {result:?}");
    }
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process worker { object worker: Concurrent<Worker> = Worker => [WORK: dyn Work]; }
    // A process may set deadlines only if its block says so.
    process client {
        deadlines;
        thread main (priority = 2, stack = 4096) = client(WORK, Logger::new(LOG, LEVELS));
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

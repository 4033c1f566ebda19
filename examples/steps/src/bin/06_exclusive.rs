// SPDX-License-Identifier: MIT OR Apache-2.0
//! One call at a time. An `Exclusive` object has `&mut self` methods and needs no lock: the kernel lets only one call
//! in at a time. The other calls wait, and the most urgent call is next. Here each deposit takes some time, and no
//! deposit is lost.
//!
//! ```text
//! info  alice: balance 10
//! info  alice: balance 20
//! info  bob: balance 21
//! info  bob: balance 22
//! ```
//!
//! ```sh
//! cargo run -p steps --bin 06_exclusive -- --until 1
//! cargo run -p steps --bin 06_exclusive --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{UART0, Uart};
use console::Console;
use core::time::Duration;
use crossgate::{Concurrent, Exclusive, Handle, interface, thread, time};
use crossgate_log::{Levels, Log, Logger, info, warn};

#[interface]
trait Account {
    /// Adds an amount. Returns the balance.
    fn deposit(&mut self, amount: u32) -> u32;
}

struct Ledger {
    balance: u32,
}

impl Account for Ledger {
    fn deposit(&mut self, amount: u32) -> u32 {
        let before = self.balance;
        // If another call could enter now, its deposit would be lost.
        time::sleep(Duration::from_millis(20));
        self.balance = before + amount;
        self.balance
    }
}

fn client(account: Handle<dyn Account>, amount: u32, log: Logger) -> ! {
    for _ in 0..2 {
        match account.deposit(amount) {
            Ok(balance) => info!(log, "balance {balance}"),
            Err(error) => warn!(log, "no answer: {error}"),
        }
    }
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process bank {
        object ledger: Exclusive<Ledger> = Ledger { balance: 0 } => [ACCOUNT: dyn Account];
    }
    process alice {
        thread main (priority = 3, stack = 2048) = client(ACCOUNT, 10, Logger::new(LOG, LEVELS));
    }
    process bob {
        thread main (priority = 2, stack = 2048) = client(ACCOUNT, 1, Logger::new(LOG, LEVELS));
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

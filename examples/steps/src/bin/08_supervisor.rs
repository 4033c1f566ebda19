// SPDX-License-Identifier: MIT OR Apache-2.0
//! A supervisor decides which processes restart after a crash. `screen` depends on `modem`. When the modem crashes,
//! both restart. When the screen crashes, only the screen restarts.
//!
//! ```text
//! info  modem: started
//! info  screen: started
//! info  operator: the screen crashes
//! fault process screen: panic at examples/steps/src/bin/08_supervisor.rs:50, thread main of operator, in call SCREEN
//! info  screen: started
//! info  operator: the modem crashes
//! fault process modem: panic at examples/steps/src/bin/08_supervisor.rs:50, thread main of operator, in call MODEM
//! info  modem: started
//! info  screen: started
//! ```
//!
//! ```sh
//! cargo run -p steps --bin 08_supervisor -- --until 1
//! cargo run -p steps --bin 08_supervisor --release --target thumbv7m-none-eabi
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{UART0, Uart};
use console::Console;
use core::time::Duration;
use crossgate::{Concurrent, Handle, interface, thread, time};
use crossgate_log::{Levels, Log, Logger, info};
use supervise::Supervise;
use supervisor::{Group, Member, Office, Policy, Strategy};

/// After a crash, the crashed process and those after it in the list restart. More than 5 crashes in a minute are a
/// failure of the group.
const GROUP: Group = Group {
    strategy: Strategy::RestForOne,
    limit: 5,
    period: Duration::from_secs(60),
    members: &[Member::Process("modem"), Member::Process("screen")],
};
static POLICY: Policy = Policy::new(&GROUP, &SYSTEM);

#[interface]
trait Device {
    fn crash(&self);
}

struct Fragile;

impl Device for Fragile {
    fn crash(&self) {
        panic!("on request")
    }
}

/// The main function of the threads of both devices.
fn device(log: Logger) -> ! {
    info!(log, "started");
    thread::exit()
}

fn operator(modem: Handle<dyn Device>, screen: Handle<dyn Device>, log: Logger) -> ! {
    for (name, device) in [("screen", screen), ("modem", modem)] {
        time::sleep(Duration::from_millis(100));
        info!(log, "the {name} crashes");
        let _ = device.crash();
    }
    thread::exit()
}

crossgate::system! {
    static SYSTEM;

    process overseer {
        inspects;
        notification FAULTED;
        supervisor FAULTED;
        object office (stack = 512): Concurrent<Office> = Office::new() => [SUPERVISOR: dyn Supervise];
        thread main (priority = 30, stack = 2048) = supervisor::run(&office, &POLICY, FAULTED, &[OBSERVED]);
    }
    process modem {
        on_fault = stop;
        object modem: Concurrent<Fragile> = Fragile => [MODEM: dyn Device];
        thread main (priority = 3, stack = 2048) = device(Logger::new(LOG, LEVELS));
    }
    process screen {
        on_fault = stop;
        object screen: Concurrent<Fragile> = Fragile => [SCREEN: dyn Device];
        thread main (priority = 2, stack = 2048) = device(Logger::new(LOG, LEVELS));
    }
    process operator {
        thread main (priority = 1, stack = 2048) = operator(MODEM, SCREEN, Logger::new(LOG, LEVELS));
    }
    process console {
        mmio UART0;
        inspects;
        notification OBSERVED;
        object terminal (stack = 512): Concurrent<Console<Uart>> =
            Console::new(Uart::new(UART0, 115_200)) => [LOG: dyn Log, LEVELS: dyn Levels];
        thread reporter (priority = 4, stack = 2048) = console::report(&terminal, &SYSTEM, OBSERVED);
    }
}
board::start!(SYSTEM);

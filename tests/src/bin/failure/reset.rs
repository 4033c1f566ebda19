// SPDX-License-Identifier: MIT OR Apache-2.0
//! If a supervisor crashes too often, the system is reset, because no process is left that decides. Any other process
//! that crashes as often just stays down.
//!
//! Emulator: -no-reboot
//! Status: 75
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{Notification, time};
use system_tests::report::broken;

crossgate::system! {
    static SYSTEM;
    process fragile {
        on_fault = restart (limit = 1);
        thread main (priority = 8, stack = 1024) = crash_at_once();
    }
    process supervisor {
        on_fault = restart (limit = 3);
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 7, stack = 1024) = crash_in_time(FAULTED);
    }
    process witness {
        thread main (priority = 1, stack = 1024) = outlive();
    }
}
board::start!(SYSTEM);

fn crash_at_once() -> ! {
    panic!("a process panics whenever it begins")
}

/// Starts to crash after the last crash of the other process.
fn crash_in_time(faulted: Notification) -> ! {
    let _ = faulted.wait_timeout(Duration::from_millis(100));
    panic!("a supervisor panics whenever it starts")
}

/// Waits longer than all pauses of the restarts together: with them, the supervisor has crashed four times after 0.5 s.
fn outlive() -> ! {
    time::sleep(Duration::from_secs(1));
    broken("continues without a supervisor")
}

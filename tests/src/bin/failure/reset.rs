// SPDX-License-Identifier: MIT OR Apache-2.0
//! A supervisor that crashes too often makes the system reset, because no process is left to decide. Another process
//! that crashes so often just stays down.
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

/// Starts to crash when the other process has crashed for the last time.
fn crash_in_time(faulted: Notification) -> ! {
    let _ = faulted.wait_timeout(Duration::from_millis(100));
    panic!("a supervisor panics whenever it is told of a crash, and when it is not")
}

/// Outlives the waits: with all of them, the supervisor has crashed four times after 0.5 s.
fn outlive() -> ! {
    time::sleep(Duration::from_secs(1));
    broken("the system goes on without its supervisor")
}

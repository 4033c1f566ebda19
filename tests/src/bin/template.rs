// SPDX-License-Identifier: MIT OR Apache-2.0
//! The template of a test. An attacker reads memory of another process, and is stopped. No other process is affected.
//!
//! To make a test from it, copy this file to `tests/src/bin/TOPIC/NAME.rs`, run `cargo xtask manifests`, and `cargo run
//! -p system-tests --bin NAME -- --semihosting --time virtual` (it is silent if it passes).
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::{Concurrent, Handle, Notification};
use crossgate_abi::Cause;
use system_tests::probe;
use system_tests::report::{broken, expect, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;

// A process that crashes stays down (`on_fault = stop`), so the test ends. Without this line it would restart.
crossgate::system! {
    static SYSTEM;
    // The witness is notified of each fault, and is more urgent than all threads that fault, because the kernel keeps
    // only the last records.
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
    }
    process victim { object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process attacker { on_fault = stop; thread main (priority = 5, stack = 1024) = attack(VAULT); }
}
board::start!(SYSTEM);

fn attack(vault: Handle<dyn Vault>) -> ! {
    let Ok(address) = vault.address() else { broken("may not call the victim") };
    let _ = probe::load(address);
    broken("has read the memory of another process")
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("attacker", Cause::Access);
    expect("the secret", vault.is_intact(), Ok(true));
    watch.expect_no_more();
    pass()
}

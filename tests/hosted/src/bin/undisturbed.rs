// SPDX-License-Identifier: MIT OR Apache-2.0
//! Computes and waits by turns for half a second or more. No process must fault, whatever signals Linux sends
//! meanwhile. (The test `signals` sends them.)

use core::hint::black_box;
use core::time::Duration;
use crossgate::{Concurrent, Handle, time};
use system_tests::report::{expect, pass, say};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::allow_no_fault;

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process victim { object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process client { thread main (priority = 5, stack = 4096) = client(VAULT); }
}
board::start!(SYSTEM);

fn client(vault: Handle<dyn Vault>) -> ! {
    say(format_args!("ready"));
    for _ in 0..50 {
        for round in 0..10_000_000_u32 {
            black_box(round);
        }
        expect("the secret", vault.is_intact(), Ok(true));
        time::sleep(Duration::from_millis(2));
    }
    pass()
}

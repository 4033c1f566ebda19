// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread waits in a call while another thread is in a call with lent memory. The waiting thread returns unharmed:
//! the narrow bounds of the other thread do not apply to it.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::hint::black_box;
use core::time::Duration;
use crossgate::{Concurrent, Handle, LeaseBuf, LeaseMut, Notification, interface, time};
use system_tests::report::{expect, pass};
use system_tests::watch::Watch;

/// A server that takes some time.
#[interface]
trait Slow {
    fn sleep(&self);
    fn fill(&self, memory: LeaseMut<'_, [u8]>);
}

struct Server;

impl Slow for Server {
    fn sleep(&self) {
        time::sleep(Duration::from_micros(300));
    }
    fn fill(&self, mut memory: LeaseMut<'_, [u8]>) {
        // The thread is interrupted while it runs.
        for value in 0..200 {
            black_box(&mut memory).fill(value);
        }
    }
}

crossgate::system! {
    static SYSTEM;
    process server { object server: Concurrent<Server> = Server => [SLOW: dyn Slow]; }
    process lender { thread lender (priority = 3, stack = 1024) = lend(SLOW); }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 5, stack = 2048) = witness(FAULTED, SLOW);
    }
}
board::start!(SYSTEM);

fn lend(slow: Handle<dyn Slow>) -> ! {
    let mut memory = LeaseBuf::<64>::new();
    loop {
        expect("a call with lent memory", slow.fill(&mut memory[..]), Ok(()));
    }
}

fn witness(faulted: Notification, slow: Handle<dyn Slow>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for _ in 0..20 {
        expect("a call that sleeps", slow.sleep(), Ok(()));
        time::sleep(Duration::from_micros(50));
    }
    watch.expect_no_more();
    pass()
}

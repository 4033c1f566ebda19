// SPDX-License-Identifier: MIT OR Apache-2.0
//! The time that a restart of a process takes, up to the end of the first call to it.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::Null;
use bench::report::Bench;
use board::{TIMER0, Timer, UART0, Uart};
use core::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Concurrent, Handle, supervise};

/// The number of the process `server`: it is the second.
const SERVER: u8 = 1;

/// Has 256 bytes whose initial values have to be restored.
struct Server([AtomicU32; 64]);

impl Null for Server {
    fn nothing(&self) {
        self.0[0].store(1, Ordering::Relaxed);
    }
    fn four(&self, _: u32, _: u32, _: u32, _: u32) {}
}

crossgate::system! {
    static SYSTEM;
    process supervisor {
        mmio UART0;
        mmio TIMER0;
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 1, stack = 2048) = run(NULL);
    }
    process server { object null: Concurrent<Server> =
        Server([const { AtomicU32::new(0) }; 64]) => [NULL: dyn Null]; }
}
board::start!(SYSTEM);

fn run(null: Handle<dyn Null>) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    bench.measure("restart_process", || {
        assert!(supervise::restart(SERVER).is_ok() && null.nothing().is_ok());
    });
    bench.end()
}

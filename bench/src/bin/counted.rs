// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of counting the CPU time of threads and processes.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::{Bench, ROUNDS, failed};
use bench::{Null, Server};
use board::{TIMER0, Timer, UART0, Uart};
use crossgate::{Concurrent, Handle, Notification, thread};

crossgate::system! {
    static SYSTEM;
    cpu_time;
    process client {
        inspects;
        mmio UART0;
        mmio TIMER0;
        notification PARTNER;
        thread main (priority = 8, stack = 2048) = run(NULL, PARTNER);
        thread partner (priority = 8, stack = 512) = yielder(PARTNER);
    }
    process server {
        object null: Concurrent<Server> = Server => [NULL: dyn Null];
    }
}
board::start!(SYSTEM);

fn run(null: Handle<dyn Null>, partner: Notification) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    bench.measure("counted_rpc_null", || {
        null.four(1, 2, 3, 4).unwrap_or_else(|_| failed());
    });
    partner.signal();
    bench.measure_whole("counted_yield_switch", 2 * ROUNDS, || {
        for _ in 0..ROUNDS {
            thread::yield_now();
        }
    });
    bench.end()
}

fn yielder(start: Notification) -> ! {
    start.wait();
    loop {
        thread::yield_now();
    }
}

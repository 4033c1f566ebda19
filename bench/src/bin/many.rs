// SPDX-License-Identifier: MIT OR Apache-2.0
//! Eight processes with four services each: a call costs as much as it does between two processes.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::Bench;
use bench::{Null, Server};
use board::{TIMER0, Timer, UART0, Uart};
use crossgate::{Concurrent, Handle};

crossgate::system! {
    static SYSTEM;
    process client {
        mmio UART0;
        mmio TIMER0;
        object own: [Concurrent<Server>; 4] = [const { Concurrent::new(Server) }; 4] => [OWN: dyn Null];
        thread main (priority = 1, stack = 2048) = run(LAST.at(3));
    }
    process first { object a: [Concurrent<Server>; 4] = [const { Concurrent::new(Server) }; 4] => [FIRST: dyn Null]; }
    process second { object b: [Concurrent<Server>; 4] = [const { Concurrent::new(Server) }; 4] => [SECOND: dyn Null]; }
    process third { object c: [Concurrent<Server>; 4] = [const { Concurrent::new(Server) }; 4] => [THIRD: dyn Null]; }
    process fourth { object d: [Concurrent<Server>; 4] = [const { Concurrent::new(Server) }; 4] => [FOURTH: dyn Null]; }
    process fifth { object e: [Concurrent<Server>; 4] = [const { Concurrent::new(Server) }; 4] => [FIFTH: dyn Null]; }
    process sixth { object f: [Concurrent<Server>; 4] = [const { Concurrent::new(Server) }; 4] => [SIXTH: dyn Null]; }
    process seventh { object g: [Concurrent<Server>; 4] = [const { Concurrent::new(Server) }; 4] => [LAST: dyn Null]; }
}
board::start!(SYSTEM);

fn run(null: Handle<dyn Null>) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    bench.measure("rpc_null_many", || {
        if null.four(1, 2, 3, 4).is_err() {
            panic!("the call failed");
        }
    });
    bench.end()
}

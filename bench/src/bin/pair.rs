// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two processes (a third for the nested call): all operations except for those of `many` and `faults`.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::{Bench, ROUNDS, failed};
use bench::{Alone, Buffer, Forwarder, Nested, Null, Server, Sum};
use board::{TIMER0, Timer, UART0, Uart};
use core::hint::black_box;
use core::time::Duration;
use crossgate::sync::Mutex;
use crossgate::time::with_deadline;
use crossgate::{Concurrent, Exclusive, Handle, Notification, Signal, shared, thread, time};

struct Counter(Mutex<u32>);

type Servers = (Handle<dyn Null>, Handle<dyn Nested>, Handle<dyn Sum>, Handle<dyn Alone>);

shared! {
    /// An image, or a block of audio.
    static BLOCK: [u32; 4096] = [1; 4096];
}

/// The number of passes over that memory.
const BLOCKS: u32 = ROUNDS / 20;

crossgate::system! {
    static SYSTEM;
    process client {
        deadlines;
        mmio UART0;
        mmio TIMER0;
        notification PING;
        notification PARTNER;
        object counter: Concurrent<Counter> = Counter(Mutex::new(0)) => [];
        thread main (priority = 8, stack = 2048) =
            run((NULL, NESTED, SUM, ALONE), [PONG, HIGH], PING, PARTNER, &counter);
        thread partner (priority = 8, stack = 512) = yielder(PARTNER);
    }
    process server {
        notification PONG;
        notification HIGH;
        object null: Concurrent<Server> = Server => [NULL: dyn Null, SUM: dyn Sum];
        object alone: Exclusive<Server> = Server => [ALONE: dyn Alone];
        thread pong (priority = 8, stack = 512) = pong(PONG, PING);
        thread high (priority = 9, stack = 512) = high(HIGH);
    }
    process between {
        object nested: Concurrent<Forwarder> = Forwarder::new(NULL) => [NESTED: dyn Nested];
    }
}
board::start!(SYSTEM);

fn run(
    (null, nested, sum, alone): Servers,
    [pong, high]: [Signal; 2],
    ping: Notification,
    partner: Notification,
    counter: &Counter,
) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    bench.measure("rpc_null_4_words", || {
        null.four(1, 2, 3, 4).unwrap_or_else(|_| failed());
    });
    bench.measure("rpc_null_0_words", || {
        null.nothing().unwrap_or_else(|_| failed());
    });
    bench.measure("exclusive_rpc_null", || {
        alone.nothing().unwrap_or_else(|_| failed());
    });
    bench.measure("deadline_rpc_null", || {
        let time = Duration::from_millis(100);
        with_deadline(time, || null.nothing()).unwrap_or_else(|_| failed());
    });
    bench.measure("rpc_nested_2", || {
        nested.call_on().unwrap_or_else(|_| failed());
    });
    let buffer = Buffer([1; 16]);
    bench.measure("rpc_lent_64", || match sum.sum(&buffer.0) {
        Ok(16) => {}
        _ => failed(),
    });
    let Some(block) = BLOCK.take() else { failed() };
    bench.measure_whole("own_16k", BLOCKS, || {
        for _ in 0..BLOCKS {
            if black_box(&*block).iter().sum::<u32>() != 4096 {
                failed();
            }
        }
    });
    bench.measure_whole("lent_16k", BLOCKS, || {
        for _ in 0..BLOCKS {
            if sum.sum(&block[..]) != Ok(4096) {
                failed();
            }
        }
    });
    bench.measure("syscall_null", || {
        black_box(thread::id());
    });
    bench.measure("now", || {
        black_box(time::now());
    });
    bench.measure("mutex_uncontended", || {
        *counter.0.lock() += 1;
    });
    bench.measure_whole("notify_pingpong", ROUNDS, || {
        for _ in 0..ROUNDS {
            pong.signal().unwrap_or_else(|_| failed());
            ping.wait();
        }
    });
    bench.measure("notify_wake_higher", || high.signal().unwrap_or_else(|_| failed()));
    partner.signal();
    bench.measure_whole("yield_switch", 2 * ROUNDS, || {
        for _ in 0..ROUNDS {
            thread::yield_now();
        }
    });
    bench.end()
}

fn pong(pong: Notification, ping: Signal) -> ! {
    loop {
        pong.wait();
        ping.signal().unwrap_or_else(|_| failed());
    }
}

fn high(high: Notification) -> ! {
    loop {
        high.wait();
    }
}

fn yielder(start: Notification) -> ! {
    start.wait();
    loop {
        thread::yield_now();
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Async tasks: the cost of Embassy's executor in a process.
#![cfg_attr(target_os = "none", no_std, no_main)]

use bench::report::{Bench, ROUNDS};
use board::{TIMER0, Timer, UART0, Uart};
use core::hint::black_box;
use crossgate::Notification;
use crossgate_embassy::{Executor, ProcessRawMutex, wait};
use embassy_futures::yield_now;
use embassy_sync::signal::Signal;
use embassy_time::Instant;

crossgate::system! {
    static SYSTEM;
    process alone {
        mmio UART0;
        mmio TIMER0;
        notification BELL;
        notification NEWS;
        thread main (priority = 2, stack = 4096) = run(BELL, NEWS);
    }
}
board::start!(SYSTEM);

static EXECUTOR: Executor = Executor::new();
static PING: Signal<ProcessRawMutex, ()> = Signal::new();
static PONG: Signal<ProcessRawMutex, ()> = Signal::new();

fn run(bell: Notification, news: Notification) -> ! {
    EXECUTOR.run(bell, |spawner| {
        spawner.spawn(pong().unwrap());
        spawner.spawn(measure(news).unwrap());
    })
}

#[embassy_executor::task]
async fn pong() {
    loop {
        PING.wait().await;
        PONG.signal(());
    }
}

#[embassy_executor::task]
async fn measure(news: Notification) {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    let start = bench.begin();
    for _ in 0..ROUNDS {
        yield_now().await;
    }
    bench.finish("embassy_yield", ROUNDS, start);
    let start = bench.begin();
    for _ in 0..ROUNDS {
        PING.signal(());
        PONG.wait().await;
    }
    bench.finish("embassy_signal", 2 * ROUNDS, start);
    let start = bench.begin();
    for _ in 0..ROUNDS {
        embassy_time::Timer::at(Instant::now()).await;
    }
    bench.finish("embassy_timer", ROUNDS, start);
    let start = bench.begin();
    for _ in 0..ROUNDS {
        news.signal();
        wait(news).await;
    }
    bench.finish("embassy_notification", ROUNDS, start);
    bench.measure("time_now", || {
        black_box(Instant::now());
    });
    bench.end()
}

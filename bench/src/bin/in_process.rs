// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cost of the objects that the threads of a process share (`crossgate::sync`, and timers) while no thread waits.
#![cfg_attr(target_os = "none", no_std, no_main)]
#![forbid(unsafe_code)]

use bench::report::Bench;
use board::{TIMER0, Timer, UART0, Uart};
use core::hint::black_box;
use core::time::Duration;
use crossgate::sync::{Channel, Condvar, Mutex, OnceLock, RwLock, Semaphore};
use crossgate::time;
use crossgate::{Concurrent, Notification};
use crossgate_critical_section as _;
use timers::Queue;

/// The object of the measurement.
struct Shared {
    value: Mutex<u32>,
    changed: Condvar<1>,
    lock: RwLock<u32, 1>,
    permits: Semaphore<1>,
    channel: Channel<u32, 8, 1>,
    once: OnceLock<u32>,
    timers: Mutex<Queue<u16, 1000>>,
}

impl Shared {
    const fn new([changed, freed, given, sent]: [Notification; 4]) -> Shared {
        Shared {
            value: Mutex::new(0),
            changed: Condvar::new([changed]),
            lock: RwLock::new(0, [freed]),
            permits: Semaphore::new(1, [given]),
            channel: Channel::new([sent]),
            once: OnceLock::new(),
            timers: Mutex::new(Queue::new()),
        }
    }
}

crossgate::system! {
    static SYSTEM;
    process alone {
        mmio UART0;
        mmio TIMER0;
        notification CHANGED;
        notification FREED;
        notification GIVEN;
        notification SENT;
        object shared: Concurrent<Shared> = Shared::new([CHANGED, FREED, GIVEN, SENT]) => [];
        thread main (priority = 2, stack = 4096) = run(&shared);
    }
}
board::start!(SYSTEM);

fn run(shared: &Shared) -> ! {
    let mut bench = Bench::new(Timer::new(TIMER0), Uart::new(UART0, 115_200));
    bench.measure("sync_condvar", || {
        *shared.value.lock() += 1;
        shared.changed.notify_one();
    });
    bench.measure("sync_read", || {
        black_box(*shared.lock.read());
    });
    bench.measure("sync_write", || *shared.lock.write() += 1);
    bench.measure("sync_semaphore", || drop(shared.permits.acquire()));
    bench.measure("sync_channel", || {
        shared.channel.send(7);
        assert!(shared.channel.receive() == 7);
    });
    bench.measure("sync_once", || {
        black_box(*shared.once.get_or_init(|| 5));
    });
    bench.measure("critical_section", || critical_section::with(|_| ()));
    critical_section::with(|_| {
        bench.measure("critical_section_nested", || critical_section::with(|_| ()));
    });
    // The timer is among 999 others, which expire in no order.
    let (mut timers, begun) = (shared.timers.lock(), time::now());
    for number in 1..1000_u16 {
        let at = begun + Duration::from_secs(1 + u64::from(number) * 7919 % 1000);
        assert!(timers.start(at, None, number).is_ok());
    }
    let mut second = 0;
    bench.measure("timers_of_1000", || {
        second = 1 + (second + 377) % 1000;
        let at = begun + Duration::from_secs(second);
        let started = timers.start(at, None, 0);
        assert!(started.is_ok_and(|id| timers.cancel(id) == Some(0)));
    });
    bench.end()
}

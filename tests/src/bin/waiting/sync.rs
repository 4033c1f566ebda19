// SPDX-License-Identifier: MIT OR Apache-2.0
//! The objects with which threads of one process wait for each other: condition variables, semaphores, readers-writer
//! locks, channels, and values that are made once.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::sync::atomic::{AtomicU32, Ordering::SeqCst};
use crossgate::sync::{Channel, Condvar, LazyLock, Mutex, OnceLock, RwLock, Semaphore};
use crossgate::{Concurrent, Handle, Notification, interface, thread, time};
use system_tests::report::{expect, pass};
use system_tests::watch::allow_no_fault;

const MILLISECOND: Duration = Duration::from_millis(1);

/// The place where the threads and a visitor meet.
struct Hall {
    is_open: Mutex<bool>,
    changed: Condvar<4>,
    permits: Semaphore<4>,
    settings: RwLock<u32, 4>,
    values: Channel<u32, 1, 4>,
    log: Mutex<u32>,
    done: AtomicU32,
}

impl Hall {
    const fn new([changed, permits, settings, values]: [[Notification; 4]; 4]) -> Hall {
        Hall {
            is_open: Mutex::new(false),
            changed: Condvar::new(changed),
            permits: Semaphore::new(0, permits),
            settings: RwLock::new(0, settings),
            values: Channel::new(values),
            log: Mutex::new(0),
            done: AtomicU32::new(0),
        }
    }

    /// Records a digit.
    fn note(&self, digit: u32) {
        let mut log = self.log.lock();
        *log = *log * 10 + digit;
    }

    /// Returns the digits since the last call.
    fn noted(&self) -> u32 {
        core::mem::take(&mut self.log.lock())
    }
}

/// The actions of a visitor in the hall.
#[interface]
trait Enter {
    /// Waits until the hall is open.
    fn enter(&self);
    /// Waits for a permit, at most for this number of milliseconds.
    fn acquire(&self, milliseconds: u32) -> bool;
    /// Waits until the hall is closed.
    fn leave(&self);
}

impl Enter for Hall {
    fn enter(&self) {
        drop(self.changed.wait_while(self.is_open.lock(), |is_open| !*is_open));
    }
    fn acquire(&self, milliseconds: u32) -> bool {
        let permit = self.permits.acquire_timeout(milliseconds * MILLISECOND);
        permit.map(|permit| permit.use_up()).is_ok()
    }
    fn leave(&self) {
        self.done.fetch_add(1, SeqCst);
        drop(self.changed.wait_while(self.is_open.lock(), |is_open| *is_open));
    }
}

static ONCE: OnceLock<u32> = OnceLock::new();
static MADE: AtomicU32 = AtomicU32::new(0);
static LAZY: LazyLock<u32> = LazyLock::new(|| {
    // Other threads ask for the value while it is made.
    time::sleep(5 * MILLISECOND);
    MADE.fetch_add(1, SeqCst) + 41
});

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process hall {
        notification A; notification B; notification C; notification D;
        notification E; notification F; notification G; notification H;
        notification I; notification J; notification K; notification L;
        notification M; notification N; notification O; notification P;
        object hall: Concurrent<Hall> =
            Hall::new([[A, B, C, D], [E, F, G, H], [I, J, K, L], [M, N, O, P]]) => [HALL: dyn Enter];
        thread low (priority = 4, stack = 4096) = worker(&hall, 1);
        thread middle (priority = 5, stack = 4096) = worker(&hall, 2);
        thread high (priority = 6, stack = 4096) = worker(&hall, 3);
        thread judge (priority = 2, stack = 4096) = judge(&hall);
    }
    process visitor { thread main (priority = 3, stack = 2048) = visit(HALL); }
}
board::start!(SYSTEM);

/// Runs one of the workers. The judge is the least urgent thread. Whatever it does, the other threads run until they
/// wait again.
fn worker(hall: &Hall, number: u32) -> ! {
    hall.enter();
    hall.note(number);
    drop(hall.changed.wait(hall.is_open.lock()));
    hall.note(number);
    hall.permits.acquire().use_up();
    hall.note(number);
    if number == 3 {
        *hall.settings.write() += 1;
    } else {
        expect("the writer was first", *hall.settings.read(), 1);
    }
    hall.note(number);
    if number == 3 {
        // By then the other threads have sent a value, and wait to send more.
        hall.permits.acquire().use_up();
        for _ in 0..4 {
            let value = hall.values.receive();
            hall.note(value);
        }
    } else {
        hall.values.send(number);
        hall.values.send(number + 2);
    }
    expect("a value that is made once", *LAZY, 41);
    hall.done.fetch_add(1, SeqCst);
    thread::exit()
}

fn visit(hall: Handle<dyn Enter>) -> ! {
    expect("a visitor waits as well", hall.enter(), Ok(()));
    expect("no permit in time", hall.acquire(3), Ok(false));
    expect("the hall is closed", hall.leave(), Ok(()));
    expect("a permit", hall.acquire(1000), Ok(true));
    thread::exit()
}

fn judge(hall: &Hall) -> ! {
    expect("set once", (ONCE.set(1), ONCE.set(2), ONCE.get()), (Ok(()), Err(2), Some(&1)));
    *hall.is_open.lock() = true;
    hall.changed.notify_all();
    expect("all threads have entered", hall.noted(), 321);
    for number in [3, 2, 1] {
        hall.changed.notify_one();
        expect("one thread at a time", hall.noted(), number);
    }
    let (guard, result) = hall.changed.wait_timeout(hall.is_open.lock(), 10 * MILLISECOND);
    expect("no thread notifies this one", (*guard, result), (true, Err(TimedOut)));
    drop(guard);

    // The visitor waits for a permit that does not come.
    while hall.done.load(SeqCst) == 0 {
        time::sleep(MILLISECOND);
    }
    let reading = hall.settings.read();
    hall.permits.add(1);
    expect("the writer asks for the lock now", hall.noted(), 3);
    expect("a writer waits", hall.settings.try_read().is_none(), true);
    hall.permits.add(2);
    expect("the readers ask for the lock", hall.noted(), 21);
    drop(reading);
    expect("first the writer writes, then the readers read", hall.noted(), 321);

    hall.permits.add(1);
    expect("the received values", hall.noted(), 2413);
    *hall.is_open.lock() = false;
    hall.changed.notify_all();
    hall.permits.add(1);
    expect("the visitor has the permit", hall.permits.permits(), 0);
    while hall.done.load(SeqCst) < 4 {
        time::sleep(MILLISECOND);
    }
    expect("made", MADE.load(SeqCst), 1);
    pass()
}

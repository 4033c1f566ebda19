//! What the threads of one process wait by: conditions, semaphores, locks of readers and writers, channels, values that
//! are made once.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::sync::{Channel, Condvar, LazyLock, Mutex, OnceLock, RwLock, Semaphore};
use crossgate::{CallError, Concurrent, Handle, Notification, interface, thread, time};
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

const MILLISECOND: Duration = Duration::from_millis(1);

/// What visitors and threads meet at.
struct Hall {
    /// How many have come, and in which order they left.
    state: Mutex<(u32, u32)>,
    changed: Condvar<3>,
    permits: Semaphore<3>,
    settings: RwLock<[u32; 2], 3>,
    values: Channel<u32, 1, 3>,
    log: Mutex<u32>,
}

impl Hall {
    const fn new(notifications: [Notification; 12]) -> Hall {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = notifications;
        Hall {
            state: Mutex::new((0, 0)),
            changed: Condvar::new([a, b, c]),
            permits: Semaphore::new(0, [d, e, f]),
            settings: RwLock::new([0; 2], [g, h, i]),
            values: Channel::new([j, k, l]),
            log: Mutex::new(0),
        }
    }

    /// Notes a digit.
    fn note(&self, digit: u32) {
        let mut log = self.log.lock();
        *log = *log * 10 + digit;
    }

    /// What was noted since.
    fn noted(&self) -> u32 {
        core::mem::take(&mut self.log.lock())
    }
}

/// What a visitor does there.
#[interface]
trait Enter {
    /// Waits until so many have come.
    fn wait_for(&self, count: u32) -> u32;
    /// Waits for a permit, at most so many milliseconds.
    fn acquire(&self, milliseconds: u32) -> bool;
}

impl Enter for Hall {
    fn wait_for(&self, count: u32) -> u32 {
        self.changed.wait_while(self.state.lock(), |state| state.0 < count).0
    }
    fn acquire(&self, milliseconds: u32) -> bool {
        let permit = self.permits.acquire_timeout(milliseconds * MILLISECOND);
        permit.map(|permit| permit.use_up()).is_ok()
    }
}

static ONCE: OnceLock<u32> = OnceLock::new();
static MADE: AtomicU32 = AtomicU32::new(0);
static LAZY: LazyLock<u32> = LazyLock::new(|| {
    // Others come while it is made.
    time::sleep(5 * MILLISECOND);
    MADE.fetch_add(1, SeqCst) + 41
});

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        faults FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process hall {
        notification A; notification B; notification C; notification D; notification E; notification F;
        notification G; notification H; notification I; notification J; notification K; notification L;
        object hall: Concurrent<Hall> = Hall::new([A, B, C, D, E, F, G, H, I, J, K, L]) => [HALL: dyn Enter];
        thread low (priority = 4, stack = 1024) = worker(&hall, 1);
        thread middle (priority = 5, stack = 1024) = worker(&hall, 2);
        thread high (priority = 6, stack = 1024) = worker(&hall, 3);
        thread judge (priority = 2, stack = 2048) = judge(&hall);
    }
    process visitor { thread main (priority = 3, stack = 2048) = visit(HALL); }
}
board::start!(SYSTEM);

/// The judge is the least urgent: whatever it does, the others go on until they wait.
fn worker(hall: &Hall, number: u32) -> ! {
    // 1: a condition.
    drop(hall.changed.wait_while(hall.state.lock(), |state| state.0 == 0));
    hall.note(number);
    // Notified one by one, in the order in which they have come.
    drop(hall.changed.wait(hall.state.lock()));
    hall.note(number);
    // 2: a semaphore.
    hall.permits.acquire().use_up();
    hall.note(number);
    // 3: readers and writers.
    if number == 2 {
        hall.settings.write()[0] += 1;
    } else {
        expect("the writer comes first", hall.settings.read()[0], 1);
    }
    hall.note(number);
    // 4: a channel of one value: the two that send wait while the one that receives is not told instead.
    if number == 3 {
        hall.note(hall.values.receive());
        hall.note(hall.values.receive());
        hall.note(hall.values.receive());
    } else {
        hall.values.send(number);
        hall.values.send(number + 2);
    }
    // 5: a value that is made once.
    expect("made once", *LAZY, 41);
    hall.note(number);
    thread::exit()
}

fn visit(hall: Handle<dyn Enter>) -> ! {
    expect("a visitor waits as well", hall.wait_for(1), Ok(1));
    expect("it is over in time", hall.acquire(3), Ok(false));
    let result: Result<bool, CallError> = hall.acquire(1000);
    expect("it got the last one", result, Ok(true));
    thread::exit()
}

fn judge(hall: &Hall) -> ! {
    expect("once", ONCE.set(1), Ok(()));
    expect("not twice", ONCE.set(2), Err(2));
    expect("the value", ONCE.get(), Some(&1));
    // All four wait (the visitor too, which took no place of the condition for good: three are enough).
    conditions(hall);
    // A permit each: first for the threads, which wait already; the visitor asks later, once in vain.
    expect("nobody got a permit", hall.noted(), 0);
    hall.permits.add(1);
    expect("the first", hall.noted(), FIRST_PERMIT);
    hall.permits.add(2);
    time::sleep(10 * MILLISECOND);
    hall.permits.add(1);
    expect_that("a permit", hall.permits.acquire_timeout(MILLISECOND).is_err());
    pass()
}

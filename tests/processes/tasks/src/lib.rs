// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes of async tasks. Their servers panic if something is wrong, which is a fault that the witness sees.
#![no_std]

use board::{CLOCK_HZ, Timer};
use core::convert::Infallible;
use core::future::poll_fn;
use core::task::Poll;
use crossgate::pool::Pool;
use crossgate::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use crossgate::{Handle, Notification, Signal};
use crossgate_embassy::{Blocking, Executor, Io, ProcessRawMutex, wait};
use embassy_futures::join::join;
use embassy_futures::select::{Either, select};
use embassy_futures::yield_now;
use embassy_sync::channel::Channel;
use embassy_time::{Duration, Instant, Ticker, with_timeout};
use embedded_io::{ErrorType, Read, ReadReady};
use interfaces::{Heart, Slow};

/// The executor of a process, or the more urgent one.
static EXECUTOR: Executor = Executor::new();
/// The less urgent one.
static PATIENT: Executor = Executor::new();

static BEATS: AtomicU32 = AtomicU32::new(0);
/// Lets computing tasks end.
static ENOUGH: AtomicBool = AtomicBool::new(false);

/// The server of each process.
#[derive(Debug)]
pub struct Beats;

impl Heart for Beats {
    fn beats(&self) -> u32 {
        BEATS.load(SeqCst)
    }
    fn crash(&self) {
        panic!("a server panics on request")
    }
}

#[embassy_executor::task(pool_size = 2)]
async fn beat(period: u64, step: u32) {
    let mut ticker = Ticker::every(Duration::from_millis(period));
    loop {
        ticker.next().await;
        BEATS.fetch_add(step, SeqCst);
    }
}

/// Runs a process with two timers.
pub fn heart(bell: Notification) -> ! {
    EXECUTOR.run(bell, |spawner| {
        spawner.spawn(beat(10, 1).unwrap());
        spawner.spawn(beat(25, 1000).unwrap());
    })
}

/// Never waits. Ends when it is told to.
#[embassy_executor::task]
async fn busy() {
    while !ENOUGH.load(SeqCst) {
        yield_now().await;
    }
}

/// Serves the interrupt of a device, beside a task that never waits.
#[embassy_executor::task]
async fn serve(mut timer: Timer, expired: Notification, done: Signal) {
    expired.acknowledge();
    for _ in 0..10 {
        timer.interrupt_after(CLOCK_HZ / 1000);
        wait(expired).await;
        timer.clear_interrupt();
        expired.acknowledge();
    }
    // With a seed, times up to 10 ms may be over at once, so the test waits longer for events that have to come.
    let (brief, patience) = (Duration::from_millis(5), Duration::from_secs(1));
    let (late, early) = (embassy_time::Timer::after(patience), embassy_time::Timer::after(brief));
    assert!(matches!(select(late, early).await, Either::Second(())), "the nearest time counts");
    assert!(with_timeout(brief, wait(expired)).await.is_err(), "nothing comes");
    // No task waits for this signal any more.
    expired.signal();
    yield_now().await;
    yield_now().await;
    assert!(with_timeout(patience, wait(expired)).await.is_ok(), "it is kept");
    // The signal has come, but the future that waited for it is dropped.
    let mut polls = 0;
    let signals = poll_fn(|_| {
        polls += 1;
        if polls == 1 {
            expired.signal();
            return Poll::Pending;
        }
        Poll::Ready(())
    });
    assert!(matches!(select(signals, wait(expired)).await, Either::First(())));
    assert!(with_timeout(patience, wait(expired)).await.is_ok(), "this signal is kept, too");
    assert!(with_timeout(brief, wait(expired)).await.is_err(), "the signal came once");
    // The device is ready at the second question, and then after a signal.
    let mut device = Io::new(Late { asked: 0 }, expired);
    let mut byte = [0];
    assert_eq!(
        with_timeout(patience, embedded_io_async::Read::read(&mut device, &mut byte)).await,
        Ok(Ok(2)),
        "no pulse is forgotten"
    );
    assert!(
        with_timeout(brief, embedded_io_async::Read::read(&mut device, &mut byte)).await.is_err(),
        "nothing comes"
    );
    expired.signal();
    assert_eq!(
        with_timeout(patience, embedded_io_async::Read::read(&mut device, &mut byte)).await,
        Ok(Ok(7)),
        "it is told"
    );
    ENOUGH.store(true, SeqCst);
    assert!(done.signal().is_ok());
}

/// A device that is seldom ready.
struct Late {
    asked: usize,
}

impl ErrorType for Late {
    type Error = Infallible;
}

impl ReadReady for Late {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        self.asked += 1;
        Ok(self.asked == 2 || self.asked == 7)
    }
}

impl Read for Late {
    /// Returns how often the device was asked whether it is ready.
    fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        Ok(self.asked)
    }
}

/// Runs a driver with an interrupt.
pub fn driver(bell: Notification, timer: Timer, expired: Notification, done: Signal) -> ! {
    EXECUTOR.run(bell, |spawner| {
        spawner.spawn(busy().unwrap());
        spawner.spawn(serve(timer, expired, done).unwrap());
    })
}

/// Sleeps.
#[derive(Debug)]
pub struct Sleeper;

impl Slow for Sleeper {
    fn take(&self, milliseconds: u32) -> u32 {
        crossgate::time::sleep(core::time::Duration::from_millis(milliseconds.into()));
        milliseconds + 1
    }
}

#[embassy_executor::task]
async fn call(helpers: Pool, slow: Handle<dyn Slow>, done: Signal) {
    let helpers = Blocking::new(helpers);
    let begun = Instant::now();
    // One thread makes both calls.
    let first = helpers.run(move || slow.take(100));
    let second = helpers.run(move || slow.take(101));
    assert_eq!(join(first, second).await, (Ok(Ok(101)), Ok(Ok(102))));
    assert!(begun.elapsed() >= Duration::from_millis(201), "one after the other");
    assert!(BEATS.load(SeqCst) % 1000 >= 19, "other tasks continue");
    // No task waits for this call any more.
    let late = helpers.run(move || slow.take(50));
    assert!(with_timeout(Duration::from_millis(10), late).await.is_err());
    assert_eq!(helpers.run(move || slow.take(1)).await, Ok(Ok(2)));
    assert!(done.signal().is_ok());
}

/// Runs a process that calls while it serves timers.
pub fn caller(bell: Notification, helpers: Pool, slow: Handle<dyn Slow>, done: Signal) -> ! {
    EXECUTOR.run(bell, |spawner| {
        spawner.spawn(beat(10, 1).unwrap());
        spawner.spawn(call(helpers, slow, done).unwrap());
    })
}

static QUESTIONS: Channel<ProcessRawMutex, u32, 2> = Channel::new();
static ANSWERS: Channel<ProcessRawMutex, u32, 2> = Channel::new();
#[embassy_executor::task]
async fn answer() {
    for _ in 0..100 {
        let question = QUESTIONS.receive().await;
        ANSWERS.send(question + 1).await;
    }
    embassy_time::Timer::after_millis(5).await;
    ENOUGH.store(true, SeqCst);
}

#[embassy_executor::task]
async fn ask(done: Signal) {
    for question in 0..100 {
        QUESTIONS.send(question).await;
        assert_eq!(ANSWERS.receive().await, question + 1);
    }
    // The task computes: only a more urgent thread ends this.
    while !ENOUGH.load(SeqCst) {
        core::hint::spin_loop();
    }
    assert!(done.signal().is_ok());
}

/// Runs the more urgent executor of a process.
pub fn urgent(bell: Notification) -> ! {
    EXECUTOR.run(bell, |spawner| spawner.spawn(answer().unwrap()))
}

/// Runs the less urgent one.
pub fn patient(bell: Notification, done: Signal) -> ! {
    PATIENT.run(bell, |spawner| spawner.spawn(ask(done).unwrap()))
}

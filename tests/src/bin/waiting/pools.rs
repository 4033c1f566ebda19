// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads of pools: they do their jobs, and their jobs can be ended wherever the threads are.
//!
//! Emulator: -icount shift=3,sleep=off
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::arch::system_call;
use crossgate::pool::{Ended, JoinHandle, Pool};
use crossgate::sync::Mutex;
use crossgate::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use crossgate::{Concurrent, Exclusive, Handle, Notification, Signal, interface, thread, time};
use crossgate_abi::{CallError, Cause, Status, number, pool};
use system_tests::report::{expect, expect_that, fail, pass};
use system_tests::watch::Watch;

const MOMENT: Duration = Duration::from_millis(2);
const FOR_EVER: Duration = Duration::from_secs(3600);

#[interface]
trait Server {
    /// Waits until the visitor is released. Returns `false` if no caller waits any more.
    fn wait(&self) -> bool;
    /// Computes until `stop` is called.
    fn compute(&self);
    fn stop(&self);
    /// Tells the visitor of the room to leave.
    fn leave(&self);
    /// Returns the numbers of computations that have started, and of those that are done.
    fn computed(&self) -> u32;
    fn nothing(&self);
    /// Records another life of the client. Returns the number of earlier lives.
    fn next_life(&self) -> u32;
}

#[interface]
trait Room {
    /// Waits until `leave` is called.
    fn stay(&mut self);
}

struct Service {
    computed: AtomicU32,
    stopped: AtomicBool,
    lives: AtomicU32,
    never: Notification,
    left: Notification,
}

impl Service {
    const fn new(never: Notification, left: Notification) -> Service {
        Service {
            computed: AtomicU32::new(0),
            stopped: AtomicBool::new(false),
            lives: AtomicU32::new(0),
            never,
            left,
        }
    }
}

impl Server for Service {
    fn wait(&self) -> bool {
        self.never.wait_within_call().is_ok()
    }
    fn compute(&self) {
        self.computed.fetch_add(1, Relaxed);
        while !self.stopped.load(Relaxed) {
            core::hint::spin_loop();
        }
        self.computed.fetch_add(1, Relaxed);
    }
    fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }
    fn leave(&self) {
        self.left.signal();
    }
    fn computed(&self) -> u32 {
        self.computed.load(Relaxed)
    }
    fn nothing(&self) {}
    fn next_life(&self) -> u32 {
        self.lives.fetch_add(1, Relaxed)
    }
}

struct Cell(Notification);

impl Room for Cell {
    fn stay(&mut self) {
        self.0.wait();
    }
}

/// The data that main and the jobs share.
struct State {
    mutex: Mutex<u32>,
    /// The progress of the jobs.
    steps: AtomicU32,
    begun: AtomicU32,
}

impl State {
    const fn new() -> State {
        State { mutex: Mutex::new(0), steps: AtomicU32::new(0), begun: AtomicU32::new(0) }
    }
    fn step(&self) {
        self.steps.fetch_add(1, Relaxed);
    }
    /// Records that a job has started, and is about to wait.
    fn begin(&self) {
        self.begun.fetch_add(1, Relaxed);
    }
    fn steps(&self) -> u32 {
        self.steps.load(Relaxed)
    }
}

type Servers = (Handle<dyn Server>, Handle<dyn Room>);

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = witness(FAULTED);
    }
    process service {
        notification NEVER_COMES;
        notification LEFT;
        object server: Concurrent<Service> = Service::new(NEVER_COMES, LEFT) => [SERVER: dyn Server];
        object room: Exclusive<Cell> = Cell(LEFT) => [ROOM: dyn Room];
    }
    process judge {
        notification NEVER;
        object state: Concurrent<State> = State::new() => [];
        pool workers (count = 2, stack = 1024, priority = 3);
        pool urgent (count = 1, stack = 512 + 512, priority = 9);
        thread main (priority = 5, stack = 4096) =
            judge(&state, workers, urgent, (SERVER, ROOM), NEVER, ATTACK);
    }
    process attacker {
        notification ATTACK;
        pool own (count = 1, stack = 512, priority = 1);
        thread main (priority = 20, stack = 2048) = attack(own, ATTACK);
    }
}
board::start!(SYSTEM);

/// Expects that two lives of the judge end because of a lost mutex.
fn witness(faulted: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for _ in 0..2 {
        watch.expect("judge", Cause::Panic);
    }
    loop {
        faulted.wait();
        watch.expect_no_more();
    }
}

/// Tests that a process can't control threads of other pools.
fn attack(own: Pool, attack: Notification) -> ! {
    attack.wait();
    for thread in 0..SYSTEM.threads.len() + 2 {
        let is_own = SYSTEM.threads.get(thread).is_some_and(|it| it.name == "own_1");
        for what in [pool::START, pool::END] {
            let status = system_call(number::OPTIONAL, [what, thread, 0]).status;
            let refused = Status::from(CallError::NotPermitted).0;
            expect("control of a thread", status, if is_own { Status::OK.0 } else { refused });
        }
    }
    expect("the own thread is free", own.free(), 1);
    let parked = system_call(number::OPTIONAL, [pool::PARK, 0, 0]).status;
    expect("who parks", parked, Status::from(CallError::NotPermitted).0);
    loop {
        attack.wait();
    }
}

fn judge(
    state: &'static State,
    workers: Pool,
    urgent: Pool,
    servers: Servers,
    never: Notification,
    attack: Signal,
) -> ! {
    let (server, _) = servers;
    expect("all threads are free", [workers.free(), urgent.free()], [2, 1]);
    expect("the mutex is free", state.mutex.try_lock().map(|it| *it), Some(0));
    match server.next_life() {
        Ok(0) => {
            jobs(state, workers, urgent, never);
            expect("signal", attack.signal(), Ok(()));
            ends_at_home(state, workers, never, servers);
            ends_in_a_call(state, workers, server);
            ends_anywhere(state, workers, server);
            // Another thread waits for the mutex that is lost.
            let holder = lose_mutex(state, workers);
            let waiter = begun(state, workers, move || *state.mutex.lock());
            holder.end();
            let _ = waiter.join();
        }
        Ok(1) => {
            // Here the thread waits later.
            let holder = lose_mutex(state, workers);
            holder.end();
            expect("it ends", holder.join(), Err(Ended));
            // The thread of the job has parked.
            time::sleep(MOMENT);
            expect("the mutex is lost", state.mutex.try_lock().is_none(), true);
            *state.mutex.lock() += 1;
        }
        Ok(2) => pass(),
        life => fail(format_args!("there is no life {life:?}")),
    }
    fail(format_args!("the mutex of a job that was ended is free"));
}

fn spawn<F, R>(pool: Pool, job: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    match pool.spawn(job) {
        Ok(handle) => handle,
        Err(error) => fail(format_args!("{error}")),
    }
}

/// Waits until a condition is true.
fn until(fact: impl Fn() -> bool) {
    while !fact() {
        time::sleep(MOMENT);
    }
}

/// Lets a thread do a job. Returns when the job has started.
fn begun<R: Send + 'static>(
    state: &'static State,
    pool: Pool,
    job: impl FnOnce() -> R + Send + 'static,
) -> JoinHandle<R> {
    let before = state.begun.load(Relaxed);
    let handle = spawn(pool, move || {
        state.begin();
        job()
    });
    until(|| state.begun.load(Relaxed) != before);
    // The job reaches its wait.
    time::sleep(MOMENT);
    handle
}

/// Starts a job that takes the mutex, and never frees it.
fn lose_mutex(state: &'static State, workers: Pool) -> JoinHandle<()> {
    let holder = begun(state, workers, move || {
        let mut guard = state.mutex.lock();
        *guard += 1;
        time::sleep(FOR_EVER);
    });
    until(|| state.mutex.try_lock().is_none());
    holder
}

/// Tests jobs that finish.
fn jobs(state: &'static State, workers: Pool, urgent: Pool, never: Notification) {
    for round in 0..10_u64 {
        let first = spawn(workers, move || round + 1);
        let second = spawn(workers, move || [round; 2]);
        expect_that("each thread has a job", workers.spawn(|| ()).is_err());
        expect_that("less urgent jobs have not begun", !first.has_ended());
        expect("results", (second.join(), first.join()), (Ok([round; 2]), Ok(round + 1)));
    }
    let soon = spawn(urgent, thread::id);
    expect_that("a more urgent job is done at once", soon.has_ended());
    let name = soon.join().map(|thread| SYSTEM.threads[thread].name);
    expect("the name of the thread", name, Ok("urgent_1"));
    // This job waits for another job.
    let nested = spawn(workers, move || spawn(urgent, || 7_u8).join());
    expect("the result of the other job", nested.join(), Ok(Ok(7)));
    let late = spawn(workers, move || never.wait());
    let Err(late) = late.try_join() else { fail(format_args!("the job has not begun")) };
    let Err(late) = late.join_timeout(MOMENT) else { fail(format_args!("it waits")) };
    never.signal();
    expect("the job continues", late.join_timeout(FOR_EVER).ok(), Some(Ok(())));
    // Nobody wants the result.
    drop(spawn(workers, move || state.step()));
    expect("the job has not begun", state.steps(), 0);
    until(|| (state.steps(), workers.free()) == (1, 2));
    let exited = spawn(workers, || thread::exit());
    let exited: Result<(), Ended> = exited.join();
    expect("a job whose thread exits has no result", exited, Err(Ended));
    let unbegun = spawn(workers, move || state.step());
    unbegun.end();
    expect("the job never began", (unbegun.join(), state.steps()), (Err(Ended), 1));
}

/// Ends a job after some time, and checks that its thread works as before.
fn ends<R: core::fmt::Debug + PartialEq>(what: &str, pool: Pool, job: JoinHandle<R>) {
    expect_that(what, !job.has_ended());
    job.end();
    expect(what, job.join(), Err(Ended));
    let both = [spawn(pool, || 1), spawn(pool, || 2)].map(JoinHandle::join);
    expect(what, both, [Ok(1), Ok(2)]);
}

fn ends_at_home(
    state: &'static State,
    workers: Pool,
    never: Notification,
    (server, room): Servers,
) {
    let steps = state.steps();
    let waits = begun(state, workers, move || {
        never.wait();
        state.step();
    });
    ends("the job waits for a notification", workers, waits);
    never.signal();
    expect_that("the signal is kept for others", never.try_wait());

    let sleeps = begun(state, workers, move || {
        time::sleep(FOR_EVER);
        state.step();
    });
    ends("it sleeps", workers, sleeps);

    let computes = begun(state, workers, move || {
        loop {
            core::hint::black_box(state);
            let _ = time::now();
        }
    });
    let computes: JoinHandle<()> = computes;
    ends("it computes", workers, computes);

    let guard = state.mutex.lock();
    let locks = begun(state, workers, move || {
        *state.mutex.lock() += 1;
        state.step();
    });
    ends("the job waits for a mutex", workers, locks);
    drop(guard);
    expect("the job never had the mutex", *state.mutex.lock(), 0);

    let inside = begun(state, workers, move || room.stay());
    let outside = begun(state, workers, move || {
        let _ = room.stay();
        state.step();
    });
    outside.end();
    expect("the job waits for an object", outside.join(), Err(Ended));
    expect("the visitor is told to leave", server.leave(), Ok(()));
    expect("another thread has the object", inside.join(), Ok(Ok(())));
    time::sleep(3 * MOMENT);
    expect("no job continues", state.steps(), steps);
}

fn ends_in_a_call(state: &'static State, workers: Pool, server: Handle<dyn Server>) {
    let steps = state.steps();
    let waits = begun(state, workers, move || {
        let _ = server.wait();
        state.step();
    });
    ends("the job waits in a call", workers, waits);

    let computed = server.computed().unwrap_or(0);
    let computes = begun(state, workers, move || {
        let _ = server.compute();
        state.step();
    });
    until(|| server.computed() == Ok(computed + 1));
    computes.end();
    computes.end();
    let Err(computes) = computes.try_join() else { fail(format_args!("the job is in a call")) };
    expect("the computation is not done", server.computed(), Ok(computed + 1));
    expect("the computation may stop", server.stop(), Ok(()));
    expect("the thread comes home", computes.join(), Err(Ended));
    expect("the method finishes first", server.computed(), Ok(computed + 2));
    expect("no job continues", state.steps(), steps);
}

/// Ends jobs at nearly any instruction.
fn ends_anywhere(state: &'static State, workers: Pool, server: Handle<dyn Server>) {
    for round in 0..100 {
        let job = spawn(workers, move || {
            loop {
                let _ = server.nothing();
                state.step();
            }
        });
        time::sleep(Duration::from_micros(30 + round * 7));
        let job: JoinHandle<()> = job;
        job.end();
        expect("it ends", job.join(), Err(Ended));
        let after = spawn(workers, move || state.steps());
        let steps = state.steps();
        expect("the job has ended", after.join(), Ok(steps));
    }
    expect("all threads are free", workers.free(), 2);
}

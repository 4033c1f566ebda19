// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server identifies its callers and their lives, and takes back the things that it gave to clients that crash.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::arch::system_call;
use crossgate::server::{self, Client};
use crossgate::sync::Mutex;
use crossgate::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crossgate::{Concurrent, Handle, Notification, Signal, interface, time};
use crossgate_abi::client::CLIENT;
use crossgate_abi::{CallError, Cause, Status, number};
use crossgate_barrier::{Barrier, Rendezvous};
use crossgate_semaphore::{Holder, Permits};
use crossgate_timer::Timer;
use system_tests::report::{expect, expect_that, fail, pass};
use system_tests::restarts;
use system_tests::watch::Watch;
use timers::Alarms;

const MOMENT: Duration = Duration::from_millis(2);

#[interface]
trait Lobby {
    /// Notes the caller, until the caller is lost. Returns the number of the caller's life.
    fn enter(&self) -> u32;
    /// Returns the number of clients inside.
    fn inside(&self) -> u32;
    /// Waits for a long time, and then asks for the caller.
    fn linger(&self);
    /// Returns the number of callers that wait in `linger`, and the number of callers that were gone after it.
    fn lingering(&self) -> (u32, u32);
}

struct Porter {
    inside: Mutex<[Option<Client>; 4]>,
    lingering: AtomicU32,
    gone: AtomicU32,
}

impl Porter {
    const fn new() -> Porter {
        Porter {
            inside: Mutex::new([None; 4]),
            lingering: AtomicU32::new(0),
            gone: AtomicU32::new(0),
        }
    }
}

impl Lobby for Porter {
    fn enter(&self) -> u32 {
        let mut inside = self.inside.lock();
        let Some(client) = server::client() else { return 0 };
        let name = SYSTEM.processes[usize::from(client.process())].name;
        expect("its name", client.name(), name);
        expect("it calls", server::caller(), Some(client.process()));
        expect_that("it lives", !client.is_gone());
        let free = inside.iter_mut().find(|place| place.is_none());
        if let Some(place) = free {
            *place = Some(client);
        }
        client.life().map_or(0, |life| life.get())
    }
    fn inside(&self) -> u32 {
        self.inside.lock().iter().flatten().count() as u32
    }
    fn linger(&self) {
        let before = server::client();
        self.lingering.fetch_add(1, Relaxed);
        time::sleep(10 * MOMENT);
        expect_that("the caller is gone", before.is_some_and(|client| client.is_gone()));
        if server::client().is_none() {
            self.gone.fetch_add(1, Relaxed);
        }
    }
    fn lingering(&self) -> (u32, u32) {
        (self.lingering.load(Relaxed), self.gone.load(Relaxed))
    }
}

/// The services that the client may use.
type Services = (Handle<dyn Lobby>, Handle<dyn Holder>, Handle<dyn Rendezvous>, Handle<dyn Timer>);

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        notification RESTART;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = witness(FAULTED, LOST_ONE);
        thread supervisor (priority = 30, stack = 1024) = restart_client(RESTART, LOST_ONE);
    }
    process server {
        notification RETURNED;
        notification MEET0;
        notification MEET1;
        notification CHANGED;
        notification LOST;
        lost_clients RETURNED;
        lost_clients CHANGED;
        lost_clients LOST;
        object porter (stack = 512): Concurrent<Porter> = Porter::new() => [LOBBY: dyn Lobby];
        object permits: Concurrent<Permits> = Permits::new(2, RETURNED) => [PERMITS: dyn Holder];
        object barrier: Concurrent<Barrier<2>> = Barrier::new([MEET0, MEET1]) =>
            [MEET: dyn Rendezvous];
        object alarms: Concurrent<Alarms<2>> = Alarms::new(ALARM, CHANGED) => [TIMER: dyn Timer];
        thread main (priority = 20, stack = 1024) = timers::serve([&*alarms], CHANGED);
        thread door (priority = 21, stack = 1024) = look_after(&porter, LOST);
    }
    process client {
        on_fault = restart (limit = 100);
        notification ALARM;
        notification GO;
        notification MEETING;
        notification VISIT;
        thread main (priority = 5, stack = 4096) =
            client((LOBBY, PERMITS, MEET, TIMER), ALARM, GO, [MEETING, VISIT], READY);
        // This thread is less urgent than the thread of the judge.
        thread participant (priority = 1, stack = 2048) = participate(MEET, MEETING);
        thread visitor (priority = 2, stack = 2048) = visit(LOBBY, VISIT);
    }
    process judge {
        notification READY;
        counting notification LOST_ONE;
        thread main (priority = 8, stack = 4096) =
            judge(LOBBY, PERMITS, MEET, READY, LOST_ONE, GO, RESTART);
    }
}
board::start!(SYSTEM);

fn witness(faulted: Notification, lost: Signal) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    loop {
        faulted.wait();
        faulted.signal();
        watch.expect("client", Cause::Panic);
        expect("signal", lost.signal(), Ok(()));
    }
}

fn restart_client(restart: Notification, lost: Signal) -> ! {
    loop {
        restart.wait();
        restarts::restart(&SYSTEM, "client");
        expect("signal", lost.signal(), Ok(()));
    }
}

/// Removes clients that are lost.
fn look_after(porter: &'static Porter, lost: Notification) -> ! {
    loop {
        lost.wait();
        for place in porter.inside.lock().iter_mut() {
            *place = place.filter(|client| !client.is_gone());
        }
    }
}

fn participate(barrier: Handle<dyn Rendezvous>, go: Notification) -> ! {
    loop {
        go.wait();
        let _ = barrier.meet();
    }
}

fn visit(lobby: Handle<dyn Lobby>, go: Notification) -> ! {
    loop {
        go.wait();
        let _ = lobby.linger();
    }
}

/// Waits until a fact is true.
fn until(fact: impl Fn() -> bool) {
    while !fact() {
        time::sleep(MOMENT);
    }
}

fn client(
    (lobby, permits, barrier, timer): Services,
    alarm: Notification,
    go: Notification,
    [meeting, visit]: [Notification; 2],
    ready: Signal,
) -> ! {
    let life = lobby.enter();
    match life {
        Ok(1) => {
            // The process has no right to ask.
            for process in [0, 1, 2, 77] {
                let status = system_call(number::OPTIONAL, [CLIENT, process, 0]).status;
                expect("who asks", status, Status::from(CallError::NotPermitted).0);
            }
            let own = server::client();
            expect("the thread is in no call", own, None);
            expect("permits", [permits.take(), permits.take()], [Ok(Ok(())); 2]);
            expect("a timer", timer.start_periodic(0, MOMENT), Ok(Ok(())));
            alarm.wait();
        }
        Ok(2) => {
            // No timer of the previous life expires.
            expect_that("no timer expires", alarm.wait_timeout(10 * MOMENT).is_err());
            expect(
                "the new life has no permit",
                permits.give_back().map(|back| back.is_err()),
                Ok(true),
            );
            expect("a timer", timer.start_periodic(1, MOMENT), Ok(Ok(())));
            alarm.wait();
            meeting.signal();
            until(|| barrier.waiting() == Ok(1));
        }
        Ok(3) => {
            expect("no timer has expired", timer.next_expired(), Ok(None));
            expect_that("no timer expires", alarm.wait_timeout(10 * MOMENT).is_err());
            visit.signal();
            until(|| lobby.lingering() == Ok((1, 0)));
        }
        Ok(4) => {}
        life => fail(format_args!("there is no such life: {life:?}")),
    }
    expect("signal", ready.signal(), Ok(()));
    go.wait();
    panic!("the client crashes when it is told to")
}

fn judge(
    lobby: Handle<dyn Lobby>,
    permits: Handle<dyn Holder>,
    barrier: Handle<dyn Rendezvous>,
    ready: Notification,
    lost: Notification,
    go: Signal,
    restart: Signal,
) -> ! {
    // The first life has all permits.
    ready.wait();
    expect("one client is inside", lobby.inside(), Ok(1));
    expect("the client has all permits", permits.try_take(), Ok(false));
    expect("the client is told to crash", go.signal(), Ok(()));
    // The client crashes somewhere in here.
    expect("the permits come back", [permits.take(), permits.take()], [Ok(Ok(())); 2]);
    expect("no more permits than there are", permits.try_take(), Ok(false));
    lost.wait();
    // (The porter is more urgent.)
    expect("no client is inside", lobby.inside(), Ok(0));
    // The second life waits at the barrier.
    ready.wait();
    expect("one client is at the barrier", barrier.waiting(), Ok(1));
    expect("the client is told to crash", go.signal(), Ok(()));
    lost.wait();
    expect("a lost client is not at the barrier", barrier.try_meet(), Ok(false));
    expect("nobody is", barrier.waiting(), Ok(0));
    // The third life is restarted while a thread of it is in the server.
    ready.wait();
    expect("signal", restart.signal(), Ok(()));
    lost.wait();
    ready.wait();
    until(|| lobby.lingering() == Ok((1, 1)));
    expect("the fourth life is inside", lobby.inside(), Ok(1));
    pass()
}

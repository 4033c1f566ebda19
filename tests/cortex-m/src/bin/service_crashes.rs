// SPDX-License-Identifier: MIT OR Apache-2.0
//! A semaphore, event flags, a watch, a topic, a barrier and timers. A thread wakes another thread that waits in one of
//! these services. Meanwhile, at each of many instructions, a process crashes: that of the service, of the waking
//! thread, or of the waiting thread. Each time the other processes get an error or the expected result, and the next
//! thread that has to wake the waiting thread does wake it.
//!
//! The crash is made by another thread of the process, which a timer has woken. The positions are exact only if the
//! emulator counts instructions, as under `cargo xtask test`.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use board::{TIMER0, Timer, interrupt};
    use core::sync::atomic::{AtomicU32, Ordering};
    use core::time::Duration;
    use crossgate::fault::Faults;
    use crossgate::{
        CallError, Concurrent, Handle, Notification, Signal, interface, supervise, thread, time,
    };
    use crossgate_barrier::{Barrier, Rendezvous};
    use crossgate_event_flags::{EventFlags, EventSetter, EventWaiter, Until};
    use crossgate_publish::{Publisher, Subscriber, Subscription, Topic};
    use crossgate_semaphore::{Giver, Semaphore, Taker};
    use crossgate_timer::Timer as Timers;
    use crossgate_watch::{Observer, Updater, Watch};
    use system_tests::report::{expect, expect_that, fail, pass};
    use system_tests_cortex_m::position::{TICK, delay};
    use timers::{Alarms, Expire};

    /// The number of instructions of each service at which a process crashes, evenly spread.
    const POSITIONS: u32 = 90;
    /// The first tick, which comes before the first call is entered.
    const FIRST: u32 = 2;
    const PATIENCE: Duration = Duration::from_millis(20);
    /// The time until all operations that have started are done.
    const MOMENT: Duration = Duration::from_micros(300);

    /// The processes that crash.
    const SERVER: u32 = 0;
    const CLIENT: u32 = 1;
    const WAITER: u32 = 2;

    const SEMAPHORE: u32 = 0;
    const FLAGS: u32 = 1;
    const WATCH: u32 = 2;
    const TOPIC: u32 = 3;
    const BARRIER: u32 = 4;
    /// The number of services, with the timers.
    const SERVICES: u32 = 6;

    #[interface]
    trait Bomb {
        /// Makes the process `target` crash after this number of ticks.
        fn arm(&self, target: u32, ticks: u32);
        /// Chooses the service to test from now on.
        fn choose(&self, service: u32);
        fn service(&self) -> u32;
        /// Sets the position at which the client crashes.
        fn set_position(&self, position: u32);
        fn position(&self) -> u32;
    }

    struct Fuse {
        target: AtomicU32,
        service: AtomicU32,
        position: AtomicU32,
    }

    impl Bomb for Fuse {
        fn arm(&self, target: u32, ticks: u32) {
            self.target.store(target, Ordering::Relaxed);
            Timer::new(TIMER0).interrupt_after(ticks);
        }
        fn choose(&self, service: u32) {
            self.service.store(service, Ordering::Relaxed);
        }
        fn service(&self) -> u32 {
            self.service.load(Ordering::Relaxed)
        }
        fn set_position(&self, position: u32) {
            self.position.store(position, Ordering::Relaxed);
        }
        fn position(&self) -> u32 {
            self.position.load(Ordering::Relaxed)
        }
    }

    /// The handles of the waking thread.
    struct Wakes {
        semaphore: Handle<dyn Giver>,
        flags: Handle<dyn EventSetter>,
        watch: Handle<dyn Updater<u32>>,
        topic: Handle<dyn Publisher<u32>>,
        barrier: Handle<dyn Rendezvous>,
        timer: Handle<dyn Timers>,
    }

    impl Wakes {
        /// Wakes the thread that waits at the service, if there is one.
        #[inline(never)]
        fn wake(&self, service: u32) -> Result<(), CallError> {
            match service {
                SEMAPHORE => self.semaphore.give().map(drop),
                FLAGS => self.flags.set(1),
                WATCH => self.watch.set(7),
                TOPIC => self.topic.publish(7),
                BARRIER => self.barrier.try_meet().map(drop),
                _ => self.timer.start(0, Duration::ZERO).map(drop),
            }
        }
    }

    /// The handles of the waiting thread.
    struct Waits {
        semaphore: Handle<dyn Taker>,
        flags: Handle<dyn EventWaiter>,
        watch: Handle<dyn Observer<u32>>,
        topic: Handle<dyn Subscriber<u32>>,
        barrier: Handle<dyn Rendezvous>,
        timer: Handle<dyn Timers>,
        alarm: Notification,
    }

    impl Waits {
        /// Waits at the service. Returns whether the thread was woken by an event that has happened.
        fn wait(&self, service: u32, seen: &mut u32) -> Result<bool, CallError> {
            match service {
                SEMAPHORE => self.semaphore.take().map(|it| it.is_ok()),
                FLAGS => self.flags.wait(1, Until::TakeAny).map(|it| it == Ok(1)),
                WATCH => {
                    let (value, version) = self.watch.changed(*seen)?;
                    expect_that("a value that somebody set", value == 7 || value == 0);
                    Ok(core::mem::replace(seen, version) != version && value == 7)
                }
                TOPIC => self.topic.receive().map(|it| it == Ok(7)),
                BARRIER => self.barrier.meet().map(|it| it.is_ok()),
                _ => {
                    let came = self.alarm.wait_timeout(Duration::from_micros(200)).is_ok();
                    Ok(self.timer.next_expired()? == Some(0) && came)
                }
            }
        }
    }

    crossgate::system! {
        static SYSTEM;
        process server {
            on_fault = stop;
            notification GIVEN;
            notification FLAGS0;
            notification FLAGS1;
            notification CHANGED0;
            notification CHANGED1;
            notification NEWS;
            notification MEET0;
            notification MEET1;
            notification TIMER_CHANGED;
            notification BREAK_SERVER;
            object semaphore (stack = 256): Concurrent<Semaphore> = Semaphore::counting(0, 100, GIVEN) =>
                [GIVE: dyn Giver, TAKE: dyn Taker];
            // A waiter that restarts may need a place before its last life has left the other place.
            object flags (stack = 256): Concurrent<EventFlags<2>> = EventFlags::new([FLAGS0, FLAGS1]) =>
                [SET: dyn EventSetter, WAIT: dyn EventWaiter];
            object watch (stack = 256): Concurrent<Watch<u32, 2>> = Watch::new(0, [CHANGED0, CHANGED1]) =>
                [UPDATE: dyn Updater<u32>, OBSERVE: dyn Observer<u32>];
            object inbox (stack = 256): Concurrent<Subscription<u32, 2>> = Subscription::new(NEWS) =>
                [INBOX: dyn Subscriber<u32>];
            object topic (stack = 256): Concurrent<Topic<u32>> = Topic::new(&[&inbox]) =>
                [PUBLISH: dyn Publisher<u32>];
            object barrier (stack = 256): Concurrent<Barrier<2>> = Barrier::new([MEET0, MEET1]) =>
                [MEET: dyn Rendezvous];
            object alarms (stack = 384): Concurrent<Alarms<2>> = Alarms::new(ALARM, TIMER_CHANGED) =>
                [TIMER: dyn Timers];
            thread timers (priority = 20, stack = 1024) =
                timers::serve([&*alarms as &dyn Expire], TIMER_CHANGED);
            thread bomb (priority = 29, stack = 512) = crash(BREAK_SERVER);
        }
        process bomber {
            mmio TIMER0;
            notification EXPIRED;
            interrupt interrupt::TIMER0 => EXPIRED;
            object fuse: Concurrent<Fuse> = Fuse {
                target: AtomicU32::new(0),
                service: AtomicU32::new(0),
                position: AtomicU32::new(0),
            } => [BOMB: dyn Bomb];
            thread main (priority = 31, stack = 1024) =
                explode(EXPIRED, &fuse, [BREAK_SERVER, BREAK_CLIENT, BREAK_WAITER]);
        }
        process client {
            on_fault = stop;
            notification BREAK_CLIENT;
            notification GO;
            thread main (priority = 2, stack = 2048) = client(
                BOMB,
                &Wakes { semaphore: GIVE, flags: SET, watch: UPDATE, topic: PUBLISH, barrier: MEET, timer: TIMER },
                GO,
            );
            thread bomb (priority = 29, stack = 512) = crash(BREAK_CLIENT);
        }
        process waiter {
            on_fault = stop;
            notification BREAK_WAITER;
            notification ALARM;
            thread main (priority = 10, stack = 2048) = waiter(
                BOMB,
                &Waits {
                    semaphore: TAKE, flags: WAIT, watch: OBSERVE, topic: INBOX, barrier: MEET, timer: TIMER, alarm: ALARM,
                },
                WOKEN,
            );
            thread bomb (priority = 29, stack = 512) = crash(BREAK_WAITER);
        }
        process judge {
            notification FAULTED;
            supervisor FAULTED;
            counting notification WOKEN;
            thread main (priority = 3, stack = 4096) = judge(
                BOMB,
                &Wakes { semaphore: GIVE, flags: SET, watch: UPDATE, topic: PUBLISH, barrier: MEET, timer: TIMER },
                [FAULTED, WOKEN],
                GO,
            );
        }
    }
    board::start!(SYSTEM);

    fn crash(now: Notification) -> ! {
        now.wait();
        panic!("a crash on request")
    }

    fn explode(expired: Notification, fuse: &Fuse, targets: [Signal; 3]) -> ! {
        loop {
            Timer::new(TIMER0).clear_interrupt();
            expired.acknowledge();
            expired.wait();
            let target = targets[fuse.target.load(Ordering::Relaxed) as usize % 3];
            expect("signal", target.signal(), Ok(()));
        }
    }

    /// Wakes the other thread, and crashes meanwhile.
    fn client(bomb: Handle<dyn Bomb>, wakes: &Wakes, go: Notification) -> ! {
        go.wait();
        let (service, position) = (bomb.service().unwrap_or(0), bomb.position().unwrap_or(0));
        expect("arming", bomb.arm(CLIENT, FIRST + position / TICK), Ok(()));
        delay(TICK - position % TICK);
        expect("a service that has not crashed", wakes.wake(service), Ok(()));
        loop {
            thread::yield_now();
        }
    }

    /// Waits in a loop, and signals when it was woken.
    fn waiter(bomb: Handle<dyn Bomb>, waits: &Waits, woken: Signal) -> ! {
        let mut seen = 0;
        loop {
            match waits.wait(bomb.service().unwrap_or(0), &mut seen) {
                Ok(true) => expect("signal", woken.signal(), Ok(())),
                Ok(false) | Err(CallError::ServerFaulted) => {}
                // Until the server has restarted.
                Err(CallError::ServerDown) => time::sleep(Duration::from_micros(100)),
                Err(other) => fail(format_args!("a wait ended with {other:?}")),
            }
        }
    }

    struct Judge<'a> {
        bomb: Handle<dyn Bomb>,
        wakes: &'a Wakes,
        faulted: Notification,
        faults: Faults,
        woken: Notification,
    }

    impl Judge<'_> {
        /// Tests that the service works. The waiting thread may have been woken before.
        fn works(&mut self, service: u32) {
            time::sleep(MOMENT);
            while self.woken.try_wait() {}
            for _ in 0..2 {
                expect("it answers", self.wakes.wake(service), Ok(()));
                let woken = self.woken.wait_timeout(PATIENCE);
                expect_that("the waiting thread is woken", woken.is_ok());
            }
            time::sleep(MOMENT);
            expect_that("the thread is woken once", !self.woken.try_wait());
        }

        /// Wakes the waiting thread, while `target` crashes at a position. Returns whether the crash came before the
        /// end.
        fn wake_and_crash(&mut self, target: u32, service: u32, position: u32) -> bool {
            expect("arming", self.bomb.arm(target, FIRST + position / TICK), Ok(()));
            delay(TICK - position % TICK);
            let answer = self.wakes.wake(service);
            let is_inside = self.faulted.try_wait();
            let may_fail = target == SERVER && is_inside;
            expect_that(
                "the result, or the error of a crashed server",
                answer == Ok(()) || (may_fail && answer == Err(CallError::ServerFaulted))
                    // The server may have crashed just before.
                    || (may_fail && answer == Err(CallError::ServerDown)),
            );
            self.expect_crash(target, is_inside);
            is_inside
        }

        fn expect_crash(&mut self, target: u32, is_known: bool) {
            if !is_known {
                expect_that("it crashes", self.faulted.wait_timeout(PATIENCE).is_ok());
            }
            let Some(record) = self.faults.next() else { fail(format_args!("there is no record")) };
            let name = ["server", "client", "waiter"][target as usize % 3];
            expect("who", SYSTEM.processes[usize::from(record.process)].name, name);
            expect("a decision", supervise::restart(record.process), Ok(()));
        }
    }

    fn judge(
        bomb: Handle<dyn Bomb>,
        wakes: &Wakes,
        [faulted, woken]: [Notification; 2],
        go: Signal,
    ) -> ! {
        let mut judge = Judge { bomb, wakes, faulted, faults: Faults::new(), woken };
        for service in 0..SERVICES {
            // A crash sends a thread that waits elsewhere to the service.
            expect("the service", bomb.choose(service), Ok(()));
            judge.wake_and_crash(SERVER, service, 0);
            judge.works(service);
            let length = (0..).step_by(TICK as usize).find(|&position| {
                let is_inside = judge.wake_and_crash(SERVER, service, position);
                judge.works(service);
                !is_inside
            });
            let length = length.unwrap_or(0);
            expect_that("the operation takes some time", length > POSITIONS);
            for index in 0..POSITIONS {
                let position = length * index / POSITIONS;
                judge.wake_and_crash(SERVER, service, position);
                judge.works(service);
                judge.wake_and_crash(WAITER, service, position);
                if index == 0 && [SEMAPHORE, FLAGS, WATCH, TOPIC].contains(&service) {
                    // The process crashed before it had taken anything.
                    let came = woken.wait_timeout(PATIENCE);
                    expect_that("the next life of the process is woken", came.is_ok());
                }
                judge.works(service);
                expect("the position", bomb.set_position(position), Ok(()));
                expect("signal", go.signal(), Ok(()));
                judge.expect_crash(CLIENT, false);
                judge.works(service);
            }
        }
        pass()
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process of a queue crashes at each of many instructions of a send, a receive, and a receive that times out. A
//! client that makes these calls crashes in the same way. Each time the other processes get an error or the expected
//! result, and the queue still works.
//!
//! The crash is made by another thread of the process, which a timer has woken. The positions are exact only if the
//! emulator counts instructions, as under `cargo xtask test`.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use board::{TIMER0, Timer, interrupt};
    use core::time::Duration;
    use crossgate::fault::Faults;
    use crossgate::notification::TimedOut;
    use crossgate::sync::atomic::{AtomicU32, Ordering};
    use crossgate::{
        CallError, Concurrent, Handle, Notification, Signal, interface, supervise, thread, time,
    };
    use crossgate_queue::{Queue, Receiver, Sender};
    use system_tests::report::{expect, expect_that, fail, pass};
    use system_tests_cortex_m::position::{TICK, delay};

    /// The number of positions, one instruction apart.
    const POSITIONS: u32 = 900;
    /// The number of positions for a receive that times out after 1 µs, which is 1000 instructions.
    const POSITIONS_OF_A_WAIT: u32 = if cfg!(baseline) { 5600 } else { 2800 };
    /// The number of positions that have to be inside the calls, at least.
    const INSIDE: u32 = 300;
    /// The first tick, which comes before the first call is entered.
    const FIRST: u32 = 2;
    const PATIENCE: Duration = Duration::from_millis(20);

    /// The processes that crash.
    const QUEUE: u32 = 0;
    const CLIENT: u32 = 1;

    #[interface]
    trait Bomb {
        /// Makes the process `target` crash after this number of ticks.
        fn arm(&self, target: u32, ticks: u32);
        /// Returns the position of the next round.
        fn position(&self) -> u32;
    }

    struct Fuse {
        target: AtomicU32,
        position: AtomicU32,
    }

    impl Bomb for Fuse {
        fn arm(&self, target: u32, ticks: u32) {
            self.target.store(target, Ordering::Relaxed);
            Timer::new(TIMER0).interrupt_after(ticks);
        }
        fn position(&self) -> u32 {
            self.position.fetch_add(1, Ordering::Relaxed)
        }
    }

    type Ends = (Handle<dyn Sender<u32>>, Handle<dyn Receiver<u32>>);

    crossgate::system! {
        static SYSTEM;
        process server {
            on_fault = stop;
            notification FILLED;
            notification FREED;
            notification QUIET_FILLED;
            notification QUIET_FREED;
            notification BREAK_SERVER;
            object queue (stack = 256): Concurrent<Queue<u32, 2>> = Queue::new(FILLED, FREED) =>
                [IN: dyn Sender<u32>, OUT: dyn Receiver<u32>];
            object quiet (stack = 256): Concurrent<Queue<u32, 2>> = Queue::new(QUIET_FILLED, QUIET_FREED) =>
                [QUIET_OUT: dyn Receiver<u32>];
            thread bomb (priority = 29, stack = 512) = crash(BREAK_SERVER);
        }
        process bomber {
            mmio TIMER0;
            notification EXPIRED;
            interrupt interrupt::TIMER0 => EXPIRED;
            object fuse: Concurrent<Fuse> =
                Fuse { target: AtomicU32::new(0), position: AtomicU32::new(0) } => [BOMB: dyn Bomb];
            thread main (priority = 31, stack = 1024) = explode(EXPIRED, &fuse, [BREAK_SERVER, BREAK_CLIENT]);
        }
        process client {
            on_fault = stop;
            notification BREAK_CLIENT;
            notification GO;
            thread main (priority = 2, stack = 2048) = client(BOMB, (IN, OUT), GO);
            thread bomb (priority = 29, stack = 512) = crash(BREAK_CLIENT);
        }
        process waiter {
            thread main (priority = 10, stack = 2048) = wait(QUIET_OUT, HOME);
        }
        process judge {
            notification FAULTED;
            supervisor FAULTED;
            counting notification HOME;
            thread main (priority = 3, stack = 4096) = judge(FAULTED, HOME, BOMB, (IN, OUT), GO);
        }
    }
    board::start!(SYSTEM);

    fn crash(now: Notification) -> ! {
        now.wait();
        panic!("a crash on request")
    }

    fn explode(expired: Notification, fuse: &Fuse, targets: [Signal; 2]) -> ! {
        loop {
            Timer::new(TIMER0).clear_interrupt();
            expired.acknowledge();
            expired.wait();
            let target = targets[fuse.target.load(Ordering::Relaxed) as usize & 1];
            expect("signal", target.signal(), Ok(()));
        }
    }

    /// Sends and receives, and crashes meanwhile. After the restart, the process does the same, and crashes one
    /// instruction later.
    fn client(bomb: Handle<dyn Bomb>, (sender, receiver): Ends, go: Notification) -> ! {
        go.wait();
        let position = bomb.position().unwrap_or(0);
        expect("arming", bomb.arm(CLIENT, FIRST + position / TICK), Ok(()));
        delay(TICK - position % TICK);
        expect_that("it is sent", matches!(sender.send(position), Ok(Ok(()))));
        // Another thread may have taken the item already: a thread of the last life finishes its call in the process of
        // the queue, and this wait ends.
        let received = receiver.receive_timeout(Duration::from_millis(1));
        expect_that("the item is received, or not", received.is_ok());
        loop {
            thread::yield_now();
        }
    }

    /// Waits for an item that never comes, and returns after each crash.
    fn wait(quiet: Handle<dyn Receiver<u32>>, home: Signal) -> ! {
        loop {
            match quiet.receive() {
                Err(CallError::ServerFaulted) => expect("signal", home.signal(), Ok(())),
                // Until it has restarted.
                Err(CallError::ServerDown) => time::sleep(Duration::from_micros(100)),
                other => fail(format_args!("a wait ended with {other:?}")),
            }
        }
    }

    fn judge(
        faulted: Notification,
        home: Notification,
        bomb: Handle<dyn Bomb>,
        (sender, receiver): Ends,
        go: Signal,
    ) -> ! {
        let mut faults = Faults::new();
        let mut next_crash = |name: &str| {
            expect_that("it crashes", faulted.wait_timeout(PATIENCE).is_ok());
            let Some(record) = faults.next() else { fail(format_args!("there is no record")) };
            expect("who", SYSTEM.processes[usize::from(record.process)].name, name);
            expect("a decision", supervise::restart(record.process), Ok(()));
        };
        let works = || {
            for item in [8, 9] {
                expect("there is room", sender.send_timeout(item, PATIENCE), Ok(Ok(())));
            }
            for item in [8, 9] {
                expect("an item", receiver.receive_timeout(PATIENCE), Ok(Ok(item)));
            }
            expect("no other", receiver.try_receive(), Ok(None));
        };
        works();
        let mut inside = 0;
        for position in 0..POSITIONS {
            expect("arming", bomb.arm(QUEUE, FIRST + position / TICK), Ok(()));
            delay(TICK - position % TICK);
            let sent = sender.send(position);
            let received = receiver.try_receive();
            let is_hit = sent.is_err() || received.is_err();
            inside += u32::from(is_hit);
            expect_that(
                "no item is received that was not sent",
                matches!(received, Ok(None) | Err(_)) || received == Ok(Some(position)),
            );
            expect_that("nothing is lost", is_hit || received == Ok(Some(position)));
            next_crash("server");
            expect_that("the waiting thread comes home", home.wait_timeout(PATIENCE).is_ok());
            works();
            // Until it waits again.
            time::sleep(Duration::from_micros(300));
        }
        expect_that("enough crashes were inside the calls", inside >= INSIDE);
        let (mut inside, mut after) = (0, 0);
        for position in (0..POSITIONS_OF_A_WAIT).step_by(7) {
            expect("arming", bomb.arm(QUEUE, FIRST + position / TICK), Ok(()));
            delay(TICK - position % TICK);
            match receiver.receive_timeout(Duration::from_micros(1)) {
                Ok(Err(TimedOut)) => after += 1,
                Err(_) => inside += 1,
                other => fail(format_args!("an empty queue gives {other:?}")),
            }
            next_crash("server");
            expect_that("the waiting thread comes home", home.wait_timeout(PATIENCE).is_ok());
            works();
            time::sleep(Duration::from_micros(300));
        }
        expect_that(
            "there were crashes before the end of a wait, and after it",
            inside > 50 && after > 0,
        );
        for _ in 0..POSITIONS {
            expect("signal", go.signal(), Ok(()));
            next_crash("client");
            // While its thread may still be in the queue, and when the thread has returned.
            for pause in [0, 2_000] {
                time::sleep(Duration::from_micros(pause));
                while receiver.receive_timeout(Duration::from_micros(10)) != Ok(Err(TimedOut)) {}
            }
            works();
        }
        pass()
    }
}

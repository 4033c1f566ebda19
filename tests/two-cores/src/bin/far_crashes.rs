// SPDX-License-Identifier: MIT OR Apache-2.0
//! Thousands of calls to the second core, while processes of both cores are restarted at random times, and so is the
//! whole second core. No call is executed twice, a call with a result was executed once, no result reaches another
//! caller, and in the end all places for calls are free.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    println!("run this by `cargo test -p system-tests-two-cores`");
}

#[cfg(target_os = "none")]
mod firmware {
    use board::{BELLS, LINE, Line};
    use core::time::Duration;
    use crossgate::remote::{Remote, Route};
    use crossgate::sync::atomic::{AtomicU8, AtomicU32, Ordering::SeqCst};
    use crossgate::{CallError, Concurrent, Exclusive, Handle, Notification, interface, time};
    use crossgate_mailbox::Caller;
    use system_tests::random::Random;
    use system_tests::report::{expect, expect_that, fail, pass, say};
    use system_tests::restarts::{Count, Lives, restart};
    use two_cores::{CALLS, Ledger, mixed};

    type Link = Concurrent<Caller<Line, 3>>;

    /// Notes which calls had a result.
    #[interface]
    pub trait Results {
        fn note(&self, call: u32, has_result: bool);
        fn has_result(&self, call: u32) -> bool;
        /// Returns how many calls have ended.
        fn ended(&self) -> u32;
    }

    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            deadlines;
            thread main (priority = 25, stack = 2048) = witness(FAULTED, LEDGER, RESULTS);
        }
        process numbers { object numbers: Exclusive<Count> = Count(0) => [NUMBERS: dyn Lives]; }
        process results { object results: Concurrent<Table> = Table::new() => [RESULTS: dyn Results]; }
        process mailbox {
            mmio LINE;
            mmio BELLS;
            notification RUNG;
            interrupt board::interrupt::BELL => RUNG;
            notification FREED;
            notification FIRST;
            notification SECOND;
            notification THIRD;
            object link: Link = Caller::new(Line::new(), RUNG, FREED, [FIRST, SECOND, THIRD]) => [];
            object ledger (stack = 512): Remote<dyn Ledger, Link> = Route::new(&link, 0) => [LEDGER: dyn Ledger];
            thread main (priority = 20, stack = 1024) = link.run();
        }
        process client {
            deadlines;
            thread first (priority = 4, stack = 2048) = call(LEDGER, NUMBERS, RESULTS, 1);
            thread second (priority = 4, stack = 2048) = call(LEDGER, NUMBERS, RESULTS, 2);
            thread third (priority = 5, stack = 2048) = call(LEDGER, NUMBERS, RESULTS, 3);
        }
        process another {
            deadlines;
            thread main (priority = 6, stack = 2048) = call(LEDGER, NUMBERS, RESULTS, 4);
        }
    }
    board::start!(SYSTEM);

    fn call(
        ledger: Handle<dyn Ledger>,
        numbers: Handle<dyn Lives>,
        results: Handle<dyn Results>,
        seed: u32,
    ) -> ! {
        let mut random = Random(seed);
        loop {
            let Ok(call) = numbers.next() else { continue };
            if call >= CALLS {
                time::sleep(Duration::from_secs(1000));
                continue;
            }
            let number = random.number().wrapping_add(call);
            let limit = Duration::from_micros(u64::from(random.below(4000)));
            let result = if call.is_multiple_of(3) {
                time::with_deadline(limit, || ledger.note(call, number))
            } else {
                ledger.note(call, number)
            };
            match result {
                Ok(it) => expect("the caller's own result", it, mixed(call, number)),
                Err(
                    CallError::ServerFaulted | CallError::ServerDown | CallError::DeadlineExceeded,
                ) => {}
                Err(error) => fail(format_args!("a call failed: {error}")),
            }
            expect("the note", results.note(call, result.is_ok()), Ok(()));
            if result == Err(CallError::ServerDown) {
                time::sleep(Duration::from_micros(100));
            }
        }
    }

    struct Table {
        results: [AtomicU8; CALLS as usize],
        ended: AtomicU32,
    }

    impl Table {
        const fn new() -> Table {
            Table {
                results: [const { AtomicU8::new(0) }; CALLS as usize],
                ended: AtomicU32::new(0),
            }
        }
    }

    impl Results for Table {
        fn note(&self, call: u32, has_result: bool) {
            if let Some(result) = self.results.get(call as usize) {
                result.store(has_result.into(), SeqCst);
            }
            self.ended.fetch_add(1, SeqCst);
        }
        fn has_result(&self, call: u32) -> bool {
            self.results.get(call as usize).is_some_and(|result| result.load(SeqCst) == 1)
        }
        fn ended(&self) -> u32 {
            self.ended.load(SeqCst)
        }
    }

    /// Restarts processes of this core until all calls are over, and then looks at what has happened.
    fn witness(_: Notification, ledger: Handle<dyn Ledger>, results: Handle<dyn Results>) -> ! {
        let mut random = Random(5);
        let (mut restarts, mut ended) = (0, 0);
        let mut since = time::now();
        loop {
            time::sleep(Duration::from_micros(u64::from(100 + random.below(3000))));
            let now = results.ended().unwrap_or(0);
            if now != ended {
                (since, ended) = (time::now(), now);
            } else if time::now() - since > Duration::from_millis(500) {
                break;
            }
            restart(&SYSTEM, if random.below(3) == 0 { "mailbox" } else { "client" });
            restarts += 1;
        }
        let (far_restarts, resets) = settled(|| ledger.calm());
        time::sleep(Duration::from_millis(500));
        let mut with_result = 0;
        for call in 0..CALLS {
            let executed = settled(|| ledger.executed(call));
            let has_result = results.has_result(call) == Ok(true);
            with_result += u32::from(has_result);
            expect_that("no call is executed twice", executed <= 1);
            expect_that("a call with a result was executed", executed == 1 || !has_result);
        }
        expect_that("most calls have a result", with_result > CALLS / 2);
        expect_that("there was chaos", restarts > 100 && far_restarts > 100 && resets > 20);
        say(format_args!(
            "{CALLS} calls, {with_result} with a result; restarts: {restarts} and {far_restarts}; resets: {resets}"
        ));
        // All places are free again, so three calls run at once. (Each of them would wait for ever otherwise.)
        for _ in 0..10 {
            let result = time::with_deadline(Duration::from_millis(50), || ledger.executed(0));
            expect_that("a place is free", result.is_ok());
        }
        pass()
    }

    /// Repeats a call until it has a result.
    fn settled<T>(call: impl Fn() -> Result<T, CallError>) -> T {
        for _ in 0..1000 {
            match call() {
                Ok(result) => return result,
                Err(_) => time::sleep(Duration::from_millis(1)),
            }
        }
        fail(format_args!("there is no result"))
    }
}

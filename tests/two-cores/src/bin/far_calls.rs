// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes of the first core call services of the second core, by ordinary handles: results, errors, crashes,
//! deadlines, and more callers than places.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    println!("run this by `cargo test -p system-tests-two-cores`");
}

#[cfg(target_os = "none")]
mod firmware {
    use board::{BELLS, LINE, Line};
    use core::time::Duration;
    use crossgate::pool::Pool;
    use crossgate::remote::{Remote, Route};
    use crossgate::{CallError, Concurrent, Handle, Notification, Signal, thread, time};
    use crossgate_abi::Cause;
    use crossgate_mailbox::Caller;
    use system_tests::raw;
    use system_tests::report::{expect, expect_that, pass, say};
    use system_tests::watch::Watch;
    use two_cores::{Count, Echo, Full};

    type Link = Concurrent<Caller<Line, 3>>;

    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            notification DONE;
            supervisor FAULTED;
            thread main (priority = 25, stack = 2048) = witness(FAULTED, DONE);
        }
        process mailbox {
            mmio LINE;
            mmio BELLS;
            notification RUNG;
            interrupt board::interrupt::BELL => RUNG;
            notification FREED;
            notification FIRST;
            notification SECOND;
            notification THIRD;
            object link: Link =
                Caller::new(Line::new(), RUNG, FREED, [FIRST, SECOND, THIRD]) => [];
            object echo (stack = 512): Remote<dyn Echo, Link> = Route::new(&link, 0) => [ECHO: dyn Echo];
            object count (stack = 512): Remote<dyn Count, Link> = Route::new(&link, 1) => [COUNT: dyn Count];
            object none (stack = 512): Remote<dyn Count, Link> = Route::new(&link, 2) => [NONE: dyn Count];
            object other (stack = 512): Remote<dyn Count, Link> = Route::new(&link, 0) => [OTHER: dyn Count];
            thread main (priority = 20, stack = 1024) = link.run();
        }
        process client {
            deadlines;
            pool callers (count = 5, stack = 1536, priority = 4);
            thread main (priority = 4, stack = 2048) = client(ECHO, COUNT, NONE, OTHER, callers, DONE);
        }
        process stranger {
            thread main (priority = 3, stack = 1024) = stranger();
        }
    }
    board::start!(SYSTEM);

    /// A process without a right to any service of the other core.
    fn stranger() -> ! {
        for service in ["ECHO", "COUNT"] {
            let reply = raw::call(raw::service(&SYSTEM, service), 0, [0; 4]);
            expect("a call without the right", reply.error(), Some(CallError::NotPermitted));
        }
        thread::exit()
    }

    fn client(
        echo: Handle<dyn Echo>,
        count: Handle<dyn Count>,
        none: Handle<dyn Count>,
        other: Handle<dyn Count>,
        callers: Pool,
        done: Signal,
    ) -> ! {
        while echo.add(0, 0) == Err(CallError::ServerDown) {
            time::sleep(Duration::from_millis(1));
        }
        results(echo, count);
        expect("a service that is not offered", none.next(), Err(CallError::NoSuchService));
        expect("another interface", other.next(), Err(CallError::NoSuchService));
        many_at_once(echo, callers);
        deadlines(echo, callers);
        crashes(echo, count);
        measure(echo);
        expect("signal", done.signal(), Ok(()));
        thread::exit()
    }

    /// Prints what a call takes. In the emulator, an instruction of one of the cores takes 1 ns.
    fn measure(echo: Handle<dyn Echo>) {
        const ROUNDS: u32 = 1000;
        const LIMIT: u64 = 6000;
        let start = time::now();
        for _ in 0..ROUNDS {
            let _ = echo.mix(1, 2);
        }
        let instructions = (time::now() - start).as_nanos() as u64 / u64::from(ROUNDS);
        say(format_args!("a call to the other core: {instructions} instructions of both cores"));
        expect_that("a call takes not too long", instructions <= LIMIT);
    }

    fn results(echo: Handle<dyn Echo>, count: Handle<dyn Count>) {
        for number in 0..100 {
            expect("a sum", echo.add(number, 7), Ok(Ok(number + 7)));
            expect("a count", count.next(), Ok(number));
        }
        expect("an error of the service", echo.add(u32::MAX, 1), Ok(Err(Full)));
        let (first, second) = (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210);
        expect("four words and two", echo.mix(first, second), Ok(first ^ second));
        expect("a refused call", echo.refuse(), Err(CallError::Refused));
    }

    /// Five callers have three places.
    fn many_at_once(echo: Handle<dyn Echo>, callers: Pool) {
        const TIME: Duration = Duration::from_millis(20);
        let start = time::now();
        let jobs = [1, 2, 3, 4, 5].map(|number| callers.spawn(move || echo.later(number, TIME)));
        for (number, job) in (1..).zip(jobs) {
            expect_that("there is a thread for each caller", job.is_ok());
            expect("the caller's own result", job.map(|job| job.join()), Ok(Ok(Ok(number))));
        }
        let took = time::now() - start;
        expect_that(
            "three calls run at once, and two after them",
            took >= 2 * TIME && took < 3 * TIME,
        );
    }

    fn deadlines(echo: Handle<dyn Echo>, callers: Pool) {
        const TIME: Duration = Duration::from_millis(5);
        for ended in 1..10 {
            let start = time::now();
            let result = time::with_deadline(TIME, || echo.wait());
            expect("a call that takes too long", result, Err(CallError::DeadlineExceeded));
            expect_that("it ends then", time::now() - start < 2 * TIME);
            expect_ended(echo, ended);
        }
        // A wait for a place ends, too; then all places are free again.
        let jobs = [(); 3].map(|()| callers.spawn(move || echo.wait()));
        time::sleep(TIME);
        let result = time::with_deadline(TIME, || echo.waiting().map(|_| ()));
        expect("a wait for a place", result, Err(CallError::DeadlineExceeded));
        for job in &jobs {
            let _ = job.as_ref().map(|job| job.end());
        }
        for job in jobs {
            expect_that("a caller ends", job.is_ok_and(|job| job.join().is_err()));
        }
        expect_ended(echo, 12);
    }

    /// Waits a moment until no call waits at the other end, and until so many have ended there.
    fn expect_ended(echo: Handle<dyn Echo>, ended: u32) {
        let start = time::now();
        while echo.waiting() != Ok((0, ended)) {
            let waiting = echo.waiting();
            expect_that("the other end knows", time::now() - start < Duration::from_millis(1));
            expect_that("the calls end at the other end", waiting.is_ok());
        }
    }

    fn crashes(echo: Handle<dyn Echo>, count: Handle<dyn Count>) {
        for _ in 0..3 {
            expect("a crash of the server", echo.crash(), Err(CallError::ServerFaulted));
            while echo.add(1, 2) != Ok(Ok(3)) {
                expect(
                    "a server that has not restarted",
                    echo.add(1, 2),
                    Err(CallError::ServerDown),
                );
                time::sleep(Duration::from_millis(1));
            }
        }
        expect("a crash of the server", count.crash(), Err(CallError::ServerFaulted));
        expect("a server that has stopped", count.next(), Err(CallError::ServerDown));
        expect("the other server", echo.add(1, 2), Ok(Ok(3)));
    }

    fn witness(faulted: Notification, done: Notification) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        watch.expect("client", Cause::Refused);
        done.wait();
        watch.expect_no_more();
        pass()
    }
}

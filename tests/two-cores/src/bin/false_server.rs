// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client of the first core calls a server of the second core, which is hostile: it answers with random words, too
//! early or not at all, rings without end, and then is silent. Each call ends, nothing crashes on the first core, and no
//! process is accused but the callers.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    println!("run this by `cargo test -p system-tests-two-cores`");
}

#[cfg(target_os = "none")]
mod firmware {
    use board::{BELLS, LINE, Line};
    use core::time::Duration;
    use crossgate::fault::{Faults, Refusals};
    use crossgate::remote::{Remote, Route};
    use crossgate::{CallError, Concurrent, Handle, Notification, Signal, thread, time};
    use crossgate_mailbox::Caller;
    use system_tests::report::{expect, expect_that, pass};
    use two_cores::{Count, Echo};

    type Link = Concurrent<Caller<Line, 2>>;

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
            object link: Link = Caller::new(Line::new(), RUNG, FREED, [FIRST, SECOND]) => [];
            object echo (stack = 512): Remote<dyn Echo, Link> = Route::new(&link, 0) => [ECHO: dyn Echo];
            object count (stack = 512): Remote<dyn Count, Link> = Route::new(&link, 1) => [COUNT: dyn Count];
            thread main (priority = 20, stack = 1024) = link.run();
        }
        process client {
            deadlines;
            thread main (priority = 4, stack = 2048) = client(ECHO, COUNT, DONE);
        }
        process second {
            deadlines;
            thread main (priority = 5, stack = 2048) = call_often(ECHO);
        }
    }
    board::start!(SYSTEM);

    /// Calls at the same time, with short deadlines.
    fn call_often(echo: Handle<dyn Echo>) -> ! {
        loop {
            let _ = time::with_deadline(Duration::from_millis(3), || echo.add(1, 2));
            time::sleep(Duration::from_millis(1));
        }
    }

    fn client(echo: Handle<dyn Echo>, count: Handle<dyn Count>, done: Signal) -> ! {
        const LIMIT: Duration = Duration::from_millis(5);
        let (mut results, mut errors) = (0, 0);
        for _ in 0..500 {
            let start = time::now();
            let is_result = match time::with_deadline(LIMIT, || echo.add(1, 2)) {
                Ok(_) => true,
                Err(_) => time::with_deadline(LIMIT, || count.next()).is_ok(),
            };
            expect_that("calls end in time", time::now() - start < 3 * LIMIT);
            (results, errors) =
                if is_result { (results + 1, errors) } else { (results, errors + 1) };
            time::sleep(Duration::from_micros(200));
        }
        expect_that("there are results and errors of both kinds", results > 10 && errors > 10);
        // The server is silent from now on: it is found dead, once.
        let since = time::now();
        while echo.add(1, 2) != Err(CallError::ServerDown) {
            expect_that("a dead server is found", time::now() - since < Duration::from_secs(5));
        }
        expect("calls to a dead server", count.next(), Err(CallError::ServerDown));
        expect("signal", done.signal(), Ok(()));
        thread::exit()
    }

    fn witness(_: Notification, done: Notification) -> ! {
        done.wait();
        expect("a crash", Faults::new().next(), None);
        // Any server can accuse its callers. The mailbox does so if the other end says that it refuses a call.
        let name = |process| SYSTEM.processes.get(usize::from(process)).map_or("?", |it| it.name);
        let mut count = 0;
        for record in Refusals::new() {
            let accused = name(record.process);
            expect_that("only callers are accused", ["client", "second"].contains(&accused));
            expect("the accuser", record.accuser.map(name), Some("mailbox"));
            count += 1;
        }
        expect_that("some calls were refused", count > 0);
        pass()
    }
}

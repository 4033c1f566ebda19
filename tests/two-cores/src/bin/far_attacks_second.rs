// SPDX-License-Identifier: MIT OR Apache-2.0
//! The second core of `far_attacks`: an honest server, a service that it does not offer, and a thread of low priority.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    println!("run this by `cargo test -p system-tests-two-cores`");
}

#[cfg(target_os = "none")]
mod firmware {
    use board::{BELLS, LINE, Line};
    use core::time::Duration;
    use crossgate::fault::{Cause, Faults};
    use crossgate::remote::Service;
    use crossgate::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use crossgate::{Concurrent, Handle, Notification, interface, time};
    use crossgate_mailbox::Server;
    use system_tests::report::{expect, expect_that, pass};
    use two_cores::{Echo, Full};

    /// The interface for the witness.
    #[interface]
    pub trait Look {
        /// Returns how many calls have entered.
        fn entered(&self) -> u32;
    }

    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 30, stack = 2048) =
                witness(FAULTED, OFFERED_LOOK, HIDDEN_LOOK, WORK);
        }
        process mailbox {
            budget = 2 ms / 10 ms;
            mmio LINE;
            mmio BELLS;
            notification RUNG;
            interrupt board::interrupt::BELL => RUNG;
            pool calls (count = 3, stack = 1024, priority = 5);
            object server: Concurrent<Server<Line, 3, 1>> =
                Server::new(Line::new(), RUNG, [Service::of(OFFERED)]) => [];
            thread main (priority = 20, stack = 2048) = server.serve(calls);
        }
        process offered {
            object object (stack = 512): Concurrent<Room> = Room::new() => [OFFERED: dyn Echo, OFFERED_LOOK: dyn Look];
        }
        process hidden {
            object object (stack = 512): Concurrent<Room> = Room::new() => [HIDDEN: dyn Echo, HIDDEN_LOOK: dyn Look];
        }
        process owner {
            thread main (priority = 1, stack = 1024) = own(HIDDEN);
        }
        process worker {
            object work (stack = 512): Concurrent<Room> = Room::new() => [WORK: dyn Look];
            thread main (priority = 1, stack = 1024) = labour(&work);
        }
    }
    board::start!(SYSTEM);

    /// Only this process may call the hidden service, and does not.
    fn own(_: Handle<dyn Echo>) -> ! {
        loop {
            time::sleep(Duration::from_secs(100));
        }
    }

    /// Needs the CPU time that the mailbox leaves.
    fn labour(done: &'static Room) -> ! {
        loop {
            for step in 0..100 {
                core::hint::black_box(step);
            }
            done.0.fetch_add(1, SeqCst);
            // (In the emulator, the other core rings here.)
            core::hint::spin_loop();
        }
    }

    struct Room(AtomicU32);

    impl Room {
        const fn new() -> Room {
            Room(AtomicU32::new(0))
        }
    }

    impl Look for Room {
        fn entered(&self) -> u32 {
            self.0.load(SeqCst)
        }
    }

    impl Echo for Room {
        fn add(&self, first: u32, second: u32) -> Result<u32, Full> {
            self.0.fetch_add(1, SeqCst);
            first.checked_add(second).ok_or(Full)
        }
        fn mix(&self, first: u64, second: u64) -> u64 {
            self.0.fetch_add(1, SeqCst);
            first ^ second
        }
        fn later(&self, number: u32, _: Duration) -> u32 {
            number
        }
        fn wait(&self) {}
        fn waiting(&self) -> (u32, u32) {
            (0, 0)
        }
        fn crash(&self) {}
        fn refuse(&self) {}
    }

    fn witness(
        faulted: Notification,
        offered: Handle<dyn Look>,
        hidden: Handle<dyn Look>,
        work: Handle<dyn Look>,
    ) -> ! {
        let mut before = 0;
        // Longer than the attack before the flood, and then in the flood.
        for _ in 0..20 {
            time::sleep(Duration::from_millis(20));
            let done = work.entered().unwrap_or(0);
            expect_that("the worker goes on in spite of the flood", done > before);
            before = done;
        }
        expect_that("the right calls entered", offered.entered().is_ok_and(|calls| calls >= 200));
        expect("calls that entered the hidden service", hidden.entered(), Ok(0));
        while faulted.try_wait() {}
        let mut records = 0;
        for record in Faults::new() {
            expect("the cause of a record", record.cause, Cause::Budget);
            records += 1;
        }
        expect_that("the flood needs more than the budget", records > 0);
        pass()
    }
}

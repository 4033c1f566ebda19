// SPDX-License-Identifier: MIT OR Apache-2.0
//! The second core of `far_calls`: two services, and the mailbox that calls them for the first core.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    println!("run this by `cargo test -p system-tests-two-cores`");
}

#[cfg(target_os = "none")]
mod firmware {
    use board::{BELLS, LINE, Line};
    use core::time::Duration;
    use crossgate::remote::Service;
    use crossgate::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use crossgate::{Concurrent, Exclusive, Notification, server, time};
    use crossgate_mailbox::Server;
    use two_cores::{Count, Echo, Full};

    crossgate::system! {
        static SYSTEM;
        process mailbox {
            mmio LINE;
            mmio BELLS;
            notification RUNG;
            interrupt board::interrupt::BELL => RUNG;
            pool calls (count = 3, stack = 1024, priority = 5);
            object server: Concurrent<Server<Line, 3, 2>> =
                Server::new(Line::new(), RUNG, [Service::of(ECHO), Service::of(COUNT)]) => [];
            thread main (priority = 20, stack = 2048) = server.serve(calls);
        }
        process echo {
            notification NEVER;
            object room (stack = 512): Concurrent<Room> = Room::new(NEVER) => [ECHO: dyn Echo];
        }
        process counter {
            on_fault = stop;
            object counter: Exclusive<Counter> = Counter(0) => [COUNT: dyn Count, HIDDEN: dyn Count];
        }
        process own {
            thread main (priority = 1, stack = 1024) = own(HIDDEN);
        }
    }
    board::start!(SYSTEM);

    /// A process that the other core does not know.
    fn own(_: crossgate::Handle<dyn Count>) -> ! {
        loop {
            time::sleep(Duration::from_secs(1));
        }
    }

    struct Room {
        never: Notification,
        waiting: AtomicU32,
        ended: AtomicU32,
    }

    impl Room {
        const fn new(never: Notification) -> Room {
            Room { never, waiting: AtomicU32::new(0), ended: AtomicU32::new(0) }
        }
    }

    impl Echo for Room {
        fn add(&self, first: u32, second: u32) -> Result<u32, Full> {
            first.checked_add(second).ok_or(Full)
        }
        fn mix(&self, first: u64, second: u64) -> u64 {
            first ^ second
        }
        fn later(&self, number: u32, time: Duration) -> u32 {
            time::sleep(time);
            number
        }
        fn wait(&self) {
            self.waiting.fetch_add(1, SeqCst);
            while self.never.wait_within_call().is_ok() {}
            self.waiting.fetch_sub(1, SeqCst);
            self.ended.fetch_add(1, SeqCst);
        }
        fn waiting(&self) -> (u32, u32) {
            (self.waiting.load(SeqCst), self.ended.load(SeqCst))
        }
        fn crash(&self) {
            panic!("a service crashes")
        }
        fn refuse(&self) {
            server::refuse();
        }
    }

    struct Counter(u32);

    impl Count for Counter {
        fn next(&mut self) -> u32 {
            self.0 += 1;
            self.0 - 1
        }
        fn crash(&mut self) {
            panic!("a service crashes that does not restart")
        }
    }
}

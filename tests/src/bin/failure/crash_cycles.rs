// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ten thousand crashes. At each crash, a lock, a lease, a timer and a mutex are held. The kernel loses nothing, so the
//! last crashes take no longer than the first ones. If `CROSSGATE_CRASHES` was set when the test was built, the server
//! crashes that number of times.
//!
//! Without seeds: this number of crashes would take minutes.
//! Without measuring: all crashes take the same path, and other tests measure it.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::fault::Faults;
use crossgate::sync::Mutex;
use crossgate::{
    CallError, Exclusive, Handle, LeaseBuf, LeaseMut, Notification, interface, supervise, time,
};
use system_tests::arch;
use system_tests::report::{expect, expect_that, pass};

const CYCLES: u32 = system_tests::number_from!("CROSSGATE_CRASHES", u32, 10_000);
/// The number of parts of the test, each of which is timed.
const LAPS: u32 = 5;

#[interface]
trait Fragile {
    /// Returns the number of the call, from 1 on.
    fn count(&mut self) -> u32;
    /// Crashes while everything is held that can be held.
    fn crash(&mut self, memory: LeaseMut<'_, [u8]>);
}

struct Server {
    calls: u32,
    data: Mutex<u32>,
}

impl Fragile for Server {
    fn count(&mut self) -> u32 {
        self.calls += 1;
        self.calls
    }
    fn crash(&mut self, mut memory: LeaseMut<'_, [u8]>) {
        self.calls = 1000;
        let mut data = self.data.lock();
        *data += 1;
        memory.set(0, *data as u8);
        panic!("the server crashes on request")
    }
}

crossgate::system! {
    static SYSTEM;
    process supervisor {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = supervise(FAULTED);
    }
    process server {
        on_fault = stop;
        object server: Exclusive<Server> = Server { calls: 0, data: Mutex::new(0) } => [FRAGILE: dyn Fragile];
        thread sleeper (priority = 9, stack = 512) = sleep();
    }
    process client { thread main (priority = 2, stack = 4096) = client(FRAGILE); }
}
board::start!(SYSTEM);

fn supervise(faulted: Notification) -> ! {
    let mut faults = Faults::new();
    loop {
        faulted.wait();
        for record in faults.by_ref() {
            expect("a decision", supervise::restart(record.process), Ok(()));
        }
    }
}

/// Sleeps. Each crash cancels the sleep.
fn sleep() -> ! {
    loop {
        time::sleep(Duration::from_secs(1000));
    }
}

fn client(fragile: Handle<dyn Fragile>) -> ! {
    let mut memory = LeaseBuf::<32>::new();
    let mut first_lap = Duration::MAX;
    for _ in 0..LAPS {
        let start = time::now();
        for _ in 0..CYCLES / LAPS {
            memory[0] = 0;
            expect("a crash", fragile.crash(&mut memory[..]), Err(CallError::ServerFaulted));
            expect("what the server wrote", memory[0], u8::from(arch::CRASHED_CALLS_WRITE));
            expect("calls since it restarted", fragile.count(), Ok(1));
        }
        let lap = time::now() - start;
        first_lap = first_lap.min(lap);
        expect_that(
            "the last crashes take no longer than the first",
            lap <= first_lap + first_lap / 100,
        );
    }
    pass()
}

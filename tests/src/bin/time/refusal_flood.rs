// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client whose calls are refused in a loop makes the console write lines about them, by a more urgent thread. This
//! takes no more time from others than the client's budget lets the client itself take.
//!
//! Emulator: -icount shift=3,sleep=off
//! Without seeds: the test measures time, and seeds let time jump.
#![cfg_attr(target_os = "none", no_std, no_main)]

use console::Console;
use core::convert::Infallible;
use core::time::Duration;
use crossgate::{CallError, Concurrent, Handle, time};
use crossgate_event_flags::{EventFlags, EventWaiter, Until};
use system_tests::report::{broken, expect, expect_that, pass};

const MILLISECOND: Duration = Duration::from_millis(1);
/// The time that a slow line takes for a line of text.
const SLOW: Duration = Duration::from_millis(5);

crossgate::system! {
    static SYSTEM;
    process server {
        // There is no place for waiting threads, as if other threads had all places.
        object flags (stack = 256): Concurrent<EventFlags<0>> = EventFlags::new([]) => [FLAGS: dyn EventWaiter];
    }
    process console {
        notification FAULTED;
        supervisor FAULTED;
        object terminal: Concurrent<Console<Slow>> = Console::new(Slow) => [];
        thread reporter (priority = 8, stack = 2048) = console::report(&terminal, &SYSTEM, FAULTED);
    }
    process attacker {
        thread main (priority = 4, stack = 1024, budget = 1 ms / 50 ms) = attack(FLAGS);
    }
    process victim {
        thread main (priority = 3, stack = 2048) = work();
        thread timer (priority = 9, stack = 1024) = give_up();
    }
}
board::start!(SYSTEM);

/// A serial line without a queue.
struct Slow;

impl embedded_io::ErrorType for Slow {
    type Error = Infallible;
}
impl embedded_io::Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        if bytes == b"\r\n" {
            compute(SLOW);
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Uses the CPU.
fn compute(duration: Duration) {
    let end = time::now() + duration;
    while time::now() < end {}
}

fn attack(flags: Handle<dyn EventWaiter>) -> ! {
    loop {
        expect("there is no place", flags.wait(1, Until::Any), Err(CallError::Refused));
    }
}

/// Gets nearly all of the time. Counts the times for which it was interrupted for long.
fn work() -> ! {
    let begin = time::now();
    let (mut last, mut lost) = (begin, Duration::ZERO);
    while last - begin < 200 * MILLISECOND {
        let now = time::now();
        let passed = now - last;
        if passed > MILLISECOND / 10 {
            lost += passed;
        }
        last = now;
    }
    // The attacker's budget, and the lines about the attacker.
    expect_that("others get their time", lost < 60 * MILLISECOND);
    pass()
}

fn give_up() -> ! {
    time::sleep(600 * MILLISECOND);
    broken("has taken the time of others")
}

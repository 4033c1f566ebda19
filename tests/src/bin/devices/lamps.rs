// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board's lamps, through the traits of `embedded-hal`: only the process that owns them may use them.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{LAMPS, Lamp, TIMER0, Timer};
use crossgate::{Notification, Signal, thread};
use crossgate_abi::Cause;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{OutputPin, StatefulOutputPin};
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::Watch;

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        notification DONE;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE);
    }
    process owner {
        mmio LAMPS;
        mmio TIMER0;
        thread main (priority = 4, stack = 1024) = owner([Lamp::new(0), Lamp::new(1)], DONE);
    }
    process thief { on_fault = stop; thread main (priority = 5, stack = 512) = thief(Lamp::new(1)); }
}
board::start!(SYSTEM);

fn owner(mut lamps: [Lamp; 2], done: Signal) -> ! {
    expect("the lamps at first", states(&mut lamps), [false, false]);
    expect("a lamp", lamps[1].set_high(), Ok(()));
    expect("one lamp is on", states(&mut lamps), [false, true]);
    expect("a lamp", lamps[0].toggle(), Ok(()));
    expect("both lamps are on", states(&mut lamps), [true, true]);
    expect("a lamp", lamps[1].set_low(), Ok(()));
    expect("the other lamp is on", states(&mut lamps), [true, false]);
    let start = crossgate::time::now();
    Timer::new(TIMER0).delay_ms(3);
    let waited = crossgate::time::now() - start;
    expect_that("a delay is as long as it has to be", (3..5).contains(&waited.as_millis()));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn states(lamps: &mut [Lamp; 2]) -> [bool; 2] {
    lamps.each_mut().map(|lamp| lamp.is_set_high() == Ok(true) && lamp.is_set_low() == Ok(false))
}

fn thief(mut lamp: Lamp) -> ! {
    let _ = lamp.set_high();
    broken("has switched a lamp of another process")
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let fault = watch.expect("thief", Cause::Access);
    expect_that(
        "the attacker accessed the lamps",
        (LAMPS.start..LAMPS.start + LAMPS.size).contains(&fault.address),
    );
    done.wait();
    watch.expect_no_more();
    pass()
}

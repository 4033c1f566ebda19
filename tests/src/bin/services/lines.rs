// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines of a GPIO port, which are the lamps of the board. A client sets its own line, as a pin of `embedded-hal`, and
//! no other line. A crash of the process of the port costs one error.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{LAMPS, Lamp};
use core::convert::Infallible;
use crossgate::{CallError, Exclusive, Handle, Notification, Signal, thread};
use crossgate_abi::Cause;
use crossgate_gpio::{Error, OutputHandle, OutputLine, Outputs};
use embedded_hal::digital::{ErrorType, OutputPin, StatefulOutputPin};
use system_tests::raw;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;

/// A lamp whose driver may crash when it is switched off.
struct Clumsy(Lamp, bool);

impl ErrorType for Clumsy {
    type Error = Infallible;
}
impl OutputPin for Clumsy {
    fn set_low(&mut self) -> Result<(), Infallible> {
        assert!(!self.1, "a mistake in the driver");
        self.0.set_low()
    }
    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.set_high()
    }
}
impl StatefulOutputPin for Clumsy {
    fn is_set_high(&mut self) -> Result<bool, Infallible> {
        self.0.is_set_high()
    }
    fn is_set_low(&mut self) -> Result<bool, Infallible> {
        self.0.is_set_low()
    }
}

crossgate::system! {
    static SYSTEM;
    process pins {
        mmio LAMPS;
        object lamps: Exclusive<Outputs<Clumsy, 2>> =
            Outputs::new([Clumsy(Lamp::new(0), false), Clumsy(Lamp::new(1), true)]) =>
            [ALARM: dyn OutputLine<0>, FAN: dyn OutputLine<1>];
    }
    process client {
        notification GO;
        thread main (priority = 5, stack = 2048) = client(ALARM, GO, DONE);
    }
    process attacker { thread main (priority = 4, stack = 2048) = attack(FAN, GO); }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        notification DONE;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE);
    }
}
board::start!(SYSTEM);

fn client(line: Handle<dyn OutputLine<0>>, go: Notification, done: Signal) -> ! {
    let mut alarm = OutputHandle::new(line);
    expect("a line", alarm.set_high(), Ok(()));
    go.wait();
    expect("the client's line is unchanged", alarm.is_set_high(), Ok(true));
    expect("another level", alarm.toggle(), Ok(()));
    expect("which", alarm.is_set_low(), Ok(true));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn attack(line: Handle<dyn OutputLine<1>>, go: Signal) -> ! {
    for method in 0..2 {
        let status = raw::call(raw::service(&SYSTEM, "ALARM"), method, [0; 4]).error();
        expect("the line of another client", status, Some(CallError::NotPermitted));
    }
    for word in [2, 255, usize::MAX] {
        let status = raw::call(raw::service(&SYSTEM, "FAN"), 0, [word, 0, 0, 0]).error();
        expect("a word that is not a level", status, Some(CallError::BadArgument));
    }
    let mut fan = OutputHandle::new(line);
    for _ in 0..100 {
        expect("its own line", fan.set_high(), Ok(()));
    }
    expect("a crash", fan.set_low(), Err(Error::Call(CallError::ServerFaulted)));
    expect("a retry", fan.set_high(), Ok(()));
    expect_that("the level", fan.is_set_high() == Ok(true));
    expect("signal", go.signal(), Ok(()));
    thread::exit()
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("pins", Cause::Panic);
    done.wait();
    watch.expect_no_more();
    pass()
}

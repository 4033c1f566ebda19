// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts as notifications: each is masked until it is acknowledged, even the interrupt with the number 0. A driver
//! that never acknowledges does no harm, and neither does a driver that crashes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{CLOCK_HZ, TIMER0, TIMER1, Timer, UART0, Uart, interrupt};
use core::time::Duration;
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Concurrent, Handle, Notification, Signal, interface, time};
use crossgate_abi::{Cause, number};
use system_tests::raw;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;

/// Counts the lives of a process.
#[interface]
trait Lives {
    /// Records another life. Returns the number of lives.
    fn begin(&self) -> u32;
}

impl Lives for AtomicU32 {
    fn begin(&self) -> u32 {
        self.fetch_add(1, Ordering::Relaxed) + 1
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        object lives: Concurrent<AtomicU32> = AtomicU32::new(0) => [LIVES: dyn Lives];
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = witness(FAULTED);
    }
    process driver {
        mmio TIMER0;
        mmio UART0;
        counting notification EXPIRED;
        interrupt interrupt::TIMER0 => EXPIRED;
        notification RECEIVED;
        interrupt interrupt::UART0_RX => RECEIVED;
        notification QUIET;
        thread main (priority = 5, stack = 2048) = driver(EXPIRED, RECEIVED, QUIET);
    }
    process careless {
        mmio TIMER1;
        notification IGNORED;
        interrupt interrupt::TIMER1 => IGNORED;
        thread main (priority = 9, stack = 1024) = careless(IGNORED, QUIET, LIVES);
    }
}
board::start!(SYSTEM);

const MILLISECOND: Duration = Duration::from_millis(1);

/// The number of ticks of the timers in 1 ms.
const TICKS: u32 = CLOCK_HZ / 1000;

fn driver(expired: Notification, received: Notification, quiet: Notification) -> ! {
    expect("a line is masked at first", received.try_wait(), false);
    Uart::new(UART0, 115_200).with_receive_interrupt().enable();
    received.acknowledge();
    // The emulated boards get no input. On ARM the test `pulses` tests this line.
    if cfg!(not(target_os = "none")) {
        expect_that("interrupt 0 comes", received.wait_timeout(10 * MILLISECOND).is_ok());
    }

    let mut timer = Timer::new(TIMER0);
    timer.interrupt_after(TICKS);
    time::sleep(3 * MILLISECOND);
    expect("a line is masked at first", expired.try_wait(), false);
    for _ in 0..20 {
        timer.clear_interrupt();
        expired.acknowledge();
        expect("an interrupt that was served comes again", expired.try_wait(), false);
        timer.interrupt_after(TICKS);
        expect_that("the interrupt comes", expired.wait_timeout(100 * MILLISECOND).is_ok());
    }
    for _ in 0..20 {
        expired.acknowledge();
        let again = expired.wait_timeout(MILLISECOND);
        expect_that("an interrupt that was not served comes again", again.is_ok());
        expect("once", expired.try_wait(), false);
    }
    timer.clear_interrupt();
    timer.interrupt_after(TICKS);
    time::sleep(5 * MILLISECOND);
    expect("the line stays masked until the interrupt is acknowledged", expired.try_wait(), false);

    let foreign = SYSTEM.notifications.iter().position(|other| other.name == "IGNORED");
    let reply = raw::system_call(number::ACKNOWLEDGE, [foreign.unwrap_or(0), 0, 0, 0]);
    expect("a line of others", reply.error(), Some(crossgate::CallError::NotPermitted));
    expect_that("the other driver is quiet", quiet.wait_timeout(1000 * MILLISECOND).is_ok());
    pass()
}

/// Lets its device interrupt all the time, and acknowledges without clearing the interrupt in the device. Each
/// acknowledgement costs one interrupt, no more. Then the driver crashes while its line is unmasked and a signal is
/// pending. In its second life the line is masked and no signal is left, although the device interrupts then.
fn careless(ignored: Notification, quiet: Signal, lives: Handle<dyn Lives>) -> ! {
    if lives.begin() != Ok(1) {
        time::sleep(20 * MILLISECOND);
        expect("a signal of the first life", ignored.try_wait(), false);
        expect("signal", quiet.signal(), Ok(()));
        crossgate::thread::exit()
    }
    let mut timer = Timer::new(TIMER1);
    timer.interrupt_after(TICKS / 10);
    for _ in 0..50 {
        ignored.acknowledge();
        time::sleep(Duration::from_micros(100));
    }
    timer.clear_interrupt();
    ignored.acknowledge();
    timer.interrupt_after(10 * TICKS);
    panic!("the driver crashes")
}

fn witness(faulted: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("careless", Cause::Panic);
    loop {
        faulted.wait();
        watch.expect_no_more();
    }
}

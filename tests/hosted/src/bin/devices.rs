// SPDX-License-Identifier: MIT OR Apache-2.0
//! Accesses to registers that the process does not own, or that do not exist.

use board::{LAMPS, TIMER0, TIMER1, Timer, UART1, UART2};
use crossgate::{Concurrent, Handle, Notification};
use crossgate_abi::hosted::{serial, timer};
use crossgate_abi::number::hosted::{DEVICE_READ, DEVICE_WRITE};
use crossgate_abi::{Cause, Status, Word};
use system_tests::raw::{self, Reply};
use system_tests::report::{broken, expect, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
    }
    process victim {
        on_fault = stop;
        mmio UART2;
        object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault];
    }
    process reads { on_fault = stop; thread attack (priority = 5, stack = 1024) = read(UART2.start); }
    process writes { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(UART2.start); }
    process is_near { on_fault = stop; mmio TIMER0; thread attack (priority = 5, stack = 1024) = write(TIMER0.start + 1); }
    // One region opens the two devices of the process; the device between them is in a gap.
    process is_between {
        on_fault = stop;
        mmio UART1;
        mmio LAMPS;
        thread attack (priority = 5, stack = 1024) = write(UART2.start);
    }
    process invents { on_fault = stop; thread attack (priority = 5, stack = 1024) = read(NOWHERE); }
    process drives { on_fault = stop; thread attack (priority = 5, stack = 1024) = drive(Timer::new(TIMER1)); }
    process visits { on_fault = stop; mmio TIMER1; thread main (priority = 4, stack = 1024) = orderly(VAULT); }
}
board::start!(SYSTEM);

/// An address without a device.
const NOWHERE: Word = 0xdead_0000;

fn read(mmio: Word) -> ! {
    let _ = raw::system_call(DEVICE_READ, [mmio, serial::DATA, 0, 0]);
    broken("has read a register of a device that it does not own")
}

fn write(mmio: Word) -> ! {
    let _ = raw::system_call(DEVICE_WRITE, [mmio, serial::RATE, 1, 0]);
    broken("has written a register of a device that it does not own")
}

/// Uses the device through its driver.
fn drive(mut timer: Timer) -> ! {
    timer.start();
    broken("has driven a device that it does not own")
}

/// Registers that the process' own device does not have read as 0, and writing them has no effect.
fn orderly(vault: Handle<dyn Vault>) -> ! {
    let nothing = Reply { status: Status::OK, words: [0, 0] };
    for register in [timer::INTERRUPT_AFTER + 1, 0x100, Word::MAX] {
        let written = raw::system_call(DEVICE_WRITE, [TIMER1.start, register, 7, 0]);
        expect("a register that does not exist", written.status, Status::OK);
        let read = raw::system_call(DEVICE_READ, [TIMER1.start, register, 0, 0]);
        expect(
            "the word that was read",
            (read.status, read.words[0]),
            (nothing.status, nothing.words[0]),
        );
    }
    expect("the victim goes on", vault.visit(), Ok(1));
    crossgate::thread::exit()
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for (process, mmio) in [
        ("reads", UART2.start),
        ("writes", UART2.start),
        ("is_near", TIMER0.start + 1),
        ("is_between", UART2.start),
        ("invents", NOWHERE),
        ("drives", TIMER1.start),
    ] {
        watch.expect_at(process, Cause::Access, mmio);
        expect("the victim goes on", vault.is_intact(), Ok(true));
    }
    crossgate::time::sleep(core::time::Duration::from_millis(20));
    expect("the owner of a device has visited the victim", vault.visit(), Ok(2));
    watch.expect_no_more();
    pass()
}

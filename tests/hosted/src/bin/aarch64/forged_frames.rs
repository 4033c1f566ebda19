// SPDX-License-Identifier: MIT OR Apache-2.0
//! Jumps into the middle of the port's code, and frames of interrupts that another thread of the process changes: the
//! attacker crashes, and all others go on.

use core::arch::asm;
use core::time::Duration;
use crossgate::{Concurrent, Handle, Notification, time};
use crossgate_abi::{Cause, number};
use system_tests::fake::FakeStack;
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;
use system_tests::{arch, probe};

unsafe extern "C" {
    /// The instruction of the gate that changes the mode.
    fn __crossgate_gate_enters();
    fn __crossgate_fault_entry();
    /// The code that loads the frame of an interrupt.
    fn __crossgate_interrupted();
}

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
    }
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process enters_late {
        on_fault = stop;
        object late: Concurrent<FakeStack<512>> = FakeStack::new() => [];
        thread attack (priority = 8, stack = 1024) = enter_late(&late);
    }
    process enters_as_fault { on_fault = stop; thread attack (priority = 7, stack = 1024) = enter_as_fault(); }
    process restores_nothing {
        on_fault = stop;
        object empty: Concurrent<FakeStack<1024>> = FakeStack::new() => [];
        thread attack (priority = 7, stack = 1024) = restore_nothing(&empty);
    }
    process spoils {
        on_fault = stop;
        thread spins (priority = 4, stack = 1024) = spin();
        thread spoils (priority = 6, stack = 1024) = spoil();
    }
    process last { on_fault = stop; thread last (priority = 1, stack = 1024) = last(VAULT); }
}
board::start!(SYSTEM);

/// Enters the gate behind its stores, with forged registers in its own memory.
fn enter_late(stack: &FakeStack<512>) -> ! {
    // `mov x0, sp` and the two instructions after it are before the change of the mode.
    let gate = __crossgate_gate_enters as *const () as usize - 3 * 4;
    // SAFETY: this is an attack, and no code follows it.
    unsafe {
        *stack.words() = [steal as *const () as usize; 512];
        (*stack.words())[1] = number::system_call(number::THREAD_ID);
        let words = stack.words();
        asm!("mov sp, {}", "br {}", in(reg) words, in(reg) gate, options(noreturn))
    }
}

/// Jumps to code that only faults should reach.
fn enter_as_fault() -> ! {
    // SAFETY: as above.
    unsafe { asm!("br {}", in(reg) __crossgate_fault_entry as *const (), options(noreturn)) }
}

/// Makes Linux load a frame that is empty.
fn restore_nothing(frame: &FakeStack<1024>) -> ! {
    let place = __crossgate_interrupted as *const ();
    // SAFETY: as above.
    unsafe { asm!("mov sp, {}", "br {}", in(reg) frame.words(), in(reg) place, options(noreturn)) }
}

fn steal() -> ! {
    let _ = probe::load(probe::memory_of(&SYSTEM, "victim").start);
    broken("has read the victim's memory")
}

/// Computes until it is interrupted.
fn spin() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// Changes the frame of the other thread, which is interrupted, to one that Linux refuses to load.
fn spoil() -> ! {
    /// The kind of the record with the vector registers.
    const VECTORS: u32 = 0x4650_8001;
    time::sleep(Duration::from_millis(5));
    let stack = probe::stack_of(&SYSTEM, "spins", 4);
    let places = (stack.end - arch::STEP..stack.end).step_by(16);
    let mut found = places.filter(|&place| probe::load(place) == VECTORS);
    let place = found.next();
    expect_that("there is a frame", place.is_some());
    probe::store(place.unwrap_or(0) + 4, 1);
    time::sleep(Duration::from_millis(50));
    broken("has continued after the crash of its process")
}

/// Runs when all others have ended.
fn last(vault: Handle<dyn Vault>) -> ! {
    expect("the victim's secret", vault.is_intact(), Ok(true));
    time::sleep(Duration::from_millis(20));
    pass()
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let goes_on = || expect("the victim goes on", vault.is_intact(), Ok(true));
    watch.expect("enters_late", Cause::Stack);
    goes_on();
    watch.expect("enters_as_fault", Cause::Unknown);
    goes_on();
    watch.expect_one_of("restores_nothing", &[Cause::Stack, Cause::Access]);
    goes_on();
    let record = watch.expect("spoils", Cause::Access);
    expect_that("the instruction is known", record.instruction != 0);
    goes_on();
    faulted.wait();
    watch.expect_no_more();
    broken("has had one more fault told")
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stack pointers that a thread can only have on a host: invalid or odd addresses, and addresses on the stack of the
//! port's signal handlers. The kernel saves registers at the stack pointer, and Linux saves those of a signal. (The
//! test `stacks` tries other stack pointers.)
//!
//! Without seeds: they shorten sleeps, but a sleep here has to last until other threads have run.

use board::port::inside;
use core::ops::Range;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use crossgate::{Concurrent, Handle, Notification, thread, time};
use crossgate_abi::{Cause, number};
use system_tests::fake::FakeStack;
use system_tests::report::{broken, expect, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;
use system_tests::{arch, probe};

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
    }
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process traps_nowhere { on_fault = stop; thread attack (priority = 8, stack = 1024) = trap_on(arch::NOT_CANONICAL); }
    process traps_high { on_fault = stop; thread attack (priority = 8, stack = 1024) = trap_on(OF_LINUX); }
    process traps_off_by_1 { on_fault = stop; thread one (priority = 8, stack = 1024) = trap_on(middle("one", 8) + 1); }
    process traps_off_by_2 { on_fault = stop; thread two (priority = 8, stack = 1024) = trap_on(middle("two", 8) + 2); }
    process traps_off_by_4 { on_fault = stop; thread four (priority = 8, stack = 1024) = trap_on(middle("four", 8) + 4); }
    process traps_across_the_end {
        on_fault = stop;
        object above: Concurrent<FakeStack<512>> = FakeStack::new() => [];
        thread across (priority = 8, stack = 1024) = trap_on(stack("across", 8).end + 8);
    }
    process spins_at_0 { on_fault = stop; thread attack (priority = 7, stack = 1024) = arch::spin_at(0); }
    process spins_near_0 { on_fault = stop; thread attack (priority = 7, stack = 1024) = arch::spin_at(RED_ZONE); }
    process spins_at_the_end { on_fault = stop; thread attack (priority = 7, stack = 1024) = arch::spin_at(usize::MAX); }
    process spins_nowhere { on_fault = stop; thread attack (priority = 7, stack = 1024) = arch::spin_at(arch::NOT_CANONICAL); }
    process spins_high { on_fault = stop; thread attack (priority = 7, stack = 1024) = arch::spin_at(OF_LINUX); }
    process spins_on_victim { on_fault = stop; thread attack (priority = 7, stack = 1024) = arch::spin_at(probe::memory_of(&SYSTEM, "victim").end); }
    process spins_on_constants { on_fault = stop; thread attack (priority = 7, stack = 1024) = arch::spin_at((&raw const SYSTEM).addr()); }
    process spins_on_statics {
        on_fault = stop;
        object fake: Concurrent<FakeStack<512>> = FakeStack::new() => [];
        thread attack (priority = 7, stack = 1024) = arch::spin_at(fake.top());
    }
    process spins_at_the_bottom { on_fault = stop; thread bottom (priority = 7, stack = 1024) = arch::spin_at(stack("bottom", 7).start + RED_ZONE + 8); }
    process spins_below { on_fault = stop; thread below (priority = 7, stack = 1024) = arch::spin_at(stack("below", 7).start); }
    process spins_in_the_guard { on_fault = stop; thread guard (priority = 7, stack = 1024) = arch::spin_at(stack("guard", 7).start - 4096); }
    process spins_on_signals { on_fault = stop; thread attack (priority = 7, stack = 1024) = arch::spin_at(inside::signal_stack().end - 256); }
    process is_odd {
        on_fault = stop;
        object is_enough: Concurrent<AtomicU32> = AtomicU32::new(0) => [];
        thread ends (priority = 8, stack = 1024) = end_later(&is_enough);
        thread odd (priority = 5, stack = 1024) = compute_at(middle("odd", 5) + 1, &is_enough);
    }
    process last { on_fault = stop; thread last (priority = 1, stack = 1024) = last(VAULT); }
}
board::start!(SYSTEM);

/// An address that only Linux itself may use.
const OF_LINUX: usize = 0xffff_8880_0000_1000;
/// The number of bytes below the stack pointer that a function may use, on some CPUs.
const RED_ZONE: usize = 128;

/// Returns the stack of this thread.
fn stack(thread: &str, priority: u8) -> Range<usize> {
    probe::stack_of(&SYSTEM, thread, priority)
}

/// Returns an address in the middle of that stack.
fn middle(thread: &str, priority: u8) -> usize {
    let stack = stack(thread, priority);
    stack.start + stack.len() / 2
}

/// Makes a system call with this stack pointer.
fn trap_on(stack_pointer: usize) -> ! {
    let _ = arch::trap_at(stack_pointer, number::system_call(number::THREAD_ID));
    broken("has made a system call with a wild stack pointer")
}

/// Computes at an odd stack pointer until it is told to stop, while interrupts come and go.
fn compute_at(stack_pointer: usize, is_enough: &AtomicU32) -> ! {
    let after = arch::compute_at(stack_pointer, is_enough);
    expect("the stack pointer after the interrupts", after, stack_pointer);
    is_enough.fetch_add(1, Ordering::Relaxed);
    thread::exit()
}

/// Interrupts the other thread a few times.
fn end_later(is_enough: &AtomicU32) -> ! {
    // This thread does so only after all others have ended.
    time::sleep(Duration::from_millis(200));
    for _ in 0..5 {
        time::sleep(Duration::from_millis(1));
    }
    is_enough.store(1, Ordering::Relaxed);
    time::sleep(Duration::from_millis(1));
    expect(
        "the thread with an odd stack pointer has continued",
        is_enough.load(Ordering::Relaxed),
        2,
    );
    thread::exit()
}

/// Runs when all others have ended.
fn last(vault: Handle<dyn Vault>) -> ! {
    expect("the victim's secret", vault.is_intact(), Ok(true));
    pass()
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let goes_on = || expect("the victim goes on", vault.is_intact(), Ok(true));
    for process in [
        "traps_nowhere",
        "traps_high",
        "traps_off_by_1",
        "traps_off_by_2",
        "traps_off_by_4",
        "traps_across_the_end",
    ] {
        watch.expect(process, Cause::Stack);
        goes_on();
    }
    for process in [
        "spins_at_0",
        "spins_near_0",
        "spins_at_the_end",
        "spins_nowhere",
        "spins_high",
        "spins_on_victim",
        "spins_on_constants",
        "spins_on_statics",
        "spins_at_the_bottom",
        "spins_below",
        "spins_in_the_guard",
        "spins_on_signals",
    ] {
        time::sleep(Duration::from_millis(5));
        watch.expect(process, Cause::Stack);
        goes_on();
    }
    loop {
        faulted.wait();
        watch.expect_no_more();
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes that use the Rust library and the C library of the host, and leave the libraries' locks and the signals in
//! states that no ordinary program would leave. No other process must notice.
//!
//! Without seeds: they shorten sleeps, but a sleep here has to last until other threads have run.
//! Without blocking: the test `linux_calls` shows that these calls are faults then.

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use crossgate::{Concurrent, Handle, Notification, thread, time};
use crossgate_abi::Cause;
use std::io::Write;
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
    process aborts { on_fault = stop; thread main (priority = 8, stack = 1024) = abort(); }
    process aborts_too { on_fault = stop; thread main (priority = 8, stack = 1024) = abort(); }
    process blocks { on_fault = stop; thread main (priority = 8, stack = 1024) = block_signals(); }
    process strays { on_fault = stop; thread main (priority = 8, stack = 1024) = stray(); }
    process computes {
        on_fault = stop;
        object is_enough: Concurrent<AtomicU32> = AtomicU32::new(0) => [];
        thread counts (priority = 8, stack = 1024) = interrupt(&is_enough);
        thread main (priority = 7, stack = 1024) = compute(&is_enough);
    }
    process crashes_in_print { on_fault = stop; thread main (priority = 6, stack = 1024) = crash_in_print(); }
    process prints { on_fault = stop; thread main (priority = 5, stack = 1024) = print(); }
    process last { on_fault = stop; thread main (priority = 1, stack = 1024) = last(VAULT); }
}
board::start!(SYSTEM);

/// An address without memory.
const NOWHERE: usize = 0x10;

/// Sends a signal to itself.
fn abort() -> ! {
    std::process::abort()
}

/// Crashes while all signals of interrupts are blocked, as some functions of the C library block them for a while.
/// Other threads still have to be interrupted.
fn block_signals() -> ! {
    /// `SIGALRM`, `SIGVTALRM`, `SIGIO`.
    const INTERRUPTS: u64 = 1 << 13 | 1 << 25 | 1 << 28;
    arch::block_signals(INTERRUPTS);
    arch::undefined();
    broken("has executed an undefined instruction")
}

fn stray() -> ! {
    probe::store(probe::memory_of(&SYSTEM, "victim").start, 1);
    broken("has written the victim's memory")
}

fn interrupt(is_enough: &AtomicU32) -> ! {
    time::sleep(Duration::from_millis(20));
    is_enough.store(1, Ordering::Relaxed);
    thread::exit()
}

/// Computes until it is told to stop, which never happens if it is not interrupted.
fn compute(is_enough: &AtomicU32) -> ! {
    while is_enough.load(Ordering::Relaxed) == 0 {}
    thread::exit()
}

/// Crashes in the middle of the standard output's buffer, which stays locked.
fn crash_in_print() -> ! {
    // SAFETY: this is an attack: there is no such text.
    let text = unsafe { core::slice::from_raw_parts(core::ptr::without_provenance(NOWHERE), 3) };
    let _ = std::io::stdout().write_all(text);
    broken("has printed memory that can't be read")
}

/// Does not wait for the lock for ever, because the library takes this thread for the holder.
fn print() -> ! {
    let _ = std::io::stdout().write_all(b"printed");
    broken("has got the lock of another process")
}

/// Runs when all others have ended.
fn last(vault: Handle<dyn Vault>) -> ! {
    expect("the victim's secret", vault.is_intact(), Ok(true));
    pass()
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for (process, cause) in [
        ("aborts", Cause::Panic),
        ("aborts_too", Cause::Panic),
        ("blocks", Cause::Instruction),
        ("strays", Cause::Access),
        ("crashes_in_print", Cause::Access),
        ("prints", Cause::Panic),
    ] {
        // With protection keys the libraries' memory is out of reach.
        watch.expect_one_of(process, &[cause, Cause::Access]);
        expect("the victim goes on", vault.is_intact(), Ok(true));
    }
    faulted.wait();
    watch.expect_no_more();
    broken("has caused one more fault")
}

//! The memory of processes at the start: every static has its initial value, and lies in the memory
//! of the process that its crate is.
#![cfg_attr(target_os = "none", no_std)]
#![no_main]
#![cfg(target_os = "none")]

use archive::{Archive, Files};
use core::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Concurrent, Handle};
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        faults FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process archive { object files: Concurrent<Files> = Files::new() => [ARCHIVE: dyn Archive]; }
    process client {
        object word: Concurrent<AtomicU32> = AtomicU32::new(0xc11e_0000) => [];
        thread main (priority = 5, stack = 2048) = client(&word, ARCHIVE);
    }
}
crossgate_cortex_m::start!(SYSTEM, clock_hz = mps2_an385::CLOCK_HZ);

/// RAM holds anything when the power comes on; the emulator's is zero, so it is filled here.
#[cortex_m_rt::pre_init]
unsafe fn fill_memory() {
    for process in SYSTEM.processes {
        for address in process.memory.start..process.memory.end {
            // SAFETY: the memory is a process', and nothing runs yet.
            unsafe { core::ptr::with_exposed_provenance_mut::<u8>(address).write_volatile(0xa5) };
        }
    }
}

/// Mutation: `boot::fill` copies nothing; then: zeroes nothing.
fn client(word: &AtomicU32, archive: Handle<dyn Archive>) -> ! {
    expect("this process' object", word.load(Ordering::Relaxed), 0xc11e_0000);
    expect("the other process' statics are fresh", archive.is_fresh(), Ok(true));
    expect("a call", archive.age(), Ok(()));
    expect("they have changed", archive.is_fresh(), Ok(false));
    expect("this process' object", word.load(Ordering::Relaxed), 0xc11e_0000);

    let address = archive.address().map_or(0, |address| address as usize);
    let own = (&raw const *word).addr();
    let owner = |address| {
        let mut owners = SYSTEM.processes.iter().filter(|process| {
            (process.memory.start..process.memory.end).contains(&address)
        });
        owners.next().map(|process| process.name)
    };
    expect("whose a static is", owner(address), Some("archive"));
    expect("whose an object is", owner(own), Some("client"));
    for thread in SYSTEM.threads {
        expect_that("no stack lies in a process' memory", owner(thread.stack.addr()).is_none());
    }
    pass()
}

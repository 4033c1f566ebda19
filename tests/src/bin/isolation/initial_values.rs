// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory of processes at the start: every static has its initial value, and lies in the memory of the process to
//! which its crate belongs. Constants have their values, also if they do not follow directly after the code.
#![cfg_attr(target_os = "none", no_std, no_main)]

use archive::{Archive, Files};
use core::hint::black_box;
use core::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Concurrent, Handle};
use system_tests::arch;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::allow_no_fault;

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process archive { object files: Concurrent<Files> = Files::new() => [ARCHIVE: dyn Archive]; }
    process client {
        object word: Concurrent<AtomicU32> = AtomicU32::new(0xc11e_0000) => [];
        thread main (priority = 5, stack = 2048) = client(&word, ARCHIVE);
    }
}
board::start!(SYSTEM);

// RAM may have any contents at power-on. The emulator's RAM is zero, so this code fills it before the start.
#[cfg(target_arch = "arm")]
core::arch::global_asm!(
    ".section .text.__pre_init",
    ".global __pre_init",
    ".thumb_func",
    "__pre_init:",
    "ldr r0, =__crossgate_ram_start",
    "ldr r1, =__crossgate_ram_end",
    "ldr r2, =0xa5a5a5a5",
    "0: str r2, [r0]",
    "adds r0, #4",
    "cmp r0, r1",
    "bne 0b",
    "bx lr",
);

/// A constant before which the linker leaves a gap.
#[repr(align(256))]
struct Apart(u32);
static APART: Apart = Apart(0x0c05_7a47);

fn client(word: &AtomicU32, archive: Handle<dyn Archive>) -> ! {
    expect("this process' object", word.load(Ordering::Relaxed), 0xc11e_0000);
    expect("the other process' statics are fresh", archive.is_fresh(), Ok(true));
    expect("a call", archive.age(), Ok(()));
    expect("the statics have changed", archive.is_fresh(), Ok(false));
    expect("this process' object", word.load(Ordering::Relaxed), 0xc11e_0000);

    expect("a constant after a gap", black_box(&APART).0, 0x0c05_7a47);

    let address = archive.address().unwrap_or(0);
    let own = (&raw const *word).addr();
    let system = arch::placed(&SYSTEM);
    let owner = |address| {
        let mut owners = system
            .processes
            .iter()
            .filter(|process| (process.memory.start..process.memory.end).contains(&address));
        owners.next().map(|process| process.name)
    };
    expect("the owner of a static", owner(address), Some("archive"));
    expect("the owner of an object", owner(own), Some("client"));
    for thread in system.threads {
        expect_that("no stack lies in a process' memory", owner(thread.stack.addr()).is_none());
    }
    pass()
}

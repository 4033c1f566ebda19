// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes that use the host's heap, which belongs to the kernel: each attempt is a panic that names the cause.

use crossgate::fault::panic_file;
use crossgate::{Concurrent, Handle, Notification};
use crossgate_abi::Cause;
use std::hint::black_box;
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
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process boxes { on_fault = stop; thread main (priority = 5, stack = 1024) = make_a_box(); }
    process formats { on_fault = stop; thread main (priority = 5, stack = 1024) = format_a_text(); }
    process prints { on_fault = stop; thread main (priority = 5, stack = 1024) = print(); }
    process frees { on_fault = stop; thread main (priority = 5, stack = 1024) = free(); }
}
board::start!(SYSTEM);

fn make_a_box() -> ! {
    // The memory must not be freed, because freeing is refused as well.
    core::mem::forget(black_box(Box::new(7)));
    broken("has allocated memory")
}

fn format_a_text() -> ! {
    black_box(format!("{}", black_box(7)));
    broken("has allocated memory for a text")
}

fn print() -> ! {
    println!("{}", black_box("x".repeat(black_box(3))));
    broken("has printed")
}

/// Frees memory that was never allocated, which would ruin the heap.
fn free() -> ! {
    let mut words = [0_usize; 8];
    // SAFETY: this is an attack: the memory is not from the heap. The memory is not used after this.
    drop(unsafe { Vec::from_raw_parts(black_box(words.as_mut_ptr()), 4, 4) });
    broken("has freed its stack")
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for process in ["boxes", "formats", "prints", "frees"] {
        let record = watch.expect(process, Cause::Panic);
        expect("the place", panic_file(&record), Some("an allocation: a process has no heap"));
        expect("the victim goes on", vault.is_intact(), Ok(true));
    }
    watch.expect_no_more();
    pass()
}

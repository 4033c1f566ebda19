// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes that call Linux, which is blocked: each call is a fault of its process, whatever code makes it.
//!
//! Options: --block-system-calls

use core::arch::asm;
use crossgate::{Concurrent, Handle, Notification};
use crossgate_abi::Cause;
use system_tests::probe;
use system_tests::report::{broken, expect, expect_that, pass, say};
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
    process asks { on_fault = stop; thread attack (priority = 5, stack = 1024) = ask(); }
    process asks_late { on_fault = stop; thread attack (priority = 5, stack = 1024) = ask_late(VAULT); }
    process asks_as_of_old { on_fault = stop; thread attack (priority = 5, stack = 1024) = ask_as_of_old(); }
    process opens { on_fault = stop; thread attack (priority = 5, stack = 1024) = open(); }
    process ends_all { on_fault = stop; thread attack (priority = 5, stack = 1024) = end_all(); }
    process prints { on_fault = stop; thread attack (priority = 5, stack = 1024) = print(); }
    process prints_too { on_fault = stop; thread attack (priority = 5, stack = 1024) = print(); }
    process complains { on_fault = stop; thread attack (priority = 5, stack = 1024) = complain(); }
    process exits { on_fault = stop; thread attack (priority = 5, stack = 1024) = exit(); }
    process crashes { on_fault = stop; thread attack (priority = 5, stack = 1024) = abort(); }
}
board::start!(SYSTEM);

/// Numbers of Linux' system calls.
const MPROTECT: usize = 10;
const GETPID: usize = 39;
const EXIT_GROUP: usize = 231;

/// Makes a call of Linux.
fn linux(number: usize, [first, second, third]: [usize; 3]) {
    // SAFETY: this is an attack. The caller makes sure that it can't break the memory of this process' own Rust
    // objects; the test shows that the call can't be made.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => _,
            in("rdi") first,
            in("rsi") second,
            in("rdx") third,
            out("rcx") _,
            out("r11") _,
        );
    }
}

fn ask() -> ! {
    linux(GETPID, [0; 3]);
    broken("has called Linux")
}

/// Calls Linux after the kernel, which may call Linux, has run in between.
fn ask_late(vault: Handle<dyn Vault>) -> ! {
    for _ in 0..100 {
        expect("a call", vault.is_intact(), Ok(true));
    }
    linux(GETPID, [0; 3]);
    broken("has called Linux after a call")
}

/// Calls Linux by the instruction that 32-bit programs use.
fn ask_as_of_old() -> ! {
    const GETPID: usize = 20;
    // SAFETY: as above.
    unsafe {
        asm!("int 0x80", inlateout("rax") GETPID => _, out("r8") _, out("r9") _, out("r10") _, out("r11") _)
    };
    broken("has called Linux as 32-bit programs do")
}

fn open() -> ! {
    const READ_AND_WRITE: usize = 3;
    linux(MPROTECT, [probe::memory_of(&SYSTEM, "victim").start, 4096, READ_AND_WRITE]);
    broken("has opened the victim's memory")
}

fn end_all() -> ! {
    linux(EXIT_GROUP, [1, 0, 0]);
    broken("has continued after the end")
}

/// Calls Linux through the Rust library and the C library.
fn exit() -> ! {
    std::process::exit(1)
}

fn print() -> ! {
    println!("printed");
    broken("has printed")
}

/// Never releases the library's lock of the standard error. The kernel must not need this lock.
fn complain() -> ! {
    eprintln!("printed");
    broken("has printed an error")
}

/// Sends a signal to itself: the fault comes before the signal.
fn abort() -> ! {
    std::process::abort()
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let goes_on = || expect("the victim goes on", vault.is_intact(), Ok(true));
    for process in ["asks", "asks_late"] {
        let record = watch.expect(process, Cause::Instruction);
        expect_that("the instruction is known", record.instruction != 0);
        goes_on();
    }
    // If Linux has no 32-bit calls, the CPU refuses the instruction itself.
    let record = watch.expect_one_of("asks_as_of_old", &[Cause::Instruction, Cause::Access]);
    expect_that("the instruction is known", record.instruction != 0);
    goes_on();
    for process in ["opens", "ends_all"] {
        watch.expect(process, Cause::Instruction);
        goes_on();
    }
    // The second process finds the lock used.
    for (process, cause) in [
        ("prints", Cause::Instruction),
        ("prints_too", Cause::Panic),
        ("complains", Cause::Instruction),
    ] {
        // With protection keys the libraries' memory is out of reach.
        watch.expect_one_of(process, &[cause, Cause::Access]);
        goes_on();
    }
    say(format_args!("the kernel can still say something"));
    // Before the libraries call Linux, they may use the heap, which is a fault as well.
    for process in ["exits", "crashes"] {
        watch.expect_one_of(process, &[Cause::Instruction, Cause::Panic, Cause::Access]);
        goes_on();
    }
    watch.expect_no_more();
    pass()
}

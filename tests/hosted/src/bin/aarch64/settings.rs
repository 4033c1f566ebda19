// SPDX-License-Identifier: MIT OR Apache-2.0
//! Control registers, the thread pointer, vector registers and the streaming mode: a thread may set its own as it likes,
//! no other thread gets them, and the kernel runs without them.

use board::port::inside::abilities::{has_predicates, has_streaming_mode};
use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use crossgate::{CallError, Concurrent, Handle, Notification, Signal, interface, thread, time};
use crossgate_abi::{Cause, Status, Word, number};
use system_tests::arch::undefined;
use system_tests::raw;
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::Watch;

/// FPCR: flushing to zero, rounding down, and the default not-a-number.
const STRANGE: u64 = 1 << 24 | 0b10 << 22 | 1 << 25;
/// The flag of FPSR that says that an instruction has saturated.
const SATURATED: u64 = 1 << 27;

/// Returns FPCR and FPSR.
fn control() -> [u64; 2] {
    let (control, status);
    // SAFETY: the instructions read registers.
    unsafe { asm!("mrs {}, fpcr", "mrs {}, fpsr", out(reg) control, out(reg) status) };
    [control, status]
}

/// Sets FPCR and FPSR.
fn set_control([control, status]: [u64; 2]) {
    // SAFETY: no float is computed before the next call of this function.
    unsafe { asm!("msr fpcr, {}", "msr fpsr, {}", in(reg) control, in(reg) status) };
}

fn thread_pointer() -> usize {
    let pointer;
    // SAFETY: the instruction reads a register.
    unsafe { asm!("mrs {}, tpidr_el0", out(reg) pointer) };
    pointer
}

/// Returns whether the predicates of SVE are all false. (Only with SVE.)
#[inline(never)]
fn predicates_are_clear() -> bool {
    let found: u64;
    // SAFETY: the instructions read predicates, and change only one.
    unsafe {
        asm!(
            ".arch_extension sve",
            "orr p0.b, p1/z, p1.b, p1.b",
            "ptrue p1.b",
            "orrs p0.b, p1/z, p0.b, p2.b",
            "cset {0}, ne",
            "orrs p0.b, p1/z, p4.b, p15.b",
            "cinc {0}, {0}, ne",
            "pfalse p1.b",
            out(reg) found,
        );
    }
    found == 0
}

/// Makes a call without arguments, with true predicates, or in the streaming mode.
fn call_with(selector: Word, is_streaming: bool) -> Status {
    let status;
    // SAFETY: the gate preserves the registers that a function preserves, and ends the streaming mode.
    unsafe {
        if is_streaming {
            asm!(
                ".inst 0xd503477f", // `smstart`
                "bl __crossgate_gate",
                in("x8") selector, inlateout("x0") 0_usize => status, in("x1") 0, in("x2") 0, in("x3") 0,
                clobber_abi("C"),
            );
        } else {
            asm!(
                ".arch_extension sve",
                "ptrue p0.b", "ptrue p1.b", "ptrue p2.b", "ptrue p4.b", "ptrue p15.b", "setffr",
                "bl __crossgate_gate",
                in("x8") selector, inlateout("x0") 0_usize => status, in("x1") 0, in("x2") 0, in("x3") 0,
                clobber_abi("C"),
            );
        }
    }
    Status(status)
}

/// Returns whether the streaming mode, or the array of SME, is on. (Only with SME.)
fn streams() -> bool {
    let mode: u64;
    // SAFETY: the instruction reads a register (SVCR).
    unsafe { asm!("mrs {}, S3_3_C4_C2_2", out(reg) mode) };
    mode != 0
}

/// Waits so many rounds in the streaming mode. Returns whether it lasts.
fn stream_for(rounds: usize) -> bool {
    let mode: u64;
    // SAFETY: the mode ends before other code runs; it clears the vector registers.
    unsafe {
        asm!(
            ".inst 0xd503477f", // `smstart`
            "2: subs x1, x1, #1",
            "b.ne 2b",
            "mrs x0, S3_3_C4_C2_2",
            ".inst 0xd503467f", // `smstop`
            out("x0") mode,
            inout("x1") rounds => _,
            clobber_abi("C"),
        );
    }
    mode == 3
}

/// Fills all vector registers, and all others but a few, waits so many rounds, and returns the sum of their differences.
fn keep_for(value: u64, rounds: usize) -> u64 {
    let difference: u64;
    // SAFETY: the registers are given back to the compiler.
    unsafe {
        asm!(
            "dup v0.2d, x0", "dup v7.2d, x0", "dup v8.2d, x0", "dup v15.2d, x0", "dup v16.2d, x0", "dup v31.2d, x0",
            "mov x2, x0", "mov x9, x0", "mov x16, x0", "mov x17, x0", "mov x20, x0", "mov x28, x0", "mov x30, x0",
            "2: sub x1, x1, #1",
            "cbnz x1, 2b",
            "dup v1.2d, x0",
            "eor v0.16b, v0.16b, v1.16b", "eor v7.16b, v7.16b, v1.16b", "eor v8.16b, v8.16b, v1.16b",
            "eor v15.16b, v15.16b, v1.16b", "eor v16.16b, v16.16b, v1.16b", "eor v31.16b, v31.16b, v1.16b",
            "orr v0.16b, v0.16b, v7.16b", "orr v0.16b, v0.16b, v8.16b", "orr v0.16b, v0.16b, v15.16b",
            "orr v0.16b, v0.16b, v16.16b", "orr v0.16b, v0.16b, v31.16b",
            "umov x1, v0.d[0]", "umov x3, v0.d[1]", "orr x1, x1, x3",
            "eor x2, x2, x0", "eor x9, x9, x0", "eor x16, x16, x0", "eor x17, x17, x0", "eor x20, x20, x0",
            "eor x28, x28, x0", "eor x30, x30, x0",
            "orr x1, x1, x2", "orr x1, x1, x9", "orr x1, x1, x16", "orr x1, x1, x17", "orr x1, x1, x20",
            "orr x1, x1, x28", "orr x1, x1, x30",
            in("x0") value,
            inlateout("x1") rounds => difference,
            out("x20") _,
            out("x28") _,
            clobber_abi("C"),
        );
    }
    difference
}

/// The number of rounds of a loop that is interrupted several times.
const ROUNDS: usize = 60_000_000;

#[interface]
trait Look {
    /// Counts settings that are not initial.
    fn look(&self);
    /// Returns the number of times that a setting was not initial.
    fn found(&self) -> u32;
}

struct Eyes(AtomicU32);

impl Look for Eyes {
    fn look(&self) {
        let mut is_strange = control() != [0; 2];
        is_strange |= has_predicates() && !predicates_are_clear();
        is_strange |= has_streaming_mode() && streams();
        self.0.fetch_add(is_strange.into(), Ordering::Relaxed);
    }
    fn found(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Crashes with settings of its own.
#[interface]
trait Crash {
    fn crash(&self);
}

struct Crasher;

impl Crash for Crasher {
    fn crash(&self) {
        set_control([STRANGE, SATURATED]);
        if has_streaming_mode() {
            // SAFETY: this is `smstart`. No code follows the fault.
            unsafe { asm!(".inst 0xd503477f") };
        }
        // SAFETY: as above.
        unsafe { asm!("msr tpidr_el0, xzr", "udf #0") };
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        notification DONE;
        supervisor FAULTED;
        thread main (priority = 30, stack = 2048) = witness(FAULTED, DONE);
    }
    process server { object eyes: Concurrent<Eyes> = Eyes(AtomicU32::new(0)) => [EYES: dyn Look]; }
    process crashes { on_fault = stop; object crasher: Concurrent<Crasher> = Crasher => [CRASHER: dyn Crash]; }
    process visits { thread main (priority = 31, stack = 2048) = visit(CRASHER); }
    process is_lost { on_fault = stop; thread main (priority = 8, stack = 1024) = lose_thread_pointer(); }
    process other {
        object rounds: Concurrent<AtomicU32> = AtomicU32::new(0) => [];
        thread main (priority = 9, stack = 1024) = look_often(&rounds);
    }
    process client { thread main (priority = 5, stack = 2048) = client(EYES, DONE); }
}
board::start!(SYSTEM);

fn client(eyes: Handle<dyn Look>, done: Signal) -> ! {
    expect("what it begins with", control(), [0; 2]);
    set_control([STRANGE, SATURATED]);
    let looked = eyes.look();
    let [after, _] = control();
    set_control([0; 2]);
    expect("the call", looked, Ok(()));
    expect("what a caller keeps", after, STRANGE);
    expect("what a server saw", eyes.found(), Ok(0));
    let look = number::call(raw::service(&SYSTEM, "EYES"), 0);
    if has_predicates() {
        expect("a call with predicates", call_with(look, false), Status::OK);
        expect("what a server saw of the predicates", eyes.found(), Ok(0));
    }
    if has_streaming_mode() {
        expect("a call in the streaming mode", call_with(look, true), Status::OK);
        expect("what a server saw of the streaming mode", eyes.found(), Ok(0));
        expect_that("the streaming mode of an interrupted thread", stream_for(ROUNDS));
    }
    set_control([STRANGE, SATURATED]);
    let difference = keep_for(0x5ec2_e7a5_5ec2_e7a5, ROUNDS);
    let after = control();
    set_control([0; 2]);
    expect("registers of an interrupted thread that have changed", difference, 0);
    expect("what an interrupted thread keeps", after, [STRANGE, SATURATED]);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Tests that a thread that continues after the crash of another has none of its settings.
fn visit(crasher: Handle<dyn Crash>) -> ! {
    let before = thread_pointer();
    expect("the call", crasher.crash(), Err(CallError::ServerFaulted));
    expect("settings of the server that crashed", control(), [0; 2]);
    expect("the thread pointer", thread_pointer(), before);
    expect_that("the streaming mode is off", !has_streaming_mode() || !streams());
    thread::exit()
}

/// Interrupts the client.
fn look_often(rounds: &AtomicU32) -> ! {
    loop {
        time::sleep(Duration::from_millis(1));
        expect("what another thread has", control(), [0; 2]);
        keep_for(0x0dd5_ec2e_7a50_dd5e, 1);
        rounds.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sets an invalid thread pointer. Interrupts do not need it; after a system call the pointer has its old value.
fn lose_thread_pointer() -> ! {
    let before = thread_pointer();
    // SAFETY: process code uses nothing at the thread pointer.
    unsafe {
        asm!("msr tpidr_el0, xzr", "2: subs {0}, {0}, #1", "b.ne 2b", inout(reg) ROUNDS => _);
    }
    let _ = raw::system_call(number::THREAD_ID, [0; 4]);
    expect("the thread pointer after a system call", thread_pointer(), before);
    undefined();
    broken("has executed an undefined instruction")
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("crashes", Cause::Instruction);
    watch.expect("is_lost", Cause::Instruction);
    done.wait();
    watch.expect_no_more();
    pass()
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Flags and control registers: a thread may set its own at will, and no other thread gets their values.
//!
//! Without seeds: single-stepping uses such a flag.

use board::port::inside::abilities::can_change_bases;
use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use crossgate::{CallError, Concurrent, Handle, Notification, Signal, interface, thread, time};
use crossgate_abi::{Cause, Status, number};
use system_tests::arch::undefined;
use system_tests::raw;
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::Watch;

/// The flags that a thread may set: direction, nested task, alignment check, identification.
const FLAGS: u64 = 1 << 10 | 1 << 14 | 1 << 18 | 1 << 21;
/// The flag that makes the CPU trap after each instruction.
const TRAP: u64 = 1 << 8;

/// The settings that a thread may make for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
struct Control {
    /// The flags of this set.
    flags: u64,
    /// MXCSR: the handling of SSE exceptions, and the rounding.
    vector: u32,
    /// The same settings of the x87.
    float: u16,
    /// Not 0 if the x87 had no room for a further number (bit 6 of its status).
    float_is_full: u16,
}

impl Control {
    /// The settings with which every thread starts.
    const INITIAL: Control = Control { flags: 0, vector: 0x1f80, float: 0x37f, float_is_full: 0 };
    /// Flushing to zero, rounding down, one exception unmasked.
    const STRANGE: Control =
        Control { flags: FLAGS, vector: 0xbd80, float: 0x77b, float_is_full: 0 };

    /// Returns the present settings.
    #[inline(never)]
    fn now() -> Control {
        let mut now = Control { flags: 0, vector: 0, float: 0, float_is_full: 0 };
        // SAFETY: the instructions read registers to this value.
        unsafe {
            asm!(
                "pushfq",
                "pop [{now}]",
                "stmxcsr [{now} + 8]",
                "fnstcw [{now} + 12]",
                "fld1",
                "fnstsw [{now} + 14]",
                "fstp st(0)",
                now = in(reg) &raw mut now,
            );
        }
        Control {
            flags: now.flags & (FLAGS | TRAP),
            // The exceptions that have occurred are left out.
            vector: now.vector & !0x3f,
            float: now.float,
            float_is_full: now.float_is_full & 1 << 6,
        }
    }

    /// Makes the settings, with eight numbers in the x87; makes a system call (or a call) without arguments, and waits
    /// for `rounds` rounds; restores the settings. Returns the settings that were in force at the end of the wait.
    fn set_during(self, selector: usize, rounds: usize) -> Control {
        let mut control = self;
        // SAFETY: at the end all registers have the compiler's values; in between only the code here runs.
        unsafe {
            asm!(
                "fld1", "fld1", "fld1", "fld1", "fld1", "fld1", "fld1", "fld1",
                "ldmxcsr [r12 + 8]",
                "fldcw [r12 + 12]",
                "push [r12]",
                "popfq",
                "call __crossgate_gate",
                // A system call is free to change the flags.
                "push [r12]",
                "popfq",
                "2: dec r13",
                "jnz 2b",
                "pushfq",
                "pop [r12]",
                "push 0x202",
                "popfq",
                "stmxcsr [r12 + 8]",
                "fnstcw [r12 + 12]",
                "fninit",
                "ldmxcsr [r14]",
                in("r12") &raw mut control,
                inout("r13") rounds => _,
                in("r14") &Control::INITIAL.vector,
                inout("rax") selector => _,
                in("rdi") 0,
                in("rsi") 0,
                inout("rdx") 0_usize => _,
                inout("rcx") 0_usize => _,
                clobber_abi("C"),
            );
        }
        Control { flags: control.flags & FLAGS, vector: control.vector & !0x3f, ..control }
    }

    /// Sets MXCSR alone, and makes a call without arguments. The x87 is not in use, so the port can take a shorter
    /// path.
    fn set_vector_during(self, selector: usize) {
        // SAFETY: at the end all registers have the compiler's values; in between only the code here runs.
        unsafe {
            asm!(
                "ldmxcsr [r12]",
                "call __crossgate_gate",
                "ldmxcsr [r14]",
                in("r12") &self.vector,
                in("r14") &Control::INITIAL.vector,
                inout("rax") selector => _,
                in("rdi") 0,
                in("rsi") 0,
                inout("rdx") 0_usize => _,
                inout("rcx") 0_usize => _,
                clobber_abi("C"),
            );
        }
    }
}

#[interface]
trait Look {
    /// Counts settings that differ from the initial ones.
    fn look(&self);
    /// Returns how often a setting differed.
    fn found(&self) -> u32;
}

struct Eyes(AtomicU32);

impl Look for Eyes {
    fn look(&self) {
        let is_strange = Control::now() != Control::INITIAL || can_change_bases() && base() != 0;
        self.0.fetch_add(is_strange.into(), Ordering::Relaxed);
    }
    fn found(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Crashes with strange flags, and with an invalid thread pointer.
#[interface]
trait Crash {
    fn crash(&self);
}

struct Crasher;

impl Crash for Crasher {
    fn crash(&self) {
        // SAFETY: no code follows the fault.
        unsafe {
            asm!(
                "push {flags}",
                "popfq",
                "wrfsbase {zero}",
                "ud2",
                flags = in(reg) 0x202 | FLAGS,
                zero = in(reg) 0_u64,
            );
        }
    }
}

/// Returns the base of the segment gs, which no compiler uses.
fn base() -> u64 {
    let base;
    // SAFETY: the instruction reads a register, and the port has found that the CPU has this instruction.
    unsafe { asm!("rdgsbase {}", out(reg) base, options(nomem, nostack, preserves_flags)) };
    base
}

fn set_base(base: u64) {
    // SAFETY: the register is not in use.
    unsafe { asm!("wrgsbase {}", in(reg) base, options(nomem, nostack, preserves_flags)) };
}

/// The number of rounds of a loop that is interrupted several times.
const ROUNDS: usize = 300_000_000;

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
    process divides { on_fault = stop; thread main (priority = 20, stack = 1024) = divide(); }
    process misaligned { on_fault = stop; thread main (priority = 20, stack = 1024) = misalign(); }
    process steps { thread main (priority = 10, stack = 1024) = step(); }
    process other {
        object rounds: Concurrent<AtomicU32> = AtomicU32::new(0) => [];
        thread main (priority = 9, stack = 1024) = look_often(&rounds);
    }
    process client { thread main (priority = 5, stack = 2048) = client(EYES, DONE); }
}
board::start!(SYSTEM);

fn client(eyes: Handle<dyn Look>, done: Signal) -> ! {
    expect("the settings at the start", Control::now(), Control::INITIAL);
    let look = number::call(raw::service(&SYSTEM, "EYES"), 0);
    if can_change_bases() {
        set_base(0x5ec2_e7a5);
    }
    let after = Control::STRANGE.set_during(look, 1);
    expect("the caller's settings after a call", after, Control::STRANGE);
    expect("the settings that a server found changed", eyes.found(), Ok(0));
    Control::STRANGE.set_vector_during(look);
    expect("the registers that a server found changed", eyes.found(), Ok(0));
    let identify = number::system_call(number::THREAD_ID);
    let after = Control::STRANGE.set_during(identify, ROUNDS);
    expect("the settings of an interrupted thread", after, Control::STRANGE);
    expect("the settings at the end", Control::now(), Control::INITIAL);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Tests that a thread that continues after the crash of another has none of its flags.
fn visit(_crasher: Handle<dyn Crash>) -> ! {
    let status: usize;
    let flags: u64;
    // SAFETY: the gate preserves the registers that a function preserves.
    unsafe {
        asm!(
            "call __crossgate_gate",
            "pushfq",
            "pop r12",
            inlateout("rax") number::call(raw::service(&SYSTEM, "CRASHER"), 0) => status,
            in("rdi") 0,
            in("rsi") 0,
            inlateout("rdx") 0_usize => _,
            inlateout("rcx") 0_usize => _,
            out("r12") flags,
            clobber_abi("C"),
        );
    }
    expect("the call", Status(status), CallError::ServerFaulted.into());
    expect("flags of the server that crashed", flags & FLAGS, 0);
    expect_that("the thread pointer is the host's", thread_pointer() != 0);
    thread::exit()
}

/// Interrupts the client.
fn look_often(rounds: &AtomicU32) -> ! {
    loop {
        time::sleep(Duration::from_millis(1));
        expect("the settings of another thread", Control::now(), Control::INITIAL);
        rounds.fetch_add(1, Ordering::Relaxed);
    }
}

/// Makes the CPU trap after each instruction of this thread, for as long as the port allows it.
fn step() -> ! {
    // SAFETY: the flag changes nothing for this code.
    unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq", "nop", "nop") };
    expect("the settings after the step", Control::now(), Control::INITIAL);
    thread::exit()
}

/// Returns the word at the thread pointer of the host: its own address.
fn thread_pointer() -> usize {
    let pointer;
    // SAFETY: the instruction reads a word that every program has.
    unsafe { asm!("mov {}, fs:[0]", out(reg) pointer, options(nostack, readonly)) };
    pointer
}

/// Sets an invalid thread pointer. Interrupts do not need it; after a system call the pointer has its old value. (Where
/// Linux does not let processes change it, the first instruction is a fault.)
fn lose_thread_pointer() -> ! {
    let before = thread_pointer();
    // SAFETY: process code uses nothing at the thread pointer.
    unsafe { asm!("wrfsbase {0}", "2: dec {1}", "jnz 2b", in(reg) 0_u64, inout(reg) ROUNDS => _) };
    let _ = raw::system_call(number::THREAD_ID, [0; 4]);
    expect("the thread pointer after a system call", thread_pointer(), before);
    undefined();
    broken("has executed an undefined instruction")
}

/// Divides by zero, with that exception unmasked.
fn divide() -> ! {
    // SAFETY: no code follows the fault.
    unsafe {
        asm!(
            "ldmxcsr [{zero}]",
            "pxor xmm0, xmm0",
            "pcmpeqd xmm1, xmm1",
            "cvtdq2ps xmm1, xmm1",
            "divss xmm1, xmm0",
            zero = in(reg) &0_u32,
            out("xmm0") _,
            out("xmm1") _,
        );
    }
    broken("has divided by zero")
}

/// Loads from an odd address, with the check of alignment on.
fn misalign() -> ! {
    // SAFETY: the instruction reads a variable, if it is executed.
    unsafe {
        asm!(
            "pushfq",
            "or qword ptr [rsp], 0x40000",
            "popfq",
            "mov {0:e}, [{0} + 1]",
            inout(reg) &[0_u64; 2] => _,
        );
    }
    broken("has loaded from an odd address")
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("crashes", Cause::Instruction);
    watch.expect("divides", Cause::Instruction);
    watch.expect("misaligned", Cause::Bus);
    watch.expect("is_lost", Cause::Instruction);
    done.wait();
    watch.expect_no_more();
    pass()
}

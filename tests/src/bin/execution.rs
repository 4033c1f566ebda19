//! Code that the CPU must not execute: data, foreign instructions, traps; and code of others, with
//! forged objects. Each attempt stops the attacker's process with the right cause, and nobody else.
#![cfg_attr(target_os = "none", no_std)]
#![no_main]
#![cfg(target_os = "none")]

use core::arch::asm;
use core::cell::UnsafeCell;
use crossgate::{Concurrent, Handle, Notification};
use crossgate_abi::Cause;
use system_tests::report::{broken, expect, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;
use system_tests::{probe, raw};

/// `bx lr`, twice.
const CODE: u32 = 0x4770_4770;

/// Memory of a process that its code may write.
struct Scratch(UnsafeCell<u32>);

// SAFETY: one thread uses it.
unsafe impl Sync for Scratch {}

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        faults FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
    }
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process runs_stack { on_fault = stop; thread attack (priority = 5, stack = 1024) = run_stack(); }
    process runs_static {
        on_fault = stop;
        object scratch: Concurrent<Scratch> = Scratch(UnsafeCell::new(CODE)) => [];
        thread attack (priority = 5, stack = 1024) = run_static(&scratch);
    }
    process runs_kernel_memory { on_fault = stop; thread attack (priority = 5, stack = 1024) = run(probe::kernel_memory()); }
    process runs_device { on_fault = stop; thread attack (priority = 5, stack = 1024) = run(mps2_an385::UART0.start); }
    process fakes_exception_return { on_fault = stop; thread attack (priority = 5, stack = 1024) = run(0xffff_fff8); }
    process undefined { on_fault = stop; thread attack (priority = 5, stack = 1024) = undefined(); }
    process breakpoint { on_fault = stop; thread attack (priority = 5, stack = 1024) = breakpoint(); }
    process divides_by_zero { on_fault = stop; thread attack (priority = 5, stack = 1024) = divide_by_zero(); }
    process unaligned { on_fault = stop; thread attack (priority = 5, stack = 1024) = unaligned(); }
    process leaves_thumb { on_fault = stop; thread attack (priority = 5, stack = 1024) = leave_thumb(); }
    process runs_kernel_code { on_fault = stop; thread attack (priority = 5, stack = 1024) = run_kernel_code(); }
    process takes_an_object { on_fault = stop; thread attack (priority = 5, stack = 1024) = run_method(victim_memory().start); }
    process forges_an_object {
        on_fault = stop;
        object forged: Concurrent<Safe> = Safe::new() => [];
        thread attack (priority = 5, stack = 1024) = run_method((&raw const forged).addr());
    }
}
crossgate_cortex_m::start!(SYSTEM, clock_hz = mps2_an385::CLOCK_HZ);

/// Mutation: `Access::ReadWrite` without bit 28 (execute never).
fn run_stack() -> ! {
    let code = UnsafeCell::new(CODE);
    run(code.get().addr())
}

/// Mutation: as above.
fn run_static(scratch: &Scratch) -> ! {
    run(scratch.0.get().addr())
}

/// Calls the code at `address`, which would come back.
///
/// Mutation, for memory that is not the attacker's: `mpu::enable` opens the whole address space to all,
/// as region 7. (An exception return outside an exception is a jump to where the CPU never executes.)
fn run(address: usize) -> ! {
    // SAFETY: the code, if it ran, would only return.
    unsafe { asm!("blx {}", in(reg) address | 1, out("lr") _, clobber_abi("C")) };
    broken("has executed data")
}

/// Mutation, for these: `handler::fault` goes on at the next instruction instead of telling the
/// core.
fn undefined() -> ! {
    // SAFETY: the instruction has no effect but the fault.
    unsafe { asm!("udf #0") };
    broken("has executed an undefined instruction")
}

fn breakpoint() -> ! {
    // SAFETY: as above. (Number 0xab would be a call of the emulator.)
    unsafe { asm!("bkpt #0") };
    broken("has gone past a breakpoint")
}

/// Mutation: `configure` without `TRAP_DIVISION_BY_ZERO`.
fn divide_by_zero() -> ! {
    // SAFETY: the instruction has no effect but the fault.
    unsafe { asm!("udiv {0}, {0}, {1}", inout(reg) 1 => _, in(reg) 0) };
    broken("has divided by zero")
}

/// Reads two words at once from an odd address, which the CPU never does.
fn unaligned() -> ! {
    let words = [0u32; 3];
    // SAFETY: a read of this thread's own memory.
    unsafe {
        asm!("ldrd {0}, {1}, [{2}]", out(reg) _, out(reg) _, in(reg) words.as_ptr().addr() + 1);
    }
    broken("has read unaligned words")
}

/// Jumps to code of another instruction set, which this CPU doesn't have.
fn leave_thumb() -> ! {
    let flash = (&raw const SYSTEM).addr();
    // SAFETY: the CPU faults before the first instruction there.
    unsafe { asm!("blx {}", in(reg) flash & !3, out("lr") _, clobber_abi("C")) };
    broken("has left Thumb mode")
}

/// Executes the kernel's own entry, whose code is readable by all: it has no more rights here.
///
/// Mutation: `become_current_thread` starts with CONTROL 0b10 (privileged).
fn run_kernel_code() -> ! {
    /// Where the vector table has the entry for system calls.
    const SYSTEM_CALL: usize = 11 * size_of::<usize>();
    probe::jump(probe::load(SYSTEM_CALL) as usize)
}

/// Jumps to where the kernel enters a method of the victim's: the code is readable by all, and the
/// object is the victim's own or a forged one. It has no more rights there than anywhere.
///
/// Mutations: as for statics in the test `memory`; for what the method does in the end, as for a
/// return without a call in the test `crashes`.
fn run_method(object: usize) -> ! {
    let method = SYSTEM.services.get(raw::service(&SYSTEM, "VAULT")).map(|vault| &vault.methods[1]);
    let entry = method.map_or(0, |method| method.entry as usize);
    // SAFETY: the method reads its object, and returns to the kernel. Neither is allowed here.
    unsafe { asm!("blx {}", in(reg) entry | 1, in("r0") object, clobber_abi("C")) };
    broken("has come back from a method that it was not in")
}

/// Where the victim's only static is: its object. (That code of others names it is an error of the
/// linker.)
fn victim_memory() -> core::ops::Range<usize> {
    let victim = SYSTEM.processes.iter().find(|process| process.name == "victim");
    victim.map_or(0..0, |victim| victim.memory.start..victim.memory.end)
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let goes_on = || expect("the victim goes on", vault.is_intact(), Ok(true));
    for process in ["runs_stack", "runs_static", "runs_kernel_memory", "runs_device"] {
        let record = watch.expect(process, Cause::Execute);
        expect("the instruction is in RAM or a device", record.instruction >= 0x2000_0000, true);
        goes_on();
    }
    let record = watch.expect("fakes_exception_return", Cause::Execute);
    expect("the instruction", record.instruction, 0xffff_fff8);
    goes_on();
    for process in ["undefined", "breakpoint", "divides_by_zero", "unaligned", "leaves_thumb"] {
        let record = watch.expect(process, Cause::Instruction);
        expect("the instruction is known", record.instruction != 0, true);
        goes_on();
    }
    watch.expect("runs_kernel_code", Cause::Access);
    goes_on();
    let record = watch.expect("takes_an_object", Cause::Access);
    expect("it is the victim's object", victim_memory().contains(&record.address), true);
    goes_on();
    watch.expect("forges_an_object", Cause::ReturnWithoutCall);
    goes_on();
    watch.expect_no_more();
    pass()
}

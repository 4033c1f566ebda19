// SPDX-License-Identifier: MIT OR Apache-2.0
//! Instructions that a process must not execute, addresses that no process has, and addresses whose highest byte the CPU
//! ignores.

use core::arch::asm;
use crossgate::{Concurrent, Handle, Notification};
use crossgate_abi::Cause;
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
    process halts { on_fault = stop; thread attack (priority = 5, stack = 1024) = halt(); }
    process masks { on_fault = stop; thread attack (priority = 5, stack = 1024) = mask_interrupts(); }
    process controls { on_fault = stop; thread attack (priority = 5, stack = 1024) = read_control(); }
    process climbs { on_fault = stop; thread attack (priority = 5, stack = 1024) = call_the_hypervisor(); }
    process returns { on_fault = stop; thread attack (priority = 5, stack = 1024) = return_from_exception(); }
    process flushes { on_fault = stop; thread attack (priority = 5, stack = 1024) = forget_translations(); }
    process jumps { on_fault = stop; thread attack (priority = 5, stack = 1024) = jump(); }
    process loads { on_fault = stop; thread attack (priority = 5, stack = 1024) = load(); }
    process tags { on_fault = stop; thread attack (priority = 5, stack = 1024) = load_by_tag(); }
    process stores { on_fault = stop; thread attack (priority = 5, stack = 1024) = store_by_tag(); }
    process patches { on_fault = stop; thread attack (priority = 5, stack = 1024) = patch(); }
}
board::start!(SYSTEM);

/// The highest byte of an address, which the CPU ignores at accesses of data (Arm DDI 0487, D8.8).
const TAG: usize = 0xa5 << 56;

/// Executes an instruction that must fault.
macro_rules! forbidden {
    ($($instruction:tt)*) => {{
        // SAFETY: the instruction has no effect except for the fault.
        unsafe { asm!($($instruction)*) };
        broken("has executed a forbidden instruction")
    }};
}

fn halt() -> ! {
    forbidden!("hlt #0")
}

fn mask_interrupts() -> ! {
    forbidden!("msr daifset, #2")
}

fn read_control() -> ! {
    forbidden!("mrs {}, sctlr_el1", out(reg) _)
}

fn call_the_hypervisor() -> ! {
    forbidden!("hvc #0")
}

fn return_from_exception() -> ! {
    forbidden!("eret")
}

fn forget_translations() -> ! {
    forbidden!("tlbi vmalle1")
}

fn jump() -> ! {
    forbidden!("br {}", in(reg) arch::NOT_CANONICAL)
}

fn load() -> ! {
    forbidden!("ldr {0}, [{0}]", inout(reg) arch::NOT_CANONICAL => _)
}

/// Reads the victim's memory by another address.
fn load_by_tag() -> ! {
    let _ = probe::load(probe::memory_of(&SYSTEM, "victim").start | TAG);
    broken("has read the victim's memory")
}

/// Writes the victim's memory by another address.
fn store_by_tag() -> ! {
    probe::store(probe::memory_of(&SYSTEM, "victim").start | TAG, 0);
    broken("has written to the victim's memory")
}

/// Overwrites its own code.
fn patch() -> ! {
    forbidden!("str wzr, [{}]", in(reg) patch as *const ())
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    for (process, causes) in [
        ("halts", [Cause::Instruction; 2]),
        ("masks", [Cause::Instruction; 2]),
        ("controls", [Cause::Instruction; 2]),
        ("climbs", [Cause::Instruction; 2]),
        ("returns", [Cause::Instruction; 2]),
        ("flushes", [Cause::Instruction; 2]),
        ("jumps", [Cause::Execute, Cause::Access]),
        ("loads", [Cause::Access; 2]),
        ("tags", [Cause::Access; 2]),
        ("stores", [Cause::Access; 2]),
    ] {
        watch.expect_one_of(process, &causes);
        expect("the victim goes on", vault.is_intact(), Ok(true));
    }
    watch.expect_at("patches", Cause::Access, patch as *const () as usize);
    watch.expect_no_more();
    pass()
}

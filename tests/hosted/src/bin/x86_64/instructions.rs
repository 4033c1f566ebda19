// SPDX-License-Identifier: MIT OR Apache-2.0
//! Instructions that a process must not execute, and addresses that no process has.

use core::arch::asm;
use crossgate::{Concurrent, Handle, Notification};
use crossgate_abi::Cause;
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
    process halts { on_fault = stop; thread attack (priority = 5, stack = 1024) = halt(); }
    process masks { on_fault = stop; thread attack (priority = 5, stack = 1024) = mask_interrupts(); }
    process inputs { on_fault = stop; thread attack (priority = 5, stack = 1024) = input(); }
    process locks { on_fault = stop; thread attack (priority = 5, stack = 1024) = lock(); }
    process traps { on_fault = stop; thread attack (priority = 5, stack = 1024) = trap(); }
    process jumps { on_fault = stop; thread attack (priority = 5, stack = 1024) = jump(); }
    process loads { on_fault = stop; thread attack (priority = 5, stack = 1024) = load(); }
    process narrows { on_fault = stop; thread attack (priority = 5, stack = 1024) = narrow(); }
    process returns { on_fault = stop; thread attack (priority = 5, stack = 1024) = return_from_interrupt(); }
    process enters { on_fault = stop; thread attack (priority = 5, stack = 1024) = enter(); }
    process patches { on_fault = stop; thread attack (priority = 5, stack = 1024) = patch(); }
}
board::start!(SYSTEM);

/// An address that no memory can have (Intel SDM 1, 3.3.7.1).
const NOT_CANONICAL: usize = 0x8000_0000_0000_0000;

/// Linux' segments of 32-bit code and of the stack.
const CODE_32: u16 = 0x23;
const STACK: u16 = 0x2b;

/// Executes an instruction that must fault.
macro_rules! forbidden {
    ($($instruction:tt)*) => {{
        // SAFETY: the instruction has no effect except for the fault.
        unsafe { asm!($($instruction)*) };
        broken("has executed a forbidden instruction")
    }};
}

fn halt() -> ! {
    forbidden!("hlt")
}

fn mask_interrupts() -> ! {
    forbidden!("cli")
}

fn input() -> ! {
    forbidden!("in al, 0x64", out("al") _)
}

fn lock() -> ! {
    forbidden!(".byte 0xf0, 0x90") // `lock nop`
}

fn trap() -> ! {
    forbidden!(".byte 0xf1") // `int1`, which debuggers use
}

fn jump() -> ! {
    forbidden!("jmp {}", in(reg) NOT_CANONICAL)
}

fn load() -> ! {
    forbidden!("mov {0}, [{0}]", inout(reg) NOT_CANONICAL => _)
}

/// Switches to 32-bit code, which does not exist here. The code after the fault must not run as 32-bit code as well.
fn narrow() -> ! {
    forbidden!("push {code}", "push {nothing}", "retfq", code = const CODE_32, nothing = const 0x10)
}

/// Switches to 32-bit code by the instruction that ends interrupts.
fn return_from_interrupt() -> ! {
    forbidden!(
        "push {stack}", "push 0", "push 0x202", "push {code}", "push {nothing}", "iretq",
        stack = const STACK, code = const CODE_32, nothing = const 0x10,
    )
}

/// Enters Linux as 32-bit programs do. Linux would continue in 32-bit code, which does not exist here.
fn enter() -> ! {
    const GETPID: u32 = 20;
    forbidden!("sysenter", inout("eax") GETPID => _, out("rcx") _, out("rdx") _)
}

/// Overwrites its own code.
fn patch() -> ! {
    forbidden!("mov byte ptr [{}], 0x90", in(reg) patch as *const ())
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    // Linux reports privileged instructions as invalid accesses.
    for (process, cause) in [
        ("halts", Cause::Access),
        ("masks", Cause::Access),
        ("inputs", Cause::Access),
        ("locks", Cause::Instruction),
        ("traps", Cause::Instruction),
        ("jumps", Cause::Access),
        ("loads", Cause::Access),
    ] {
        let record = watch.expect(process, cause);
        expect("the instruction is known", record.instruction != 0, true);
        expect("the victim goes on", vault.is_intact(), Ok(true));
    }
    // Only the lower half of the stack pointer is left.
    let causes = [Cause::Execute, Cause::Instruction, Cause::Stack];
    for process in ["narrows", "returns", "enters"] {
        watch.expect_one_of(process, &causes);
        expect("the victim goes on", vault.is_intact(), Ok(true));
    }
    watch.expect_at("patches", Cause::Access, patch as *const () as usize);
    watch.expect_no_more();
    pass()
}

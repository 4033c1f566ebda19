//! Instructions that a process must not execute, and addresses that nobody has.

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
        faults FAULTED;
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
    process patches { on_fault = stop; thread attack (priority = 5, stack = 1024) = patch(); }
}
board::start!(SYSTEM);

/// An address that no memory can have (Intel SDM 1, 3.3.7.1).
const NOT_CANONICAL: usize = 0x8000_0000_0000_0000;

/// Executes an instruction that must not come to its end.
macro_rules! forbidden {
    ($($instruction:tt)*) => {{
        // SAFETY: the instruction has no effect but the fault.
        unsafe { asm!($($instruction)*) };
        broken("has gone past an instruction")
    }};
}

/// Mutation, for all: `signal::on_fault` goes on behind the instruction.
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

/// Writes over its own code.
fn patch() -> ! {
    forbidden!("mov byte ptr [{}], 0x90", in(reg) patch as *const ())
}

fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    // To Linux, what is privileged is a wrong access.
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
    watch.expect_at("patches", Cause::Access, patch as *const () as usize);
    watch.expect_no_more();
    pass()
}

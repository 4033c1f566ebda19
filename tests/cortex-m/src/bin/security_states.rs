// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two security states of ARMv8-M: a thread can leave the Secure state without any privilege, but all memory is
//! Secure, so that it crashes there. This holds even if boot code has set the other state up.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();
system_tests_cortex_m::not_on_armv6m!();

#[cfg(all(target_os = "none", target_has_atomic = "32"))]
mod firmware {
    use board::{TIMER0, Timer, interrupt};
    use core::arch::{asm, global_asm};
    use crossgate::{Concurrent, Handle, Notification, Signal};
    use crossgate_abi::Cause;
    use system_tests::report::{broken, expect, pass};
    use system_tests::victim::{Safe, Vault};
    use system_tests::watch::Watch;
    use system_tests::{arch, probe};

    /// Memory that the chip calls Non-secure, unless the attribution unit of the CPU says that it is Secure.
    const NONSECURE: usize = 0x2800_0000;
    /// The address to which code in the Non-secure state jumps to return to the Secure state; ...
    const FUNCTION_RETURN: usize = 0xfeff_ffff;
    /// ... and addresses that return from an exception, to a thread in the Non-secure state or in the Secure state.
    const EXCEPTION_RETURNS: [usize; 2] = [0xffff_ffbd, 0xffff_fffd];
    /// The control register of the attribution unit.
    const ATTRIBUTION: usize = 0xe000_edd0;
    /// The control register of the protection unit of the Non-secure state.
    const OTHER_PROTECTION: usize = 0xe002_ed94;

    crossgate::system! {
        static SYSTEM;
        // With crash dumps, the vector table is the one of the port.
        process witness {
            crash_dumps;
            mmio TIMER0;
            notification FAULTED;
            notification ASKED;
            notification TICKED;
            interrupt interrupt::TIMER0 => TICKED;
            supervisor FAULTED;
            thread main (priority = 9, stack = 2048) = witness(FAULTED, ASKED, TICKED, VAULT);
        }
        process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
        process branches { on_fault = stop; thread attack (priority = 5, stack = 1024) = branch(NONSECURE); }
        process calls { on_fault = stop; thread attack (priority = 5, stack = 1024) = call(NONSECURE); }
        process branches_into_flash { on_fault = stop; thread attack (priority = 5, stack = 1024) = branch(arch::constants().start & !1); }
        process branches_without_stack { on_fault = stop; thread bottom (priority = 5, stack = 1024) = branch_on(own_stack()); }
        process returns { on_fault = stop; thread attack (priority = 5, stack = 1024) = jump(FUNCTION_RETURN); }
        process returns_to_nonsecure { on_fault = stop; thread attack (priority = 5, stack = 1024) = jump(EXCEPTION_RETURNS[0]); }
        process returns_to_secure { on_fault = stop; thread attack (priority = 5, stack = 1024) = jump(EXCEPTION_RETURNS[1]); }
        process enters { on_fault = stop; thread attack (priority = 5, stack = 1024) = enter(VAULT); }
        process attributes { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(ATTRIBUTION); }
        process protects { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(OTHER_PROTECTION); }
        process asks { on_fault = stop; thread attack (priority = 5, stack = 1024) = ask(ASKED); }
    }
    board::start!(SYSTEM);

    // Boot code that has given the Non-secure state all faults, all interrupts, and all memory that the chip allows.
    global_asm!(
        ".section .text.__pre_init",
        ".global __pre_init",
        ".thumb_func",
        "__pre_init:",
        "ldr r0, =0xe000edd0", // the attribution unit
        "movs r1, #2",
        "str r1, [r0]",
        "ldr r0, =0xe000ed0c", // the state that handles the faults
        "ldr r1, =0x05fa2000",
        "str r1, [r0]",
        "ldr r0, =0xe000e380", // the state that handles each interrupt
        "movs r1, #0",
        "mvns r1, r1",
        "str r1, [r0]",
        "str r1, [r0, #4]",
        "bx lr",
    );

    /// Returns the start of the stack of the thread `bottom`.
    fn own_stack() -> usize {
        let threads = arch::placed(&SYSTEM).threads;
        threads.iter().find(|it| it.name == "bottom").map_or(0, |thread| thread.stack.addr())
    }

    /// Leaves the Secure state. (The assembler does not know the instruction on other targets.)
    fn branch(target: usize) -> ! {
        // SAFETY: this crashes: `bxns r0`.
        unsafe { asm!(".inst.n 0x4704", in("r0") target) };
        broken("has run in the Non-secure state")
    }

    /// Leaves the Secure state by a call, which pushes a frame.
    fn call(target: usize) -> ! {
        // SAFETY: as above: `blxns r0`.
        unsafe { asm!(".inst.n 0x4784", in("r0") target, out("lr") _) };
        broken("has called a function in the Non-secure state")
    }

    /// Leaves the Secure state when no frame fits on the stack.
    fn branch_on(stack_pointer: usize) -> ! {
        // SAFETY: as above; nothing uses the stack afterwards.
        unsafe {
            asm!(
                "mov sp, {stack_pointer}",
                ".inst.n 0x4704",
                "udf #0",
                stack_pointer = in(reg) stack_pointer,
                in("r0") NONSECURE,
                options(noreturn),
            )
        }
    }

    fn jump(target: usize) -> ! {
        // SAFETY: this crashes. If it does not, the thread still has only its own rights.
        unsafe { asm!("bx {}", in(reg) target) };
        broken("has returned from an exception that it has not entered")
    }

    /// Executes the instruction that begins a gate of the Secure state.
    fn enter(vault: Handle<dyn Vault>) -> ! {
        let control: u32;
        // SAFETY: `sg` has no effect in the Secure state.
        unsafe { asm!(".inst.w 0xe97fe97f", "mrs {}, control", out(reg) control) };
        expect("CONTROL: unprivileged, on the process stack", control & 0b11, 0b11);
        let _ = probe::load(vault.address().unwrap_or(0));
        broken("has read the memory of another process")
    }

    fn write(register: usize) -> ! {
        probe::store(register, 0);
        broken("has written a register of the system")
    }

    /// Asks the CPU for the rights of threads to the memory of the kernel.
    fn ask(asked: Signal) -> ! {
        const READABLE: u32 = 1 << 18;
        const WRITABLE: u32 = 1 << 19;
        let mut rights = probe::kernel_memory() as u32;
        // SAFETY: this only asks: `tt r0, r0`.
        unsafe { asm!(".inst.w 0xe840f000", inout("r0") rights) };
        expect("the rights to the kernel", rights & (READABLE | WRITABLE), 0);
        expect("signal", asked.signal(), Ok(()));
        crossgate::thread::exit()
    }

    fn witness(
        faulted: Notification,
        asked: Notification,
        ticked: Notification,
        vault: Handle<dyn Vault>,
    ) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        let goes_on = || expect("the victim continues", vault.is_intact(), Ok(true));
        for process in ["branches", "calls", "branches_into_flash"] {
            watch.expect(process, Cause::Instruction);
            goes_on();
        }
        for process in
            ["branches_without_stack", "returns", "returns_to_nonsecure", "returns_to_secure"]
        {
            watch.expect_any(process);
            goes_on();
        }
        watch.expect("enters", Cause::Access);
        watch.expect_at("attributes", Cause::Bus, ATTRIBUTION);
        watch.expect_at("protects", Cause::Bus, OTHER_PROTECTION);
        goes_on();
        asked.wait();
        ticked.acknowledge();
        Timer::new(TIMER0).interrupt_after(1000);
        ticked.wait();
        watch.expect_no_more();
        pass()
    }
}

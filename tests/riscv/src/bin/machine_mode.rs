// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads never have privileges: the registers of machine mode, the timer and the interrupt controller are out of
//! reach, and so are the instructions that leave machine mode or wait. Each attempt stops only the attacker's process,
//! with the right cause.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_riscv::main_elsewhere!();

#[cfg(target_arch = "riscv32")]
mod firmware {
    use core::arch::asm;
    use crossgate::{Handle, Notification};
    use crossgate_abi::Cause;
    use system_tests::probe;
    use system_tests::report::{broken, expect, expect_that, pass};
    use system_tests::victim::{Safe, Vault};
    use system_tests::watch::Watch;

    const SOFTWARE_INTERRUPT: usize = 0x0200_0000;
    const COMPARE: usize = 0x0200_4000;
    const TIME: usize = 0x0200_bff8;
    const LINE_PRIORITY: usize = 0x0c00_0004;
    const LINES_ENABLED: usize = 0x0c00_2000;
    const CLAIM: usize = 0x0c20_0004;

    /// Defines functions that try an instruction.
    macro_rules! attempts {
        ($($name:ident = $instruction:literal;)*) => { $(
            fn $name() -> ! {
                // SAFETY: this is an attack. Without privileges the instruction has no effect but the fault.
                unsafe { asm!($instruction, out("t0") _, options(nomem, nostack)) };
                broken(concat!("has executed ", $instruction))
            }
        )* };
    }

    attempts! {
        reads_status = "csrr t0, mstatus";
        writes_status = "csrw mstatus, zero";
        writes_handler = "csrw mtvec, zero";
        writes_scratch = "csrw mscratch, zero";
        enables_interrupts = "csrs mie, t0";
        opens_memory = "csrw pmpaddr1, t0";
        opens_configuration = "csrw pmpcfg0, t0";
        reads_protection = "csrr t0, pmpaddr3";
        counts_cycles = "rdcycle t0";
        reads_time = "rdtime t0";
        returns = "mret";
        waits = "wfi";
    }

    crossgate::system! {
        static SYSTEM;
        process witness {
            on_fault = stop;
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
        }
        process victim { on_fault = stop; object safe: crossgate::Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
        process status_reader { on_fault = stop; thread attack (priority = 5, stack = 1024) = reads_status(); }
        process status_writer { on_fault = stop; thread attack (priority = 5, stack = 1024) = writes_status(); }
        process handler_writer { on_fault = stop; thread attack (priority = 5, stack = 1024) = writes_handler(); }
        process scratch_writer { on_fault = stop; thread attack (priority = 5, stack = 1024) = writes_scratch(); }
        process interrupt_enabler { on_fault = stop; thread attack (priority = 5, stack = 1024) = enables_interrupts(); }
        process memory_opener { on_fault = stop; thread attack (priority = 5, stack = 1024) = opens_memory(); }
        process configuration_opener { on_fault = stop; thread attack (priority = 5, stack = 1024) = opens_configuration(); }
        process protection_reader { on_fault = stop; thread attack (priority = 5, stack = 1024) = reads_protection(); }
        process cycle_counter { on_fault = stop; thread attack (priority = 5, stack = 1024) = counts_cycles(); }
        process time_reader { on_fault = stop; thread attack (priority = 5, stack = 1024) = reads_time(); }
        process returner { on_fault = stop; thread attack (priority = 5, stack = 1024) = returns(); }
        process waiter { on_fault = stop; thread attack (priority = 5, stack = 1024) = waits(); }
        process pender { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(SOFTWARE_INTERRUPT); }
        process timer_writer { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(COMPARE); }
        process timer_reader { on_fault = stop; thread attack (priority = 5, stack = 1024) = read(TIME); }
        process line_opener { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(LINE_PRIORITY); }
        process line_enabler { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(LINES_ENABLED); }
        process claimer { on_fault = stop; thread attack (priority = 5, stack = 1024) = read(CLAIM); }
    }
    board::start!(SYSTEM);

    fn write(register: usize) -> ! {
        probe::store(register, 1);
        broken("has written a register of the system")
    }

    fn read(register: usize) -> ! {
        core::hint::black_box(probe::load(register));
        broken("has read a register of the system")
    }

    fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        for process in [
            "status_reader",
            "status_writer",
            "handler_writer",
            "scratch_writer",
            "interrupt_enabler",
            "memory_opener",
            "configuration_opener",
            "protection_reader",
            "cycle_counter",
            "time_reader",
            "returner",
            "waiter",
        ] {
            let record = watch.expect(process, Cause::Instruction);
            expect_that("the instruction is known", record.instruction != 0);
            expect("the victim continues", vault.is_intact(), Ok(true));
        }
        for (process, register) in [
            ("pender", SOFTWARE_INTERRUPT),
            ("timer_writer", COMPARE),
            ("timer_reader", TIME),
            ("line_opener", LINE_PRIORITY),
            ("line_enabler", LINES_ENABLED),
            ("claimer", CLAIM),
        ] {
            watch.expect_at(process, Cause::Access, register);
            expect("the victim continues", vault.is_intact(), Ok(true));
        }
        watch.expect_no_more();
        pass()
    }
}

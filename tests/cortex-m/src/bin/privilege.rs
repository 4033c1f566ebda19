// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads never have privileges: registers of the system are out of reach, and instructions that change the CPU's
//! state have no effect.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::arch::asm;
    use core::sync::atomic::{AtomicBool, Ordering};
    use core::time::Duration;
    use crossgate::{Concurrent, Handle, Notification, Signal, time};
    use crossgate_abi::Cause;
    use system_tests::probe;
    use system_tests::report::{broken, expect, pass};
    use system_tests::victim::{Safe, Vault};
    use system_tests::watch::Watch;

    const SYSTICK_CONTROL: usize = 0xe000_e010;
    const INTERRUPT_ENABLE: usize = 0xe000_e100;
    const VECTOR_TABLE: usize = 0xe000_ed08;
    const RESET: usize = 0xe000_ed0c;
    const RESET_KEY: u32 = 0x05fa_0004;
    const PROTECTION_CONTROL: usize = 0xe000_ed94;
    const PROTECTION_BASE: usize = 0xe000_ed9c;
    const SOFTWARE_TRIGGER: usize = 0xe000_ef00;

    /// True if the attacker's other thread has run.
    struct Preempted(AtomicBool);

    crossgate::system! {
        static SYSTEM;
        process witness {
            on_fault = stop;
            notification FAULTED;
            notification MASKED;
            supervisor FAULTED;
            thread main (priority = 9, stack = 2048) = witness(FAULTED, MASKED, VAULT);
        }
        process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
        process protection_off { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(PROTECTION_CONTROL, 0); }
        process region_writer { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(PROTECTION_BASE, 0x2000_0012); }
        process protection_reader { on_fault = stop; thread attack (priority = 5, stack = 1024) = read(PROTECTION_CONTROL); }
        process interrupt_enabler { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(INTERRUPT_ENABLE, 1); }
        process interrupt_trigger { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(SOFTWARE_TRIGGER, 0); }
        process clock_stopper { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(SYSTICK_CONTROL, 0); }
        process clock_reader { on_fault = stop; thread attack (priority = 5, stack = 1024) = read(SYSTICK_CONTROL); }
        process vector_mover { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(VECTOR_TABLE, 0x2000_0000); }
        process resetter { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(RESET, RESET_KEY); }
        process masker {
            on_fault = stop;
            object preempted: Concurrent<Preempted> = Preempted(AtomicBool::new(false)) => [];
            thread attack (priority = 5, stack = 1024) = mask_interrupts(&preempted, MASKED);
            thread preempt (priority = 6, stack = 1024) = preempt(&preempted);
        }
    }
    board::start!(SYSTEM);

    fn write(register: usize, value: u32) -> ! {
        probe::store(register, value);
        broken("has written a register of the system")
    }

    fn read(register: usize) -> ! {
        core::hint::black_box(probe::load(register));
        broken("has read a register of the system")
    }

    /// Tries everything that disables interrupts or gives privileges. Then a more urgent thread, which waits for the
    /// timer, still has to run.
    fn mask_interrupts(preempted: &Preempted, masked: Signal) -> ! {
        let control: u32;
        // SAFETY: none of these instructions has an effect without privileges. The stack pointers keep their values,
        // because the thread can't write them either.
        unsafe {
            asm!(
                "cpsid i",
                "msr primask, {one}",
                // (An ARMv6-M does not have these registers.)
                #[cfg(not(baseline))]
                "cpsid f",
                #[cfg(not(baseline))]
                "msr basepri, {one}",
                #[cfg(not(baseline))]
                "msr faultmask, {one}",
                "msr control, {zero}",
                "msr msp, {zero}",
                "isb",
                "mrs {control}, control",
                one = in(reg) 0x20 | 1,
                zero = in(reg) 0,
                control = out(reg) control,
            );
        }
        expect("CONTROL: unprivileged, on the process stack", control, 0b11);
        for _ in 0..10_000_000 {
            if preempted.0.load(Ordering::Relaxed) {
                expect("signal", masked.signal(), Ok(()));
                crossgate::thread::exit()
            }
        }
        broken("has kept interrupts out")
    }

    fn preempt(preempted: &Preempted) -> ! {
        time::sleep(Duration::from_millis(20));
        preempted.0.store(true, Ordering::Relaxed);
        crossgate::thread::exit()
    }

    fn witness(faulted: Notification, masked: Notification, vault: Handle<dyn Vault>) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        for (process, register) in [
            ("protection_off", PROTECTION_CONTROL),
            ("region_writer", PROTECTION_BASE),
            ("protection_reader", PROTECTION_CONTROL),
            ("interrupt_enabler", INTERRUPT_ENABLE),
            ("interrupt_trigger", SOFTWARE_TRIGGER),
            ("clock_stopper", SYSTICK_CONTROL),
            ("clock_reader", SYSTICK_CONTROL),
            ("vector_mover", VECTOR_TABLE),
            ("resetter", RESET),
        ] {
            watch.expect_at(process, Cause::Bus, register);
            expect("the victim continues", vault.is_intact(), Ok(true));
        }
        masked.wait();
        watch.expect_no_more();
        pass()
    }
}

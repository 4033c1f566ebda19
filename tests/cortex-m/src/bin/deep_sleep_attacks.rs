// SPDX-License-Identifier: MIT OR Apache-2.0
//! A thread jumps into the code of the idle thread that gets the privileges for a deep sleep, behind the system call
//! that asks for them. The thread gets no privileges, and no interrupt is held off: the CPU ignores what it writes, and
//! the first access to the kernel is a fault. A thread that executes the whole code of the idle thread asks in vain.
//!
//! Without measuring: the idle thread is a part of the kernel while it sleeps.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::time::Duration;
    use crossgate::power::{self, Depth};
    use crossgate::{Concurrent, Handle, Notification, time};
    use crossgate_abi::Cause;
    use system_tests::arch;
    use system_tests::report::{broken, expect, expect_that, pass};
    use system_tests::victim::{Safe, Vault};
    use system_tests::watch::Watch;

    crossgate::system! {
        static SYSTEM;
        deep_sleep;
        process witness {
            inspects;
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
        }
        process victim { object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
        process jumper { on_fault = stop; thread main (priority = 5, stack = 1024) = jump(); }
        process actor { thread main (priority = 1, stack = 1024) = act(); }
    }
    board::start!(SYSTEM);

    /// Returns the halfword at an address in flash, which every process may read.
    fn halfword(address: usize) -> usize {
        arch::load(address & !3) as usize >> (8 * (address & 2)) & 0xffff
    }

    /// Returns the address of the code of the idle thread: that of the function which its entry calls or branches to.
    fn sleeper() -> usize {
        let entry = SYSTEM.threads[0].entry as usize & !1;
        for address in (entry..entry + 16).step_by(2) {
            let [first, second] = [0, 2].map(|offset| halfword(address + offset));
            // `bl` and `b.w` have the same form (ARM DDI 0403E, A7.7.12 and A7.7.18).
            if first & 0xf800 != 0xf000 || second & 0x9000 != 0x9000 {
                continue;
            }
            let sign = first >> 10 & 1;
            let [i1, i2] = [13, 11].map(|bit| (second >> bit & 1) ^ sign ^ 1);
            let high = sign << 24 | i1 << 23 | i2 << 22 | (first & 0x3ff) << 12;
            let offset = high | (second & 0x7ff) << 1;
            return (address + 4).wrapping_add(offset).wrapping_sub(sign << 25);
        }
        broken("the entry of the idle thread calls nothing")
    }

    fn jump() -> ! {
        const WRITE_CONTROL: [usize; 2] = [0xf380, 0x8814]; // msr control, r0
        let start = sleeper();
        let here = |address: &usize| [halfword(*address), halfword(*address + 2)] == WRITE_CONTROL;
        let Some(write) = (start..start + 64).step_by(2).find(here) else {
            broken("the idle thread writes no control register")
        };
        let write = core::ptr::without_provenance::<()>(write | 1);
        // SAFETY: the code is that of the idle thread. The test shows that this does no harm.
        let write: extern "C" fn(usize) -> ! = unsafe { core::mem::transmute(write) };
        write(0)
    }

    /// Does what the idle thread does.
    fn act() -> ! {
        time::sleep(Duration::from_millis(20));
        (SYSTEM.threads[0].entry)()
    }

    fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        watch.expect("jumper", Cause::Access);
        let slept = || Depth::ALL.map(|depth| power::slept(depth).ok().flatten());
        let before = slept();
        time::sleep(Duration::from_millis(5));
        expect_that("the CPU sleeps", slept() != before);
        // From now on a thread pretends to be the idle thread, so the CPU does not sleep any more.
        time::sleep(Duration::from_millis(20));
        let before = slept();
        for _ in 0..10 {
            time::sleep(Duration::from_millis(1));
            expect("the secret", vault.is_intact(), Ok(true));
        }
        expect("the sleeps", slept(), before);
        watch.expect_no_more();
        pass()
    }
}

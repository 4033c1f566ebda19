// SPDX-License-Identifier: MIT OR Apache-2.0
//! Atomic accesses to the memory of another process, of each size: exclusive ones, and those with an order. Each is a
//! crash, and its record has the address.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();
system_tests_cortex_m::not_on_armv6m!();

#[cfg(all(target_os = "none", target_has_atomic = "32"))]
mod firmware {
    use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, Ordering};
    use crossgate::{Concurrent, Handle, Notification};
    use crossgate_abi::Cause;
    use system_tests::arch;
    use system_tests::report::{broken, expect, pass};
    use system_tests::victim::{Safe, Vault};
    use system_tests::watch::Watch;

    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT);
        }
        process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
        process adds { on_fault = stop; thread main (priority = 5, stack = 1024) = attack(VAULT, add); }
        process adds_half { on_fault = stop; thread main (priority = 5, stack = 1024) = attack(VAULT, add_half); }
        process adds_byte { on_fault = stop; thread main (priority = 5, stack = 1024) = attack(VAULT, add_byte); }
        process loads { on_fault = stop; thread main (priority = 5, stack = 1024) = attack(VAULT, load); }
        process loads_byte { on_fault = stop; thread main (priority = 5, stack = 1024) = attack(VAULT, load_byte); }
        process stores { on_fault = stop; thread main (priority = 5, stack = 1024) = attack(VAULT, store); }
        process stores_half { on_fault = stop; thread main (priority = 5, stack = 1024) = attack(VAULT, store_half); }
        process to_flash { on_fault = stop; thread main (priority = 5, stack = 1024) = attack(VAULT, store_to_flash); }
    }
    board::start!(SYSTEM);

    /// Returns the address of a word that every process may read, and none may write.
    fn constants() -> usize {
        (arch::constants().start & !3) + 64
    }

    fn word(address: usize) -> &'static AtomicU32 {
        // SAFETY: this is an attack. The address is a multiple of 4, and the access is a fault.
        unsafe { AtomicU32::from_ptr(core::ptr::with_exposed_provenance_mut(address)) }
    }

    fn half(address: usize) -> &'static AtomicU16 {
        // SAFETY: as above.
        unsafe { AtomicU16::from_ptr(core::ptr::with_exposed_provenance_mut(address)) }
    }

    fn byte(address: usize) -> &'static AtomicU8 {
        // SAFETY: as above.
        unsafe { AtomicU8::from_ptr(core::ptr::with_exposed_provenance_mut(address)) }
    }

    fn add(address: usize) -> u32 {
        word(address).fetch_add(1, Ordering::Relaxed)
    }

    fn add_half(address: usize) -> u32 {
        half(address).fetch_add(1, Ordering::Relaxed).into()
    }

    fn add_byte(address: usize) -> u32 {
        byte(address).fetch_add(1, Ordering::Relaxed).into()
    }

    fn load(address: usize) -> u32 {
        word(address).load(Ordering::Acquire)
    }

    fn load_byte(address: usize) -> u32 {
        byte(address).load(Ordering::Acquire).into()
    }

    fn store(address: usize) -> u32 {
        word(address).store(0, Ordering::Release);
        0
    }

    fn store_half(address: usize) -> u32 {
        half(address).store(0, Ordering::Release);
        0
    }

    fn store_to_flash(_: usize) -> u32 {
        store(constants())
    }

    fn attack(vault: Handle<dyn Vault>, access: fn(usize) -> u32) -> ! {
        core::hint::black_box(access(vault.address().unwrap_or(0)));
        broken("has accessed memory that is not its own")
    }

    fn witness(faulted: Notification, vault: Handle<dyn Vault>) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        let address = vault.address().unwrap_or(0);
        for process in
            ["adds", "adds_half", "adds_byte", "loads", "loads_byte", "stores", "stores_half"]
        {
            watch.expect_at(process, Cause::Access, address);
            expect("the victim continues", vault.is_intact(), Ok(true));
        }
        watch.expect_at("to_flash", Cause::Access, constants());
        watch.expect_no_more();
        pass()
    }
}

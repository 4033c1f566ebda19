// SPDX-License-Identifier: MIT OR Apache-2.0
//! A call lends two parts of a static that no region can tell apart: one for reading, the other one for writing. The
//! callee can read the one and write the other, in whichever order they are lent. After the call both are closed.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_riscv::main_elsewhere!();

#[cfg(target_arch = "riscv32")]
mod firmware {
    use crossgate::{
        CallError, Concurrent, Handle, Lease, LeaseMut, Notification, interface, shared,
    };
    use crossgate_abi::Cause;
    use system_tests::probe;
    use system_tests::report::{expect, expect_that, pass};
    use system_tests::watch::Watch;

    #[interface]
    trait Copying {
        fn copy(&self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> u32;
        fn copy_to(&self, to: LeaseMut<'_, [u8]>, from: Lease<'_, [u8]>) -> u32;
        /// Reads an address that was lent before.
        fn read(&self, address: usize) -> u32;
    }

    struct Copier;

    fn copy(from: &Lease<'_, [u8]>, to: &mut LeaseMut<'_, [u8]>) -> u32 {
        for index in 0..to.len() {
            to.set(index, from.get(index).unwrap_or(0));
        }
        to.len() as u32
    }

    impl Copying for Copier {
        fn copy(&self, from: Lease<'_, [u8]>, mut to: LeaseMut<'_, [u8]>) -> u32 {
            copy(&from, &mut to)
        }
        fn copy_to(&self, mut to: LeaseMut<'_, [u8]>, from: Lease<'_, [u8]>) -> u32 {
            copy(&from, &mut to)
        }
        fn read(&self, address: usize) -> u32 {
            probe::load(address)
        }
    }

    crossgate::system! {
        static SYSTEM;
        process witness {
            on_fault = stop;
            notification FAULTED;
            supervisor FAULTED;
            counting notification DONE;
            thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE);
        }
        process copier { on_fault = stop; object copier: Concurrent<Copier> = Copier => [COPIER: dyn Copying]; }
        process client { on_fault = stop; thread main (priority = 5, stack = 2048) = lend(COPIER, DONE); }
    }
    board::start!(SYSTEM);

    shared! {
        static BYTES: [u8; 64] = [0; 64];
    }

    fn lend(copier: Handle<dyn Copying>, done: crossgate::Signal) -> ! {
        let Some(bytes) = BYTES.take() else { crossgate::thread::exit() };
        for (place, length) in [(0, 2), (2, 2), (5, 3), (28, 4), (0, 16), (16, 16)] {
            bytes.fill(1);
            bytes[place..place + length].fill(7);
            let (from, to) = bytes.split_at_mut(place + length);
            let from = &from[place..];
            expect("copied", copier.copy(from, &mut to[..length]), Ok(length as u32));
            expect_that("the bytes behind", to[..length] == *from);
            to.fill(1);
            expect("copied back", copier.copy_to(&mut to[..length], from), Ok(length as u32));
            expect_that("the bytes behind again", to[..length] == *from);
            expect_that("no others", to[length..].iter().all(|byte| *byte == 1));
        }
        let read = copier.read(bytes.as_ptr().addr());
        expect("a read after the calls", read, Err(CallError::ServerFaulted));
        expect("signal", done.signal(), Ok(()));
        crossgate::thread::exit()
    }

    fn witness(faulted: Notification, done: Notification) -> ! {
        done.wait();
        let mut watch = Watch::new(&SYSTEM, faulted);
        watch.expect("copier", Cause::Access);
        watch.expect_no_more();
        pass()
    }
}

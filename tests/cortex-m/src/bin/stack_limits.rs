// SPDX-License-Identifier: MIT OR Apache-2.0
//! The CPU itself keeps stack pointers above the start of the stack. A thread that moves its stack pointer below the
//! start is stopped before it uses any memory there. Each thread has its own limit, which no thread can change.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();
system_tests_cortex_m::not_on_armv6m!();

#[cfg(all(target_os = "none", target_has_atomic = "32"))]
mod firmware {
    use core::arch::asm;
    use crossgate::{CallError, Concurrent, Handle, Notification, interface};
    use crossgate_abi::Cause;
    use system_tests::arch;
    use system_tests::report::{broken, expect, expect_that, pass};
    use system_tests::watch::Watch;

    #[interface]
    trait Diver {
        /// Moves the stack pointer to an address.
        fn dive(&self, to: usize);
    }

    struct Server;

    impl Diver for Server {
        fn dive(&self, to: usize) {
            dive(to);
        }
    }

    // The stack of `high` is above that of `low`, or the other way round. In both orders, the limit of one thread is
    // wrong for the other thread.
    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 9, stack = 2048) = witness(FAULTED);
        }
        process one { on_fault = stop; thread low (priority = 5, stack = 1024) = go_below("low"); }
        process other { on_fault = stop; thread high (priority = 5, stack = 1024) = go_below("high"); }
        process changer { on_fault = stop; thread change (priority = 4, stack = 1024) = change(); }
        process server { object diver: Concurrent<Server> = Server => [DIVER: dyn Diver]; }
        process client { thread client (priority = 2, stack = 2048) = client(DIVER); }
    }
    board::start!(SYSTEM);

    fn start_of(name: &str) -> usize {
        let threads = arch::placed(&SYSTEM).threads;
        threads.iter().find(|it| it.name == name).map_or(0, |thread| thread.stack.addr())
    }

    /// Moves the stack pointer to an address and back, without use of memory there.
    fn dive(to: usize) {
        // SAFETY: no code uses the stack meanwhile, not even an interrupt: the kernel checks the stack pointer.
        unsafe { asm!("mov r12, sp", "mov sp, {}", "mov sp, r12", in(reg) to, out("r12") _) };
    }

    fn go_below(thread: &str) -> ! {
        let start = start_of(thread);
        dive(start);
        dive(start - 8);
        broken("has moved its stack pointer below its stack")
    }

    /// Tries to change the limit first.
    fn change() -> ! {
        // SAFETY: without privileges this has no effect: `msr psplim, r0`.
        unsafe { asm!(".inst.w 0xf380880b", in("r0") 0) };
        dive(start_of("change") - 8);
        broken("has changed the limit of its stack")
    }

    fn client(diver: Handle<dyn Diver>) -> ! {
        let start = start_of("client");
        expect("a callee at the start of the stack", diver.dive(start), Ok(()));
        expect("a callee below the stack", diver.dive(start - 8), Err(CallError::ServerFaulted));
        pass()
    }

    fn witness(faulted: Notification) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        for process in ["one", "other", "changer", "server"] {
            let record = watch.expect(process, Cause::Stack);
            expect_that("the instruction", arch::constants().contains(&record.instruction));
        }
        watch.expect_no_more();
        loop {
            faulted.wait();
            watch.expect_no_more();
        }
    }
}

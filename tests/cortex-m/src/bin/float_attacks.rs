// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attacks by threads that use floats: stack pointers at which the CPU, or the kernel, can't save the registers; a
//! lease of saved registers; and an attempt to make the CPU forget that a thread uses floats. Each attack takes down
//! its own process at most, and leaves no register to the thread that runs next.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();
system_tests_cortex_m::not_on_baseline!();

#[cfg(all(target_os = "none", not(baseline)))]
mod firmware {
    use core::sync::atomic::{AtomicU32, Ordering};
    use crossgate::{Concurrent, Handle, Lease, Notification, interface};
    use crossgate_abi::number::{self, system_call};
    use crossgate_abi::{CallError, Cause, Status};
    use system_tests::fake::FakeStack;
    use system_tests::report::{expect, pass};
    use system_tests::watch::Watch;
    use system_tests::{probe, raw};
    use system_tests_cortex_m::floats::{
        forget_and_trap, full, lend_at, now, trap_at, used, wait_at,
    };
    use system_tests_cortex_m::keep_sleeping;

    #[interface]
    trait Spy {
        /// Looks at the registers.
        fn look(&self);
        /// Reads lent memory.
        fn read(&self, memory: Lease<'_, [u8]>) -> u32;
        /// Returns how many registers were not 0 when they should have been.
        fn found(&self) -> u32;
    }

    struct Watcher {
        found: AtomicU32,
    }

    impl Spy for Watcher {
        fn look(&self) {
            self.found.fetch_add(used(&now()), Ordering::Relaxed);
        }

        fn read(&self, memory: Lease<'_, [u8]>) -> u32 {
            memory.len() as u32
        }

        fn found(&self) -> u32 {
            self.found.load(Ordering::Relaxed)
        }
    }

    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 9, stack = 2048) = witness(FAULTED, SPY);
        }
        process spy {
            object spy: Concurrent<Watcher> = Watcher { found: AtomicU32::new(0) } => [SPY: dyn Spy];
        }
        process ticker { thread main (priority = 8, stack = 1024) = keep_sleeping(); }
        process at_the_end { on_fault = stop; thread attack (priority = 7, stack = 1024) = trap_near_the_end(72, 7); }
        process near_the_end { on_fault = stop; thread attack (priority = 6, stack = 1024) = trap_near_the_end(8, 6); }
        process at_the_bottom { on_fault = stop; thread attack (priority = 5, stack = 1024) = trap_at_the_bottom(); }
        process on_own_memory {
            on_fault = stop;
            object fake: Concurrent<FakeStack<64>> = FakeStack::new() => [];
            thread attack (priority = 4, stack = 1024) = trap(fake.top());
        }
        process interrupted { on_fault = stop; thread attack (priority = 3, stack = 1024) = be_interrupted(); }
        process lender { on_fault = stop; thread attack (priority = 2, stack = 2048) = lend(SPY); }
    }
    board::start!(SYSTEM);

    /// The number of bytes that the CPU pushes for a thread that uses floats.
    const PUSHED: usize = 104;

    /// Makes a system call that has no effect.
    fn trap(stack_pointer: usize) -> ! {
        trap_at(stack_pointer, system_call(number::THREAD_ID), &full(0xdead_0000, 0))
    }

    /// The registers that a CPU without floats pushes would lie in the stack, and the others above its end.
    fn trap_near_the_end(above: usize, priority: u8) -> ! {
        trap(probe::stack_of(&SYSTEM, "attack", priority).end + above)
    }

    /// The CPU can push its registers, but no room is left for those that the kernel saves.
    fn trap_at_the_bottom() -> ! {
        trap(probe::stack_of(&SYSTEM, "attack", 5).start + PUSHED + 88)
    }

    /// The same, but for an interrupt.
    fn be_interrupted() -> ! {
        let bottom = probe::stack_of(&SYSTEM, "attack", 3).start;
        wait_at(bottom + PUSHED + 88, &full(0xdead_0000, 0))
    }

    /// Runs right after each crash, and uses no floats itself.
    fn witness(faulted: Notification, spy: Handle<dyn Spy>) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        for process in
            ["at_the_end", "near_the_end", "at_the_bottom", "on_own_memory", "interrupted"]
        {
            watch.expect(process, Cause::Stack);
            expect_nothing(spy);
        }
        // `Watch` waits for two seconds at most.
        watch.expect_no_more();
        keep_sleeping()
    }

    fn expect_nothing(spy: Handle<dyn Spy>) {
        expect("look", spy.look(), Ok(()));
        expect("registers that a spy has found", spy.found(), Ok(0));
    }

    /// The last attacker runs when all others are down.
    fn lend(spy: Handle<dyn Spy>) -> ! {
        // Registers that the CPU has pushed can't be lent, but the memory above them can.
        let stack = probe::stack_of(&SYSTEM, "attack", 2);
        let stack_pointer = stack.start + 1024;
        let read = number::call(raw::service(&SYSTEM, "SPY"), 1);
        let floats = full(0x5ec2_0000, 0);
        for (address, wanted) in [
            (stack_pointer - 64, CallError::BadLease.into()),
            (stack_pointer - 32, CallError::BadLease.into()),
            (stack_pointer, Status::OK),
        ] {
            expect("a lease", lend_at(stack_pointer, read, address, &floats), wanted);
        }
        // The thread tells the CPU to forget that floats are in use, which has no effect.
        forget_and_trap(number::call(raw::service(&SYSTEM, "SPY"), 0), &floats);
        expect("registers that a spy has found", spy.found(), Ok(0));
        pass()
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server crashes at each of many instructions of a call that holds a lock and a lease. Each time its caller gets the
//! error, the lock is free, and the next call works.
//!
//! The crash is made by another thread of the server, which a timer wakes. The positions are exact only if the emulator
//! counts instructions, as under `cargo xtask test`.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use board::{TIMER0, Timer, interrupt};
    use core::time::Duration;
    use crossgate::fault::Faults;
    use crossgate::{
        CallError, Exclusive, Handle, LeaseBuf, LeaseMut, Notification, Signal, interface,
        supervise,
    };
    use system_tests::probe;
    use system_tests::report::{broken, expect, expect_that, pass};
    use system_tests_cortex_m::position::{TICK, delay};

    /// The number of positions, one instruction apart.
    const POSITIONS: u32 = 1_400;
    /// The number of positions that have to be inside the call, at least.
    const INSIDE: u32 = 1_000;
    /// The first tick: about the time when the call is entered.
    const FIRST: u32 = if cfg!(baseline) { 20 } else { 6 };
    /// The byte that a method writes to lent memory.
    const WRITTEN: u8 = 1;

    #[interface]
    trait Victim {
        /// Makes the server crash after this number of ticks.
        fn arm(&mut self, ticks: u32);
        /// Writes lent memory, byte by byte.
        fn work(&mut self, memory: LeaseMut<'_, [u8]>);
        /// Reads a byte at any address.
        fn peek(&mut self, address: u32) -> u8;
    }

    struct Server;

    impl Victim for Server {
        fn arm(&mut self, ticks: u32) {
            Timer::new(TIMER0).interrupt_after(ticks);
        }
        fn work(&mut self, mut memory: LeaseMut<'_, [u8]>) {
            for index in 0..memory.len() {
                memory.set(index, WRITTEN);
            }
        }
        fn peek(&mut self, address: u32) -> u8 {
            probe::load(address as usize & !3) as u8
        }
    }

    crossgate::system! {
        static SYSTEM;
        process supervisor {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 31, stack = 2048) = supervise(FAULTED);
        }
        process server {
            on_fault = stop;
            mmio TIMER0;
            notification EXPIRED;
            interrupt interrupt::TIMER0 => EXPIRED;
            object server: Exclusive<Server> = Server => [VICTIM: dyn Victim];
            thread bomb (priority = 30, stack = 1024) = bomb(EXPIRED, CRASHING);
        }
        process client {
            notification CRASHING;
            thread main (priority = 2, stack = 4096) = client(VICTIM, CRASHING);
        }
    }
    board::start!(SYSTEM);

    fn supervise(faulted: Notification) -> ! {
        let mut faults = Faults::new();
        loop {
            faulted.wait();
            for record in faults.by_ref() {
                expect("a decision", supervise::restart(record.process), Ok(()));
            }
            expect_that("a new reader finds the last records", Faults::new().next().is_some());
        }
    }

    fn bomb(expired: Notification, crashing: Signal) -> ! {
        Timer::new(TIMER0).clear_interrupt();
        expired.acknowledge();
        expired.wait();
        Timer::new(TIMER0).clear_interrupt();
        expect("signal", crashing.signal(), Ok(()));
        panic!("the server crashes on request")
    }

    fn client(victim: Handle<dyn Victim>, crashing: Notification) -> ! {
        let mut inside = 0;
        for position in 0..POSITIONS {
            let mut memory = LeaseBuf::<256>::new();
            expect("arming", victim.arm(FIRST + position / TICK), Ok(()));
            delay(TICK - position % TICK);
            match victim.work(&mut memory[..]) {
                Ok(()) => {}
                Err(CallError::ServerFaulted) => inside += 1,
                Err(error) => broken(error.as_str()),
            }
            expect_that("it crashes", crashing.wait_timeout(Duration::from_millis(1)).is_ok());
            let written = memory.iter().take_while(|&&byte| byte == WRITTEN).count();
            expect_that("only the method writes", memory[written..].iter().all(|&byte| byte == 0));
            expect("the next call", victim.work(&mut memory[..]), Ok(()));
            expect_that("the method has written", memory.iter().all(|&byte| byte == WRITTEN));
            if position % 100 == 0 {
                let address = memory.as_ptr().addr() as u32;
                let peeked = victim.peek(address);
                expect(
                    "a read of memory that was lent before",
                    peeked,
                    Err(CallError::ServerFaulted),
                );
            }
        }
        expect_that("enough crashes were inside the call", inside >= INSIDE);
        pass()
    }
}

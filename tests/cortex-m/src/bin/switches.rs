// SPDX-License-Identifier: MIT OR Apache-2.0
//! At each of many instructions of a call that holds a lease, a more urgent thread of another process preempts the
//! call. This thread finds its own memory and device open, and nothing of the interrupted processes. Afterwards these
//! processes find all of their own memory and devices open again. No thread is ever privileged.
//!
//! So no thread ever runs while the protection unit is half programmed. Some of the positions are inside the kernel.
//! There the interrupt has to wait for the end of a system call, and is then taken without a return to the thread
//! (tail-chaining).
//!
//! The positions are exact only if the emulator counts instructions, as under `cargo xtask test`.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use board::{TIMER0, Timer, UART1, UART2, interrupt};
    use core::arch::asm;
    use core::time::Duration;
    use crossgate::fault::{Cause, Faults};
    use crossgate::sync::atomic::{AtomicU32, Ordering};
    use crossgate::{
        Concurrent, Handle, LeaseBuf, LeaseMut, Notification, Signal, interface, supervise,
    };
    use crossgate_abi::table::Mmio;
    use system_tests::probe;
    use system_tests::report::{broken, expect, expect_that, pass};
    use system_tests_cortex_m::position::{TICK, delay};

    /// The number of positions for each target, one instruction apart.
    const POSITIONS: u32 = 1_000;
    /// The number of positions that have to be inside the work, at least.
    const INSIDE: u32 = 900;
    /// The first tick: about the time when the work starts.
    const FIRST: u32 = 6;
    /// The word that each process writes into its own memory.
    const WORD: u32 = 0x0b5e_55ed;

    /// Preempts the others.
    #[interface]
    trait Intrude {
        /// Makes the intruder read `target` after this number of ticks.
        fn arm(&self, ticks: u32, target: u32);
    }

    #[derive(Default)]
    struct Intruder {
        target: AtomicU32,
        own: AtomicU32,
    }

    impl Intrude for Intruder {
        fn arm(&self, ticks: u32, target: u32) {
            self.target.store(target, Ordering::Relaxed);
            Timer::new(TIMER0).interrupt_after(ticks);
        }
    }

    /// A server that is interrupted while it serves.
    #[interface]
    trait Serve {
        /// Uses the server's memory, its device, and lent memory.
        fn serve(&self, memory: LeaseMut<'_, [u8]>);
        /// Returns the address of its memory.
        fn address(&self) -> u32;
    }

    /// The memory of a process. Its code uses this memory together with the registers of the process' device.
    #[derive(Default)]
    struct Own(AtomicU32);

    impl Own {
        fn use_all(&self, device: Mmio) {
            self.0.store(WORD, Ordering::Relaxed);
            core::hint::black_box(probe::load(device.start + UART_STATE));
            expect("its memory", self.0.swap(0, Ordering::Relaxed), WORD);
        }
    }

    impl Serve for Own {
        fn serve(&self, mut memory: LeaseMut<'_, [u8]>) {
            for index in 0..memory.len() {
                self.use_all(UART2);
                memory.set(index, memory.get(index).unwrap_or(0) + 1);
            }
        }
        fn address(&self) -> u32 {
            self.0.as_ptr().addr() as u32
        }
    }

    /// A register of a serial line. Reading it has no effect.
    const UART_STATE: usize = 4;

    crossgate::system! {
        static SYSTEM;
        process supervisor {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 31, stack = 2048) = supervise(FAULTED, ATTEMPTED);
        }
        process intruder {
            on_fault = stop;
            mmio TIMER0;
            notification EXPIRED;
            interrupt interrupt::TIMER0 => EXPIRED;
            object intruder: Concurrent<Intruder> =
                Intruder { target: AtomicU32::new(0), own: AtomicU32::new(0) } => [INTRUDER: dyn Intrude];
            thread main (priority = 30, stack = 1024) = intrude(&intruder, EXPIRED);
        }
        process server {
            mmio UART2;
            object server: Concurrent<Own> = Own(AtomicU32::new(0)) => [SERVER: dyn Serve];
        }
        process client {
            mmio UART1;
            notification ATTEMPTED;
            object own: Concurrent<Own> = Own(AtomicU32::new(0)) => [];
            thread main (priority = 2, stack = 4096) = client(&own, INTRUDER, SERVER, ATTEMPTED);
        }
    }
    board::start!(SYSTEM);

    /// Expects that the CPU is unprivileged, and on the process stack.
    #[track_caller]
    fn expect_unprivileged() {
        let control: u32;
        // SAFETY: this only reads a register.
        unsafe { asm!("mrs {}, control", out(reg) control, options(nomem, nostack)) };
        expect("CONTROL: unprivileged, on the process stack", control, 0b11);
    }

    fn supervise(faulted: Notification, attempted: Signal) -> ! {
        let mut faults = Faults::new();
        let mine = |address: usize| {
            let others = ["server", "client"];
            let mut processes =
                SYSTEM.processes.iter().filter(|other| others.contains(&other.name));
            let mut stacks = SYSTEM.threads.iter().filter(|thread| thread.priority == 2);
            processes.any(|other| {
                let mut mmio = other.mmio.iter();
                (other.memory.start..other.memory.end).contains(&address)
                    || mmio.any(|mmio| mmio.start + UART_STATE == address)
            }) || stacks.any(|thread| thread.stack_range().contains(&address))
        };
        loop {
            faulted.wait();
            for record in faults.by_ref() {
                let process = SYSTEM.processes.get(usize::from(record.process));
                expect(
                    "the process that faults",
                    process.map(|process| process.name),
                    Some("intruder"),
                );
                expect("why", record.cause, Cause::Access);
                expect_that("the address belongs to an interrupted process", mine(record.address));
                expect("a decision", supervise::restart(record.process), Ok(()));
                expect("signal", attempted.signal(), Ok(()));
            }
        }
    }

    fn intrude(intruder: &Intruder, expired: Notification) -> ! {
        Timer::new(TIMER0).clear_interrupt();
        // Twice, because the first time the interrupt of the last life is still pending.
        expired.acknowledge();
        let _ = expired.try_wait();
        expired.acknowledge();
        expired.wait();
        expect_unprivileged();
        // Its own memory, stack and device are open.
        intruder.own.store(WORD, Ordering::Relaxed);
        expect("its memory", intruder.own.load(Ordering::Relaxed), WORD);
        Timer::new(TIMER0).clear_interrupt();
        core::hint::black_box(probe::load(intruder.target.load(Ordering::Relaxed) as usize));
        broken("has read memory of the interrupted process")
    }

    fn client(
        own: &Own,
        intruder: Handle<dyn Intrude>,
        server: Handle<dyn Serve>,
        attempted: Notification,
    ) -> ! {
        let mut memory = LeaseBuf::<32>::new();
        let lent = memory.as_ptr().addr() as u32;
        let of_server = server.address().unwrap_or(0);
        let of_client = own.0.as_ptr().addr() as u32;
        let devices = [UART1, UART2].map(|device| (device.start + UART_STATE) as u32);
        for target in [of_client, devices[0], of_server, devices[1], lent] {
            let mut inside = 0;
            for position in 0..POSITIONS {
                memory.fill(0);
                expect("arming", intruder.arm(FIRST + position / TICK, target), Ok(()));
                delay(TICK - position % TICK);
                own.use_all(UART1);
                expect("a call", server.serve(&mut memory[..]), Ok(()));
                own.use_all(UART1);
                expect_unprivileged();
                let came = attempted.try_wait();
                inside += u32::from(came);
                let patience = Duration::from_millis(1);
                expect_that("it comes", came || attempted.wait_timeout(patience).is_ok());
                expect_that("what the server wrote", memory.iter().all(|&byte| byte == 1));
            }
            expect_that("enough positions were inside the work", inside >= INSIDE);
        }
        pass()
    }
}

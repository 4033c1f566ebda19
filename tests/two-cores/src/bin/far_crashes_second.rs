// SPDX-License-Identifier: MIT OR Apache-2.0
//! The second core of `far_crashes`: its mailbox and its server are restarted at random times, and so is its kernel.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    println!("run this by `cargo test -p system-tests-two-cores`");
}

#[cfg(target_os = "none")]
mod firmware {
    use board::port::Board;
    use board::port::zero_latency::{Handler, Line as Interrupt, Signal};
    use board::{BELLS, LINE, Line, TIMER0, Timer};
    use core::arch::asm;
    use core::time::Duration;
    use crossgate::remote::Service;
    use crossgate::{Concurrent, Handle, Mmio, Notification, interface, thread, time};
    use crossgate_mailbox::Server;
    use system_tests::{probe, random::Random, restarts::restart};
    use two_cores::{CALLS, Ledger, mixed};

    /// Memory that no reset changes: a word for each call, then the words of the chaos.
    const NOTEBOOK: Mmio = Mmio { start: 0x3000_0000, size: 0x8000 };
    const CHAOS: Mmio = Mmio { start: 0x3000_8000, size: 0x20 };
    const _: () = assert!(CALLS as usize * 4 <= NOTEBOOK.size);
    const RESTARTS: usize = CHAOS.start;
    const RESETS: usize = CHAOS.start + 4;
    const IS_CALM: usize = CHAOS.start + 8;

    /// The interface of the process that owns the notebook.
    #[interface]
    pub trait Notebook {
        fn mark(&self, call: u32);
        fn marks(&self, call: u32) -> u32;
        fn calm(&self) -> (u32, u32);
    }

    crossgate::system! {
        static SYSTEM;
        process mailbox {
            mmio LINE;
            mmio BELLS;
            notification RUNG;
            interrupt board::interrupt::BELL => RUNG;
            pool calls (count = 3, stack = 1536, priority = 5);
            object server: Concurrent<Server<Line, 3, 1>> =
                Server::new(Line::new(), RUNG, [Service::of(LEDGER)]) => [];
            thread main (priority = 20, stack = 2048) = server.serve(calls);
        }
        process server {
            object relay (stack = 512): Concurrent<Relay> = Relay(NOTEBOOK_OF_CALLS) => [LEDGER: dyn Ledger];
        }
        process notebook {
            mmio NOTEBOOK;
            shared mmio CHAOS;
            object notebook: Concurrent<Pages> = Pages => [NOTEBOOK_OF_CALLS: dyn Notebook];
        }
        process chaos {
            mmio TIMER0;
            shared mmio CHAOS;
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 25, stack = 2048) = chaos(FAULTED);
        }
    }
    board::port::start!(SYSTEM, Resetting);

    struct Relay(Handle<dyn Notebook>);

    impl Ledger for Relay {
        fn note(&self, call: u32, number: u32) -> u32 {
            let _ = self.0.mark(call);
            if number.is_multiple_of(4) {
                time::sleep(Duration::from_micros(u64::from(number % 300)));
            }
            mixed(call, number)
        }
        fn executed(&self, call: u32) -> u32 {
            self.0.marks(call).unwrap_or(u32::MAX)
        }
        fn calm(&self) -> (u32, u32) {
            self.0.calm().unwrap_or((0, 0))
        }
    }

    struct Pages;

    fn page(call: u32) -> usize {
        NOTEBOOK.start + 4 * (call % CALLS) as usize
    }

    impl Notebook for Pages {
        fn mark(&self, call: u32) {
            probe::store(page(call), probe::load(page(call)) + 1);
        }
        fn marks(&self, call: u32) -> u32 {
            probe::load(page(call))
        }
        fn calm(&self) -> (u32, u32) {
            probe::store(IS_CALM, 1);
            (probe::load(RESTARTS), probe::load(RESETS))
        }
    }

    /// Restarts processes, and sometimes this core, until it is told to stop.
    fn chaos(_: Notification) -> ! {
        let starts = probe::load(RESTARTS) + probe::load(RESETS);
        let mut random = Random(0x2545_f491 ^ (starts << 8 | 1));
        let mut timer = Timer::new(TIMER0);
        loop {
            time::sleep(Duration::from_micros(u64::from(50 + random.below(1500))));
            if probe::load(IS_CALM) == 1 {
                thread::exit();
            }
            match random.below(8) {
                0 => {
                    probe::store(RESETS, probe::load(RESETS) + 1);
                    timer.interrupt_after(random.below(2000) + 1);
                }
                1..4 => {
                    probe::store(RESTARTS, probe::load(RESTARTS) + 1);
                    restart(&SYSTEM, "mailbox");
                }
                _ => {
                    probe::store(RESTARTS, probe::load(RESTARTS) + 1);
                    restart(&SYSTEM, "server");
                }
            }
        }
    }

    /// The second core, with a handler above the kernel that resets this core, as the other core can do on some chips.
    struct Resetting;

    impl Board for Resetting {
        const CLOCK_HZ: u32 = <board::Hardware as Board>::CLOCK_HZ;
        const LINES: u16 = <board::Hardware as Board>::LINES;
        const ZERO_LATENCY: &'static [Interrupt] = &[Interrupt::of::<Reset>()];
        type Counter = <board::Hardware as Board>::Counter;

        fn tell(byte: u8) {
            <board::Hardware as Board>::tell(byte);
        }
    }

    /// The handler that resets the core.
    struct Reset;

    impl Handler for Reset {
        const LINE: u16 = board::interrupt::TIMER0;
        const SIGNALS: u16 = 20;

        fn serve(_: Signal<Self>) {
            const STATE: *const u32 = 0xe000_ed04 as *const u32;
            /// No other exception was interrupted.
            const IS_BASE: u32 = 1 << 11;
            let mut timer = Timer::new(TIMER0);
            timer.clear_interrupt();
            // SAFETY: this is a register of the CPU that reading does not change.
            if unsafe { STATE.read_volatile() } & IS_BASE == 0 {
                timer.interrupt_after(20);
                return;
            }
            // SAFETY: the core continues at its reset handler, in the state in which a reset leaves it as far as the
            // boot code relies on it. Nothing of the old state is used after this.
            unsafe {
                asm!(
                    "cpsid i",
                    "movs r1, #0",
                    "str r1, [r0]",
                    "str r1, [r3]",
                    "msr msplim, r1",
                    "msr psplim, r1",
                    "msr control, r1",
                    "isb",
                    "mvn r1, #0",
                    "str r1, [r4, #0x180]", // disable all lines in use
                    "str r1, [r4, #0x184]",
                    "str r1, [r4, #0x280]", // forget what is pending
                    "str r1, [r4, #0x284]",
                    "ldr r1, [r5]",
                    "ldr r2, [r5, #4]",
                    "msr msp, r1",
                    "sub sp, #32",
                    "bic r2, #1",
                    "str r2, [sp, #24]",
                    "mov r1, #0x1000000", // Thumb
                    "str r1, [sp, #28]",
                    "mvn lr, #6", // to a privileged thread, on the main stack
                    "bx lr",
                    in("r0") 0xe000_ed94_u32,
                    in("r3") 0xe000_e010_u32,
                    in("r4") 0xe000_e000_u32,
                    in("r5") 0x1004_0000_u32,
                    options(noreturn),
                )
            }
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupts that are pulses: no device holds the line. A pulse after the acknowledgement is never lost, even on line
//! 0. A pulse before the acknowledgement counts as seen, and is not signalled again.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use crossgate::sync::atomic::{AtomicUsize, Ordering};
    use crossgate::{Notification, time};
    use system_tests::arch;
    use system_tests::report::{expect, pass};
    use system_tests::watch::allow_no_fault;
    use system_tests_cortex_m::{Test, TestBoard};

    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
        }
        process driver {
            counting notification PULSED;
            interrupt 0 => PULSED;
            thread main (priority = 5, stack = 1024) = driver(PULSED);
        }
    }
    board::port::start!(SYSTEM, TestBoard<Pulses>);

    /// The interrupt controller's set-pending register.
    const PEND: usize = 0xe000_e200;
    /// The number of times that the driver reads the time before there are pulses.
    const QUIET: usize = 100;

    struct Pulses;

    impl Test for Pulses {
        /// Makes a pulse whenever the driver reads the time, except for the first `QUIET` times.
        fn in_kernel() {
            static TIMES: AtomicUsize = AtomicUsize::new(0);
            if TIMES.fetch_add(1, Ordering::Relaxed) >= QUIET {
                arch::store(PEND, 1);
            }
        }

        fn told(_: &[u8]) {
            arch::end(1)
        }
    }

    /// Makes a pulse while the kernel reads the time once.
    fn pulse() {
        let _ = time::now();
    }

    fn driver(pulsed: Notification) -> ! {
        let pulses = |wanted, what| {
            let mut pulses = 0;
            while pulsed.try_wait() {
                pulses += 1;
            }
            expect(what, pulses, wanted);
        };
        while !pulsed.try_wait() {
            pulsed.acknowledge();
            pulse();
        }
        for _ in 0..20 {
            pulsed.acknowledge();
            pulses(0, "no pulse has come since");
            pulse();
            pulses(1, "a pulse comes");
            pulse();
            pulse();
            pulses(0, "the line is masked");
            pulsed.acknowledge();
            pulses(0, "earlier pulses count as seen");
            pulse();
            pulses(1, "the next pulse comes");
        }
        pass()
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state that boot code may leave: SysTick and an interrupt line that come before the kernel has started, lines
//! that are enabled and pending, and masks and priorities that would keep the kernel from working. The kernel reports
//! the first early interrupt, and then works as usual.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::time::Duration;
    use crossgate::fault::Cause;
    use crossgate::sync::atomic::{AtomicUsize, Ordering};
    use crossgate::{Notification, time};
    use system_tests::arch;
    use system_tests::probe;
    use system_tests::report::{expect, expect_that, pass};
    use system_tests::watch::Watch;
    use system_tests_cortex_m::{Test, TestBoard};

    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            notification CAME;
            interrupt 5 => CAME;
            thread main (priority = 9, stack = 2048) = witness(FAULTED, CAME);
        }
        process phantom { on_fault = stop; thread main (priority = 6, stack = 1024) = call_without_stack(); }
        process attacker { on_fault = stop; thread main (priority = 5, stack = 1024) = attack(); }
    }
    board::port::start!(SYSTEM, TestBoard<Early>);

    // Line 5 belongs to the witness, lines 6 and 7 to no process.
    core::arch::global_asm!(
        ".section .text.__pre_init",
        ".global __pre_init",
        ".thumb_func",
        "__pre_init:",
        "ldr r0, =__crossgate_ram_end", // `told`: nothing is reported yet
        "subs r0, #4",
        "movs r1, #0",
        "str r1, [r0]",
        "ldr r0, =0xe000ed0c", // no bit of a priority decides which exception preempts which
        "ldr r1, =0x05fa0700",
        "str r1, [r0]",
        "ldr r1, =0x00ffffff", // faults come last
        "str r1, [r0, #0xc]",
        "ldr r0, =0xe000e010", // SysTick, all 16 cycles
        "movs r1, #15",
        "str r1, [r0, #4]",
        "str r1, [r0, #8]",
        "movs r1, #7",
        "str r1, [r0]",
        "ldr r0, =0xe000e100", // lines that are enabled, and pending
        "movs r1, #0x60",
        "str r1, [r0]",
        "ldr r0, =0xe000e200",
        "movs r1, #0x40",
        "str r1, [r0]",
        "dsb",
        "isb",
        // SysTick interrupts within a few instructions.
        "movs r1, #255",
        "0: subs r1, #1",
        "bne 0b",
        "ldr r0, =0xe000e200",
        "movs r1, #0x80",
        "str r1, [r0]",
        // BASEPRI masks all priorities, if there is this register.
        #[cfg(not(baseline))]
        "movs r1, #0x20",
        #[cfg(not(baseline))]
        "msr basepri, r1",
        "cpsid i",
        "ldr r0, =0xe000e200", // the witness' line and PendSV are pending until the kernel lets them in
        "movs r1, #0x20",
        "str r1, [r0]",
        "ldr r0, =0xe000ed04",
        "ldr r1, =0x10000000",
        "str r1, [r0]",
        "bx lr",
    );

    unsafe extern "C" {
        /// The end of RAM. (Each address of the linker is that of a `u8`.)
        static __crossgate_ram_end: u8;
    }

    /// Returns the address of bits for the early interrupts that were reported. This is the last word of RAM, because
    /// the kernel sets up the memory that the firmware uses only later, and this firmware does not use all of RAM.
    fn told() -> usize {
        (&raw const __crossgate_ram_end).addr() - size_of::<u32>()
    }

    struct Early;

    impl Test for Early {
        fn told(line: &[u8]) {
            let bit = match line {
                b"crossgate: early interrupt 00000006" => 1,
                _ => 2,
            };
            arch::store(told(), arch::load(told()) | bit);
        }

        fn in_kernel() {
            static TIMES: AtomicUsize = AtomicUsize::new(0);
            if TIMES.fetch_add(1, Ordering::Relaxed) == 0 && arch::load(told()) != 1 {
                arch::end(3)
            }
        }
    }

    /// Makes a system call that the kernel must not carry out, because the registers can't be saved.
    fn call_without_stack() -> ! {
        time::sleep(Duration::from_millis(1));
        // SAFETY: this is an attack; it ends here.
        unsafe {
            core::arch::asm!(
                "mov sp, {stack}",
                "movs r0, #{exit}",
                "mvns r0, r0",
                "mov r12, r0",
                "svc 0",
                "udf #0",
                stack = in(reg) probe::kernel_memory() & !7,
                exit = const crossgate_abi::number::EXIT,
                options(noreturn),
            )
        }
    }

    fn attack() -> ! {
        time::sleep(Duration::from_millis(2));
        probe::store(probe::kernel_memory(), 0);
        arch::end(2)
    }

    fn witness(faulted: Notification, came: Notification) -> ! {
        came.acknowledge();
        expect("an interrupt from before", came.try_wait(), false);
        let start = time::now();
        let mut watch = Watch::new(&SYSTEM, faulted);
        watch.expect("phantom", Cause::Stack);
        watch.expect("attacker", Cause::Access);
        expect_that("time goes on", time::now() - start < Duration::from_millis(3));
        watch.expect_no_more();
        pass()
    }
}

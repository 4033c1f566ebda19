//! The kernel's stack runs over. The guard stops it, and although no exception can be entered properly
//! then, the kernel says so.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    println!("run this by `cargo xtask test`");
}

#[cfg(target_os = "none")]
mod firmware {
    use core::arch::asm;
    use core::sync::atomic::AtomicUsize;
    use core::time::Duration;
    use crossgate::time;
    use system_tests_cortex_m::{Test, TestBoard, expect_start, is_time};

    crossgate::system! {
        static SYSTEM;
        process sleeper { thread main (priority = 5, stack = 1024) = sleep(); }
    }
    board::port::start!(SYSTEM, TestBoard<Overflow>);

    struct Overflow;

    impl Test for Overflow {
        fn in_kernel() {
            static TIMES: AtomicUsize = AtomicUsize::new(0);
            if is_time(&TIMES, 20) {
                // SAFETY: it ends in a fault of the kernel, as it has to.
                unsafe { asm!("0: push {{r0, r1}}", "b 0b", options(noreturn)) }
            }
        }

        fn told(line: &[u8]) {
            expect_start(line, b"crossgate: kernel stack overflow ");
        }
    }

    fn sleep() -> ! {
        loop {
            time::sleep(Duration::from_millis(1));
        }
    }
}

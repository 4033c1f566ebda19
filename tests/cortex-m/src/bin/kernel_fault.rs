//! The kernel executes what is no instruction: it says so, and where, and stops.
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
    board::port::start!(SYSTEM, TestBoard<Undefined>);

    struct Undefined;

    impl Test for Undefined {
        fn in_kernel() {
            static TIMES: AtomicUsize = AtomicUsize::new(0);
            if is_time(&TIMES, 20) {
                // SAFETY: it ends in a fault of the kernel, as it has to.
                unsafe { asm!("udf #7", options(noreturn)) }
            }
        }

        fn told(line: &[u8]) {
            expect_start(line, b"crossgate: kernel fault 00010000 ");
        }
    }

    fn sleep() -> ! {
        loop {
            time::sleep(Duration::from_millis(1));
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The port keeps the guarantees of `Port`. The test checks each of them in the kernel, while the kernel reads the time
//! for a thread.
//!
//! Without measuring: the test itself runs as the handler.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::arch::asm;
    use core::sync::atomic::{AtomicU32, AtomicUsize};
    use crossgate_abi::Word;
    use crossgate_abi::table::ProcessMemory;
    use crossgate_conformance::check;
    use crossgate_protection::Span;
    use system_tests::report::{expect, fail, pass, say};
    use system_tests::{arch, owner};
    use system_tests_cortex_m::{Test, TestBoard, is_time, keep_sleeping};

    use board::port::machine::{__crossgate_kernel, Machine};

    fn own() -> ! {
        owner::use_statics();
        fail(format_args!("a thread has run that should never get time"))
    }

    crossgate::system! {
        static SYSTEM;
        process owner { thread main (priority = 2, stack = 1024) = own(); }
        process sleeper { inspects; thread main (priority = 5, stack = 1024) = keep_sleeping(); }
    }
    board::port::start!(SYSTEM, TestBoard<Conformance>);

    struct Conformance;

    /// The kernel's own stack is too small to format text on.
    #[repr(C, align(8))]
    struct Stack([AtomicU32; 1024]);
    static STACK: Stack = Stack([const { AtomicU32::new(0) }; 1024]);

    /// Runs in the kernel, which is reading the time and never continues.
    extern "C" fn run() -> ! {
        let kernel = &raw mut __crossgate_kernel;
        // SAFETY: no other code uses the kernel any more, so this is the only reference.
        let port = unsafe { &mut (*kernel).port };
        let broken = check(&mut Bench { port }, |promise, result| {
            if let Err(why) = result {
                say(format_args!("not kept: {promise}: {why}"));
            }
        });
        expect("promises that are broken", broken, 0);
        pass()
    }

    impl Test for Conformance {
        fn in_kernel() {
            static TIMES: AtomicUsize = AtomicUsize::new(0);
            if is_time(&TIMES, 3) {
                // SAFETY: the kernel never continues; this stack is used once.
                unsafe {
                    asm!(
                        "mov sp, {stack}",
                        "b {run}",
                        stack = in(reg) STACK.0.as_ptr_range().end,
                        run = sym run,
                        options(noreturn),
                    )
                }
            }
        }

        fn told(_: &[u8]) {
            arch::end(1);
        }
    }

    /// The board, with the process `owner` and the stack of its thread.
    struct Bench {
        port: &'static mut Machine,
    }

    impl crossgate_conformance::Machine for Bench {
        type Port = Machine;

        fn port(&mut self) -> &mut Machine {
            self.port
        }

        fn memory(&self) -> ProcessMemory {
            owner::memory(&SYSTEM)
        }

        fn stack(&self) -> Span {
            owner::stack(&SYSTEM).into()
        }

        fn word(&mut self, address: Word) -> Word {
            arch::load(address) as Word
        }

        fn set_word(&mut self, address: Word, value: Word) {
            arch::store(address, value as u32);
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The port keeps the guarantees of `Port`. The test checks each of them in the kernel, before its first thread.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_riscv::main_elsewhere!();

#[cfg(target_arch = "riscv32")]
mod firmware {
    use board::port::Board;
    use board::port::machine::{__crossgate_kernel, Machine};
    use board::port::stack_use::paint_stacks;
    use core::arch::asm;
    use core::sync::atomic::AtomicU32;
    use crossgate_abi::Word;
    use crossgate_abi::table::ProcessMemory;
    use crossgate_conformance::check;
    use crossgate_protection::Span;
    use system_tests::report::{expect, fail, pass, say};
    use system_tests::{arch, owner};

    fn own() -> ! {
        owner::use_statics();
        fail(format_args!("a thread has run although the kernel never started"))
    }

    crossgate::system! {
        static SYSTEM;
        process owner { inspects; thread main (priority = 2, stack = 1024) = own(); }
    }
    board::port::start!(SYSTEM, Conformance);

    /// The board, which checks the guarantees instead of letting the kernel start.
    struct Conformance;

    impl Board for Conformance {
        const TIMER_HZ: u32 = <board::Hardware as Board>::TIMER_HZ;
        type Timer = <board::Hardware as Board>::Timer;
        type Controller = <board::Hardware as Board>::Controller;

        fn prepare() {
            // SAFETY: the kernel never continues; this stack is used once.
            unsafe {
                asm!(
                    "mv sp, {stack}",
                    "j {run}",
                    stack = in(reg) STACK.0.as_ptr_range().end,
                    run = sym run,
                    options(noreturn),
                )
            }
        }

        fn reset() -> ! {
            board::Hardware::reset()
        }

        fn tell(_: u8) {
            arch::end(1);
        }
    }

    /// The kernel's own stack is too small to format text on.
    #[repr(C, align(16))]
    struct Stack([AtomicU32; 1024]);
    static STACK: Stack = Stack([const { AtomicU32::new(0) }; 1024]);

    /// Runs in the kernel, which never starts.
    extern "C" fn run() -> ! {
        let kernel = &raw mut __crossgate_kernel;
        // SAFETY: no other code uses the kernel, so this is the only reference; no thread has started.
        let port = unsafe {
            paint_stacks(&SYSTEM);
            &mut (*kernel).port
        };
        let broken = check(&mut Bench { port }, |promise, result| {
            if let Err(why) = result {
                say(format_args!("not kept: {promise}: {why}"));
            }
        });
        expect("promises that are broken", broken, 0);
        pass()
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

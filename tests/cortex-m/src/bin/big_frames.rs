// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames that are larger than the stack. There are no stack probes on this architecture: a frame may extend past any
//! guard, and its code may write to its lower end first. So memory at that end has to be out of reach.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::arch::asm;
    use core::sync::atomic::{AtomicU32, Ordering};
    use crossgate::{CallError, Concurrent, Handle, interface};
    use system_tests::report::{broken, expect, expect_that, pass};
    use system_tests::{arch, probe};

    #[interface]
    trait Big {
        /// Has a frame that ends this number of bytes below the lower end of the stack.
        fn act(&self, below: usize);
        fn damage(&self) -> u32;
    }

    /// The number of words of its own memory that a server checks: more than a frame writes.
    const WORDS: usize = 256;
    const UNTOUCHED: u32 = 0x1111_1111;

    struct Server([AtomicU32; WORDS]);

    impl Server {
        const fn new() -> Server {
            Server([const { AtomicU32::new(UNTOUCHED) }; WORDS])
        }
    }

    impl Big for Server {
        fn act(&self, below: usize) {
            let frame = probe::stack_of(&SYSTEM, "main", 5).start - below;
            // SAFETY: a compiled method with a large frame does the same: it lowers the stack pointer, and writes into
            // the frame from its lower end on.
            unsafe {
                asm!(
                    "mov {stack_pointer}, sp",
                    "mov sp, {frame}",
                    "movs {offset}, #0",
                    "0: str {value}, [{frame}, {offset}]",
                    "adds {offset}, #4",
                    "cmp {offset}, {end}",
                    "bne 0b",
                    "mov sp, {stack_pointer}",
                    stack_pointer = out(reg) _,
                    frame = in(reg) frame,
                    offset = out(reg) _,
                    end = in(reg) 256,
                    value = in(reg) 0xeeee_eeee_u32,
                );
            }
        }

        fn damage(&self) -> u32 {
            self.0.iter().filter(|word| word.load(Ordering::Relaxed) != UNTOUCHED).count() as u32
        }
    }

    crossgate::system! {
        static SYSTEM;
        process first { on_fault = stop; object server: Concurrent<Server> = Server::new() => [FIRST: dyn Big]; }
        process second { on_fault = stop; object server: Concurrent<Server> = Server::new() => [SECOND: dyn Big]; }
        process third { on_fault = stop; object server: Concurrent<Server> = Server::new() => [THIRD: dyn Big]; }
        process client { thread main (priority = 5, stack = 4096) = client([FIRST, SECOND, THIRD]); }
    }
    board::start!(SYSTEM);

    fn client(servers: [Handle<dyn Big>; 3]) -> ! {
        let stack = probe::stack_of(&SYSTEM, "main", 5);
        let ram = arch::kernel_memory() & !0xffff;
        expect_that("there is something below the stack", stack.start > ram);
        for (big, name) in servers.into_iter().zip(["first", "second", "third"]) {
            let memory = probe::memory_of(&SYSTEM, name);
            let below = match name {
                // The server's memory, if it is below the stack.
                "first" | "second" if memory.start < stack.start => stack.start - memory.start,
                // The memory just past the place of a guard.
                "first" => 1024,
                // The kernel's stack, at the start of RAM.
                "second" => stack.start - ram,
                // Below RAM.
                _ => stack.start - ram + 1024,
            };
            let result = big.act(below);
            if result == Ok(()) {
                expect("words that a frame overwrote", big.damage(), Ok(0));
                broken("a frame below the stack was written");
            }
            expect("a frame below the stack", result, Err(CallError::ServerFaulted));
        }
        pass()
    }
}

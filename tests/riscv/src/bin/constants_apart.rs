// SPDX-License-Identifier: MIT OR Apache-2.0
//! Constants have other addresses than code. A process reads constants, but can neither write nor execute them, and it
//! executes code, but can't read it. Each attempt stops only the attacker's process. Constants can be lent, and code
//! can't.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_riscv::main_elsewhere!();

#[cfg(target_arch = "riscv32")]
mod firmware {
    use core::hint::black_box;
    use crossgate::{CallError, Concurrent, Handle, Lease, Notification, interface};
    use crossgate_abi::Cause;
    use system_tests::arch::{code, constants};
    use system_tests::report::{broken, expect, expect_that, pass};
    use system_tests::watch::Watch;
    use system_tests::{probe, raw};

    /// A text that is read byte by byte, and is lent.
    static TEXT: &str = "text";

    /// A server that reads lent memory.
    #[interface]
    trait Reader {
        fn first(&self, bytes: Lease<'_, [u8]>) -> u8;
    }

    struct Server;

    impl Reader for Server {
        fn first(&self, bytes: Lease<'_, [u8]>) -> u8 {
            bytes.get(0).unwrap_or(0)
        }
    }

    crossgate::system! {
        static SYSTEM;
        process server { object server: Concurrent<Server> = Server => [READER: dyn Reader]; }
        process witness {
            on_fault = stop;
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 9, stack = 2048) = witness(FAULTED, READER);
        }
        process writer { on_fault = stop; thread main (priority = 5, stack = 1024) = write(); }
        process executor { on_fault = stop; thread main (priority = 5, stack = 1024) = execute(); }
        process code_reader { on_fault = stop; thread main (priority = 5, stack = 1024) = read_code(); }
        process code_writer { on_fault = stop; thread main (priority = 5, stack = 1024) = write_code(); }
        process below { on_fault = stop; thread main (priority = 5, stack = 1024) = read(constants().start - 4); }
        process above { on_fault = stop; thread main (priority = 5, stack = 1024) = read(constants().end); }
    }
    board::start!(SYSTEM);

    /// Returns the address of a constant.
    fn constant() -> usize {
        TEXT.as_ptr().addr() & !3
    }

    /// Returns the address of an instruction.
    fn instruction() -> usize {
        (read as fn(usize) -> !) as usize & !3
    }

    fn write() -> ! {
        probe::store(constant(), 0);
        broken("has written a constant")
    }

    fn execute() -> ! {
        // The same bytes as those of a function.
        let address = instruction() - code().start + constants().start;
        // SAFETY: this is an attack. The CPU can't execute the first instruction there.
        let function: fn() = unsafe { core::mem::transmute(address) };
        function();
        broken("has executed a constant")
    }

    fn read_code() -> ! {
        read(instruction())
    }

    fn write_code() -> ! {
        probe::store(instruction(), 0);
        broken("has written code")
    }

    fn read(address: usize) -> ! {
        black_box(probe::load(address));
        broken("has read what is not a constant")
    }

    fn witness(faulted: Notification, reader: Handle<dyn Reader>) -> ! {
        expect_that("constants are apart from code", constants().start != code().start);
        expect_that("a text is a constant", constants().contains(&TEXT.as_ptr().addr()));
        expect_that("a function is code", code().contains(&instruction()));
        expect("the bytes of a text", black_box(TEXT).bytes().map(u32::from).sum(), 453_u32);
        expect("a text is lent", reader.first(TEXT.as_bytes()), Ok(b't'));
        let reply = raw::call(raw::service(&SYSTEM, "READER"), 0, [instruction(), 32, 0, 0]);
        expect("code is not lent", reply.error(), Some(CallError::BadLease));

        let mut watch = Watch::new(&SYSTEM, faulted);
        watch.expect_at("writer", Cause::Access, constant());
        watch.expect("executor", Cause::Execute);
        watch.expect_at("code_reader", Cause::Access, instruction());
        watch.expect_at("code_writer", Cause::Access, instruction());
        watch.expect_at("below", Cause::Access, constants().start - 4);
        watch.expect_at("above", Cause::Access, constants().end);
        watch.expect_no_more();
        pass()
    }
}

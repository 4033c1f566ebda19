// SPDX-License-Identifier: MIT OR Apache-2.0
//! Processes drive serial lines with the registers of a crate that `svd2rust` made (a PAC): one of them by an
//! interrupt, through the wiring. A process that accesses registers of others is stopped and named, although the crate
//! hands out all of them.
//!
//! The TM4C123 has the same serial lines as its predecessor, the LM3S6965, for which there is no such crate.
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use crossgate::{CallError, Concurrent, Handle, Notification, Signal, interface};
    use crossgate_abi::Cause;
    use system_tests::report::{expect, expect_that, pass};
    use system_tests::watch::Watch;
    use tm4c123x::{UART1, UART2, uart0::RegisterBlock};

    /// Uses registers.
    #[interface]
    trait Lines {
        /// Sends a byte on the first line that the process has. Returns the raw state of its interrupts.
        fn send(&self, byte: u8) -> u32;
        /// Sends a byte on a line that belongs to others.
        fn trespass(&self, byte: u8);
    }

    struct Driver;

    /// Returns the registers of the line that this process has.
    fn own() -> &'static RegisterBlock {
        // SAFETY: the address is that of registers, and only this process has access to them.
        unsafe { &*UART1::ptr() }
    }

    impl Lines for Driver {
        fn send(&self, byte: u8) -> u32 {
            write(own(), byte);
            own().ris.read().bits()
        }
        fn trespass(&self, byte: u8) {
            // SAFETY: the address is that of registers; the test shows that those of others are closed.
            write(unsafe { &*UART2::ptr() }, byte);
        }
    }

    fn write(registers: &RegisterBlock, byte: u8) {
        registers.ctl.write(|w| w.uarten().set_bit().txe().set_bit());
        // SAFETY: every byte can be sent.
        registers.dr.write(|w| unsafe { w.data().bits(byte) });
    }

    fn serve(sent: Notification, seen: Signal) -> ! {
        own().im.write(|w| w.txim().set_bit());
        loop {
            sent.acknowledge();
            sent.wait();
            own().icr.write(|w| w.txic().set_bit());
            expect("a signal", seen.signal(), Ok(()));
        }
    }

    crossgate::system! {
        static SYSTEM;
        process driver {
            mmio board::UART1;
            notification SENT;
            interrupt board::interrupt::UART1_RX => SENT;
            object lines (stack = 256): Concurrent<Driver> = Driver => [LINES: dyn Lines];
            thread server (priority = 3, stack = 512) = serve(SENT, SEEN);
        }
        process owner { mmio board::UART2; thread main (priority = 1, stack = 256) = wait(); }
        process witness {
            notification SEEN;
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 2, stack = 2048) = witness(LINES, SEEN, FAULTED);
        }
    }
    board::start!(SYSTEM);

    fn wait() -> ! {
        crossgate::thread::exit()
    }

    fn witness(lines: Handle<dyn Lines>, seen: Notification, faulted: Notification) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        for byte in *b"PAC" {
            expect_that("the byte is sent", lines.send(byte).is_ok());
            seen.wait();
        }
        expect("what is not its own", lines.trespass(b'x'), Err(CallError::ServerFaulted));
        watch.expect("driver", Cause::Access);
        expect_that("the next life goes on", lines.send(b'!').is_ok());
        seen.wait();
        watch.expect_no_more();
        pass()
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A memory chip on the emulated board's own bus. An unchanged driver crate of `embedded-hal` writes and reads the
//! chip, in a process that owns neither the bus nor its registers. Then the process of the bus crashes while the chip
//! sends a byte and holds the data line low, or while the chip has received half a byte to write. The driver of the bus
//! frees the bus, the next transaction is complete, and the half byte is not written. The same holds after a lost
//! arbitration.
//!
//! Emulator: -device at24c-eeprom,address=0x50,rom-size=4096
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::time::Duration;
    use crossgate::{CallError, Exclusive, Handle, Notification, Signal, interface, thread, time};
    use crossgate_abi::Cause;
    use crossgate_i2c::{Error, Fault, I2cChip, I2cDevice};
    use crossgate_i2c_bus::I2cBus;
    use eeprom24x::{Eeprom24x, SlaveAddr};
    use embedded_hal::i2c::{ErrorKind, I2c as _, NoAcknowledgeSource};
    use mps2_an385::{I2C0, I2c};
    use system_tests::probe;
    use system_tests::report::{expect, expect_that, pass};
    use system_tests::watch::Watch;

    #[interface]
    trait Breakdown {
        /// Leaves the chip in the middle of a byte that the chip sends.
        fn hold(&self);
        /// Does the same, and crashes.
        fn leave_within_a_byte(&self);
        /// Leaves the chip in the middle of a byte that the chip receives for the address 0x124, and crashes.
        fn leave_half_a_byte(&self);
    }
    struct Break;

    /// The chip's address.
    const CHIP: u8 = 0x50;
    /// The registers that release lines and pull them low, and the bits of the lines.
    const RELEASE: usize = I2C0.start;
    const PULL: usize = I2C0.start + 4;
    const CLOCK: u32 = 1;
    const DATA: u32 = 2;

    crossgate::system! {
        static SYSTEM;
        process bus {
            mmio I2C0;
            object bus (stack = 1024): Exclusive<I2cBus<I2c, 64>> = I2cBus::new(I2c::new(I2C0, 400_000)) =>
                [MEMORY: dyn I2cDevice<CHIP>, SOCKET: dyn I2cDevice<0x51>];
            object breaks: Exclusive<Break> = Break => [BREAKDOWN: dyn Breakdown];
        }
        process client { thread main (priority = 5, stack = 4096) = client(MEMORY, SOCKET, BREAKDOWN, DONE); }
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            notification DONE;
            thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE);
        }
    }
    board::start!(SYSTEM);

    fn clock(bit: bool) {
        probe::store(if bit { RELEASE } else { PULL }, DATA);
        probe::store(RELEASE, CLOCK);
        probe::store(PULL, CLOCK);
    }

    /// The condition START.
    fn start() {
        probe::store(RELEASE, CLOCK | DATA);
        probe::store(PULL, DATA);
        probe::store(PULL, CLOCK);
    }

    /// A byte, and a clock for its acknowledgement.
    fn send(byte: u8) {
        for place in (0..8).rev() {
            clock(byte >> place & 1 != 0);
        }
        clock(true);
    }

    impl Breakdown for Break {
        fn hold(&self) {
            start();
            send(CHIP << 1 | 1);
            // Two bits of a byte of zeroes.
            clock(true);
            clock(true);
            probe::store(RELEASE, CLOCK);
            expect_that("the chip holds the line", probe::load(RELEASE) & DATA == 0);
        }

        fn leave_within_a_byte(&self) {
            self.hold();
            panic!("a crash within a byte")
        }

        fn leave_half_a_byte(&self) {
            start();
            for byte in [CHIP << 1, 0x01, 0x24] {
                send(byte);
            }
            for _ in 0..4 {
                clock(false);
            }
            panic!("a crash within a byte")
        }
    }

    fn client(
        memory: Handle<dyn I2cDevice<CHIP>>,
        socket: Handle<dyn I2cDevice<0x51>>,
        breakdown: Handle<dyn Breakdown>,
        done: Signal,
    ) -> ! {
        let mut driver = Eeprom24x::new_24x32(I2cChip::<CHIP>::new(memory), SlaveAddr::default());
        let text = b"a page of the memory, 32 bytes..";
        expect_that("a page", driver.write_page(0x120, text).is_ok());
        expect_that("a byte", driver.write_byte(0x124, b'P').is_ok());
        let mut read = [0; 48];
        expect_that("two pages", driver.read_data(0x118, &mut read).is_ok());
        expect("what was written", &read[8..40], b"a paPe of the memory, 32 bytes..".as_slice());
        expect("what was not written", [&read[..8], &read[40..]], [&[0; 8][..], &[0; 8]]);

        let mut nothing = I2cChip::<0x51>::new(socket);
        let error = nothing.write(0x51, &[0]);
        expect("no chip is there", error, Err(Error::Bus(Fault::NoAddress)));
        let kind = error.map_err(|error| embedded_hal::i2c::Error::kind(&error));
        let nobody = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
        expect("the error as drivers see it", kind, Err(nobody));

        // The byte that the chip reads next is 0.
        expect_that("zeroes", driver.read_byte(0x110).is_ok_and(|byte| byte == 0));
        let crash = breakdown.leave_within_a_byte();
        expect("it crashes", crash, Err(CallError::ServerFaulted));
        let is_there = |byte: u8| byte == b'P';
        expect_that("the first transaction", driver.read_byte(0x124).is_ok_and(is_there));

        let crash = breakdown.leave_half_a_byte();
        expect("it crashes", crash, Err(CallError::ServerFaulted));
        // This is the second crash soon after the first, so the process restarts only after a while.
        time::sleep(Duration::from_millis(20));
        expect_that("half a byte is not written", driver.read_byte(0x124).is_ok_and(is_there));

        expect_that("zeroes", driver.read_byte(0x110).is_ok_and(|byte| byte == 0));
        expect("the chip holds the line", breakdown.hold(), Ok(()));
        let mut memory = I2cChip::<CHIP>::new(memory);
        let mut bytes = [0];
        let mut read = || memory.write_read(CHIP, &[0x01, 0x24], &mut bytes);
        expect("a lost arbitration", read(), Err(Error::Bus(Fault::ArbitrationLoss)));
        expect("the next transaction", read(), Ok(()));
        expect("the byte is unchanged", bytes, *b"P");
        expect("signal", done.signal(), Ok(()));
        thread::exit()
    }

    fn witness(faulted: Notification, done: Notification) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        watch.expect("bus", Cause::Panic);
        watch.expect("bus", Cause::Panic);
        done.wait();
        watch.expect_no_more();
        pass()
    }
}

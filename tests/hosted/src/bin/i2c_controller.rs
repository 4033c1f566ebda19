// SPDX-License-Identifier: MIT OR Apache-2.0
//! The hosted board's I2C bus: a client reads its chip through the board's driver. A crash of the bus' process in the
//! middle of a transfer causes a single error. The chip keeps its settings, because it has not crashed.

use board::{I2C0, I2c};
use crossgate::{CallError, Exclusive, Handle, Notification, Signal, interface, thread, time};
use crossgate_abi::Cause;
use crossgate_abi::hosted::i2c::{RATE, SEND, START};
use crossgate_abi::number::hosted::DEVICE_WRITE;
use crossgate_i2c::{Error, Fault, I2cChip, I2cDevice};
use crossgate_i2c_bus::I2cBus;
use embedded_hal::i2c::{I2c as _, Operation};
use system_tests::raw;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;

#[interface]
trait Breakdown {
    /// Begins a transfer to the chip, and crashes.
    fn leave_within_a_transfer(&self);
}
struct Break;

impl Breakdown for Break {
    fn leave_within_a_transfer(&self) {
        for (register, value) in [(RATE, 1_000_000), (START, 0x76 << 1), (SEND, 0xf4)] {
            let _ = raw::system_call(DEVICE_WRITE, [I2C0.start, register, value, 0]);
            time::sleep(core::time::Duration::from_millis(1));
        }
        panic!("in the middle of a transfer")
    }
}

crossgate::system! {
    static SYSTEM;
    process bus {
        mmio I2C0;
        object bus: Exclusive<I2cBus<I2c, 64>> = I2cBus::new(I2c::new(I2C0, 400_000)) =>
            [SENSOR: dyn I2cDevice<0x76>, SOCKET: dyn I2cDevice<0x77>];
        object breaks: Exclusive<Break> = Break => [BREAKDOWN: dyn Breakdown];
    }
    process client { thread main (priority = 5, stack = 4096) = client(SENSOR, SOCKET, BREAKDOWN, DONE); }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        notification DONE;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE);
    }
}
board::start!(SYSTEM);

fn client(
    sensor: Handle<dyn I2cDevice<0x76>>,
    socket: Handle<dyn I2cDevice<0x77>>,
    breakdown: Handle<dyn Breakdown>,
    done: Signal,
) -> ! {
    time::sleep(core::time::Duration::from_millis(3));
    let mut chip = I2cChip::<0x76>::new(sensor);
    let mut nothing = I2cChip::<0x77>::new(socket);
    expect(
        "an address without a chip",
        nothing.write(0x77, &[0]),
        Err(Error::Bus(Fault::NoAddress)),
    );
    let begun = time::now();
    let mut words = [[0; 2]; 2];
    let [first, second] = &mut words;
    let mut operations =
        [Operation::Write(&[0x88]), Operation::Read(first), Operation::Read(second)];
    expect("operations", chip.transaction(0x76, &mut operations), Ok(()));
    expect("calibration", words.map(i16::from_le_bytes), [27_504, 26_435]);
    // 7 bytes of 9 bits at 400 kHz.
    expect_that("the transfer takes at least 157 us", (time::now() - begun).as_micros() >= 157);
    expect("a configuration", chip.write(0x76, &[0xf5, 0xa0]), Ok(()));

    let crash = breakdown.leave_within_a_transfer();
    expect("it crashes", crash, Err(CallError::ServerFaulted));
    let mut bytes = [0; 3];
    expect("the bus is free", chip.write_read(0x76, &[0xf3], &mut bytes), Ok(()));
    expect("the bytes that the chip returns", bytes, [0, 0, 0xa0]);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("bus", Cause::Panic);
    done.wait();
    watch.expect_no_more();
    pass()
}

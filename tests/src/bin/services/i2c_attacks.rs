// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attacks by a client of one chip on a bus, against the process of the bus and the client of another chip: the handle
//! of the other chip, wild lists of operations, memory of other processes, lists that change during the call, ever less
//! stack, a long transaction, and a crash within a transaction. The other client's chip keeps its state, the bus stays
//! free, and its process never crashes.
//!
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::time::Duration;
use crossgate::{CallError, Exclusive, Handle, LeaseBuf, Notification, Signal, thread, time};
use crossgate_abi::Cause;
use crossgate_i2c::{Error, Fault, Header, I2cChip, I2cDevice, Kind};
use crossgate_i2c_bus::I2cBus;
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, Operation};
use simulated_chips::{Bme280, SimulatedI2c};
use system_tests::random::Random;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;
use system_tests::{probe, raw};

const MILLISECOND: Duration = Duration::from_millis(1);
/// The configuration register of a chip, which reads back the written value.
const CONFIG: u8 = 0xf5;
/// A register that real chips do not have. At a write to it, a simulated chip holds the clock.
const SLOW: u8 = 0xee;

/// A bus with two chips, which hold the clock for 5 ms when a driver writes to that register.
struct Stretched(SimulatedI2c<Bme280, 2>);

impl ErrorType for Stretched {
    type Error = ErrorKind;
}

impl I2c for Stretched {
    fn transaction(&mut self, address: u8, all: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        if matches!(all.first(), Some(Operation::Write([SLOW, ..]))) {
            time::sleep(5 * MILLISECOND);
        }
        self.0.transaction(address, all)
    }
}

const fn stretched() -> Stretched {
    let chips = [Bme280::new(0x76), Bme280::new(0x77)];
    Stretched(SimulatedI2c::new(chips, || time::now().as_micros()))
}

crossgate::shared! {
    /// A list of operations of the attacker, to which two of its threads can write.
    static LIST: [u8; 64] = [0; 64];
}
/// The address of the list.
static LIST_ADDRESS: AtomicUsize = AtomicUsize::new(0);

crossgate::system! {
    static SYSTEM;
    process bus {
        object bus (stack = 768): Exclusive<I2cBus<Stretched, 64>> = I2cBus::new(stretched()) =>
            [SENSOR: dyn I2cDevice<0x76>, OWN: dyn I2cDevice<0x77>];
    }
    process client {
        deadlines;
        notification GO;
        thread main (priority = 6, stack = 4096) = client(SENSOR, GO, NEXT, DONE);
    }
    process attacker {
        on_fault = stop;
        notification MEDDLE;
        notification CRASH;
        notification NEXT;
        thread main (priority = 5, stack = 4096) = attack(OWN, GO, NEXT, [MEDDLE.as_signal(), CRASH.as_signal()]);
        thread meddler (priority = 8, stack = 1024) = meddle(MEDDLE);
        thread crasher (priority = 8, stack = 1024) = crash(CRASH);
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        notification DONE;
        thread main (priority = 31, stack = 2048) = witness(FAULTED, DONE);
    }
}
board::start!(SYSTEM);

/// Changes the list while the bus processes it, from the first header to the last byte.
fn meddle(now: Notification) -> ! {
    now.wait();
    time::sleep(MILLISECOND);
    let list = LIST_ADDRESS.load(Relaxed);
    for place in (0..64).step_by(4) {
        probe::store(list + place, 0xe0b6_7fff);
    }
    thread::exit()
}

fn crash(now: Notification) -> ! {
    now.wait();
    time::sleep(2 * MILLISECOND);
    panic!("the attacker crashes within a transaction")
}

fn attack(
    own: Handle<dyn I2cDevice<0x77>>,
    go: Signal,
    next: Notification,
    others: [Signal; 2],
) -> ! {
    let call = |name, method, words| raw::call(raw::service(&SYSTEM, name), method, words).error();
    let mut buffer = LeaseBuf::<64>::new();
    let start = buffer.as_mut_ptr().expose_provenance();
    for method in 0..3 {
        let status = call("SENSOR", method, [start, 8, start, 8]);
        expect("the chip of another", status, Some(CallError::NotPermitted));
    }
    let bus = probe::memory_of(&SYSTEM, "bus");
    for memory in [bus.start, bus.end - 32, usize::MAX - 31, probe::kernel_memory()] {
        let refused = Some(CallError::BadLease);
        expect("the memory of others", call("OWN", 0, [memory, 32, 0, 0]), refused);
        expect("the memory of others", call("OWN", 1, [memory, 32, start, 8]), refused);
        expect("the memory of others", call("OWN", 1, [start, 8, memory, 32]), refused);
        expect("the memory of others", call("OWN", 2, [memory, 32, 32, 0]), refused);
    }
    forge(own, &mut buffer);
    probe::call_with_ever_less_stack(&mut || own.transaction(&mut buffer, 0).map(drop));
    probe::call_with_ever_less_stack(&mut || {
        own.write_read(&[][..], buffer.first_mut(8)).map(drop)
    });

    // A long transaction, whose list changes during the call.
    let mut chip = I2cChip::<0x77>::new(own);
    expect("signal", go.signal(), Ok(()));
    let Some(list) = LIST.take() else { panic!("the list is taken") };
    LIST_ADDRESS.store(list.as_mut_ptr().expose_provenance(), Relaxed);
    let header = Header { kind: Kind::Write, length: 4 };
    list[..2].copy_from_slice(&header.to_bytes());
    list[2..6].copy_from_slice(&[SLOW, 0, CONFIG, 0x20]);
    expect("signal", others[0].signal(), Ok(()));
    expect("a slow transaction", own.transaction(&mut list[..6], 6), Ok(Ok(())));
    let mut config = [0];
    expect("its chip", chip.write_read(0x77, &[CONFIG], &mut config), Ok(()));
    expect("the byte that the attacker wrote before the change", config, [0x20]);

    next.wait();
    expect("signal", go.signal(), Ok(()));
    expect("signal", others[1].signal(), Ok(()));
    let _ = chip.write(0x77, &[SLOW, 0]);
    panic!("the process of the attacker has crashed")
}

/// Lends valid and invalid lists. Only lent memory is written.
fn forge(own: Handle<dyn I2cDevice<0x77>>, buffer: &mut LeaseBuf<64>) {
    let nothing = own.transaction(&mut *buffer, 64);
    expect("32 operations of no bytes", nothing, Ok(Err(Fault::TooLong)));
    let mut random = Random(0x1c2c);
    for _ in 0..1000 {
        let length = random.below(65) as usize;
        for byte in buffer.iter_mut() {
            *byte = random.number() as u8;
        }
        // With short operations, more random lists are valid.
        for place in (0..64).step_by(1 + random.below(8) as usize) {
            buffer[place] &= 0x87;
        }
        let before = *buffer;
        // The call claims to lend this memory, or more.
        let more = if random.below(4) == 0 { random.number() as u16 } else { 0 };
        let claimed = more.max(length as u16);
        let status = own.transaction(buffer.first_mut(length), claimed);
        let known = matches!(
            status,
            Ok(Ok(()) | Err(Fault::TooLong | Fault::Other)) | Err(CallError::Refused)
        );
        expect_that("the list is valid, or refused", known);
        expect_that(
            "no byte after the lent memory is written",
            buffer[length..] == before[length..],
        );
        let split = random.below(1 + length as u32) as usize;
        let Some((from, to)) = buffer[..length].split_at_mut_checked(split) else { continue };
        // A write of SLOW takes long, and is tested elsewhere.
        if from.first() != Some(&SLOW) {
            expect_that("bytes to write and to read", own.write_read(&*from, to).is_ok());
        }
        let before = *buffer;
        let status = own.exchange(buffer.first_mut(length), random.below(80) as u16, claimed);
        let known = matches!(status, Ok(Ok(()) | Err(Fault::TooLong)) | Err(CallError::Refused));
        expect_that("bytes to write and to read, or a refusal", known);
        expect_that(
            "no byte after the lent memory is written",
            buffer[length..] == before[length..],
        );
    }
}

fn client(sensor: Handle<dyn I2cDevice<0x76>>, go: Notification, next: Signal, done: Signal) -> ! {
    let mut chip = I2cChip::<0x76>::new(sensor);
    expect("its chip", chip.write(0x76, &[CONFIG, 0xa0]), Ok(()));
    let check = |chip: &mut I2cChip<0x76>| {
        let mut config = [0];
        expect("its chip", chip.write_read(0x76, &[CONFIG], &mut config), Ok(()));
        expect("the configuration is unchanged", config, [0xa0]);
    };
    go.wait();
    // From now on, the attacker is in the object of the bus.
    time::sleep(MILLISECOND);
    let late = time::with_deadline(2 * MILLISECOND, || chip.write(0x76, &[0]));
    expect(
        "a deadline while others have the bus",
        late,
        Err(Error::Call(CallError::DeadlineExceeded)),
    );
    check(&mut chip);
    // The attacker's own transaction ends after the deadline, and the process of the bus does not crash.
    let _ = time::with_deadline(2 * MILLISECOND, || chip.write(0x76, &[SLOW, 0]));
    check(&mut chip);
    expect("signal", next.signal(), Ok(()));
    go.wait();
    time::sleep(MILLISECOND);
    check(&mut chip);
    time::sleep(5 * MILLISECOND);
    check(&mut chip);
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

fn witness(faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    // Each invalid list is refused, which makes a record as well.
    let mut refusals = 0;
    while watch.expect_one_of("attacker", &[Cause::Refused, Cause::Panic]).cause == Cause::Refused {
        refusals += 1;
    }
    expect_that("many lists were invalid", refusals > 100);
    done.wait();
    watch.expect_no_more();
    pass()
}

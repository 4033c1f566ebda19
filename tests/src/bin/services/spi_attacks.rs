// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attacks by a client of one chip on an SPI bus, against the process of the bus and the client of another chip: the
//! handle of the other chip, wild lists of operations, memory of other processes, lists that change during the call,
//! ever less stack, a long transaction, and a crash within a transaction. The other client's chip keeps its state, the
//! bus stays free, and its process never crashes.
//!
//! Without seeds: the test measures how much time passes.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::time::Duration;
use crossgate::time::Delay;
use crossgate::{CallError, Exclusive, Handle, LeaseBuf, Notification, Signal, thread, time};
use crossgate_abi::Cause;
use crossgate_spi::{Error, Fault, Header, Kind, SpiChip, SpiDevice};
use crossgate_spi_bus::SpiBus as Server;
use embedded_hal::spi::{ErrorKind, ErrorType, SpiBus, SpiDevice as _};
use simulated_chips::{Lines, SimulatedPin, SimulatedSpi, SpiChip as Chip};
use system_tests::random::Random;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;
use system_tests::{probe, raw};

const MILLISECOND: Duration = Duration::from_millis(1);
/// The commands of a chip: keep the next byte; send the kept byte; and a command that takes long.
const KEEP: u8 = 0x0b;
const SEND: u8 = 0x03;
const SLOW: u8 = 0xee;

/// The lines that select the chips.
static LINES: Lines<2> = Lines::new(|| time::now().as_micros());

/// A chip that keeps a byte.
#[derive(Clone, Copy)]
struct Keeper {
    select: usize,
    is_selected: bool,
    command: Option<u8>,
    kept: u8,
}

impl Keeper {
    const fn new(select: usize) -> Keeper {
        Keeper { select, is_selected: false, command: None, kept: 0 }
    }
}

impl Chip for Keeper {
    fn line(&mut self, line: usize, high: bool, _: u64) {
        if line == self.select {
            (self.is_selected, self.command) = (!high, None);
        }
    }
    fn exchange(&mut self, byte: u8, _: u64) -> Option<u8> {
        if !self.is_selected {
            return None;
        }
        match self.command {
            None => self.command = Some(byte),
            Some(KEEP) => self.kept = byte,
            Some(_) => {}
        }
        Some(self.kept)
    }
}

/// A controller of a bus with two chips, which takes 5 ms for a command.
struct Slow(SimulatedSpi<Keeper, 2, 2>);

impl ErrorType for Slow {
    type Error = ErrorKind;
}

impl SpiBus for Slow {
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        self.0.read(bytes)
    }
    fn write(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        if bytes.first() == Some(&SLOW) {
            time::sleep(5 * MILLISECOND);
        }
        self.0.write(bytes)
    }
    fn transfer(&mut self, to: &mut [u8], from: &[u8]) -> Result<(), ErrorKind> {
        self.0.transfer(to, from)
    }
    fn transfer_in_place(&mut self, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        self.0.transfer_in_place(bytes)
    }
    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.0.flush()
    }
}

const fn slow() -> Slow {
    Slow(SimulatedSpi::new([Keeper::new(0), Keeper::new(1)], &LINES))
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
        object bus (stack = 768): Exclusive<Server<Slow, SimulatedPin, Delay, 2, 32>> =
            Server::new(slow(), [LINES.pin(0), LINES.pin(1)], Delay, 100) =>
            [CHIP: dyn SpiDevice<0>, OWN: dyn SpiDevice<1>];
    }
    process client {
        deadlines;
        notification GO;
        thread main (priority = 6, stack = 4096) = client(CHIP, GO, NEXT, DONE);
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

fn attack(own: Handle<dyn SpiDevice<1>>, go: Signal, next: Notification, others: [Signal; 2]) -> ! {
    let call = |name, method, words| raw::call(raw::service(&SYSTEM, name), method, words).error();
    let mut buffer = LeaseBuf::<64>::new();
    let start = buffer.as_mut_ptr().expose_provenance();
    for method in 0..5 {
        let status = call("CHIP", method, [start, 8, start, 8]);
        expect("the chip of another", status, Some(CallError::NotPermitted));
    }
    let bus = probe::memory_of(&SYSTEM, "bus");
    for memory in [bus.start, bus.end - 32, usize::MAX - 31, probe::kernel_memory()] {
        let refused = Some(CallError::BadLease);
        expect("the memory of others", call("OWN", 0, [memory, 32, 0, 0]), refused);
        expect("the memory of others", call("OWN", 1, [memory, 32, start, 8]), refused);
        expect("the memory of others", call("OWN", 1, [start, 8, memory, 32]), refused);
        expect("the memory of others", call("OWN", 2, [memory, 32, 32, 0]), refused);
        expect("the memory of others", call("OWN", 3, [memory, 32, start, 8]), refused);
        expect("the memory of others", call("OWN", 3, [start, 8, memory, 32]), refused);
        expect("the memory of others", call("OWN", 4, [memory, 32, 32, 0]), refused);
    }
    forge(own, &mut buffer);
    probe::call_with_ever_less_stack(&mut || own.transaction(&mut buffer, 0).map(drop));
    probe::call_with_ever_less_stack(&mut || {
        own.write_read(&[][..], buffer.first_mut(8)).map(drop)
    });

    // A long transaction, whose list changes during the call.
    let mut chip = SpiChip::<1>::new(own);
    expect("signal", go.signal(), Ok(()));
    let Some(list) = LIST.take() else { panic!("the list is taken") };
    LIST_ADDRESS.store(list.as_mut_ptr().expose_provenance(), Relaxed);
    let header = Header { kind: Kind::Write, length: 2 };
    list[..8].copy_from_slice(&[2, 0, SLOW, 0, 2, 0, KEEP, 0x20]);
    expect("its header", list[..2] == header.to_bytes(), true);
    expect("signal", others[0].signal(), Ok(()));
    let status = own.transaction(&mut list[..8], 8);
    // If memory is lent as a copy, nobody can change it.
    let known = matches!(status, Err(CallError::Refused) | Ok(Ok(())));
    expect_that("a header that changes to a longer one", known);
    expect("its chip", chip.write(&[KEEP, 0x20]), Ok(()));
    let mut kept = [SEND, 0];
    expect("its chip", chip.transfer_in_place(&mut kept), Ok(()));
    expect("the byte that the attacker wrote", kept[1], 0x20);

    next.wait();
    expect("signal", go.signal(), Ok(()));
    expect("signal", others[1].signal(), Ok(()));
    let _ = chip.write(&[SLOW, 0]);
    panic!("the process of the attacker has crashed")
}

/// Lends valid and invalid lists. Only lent memory is written.
fn forge(own: Handle<dyn SpiDevice<1>>, buffer: &mut LeaseBuf<64>) {
    buffer.fill(0);
    expect("32 operations of no bytes", own.transaction(&mut *buffer, 64), Ok(Ok(())));
    let pause = [4, 0xc0, 0x40, 0x42, 0x0f, 0, 4, 0xc0, 1, 0, 0, 0];
    buffer[..12].copy_from_slice(&pause);
    let begin = time::now();
    expect("long pauses", own.transaction(&mut *buffer, 12), Ok(Err(Fault::TooLong)));
    expect_that("empty operations take no time", (time::now() - begin).as_micros() < 2500);
    let mut random = Random(0x5b1);
    for _ in 0..1000 {
        let length = random.below(65) as usize;
        for byte in buffer.iter_mut() {
            *byte = random.number() as u8;
        }
        // With short operations, more random lists are valid.
        for place in (0..64).step_by(1 + random.below(8) as usize) {
            buffer[place] &= 0x87;
        }
        // A write of SLOW takes long, and is tested elsewhere.
        buffer.iter_mut().filter(|byte| **byte == SLOW).for_each(|byte| *byte = 0);
        let before = *buffer;
        // The call claims to lend this memory, or more.
        let more = if random.below(4) == 0 { random.number() as u16 } else { 0 };
        let claimed = more.max(length as u16);
        let known = |status| {
            matches!(
                status,
                Ok(Ok(()) | Err(Fault::TooLong | Fault::Other)) | Err(CallError::Refused)
            )
        };
        let status = own.transaction(buffer.first_mut(length), claimed);
        expect_that("the list is valid, or refused", known(status));
        expect_that(
            "no byte after the lent memory is written",
            buffer[length..] == before[length..],
        );
        let split = random.below(1 + length as u32) as usize;
        let Some((from, to)) = buffer[..length].split_at_mut_checked(split) else { continue };
        expect_that("bytes to write and to read", own.write_read(&*from, &mut *to).is_ok());
        expect_that("bytes to write and to read", own.transfer(&*from, to).is_ok());
        buffer.iter_mut().filter(|byte| **byte == SLOW).for_each(|byte| *byte = 0);
        let before = *buffer;
        let status = own.transfer_in_place(buffer.first_mut(length), u32::from(claimed));
        expect_that("bytes, or a refusal", known(status));
        let status =
            own.write_read_within(buffer.first_mut(length), random.below(80) as u16, claimed);
        expect_that("bytes to write and to read, or a refusal", known(status));
        expect_that(
            "no byte after the lent memory is written",
            buffer[length..] == before[length..],
        );
    }
}

fn client(chip: Handle<dyn SpiDevice<0>>, go: Notification, next: Signal, done: Signal) -> ! {
    let mut chip = SpiChip::<0>::new(chip);
    expect("its chip", chip.write(&[KEEP, 0xa0]), Ok(()));
    let check = |chip: &mut SpiChip<0>| {
        let mut kept = [SEND, 0];
        expect("its chip", chip.transfer_in_place(&mut kept), Ok(()));
        expect("the kept byte is unchanged", kept[1], 0xa0);
    };
    go.wait();
    // From now on, the attacker is in the object of the bus.
    time::sleep(MILLISECOND);
    let late = time::with_deadline(2 * MILLISECOND, || chip.write(&[0]));
    expect(
        "a deadline while others have the bus",
        late,
        Err(Error::Call(CallError::DeadlineExceeded)),
    );
    check(&mut chip);
    // The attacker's own transaction ends after the deadline, and the process of the bus does not crash.
    let _ = time::with_deadline(2 * MILLISECOND, || chip.write(&[SLOW, 0]));
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

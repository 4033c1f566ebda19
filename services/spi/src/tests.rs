// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate::testing::Wiring;
use crossgate::{CallError, Handle};
use crossgate_spi::SpiChip;
use embedded_hal::spi::{Operation, SpiDevice as _};
use std::cell::{Cell, RefCell};

std::thread_local! {
    /// The events on the bus.
    static RECORD: RefCell<String> = const { RefCell::new(String::new()) };
}

std::thread_local! {
    /// The name of the operation that fails once, the next time.
    static FAILURE: Cell<&'static str> = const { Cell::new("") };
}

/// Returns `true` if this operation has to fail now.
fn fails(what: &str) -> bool {
    let is_next = FAILURE.get() == what;
    if is_next {
        FAILURE.set("");
    }
    is_next
}

fn note(text: &str) {
    RECORD.with_borrow_mut(|record| *record += &format!("{text} "));
}

#[track_caller]
fn expect(expected: &str) {
    assert_eq!(RECORD.take().trim_end(), expected);
}

/// A controller that records its operations. It answers each byte with the inverted byte. The byte 0xee is an error.
struct Recorder;

impl spi::ErrorType for Recorder {
    type Error = ErrorKind;
}

impl spi::SpiBus for Recorder {
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        note(&format!("read{}", bytes.len()));
        if bytes.iter().any(|byte| ![0, 0xaa].contains(byte)) {
            note("stale");
        }
        bytes.fill(0xaa);
        Ok(())
    }
    fn write(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        note(&format!("write{bytes:?}").replace(' ', ""));
        if bytes.contains(&0xee) { Err(ErrorKind::Overrun) } else { Ok(()) }
    }
    fn transfer(&mut self, _: &mut [u8], _: &[u8]) -> Result<(), ErrorKind> {
        unreachable!()
    }
    fn transfer_in_place(&mut self, bytes: &mut [u8]) -> Result<(), ErrorKind> {
        note(&format!("exchange{bytes:?}").replace(' ', ""));
        bytes.iter_mut().for_each(|byte| *byte = !*byte);
        Ok(())
    }
    fn flush(&mut self) -> Result<(), ErrorKind> {
        note("flush");
        if fails("flush") { Err(ErrorKind::Other) } else { Ok(()) }
    }
}

struct Pin(usize);

impl embedded_hal::digital::ErrorType for Pin {
    type Error = embedded_hal::digital::ErrorKind;
}
impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Self::Error> {
        note(&format!("+{}", self.0));
        if fails("pin") { Err(Self::Error::Other) } else { Ok(()) }
    }
    fn set_high(&mut self) -> Result<(), Self::Error> {
        note(&format!("-{}", self.0));
        Ok(())
    }
}

struct Clock;
impl DelayNs for Clock {
    fn delay_ns(&mut self, ns: u32) {
        note(&format!("pause{ns}"));
    }
}

type Bus = SpiBus<Recorder, Pin, Clock, 2, 4>;

/// Runs `client` with chip 1 of a bus of two chips. The bus has memory for four bytes, and allows transactions of 64
/// bytes.
fn with(client: impl FnOnce(&mut SpiChip<1, 32>, Handle<dyn SpiDevice<1>>)) {
    let wiring = Wiring::new();
    let handle = wiring.serve(Bus::new(Recorder, [Pin(0), Pin(1)], Clock, 64));
    wiring.run(|| {
        let mut chip = SpiChip::new(handle);
        client(&mut chip, handle);
    });
}

#[test]
fn all_chips_are_deselected_before_the_first_use() {
    with(|chip, _| {
        assert_eq!(chip.write(&[1]), Ok(()));
        expect("flush -0 -1 +1 write[1] flush -1");
        assert_eq!(chip.write(&[2]), Ok(()));
        expect("+1 write[2] flush -1");
    });
}

/// Each transaction is made twice: short enough for the client's buffer, and longer than the buffer.
#[test]
fn each_kind_of_transaction() {
    with(|chip, _| {
        let _ = chip.write(&[]);
        expect("flush -0 -1 +1 flush -1");
        let mut read = [0; 5];
        assert_eq!(chip.read(&mut read), Ok(()));
        expect("+1 read4 read1 flush -1");
        assert_eq!(read, [0xaa; 5]);
        let mut both = [1, 2, 3];
        assert_eq!(chip.transfer_in_place(&mut both), Ok(()));
        expect("+1 exchange[1,2,3] flush -1");
        assert_eq!(both, [!1, !2, !3]);
        let mut fewer = [0];
        assert_eq!(chip.transfer(&mut fewer, &[1, 2]), Ok(()));
        expect("+1 exchange[1,2] flush -1");
        assert_eq!(fewer, [!1]);
        let mut more = [0; 3];
        assert_eq!(chip.transfer(&mut more, &[1]), Ok(()));
        expect("+1 exchange[1,0,0] flush -1");
        assert_eq!(more, [!1, !0, !0]);
        let operations = &mut [Operation::Write(&[9]), Operation::Read(&mut more[..2])];
        assert_eq!(chip.transaction(operations), Ok(()));
        expect("+1 write[9] read2 flush -1");
        assert_eq!(more, [0xaa, 0xaa, !0]);
    });
    with(|chip, _| {
        let mut long = [7; 40];
        assert_eq!(chip.transfer_in_place(&mut long), Ok(()));
        expect(&format!("flush -0 -1 +1 {}flush -1", "exchange[7,7,7,7] ".repeat(10)));
        assert_eq!(long, [!7; 40]);
        assert_eq!(chip.transfer(&mut long[..2], &[5; 33]), Ok(()));
        expect(&format!("+1 {}exchange[5] flush -1", "exchange[5,5,5,5] ".repeat(8)));
        assert_eq!(long[..3], [!5, !5, !7]);
        assert_eq!(chip.transfer(&mut long, &[5; 6]), Ok(()));
        let zeroes = "exchange[0,0,0,0] ".repeat(8);
        expect(&format!("+1 exchange[5,5,5,5] exchange[5,5,0,0] {zeroes}flush -1"));
        assert_eq!(long[4..8], [!5, !5, !0, !0]);
        let operations = &mut [Operation::Write(&[9]), Operation::Read(&mut long)];
        assert_eq!(chip.transaction(operations), Ok(()));
        expect(&format!("+1 write[9] {}flush -1", "read4 ".repeat(10)));
        assert_eq!(long, [0xaa; 40]);
        assert_eq!(chip.write(&[6; 34]), Ok(()));
        expect(&format!("+1 {}write[6,6] flush -1", "write[6,6,6,6] ".repeat(8)));
    });
}

#[test]
fn several_operations_are_one_transaction() {
    with(|chip, _| {
        let (mut read, mut fewer, mut both) = ([0; 2], [0; 1], [8, 9]);
        let mut operations = [
            Operation::Write(&[1, 2]),
            Operation::Write(&[3]),
            Operation::DelayNs(500),
            Operation::Read(&mut read),
            Operation::Read(&mut []),
            Operation::Transfer(&mut fewer, &[5, 6]),
            Operation::TransferInPlace(&mut both),
        ];
        assert_eq!(chip.transaction(&mut operations), Ok(()));
        expect("flush -0 -1 +1 write[1,2,3] flush pause500 read2 exchange[5,6,8,9] flush -1");
        assert_eq!((read, fewer, both), ([0xaa; 2], [!5], [!8, !9]));
        assert_eq!(chip.transaction(&mut []), Ok(()));
        expect("+1 flush -1");
    });
}

#[test]
fn an_error_ends_the_transaction_and_deselects() {
    with(|chip, _| {
        let mut read = [7];
        let mut operations = [
            Operation::Write(&[1]),
            Operation::DelayNs(1),
            Operation::Write(&[0xee]),
            Operation::Read(&mut read),
        ];
        let error = chip.transaction(&mut operations).unwrap_err();
        assert_eq!(spi::Error::kind(&error), ErrorKind::Overrun);
        expect("flush -0 -1 +1 write[1] flush pause1 write[238] flush -1");
        assert_eq!(read, [7]);
    });
}

#[test]
fn the_bus_is_made_idle_after_an_error_of_a_flush_or_a_pin() {
    with(|chip, _| {
        assert_eq!(chip.write(&[1]), Ok(()));
        expect("flush -0 -1 +1 write[1] flush -1");
        FAILURE.set("flush");
        assert_eq!(chip.write(&[2]), Err(crossgate_spi::Error::Bus(Fault::Other)));
        expect("+1 write[2] flush -1");
        assert_eq!(chip.write(&[3]), Ok(()));
        expect("flush -0 -1 +1 write[3] flush -1");
        FAILURE.set("pin");
        assert_eq!(chip.write(&[4]), Err(crossgate_spi::Error::Bus(Fault::ChipSelect)));
        expect("+1");
        FAILURE.set("flush");
        assert_eq!(chip.write(&[5]), Err(crossgate_spi::Error::Bus(Fault::Other)));
        expect("flush");
        assert_eq!(chip.write(&[6]), Ok(()));
        expect("flush -0 -1 +1 write[6] flush -1");
    });
}

#[test]
fn nothing_of_an_earlier_client_is_there_while_a_driver_reads() {
    with(|chip, _| {
        for length in [1, 4, 5, 40] {
            assert_eq!(chip.write(&[7; 4]), Ok(()));
            assert_eq!(chip.read(&mut [0; 40][..length]), Ok(()));
            assert!(!RECORD.take().contains("stale"));
        }
    });
}

#[test]
fn longer_transactions_and_longer_pauses_are_errors() {
    let too_long = Err(crossgate_spi::Error::Bus(Fault::TooLong));
    with(|chip, handle| {
        assert_eq!(chip.write(&[0; 65]), too_long);
        assert_eq!(chip.read(&mut [0; 65]), too_long);
        assert_eq!(chip.transfer(&mut [0; 65], &[1]), too_long);
        assert_eq!(chip.transfer(&mut [0], &[1; 65]), too_long);
        assert_eq!(chip.transfer_in_place(&mut [0; 65]), too_long);
        assert_eq!(handle.write_read(&[0; 40], &mut [0; 25]), Ok(Err(Fault::TooLong)));
        assert_eq!(handle.write_read_within(&mut [0; 66], 33, 33), Ok(Err(Fault::TooLong)));
        assert_eq!(handle.transaction(&mut [0; 66], 66), Ok(Err(Fault::TooLong)));
        let mut long = [Operation::Write(&[0; 31]), Operation::DelayNs(1)];
        assert_eq!(chip.transaction(&mut long), Err(crossgate_spi::Error::TooLong));
        expect("");
        let mut pauses = [Operation::DelayNs(600_000), Operation::DelayNs(400_001)];
        assert_eq!(chip.transaction(&mut pauses), too_long);
        expect("flush -0 -1 +1 flush pause600000 flush -1");
    });
}

#[test]
fn more_operations_than_the_most_are_an_error() {
    let wiring = Wiring::new();
    let handle = wiring.serve(Bus::new(Recorder, [Pin(0), Pin(1)], Clock, 512));
    wiring.run(|| {
        // A list of pauses of 1 ns.
        let mut pauses = [4, 0xc0, 1, 0, 0, 0].repeat(OPERATIONS + 1);
        let all = pauses.len() as u16;
        let handle: Handle<dyn SpiDevice<1>> = handle;
        assert_eq!(handle.transaction(&mut pauses[..], all - 6), Ok(Ok(())));
        assert_eq!(handle.transaction(&mut pauses[..], all), Ok(Err(Fault::TooLong)));
    });
}

#[test]
fn operations_that_are_none_are_refused() {
    with(|_, handle| {
        // Half a header; a header of more bytes than there are; the same after a valid operation; a pause that does not
        // have four bytes.
        let delay = |length: u8| [length, 0xc0, 0, 0, 0, 0, 0];
        for bytes in [
            &mut [0][..],
            &mut [1, 0],
            &mut [0xff; 64],
            &mut [1, 0, 7, 2, 0x80, 0],
            &mut delay(3)[..5],
            &mut delay(5),
        ] {
            let length = bytes.len() as u16;
            assert_eq!(handle.transaction(bytes, length), Err(CallError::Refused));
            assert!(RECORD.take().ends_with("flush -1 "), "the chip is deselected");
        }
        assert_eq!(handle.transaction(&mut [0; 40], 41), Err(CallError::Refused));
        assert_eq!(handle.write_read_within(&mut [0; 40], 20, 21), Err(CallError::Refused));
        assert_eq!(handle.transfer_in_place(&mut [0; 40], 41), Err(CallError::Refused));
        assert_eq!(handle.transfer_in_place(&mut [0; 40], u32::MAX), Err(CallError::Refused));
        assert_eq!(
            handle.write_read_within(&mut [0; 40], u16::MAX, u16::MAX),
            Ok(Err(Fault::TooLong))
        );
    });
}

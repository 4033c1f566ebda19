// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use crossgate::testing::Wiring;
use crossgate::{CallError, Handle};
use crossgate_i2c::{Error, I2cChip};
use embedded_hal::i2c::Error as _;
use embedded_hal::i2c::ErrorType;

/// A bus that records all operations. The bytes that are read from it count up, or it returns an error.
#[derive(Debug)]
struct Recorder {
    expected: &'static str,
    answer: Result<(), ErrorKind>,
}

impl ErrorType for Recorder {
    type Error = ErrorKind;
}

impl I2c for Recorder {
    fn transaction(&mut self, address: u8, all: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
        let mut record = format!("{address:#x}");
        let mut next = 1;
        for operation in all {
            match operation {
                Operation::Write(bytes) => record += &format!(" write {bytes:?}"),
                Operation::Read(bytes) => {
                    record += &format!(" read {}", bytes.len());
                    for byte in bytes.iter_mut() {
                        *byte = next;
                        next += 1;
                    }
                }
            }
        }
        assert_eq!(record, self.expected);
        self.answer
    }
}

/// Runs `client` with a chip at 0x20, on a bus that expects the record.
fn with(
    expected: &'static str,
    answer: Result<(), ErrorKind>,
    client: impl FnOnce(&mut I2cChip<0x20, 32>, Handle<dyn I2cDevice<0x20>>),
) {
    let wiring = Wiring::new();
    let handle = wiring.serve(I2cBus::<_, 64>::new(Recorder { expected, answer }));
    wiring.run(|| client(&mut I2cChip::new(handle), handle));
}

#[test]
fn short_transactions_and_long_ones() {
    with("0x20 write [1, 2]", Ok(()), |chip, _| {
        assert_eq!(chip.write(0x20, &[1, 2]), Ok(()));
    });
    with("0x20 write [9] read 3", Ok(()), |chip, _| {
        let mut bytes = [0; 3];
        assert_eq!(chip.write_read(0x20, &[9], &mut bytes), Ok(()));
        assert_eq!(bytes, [1, 2, 3]);
    });
    with("0x20 read 60", Ok(()), |chip, _| {
        let mut bytes = [0; 60];
        assert_eq!(chip.read(0x20, &mut bytes), Ok(()));
        assert_eq!(bytes[57..], [58, 59, 60]);
    });
    with("0x20 write [7] read 40", Ok(()), |chip, _| {
        let mut bytes = [0; 40];
        assert_eq!(chip.write_read(0x20, &[7], &mut bytes), Ok(()));
        assert_eq!(bytes[38..], [39, 40]);
    });
    with("0x20 write []", Ok(()), |chip, _| assert_eq!(chip.write(0x20, &[]), Ok(())));
}

#[test]
fn operations_of_no_bytes() {
    let write = || Operation::Write(&[]);
    with("0x20 write []", Err(ErrorKind::Other), |chip, _| {
        // A write of zero bytes looks for the chip, whichever method of `I2c` the driver uses.
        let error = Err(Error::Bus(Fault::Other));
        assert_eq!(chip.write(0x20, &[]), error);
        assert_eq!(chip.transaction(0x20, &mut [write(), write()]), error);
        assert_eq!(chip.transaction(0x20, &mut [write(), Operation::Read(&mut [])]), error);
        // A read of zero bytes does not reach the bus.
        assert_eq!(chip.read(0x20, &mut []), Ok(()));
        assert_eq!(chip.read(0x21, &mut []), Err(Error::OtherAddress(0x21)));
        assert_eq!(chip.transaction(0x20, &mut [Operation::Read(&mut [])]), Ok(()));
        assert_eq!(chip.transaction(0x20, &mut []), Ok(()));
    });
    with("0x20 write [1, 2] read 1", Ok(()), |chip, _| {
        let mut byte = [0];
        let mut operations = [
            Operation::Read(&mut []),
            Operation::Write(&[1]),
            Operation::Read(&mut []),
            Operation::Write(&[2]),
            Operation::Read(&mut byte),
            write(),
        ];
        assert_eq!(chip.transaction(0x20, &mut operations), Ok(()));
        assert_eq!(byte, [1]);
    });
}

#[test]
fn several_operations_are_one_transaction() {
    with("0x20 write [1, 2, 3] read 2 write [4] read 1", Ok(()), |chip, _| {
        let (mut first, mut second) = ([0; 2], [0]);
        let mut operations = [
            Operation::Write(&[1, 2]),
            Operation::Write(&[3]),
            Operation::Read(&mut first),
            Operation::Write(&[4]),
            Operation::Read(&mut second),
        ];
        assert_eq!(chip.transaction(0x20, &mut operations), Ok(()));
        assert_eq!((first, second), ([1, 2], [3]));
    });
}

#[test]
fn errors_of_the_bus_arrive() {
    for kind in [
        ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address),
        ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data),
        ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown),
        ErrorKind::ArbitrationLoss,
        ErrorKind::Bus,
        ErrorKind::Overrun,
        ErrorKind::Other,
    ] {
        with("0x20 write [5] read 1", Err(kind), |chip, _| {
            let mut byte = [0];
            let error = chip.write_read(0x20, &[5], &mut byte).unwrap_err();
            assert_eq!((error.kind(), byte), (kind, [0]));
        });
    }
}

#[test]
fn other_addresses_and_longer_transactions_are_errors() {
    with("nothing", Ok(()), |chip, _| {
        assert_eq!(chip.write(0x21, &[1]), Err(Error::OtherAddress(0x21)));
        assert_eq!(chip.write(0x20, &[0; 65]), Err(Error::Bus(Fault::TooLong)));
        assert_eq!(chip.write_read(0x20, &[0; 40], &mut [0; 25]), Err(Error::Bus(Fault::TooLong)));
        let mut operations = [Operation::Write(&[0; 31]), Operation::Write(&[0; 31])];
        assert_eq!(chip.transaction(0x20, &mut operations), Err(Error::TooLong));
    });
}

#[test]
fn operations_that_are_none_are_refused() {
    with("nothing", Ok(()), |_, handle| {
        // Half a header; a header of more bytes than there are; the same after a valid operation; a read of zero bytes;
        // a kind of operation that an I2C bus does not have.
        for bytes in [
            &mut [0][..],
            &mut [1, 0],
            &mut [0xff; 64],
            &mut [1, 0, 7, 2, 0x80, 0],
            &mut [1, 0, 7, 0, 0x80],
            &mut [1, 0x40, 7],
            &mut [4, 0xc0, 0, 0, 0, 0],
        ] {
            let length = bytes.len() as u16;
            assert_eq!(handle.transaction(bytes, length), Err(CallError::Refused));
        }
        let many = 2 * OPERATIONS as u16 + 2;
        assert_eq!(handle.transaction(&mut [0; 64], many), Ok(Err(Fault::TooLong)));
        assert_eq!(handle.transaction(&mut [0; 65], 65), Ok(Err(Fault::TooLong)));
        assert_eq!(handle.transaction(&mut [0; 40], 41), Err(CallError::Refused));
        assert_eq!(handle.exchange(&mut [0; 40], 20, 21), Err(CallError::Refused));
        assert_eq!(handle.exchange(&mut [0; 40], u16::MAX, u16::MAX), Err(CallError::Refused));
        assert_eq!(handle.exchange(&mut [0; 65], 64, 1), Ok(Err(Fault::TooLong)));
    });
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The part that drivers of I2C controllers have in common.

use embedded_hal::i2c::{ErrorKind, NoAcknowledgeSource, Operation};

/// The steps of a controller on a bus.
pub trait Controller {
    /// Makes a START condition, also within a transfer (a repeated START).
    ///
    /// # Errors
    /// The fault of the lines.
    fn start(&mut self) -> Result<(), ErrorKind>;
    /// Sends a byte; `what` is the kind of the byte, for the error if no chip acknowledges it.
    ///
    /// # Errors
    /// No chip acknowledged the byte, or the wires of the bus have an error.
    fn send(&mut self, byte: u8, what: NoAcknowledgeSource) -> Result<(), ErrorKind>;
    /// Receives a byte, and acknowledges it unless it is the last one of a transfer.
    ///
    /// # Errors
    /// The fault of the lines.
    fn receive(&mut self, acknowledge: bool) -> Result<u8, ErrorKind>;
}

/// Makes the operations of a transaction, but not the STOP condition. The caller has to make the STOP condition, also
/// after an error.
///
/// Consecutive operations of the same kind are one transfer. A read of zero bytes is left out, because in a read the
/// chip drives the data line until its first byte is acknowledged.
///
/// # Errors
/// The first error. It ends the transaction.
pub fn operate<C: Controller>(
    controller: &mut C,
    address: u8,
    operations: &mut [Operation<'_>],
) -> Result<(), ErrorKind> {
    let mut direction = None;
    let some = |it: &&mut Operation<'_>| !matches!(it, Operation::Read(bytes) if bytes.is_empty());
    let mut rest = operations.iter_mut().filter(some).peekable();
    while let Some(operation) = rest.next() {
        let reads = matches!(operation, Operation::Read(_));
        if direction != Some(reads) {
            direction = Some(reads);
            controller.start()?;
            controller.send(address << 1 | u8::from(reads), NoAcknowledgeSource::Address)?;
        }
        match operation {
            Operation::Write(bytes) => {
                for &byte in bytes.iter() {
                    controller.send(byte, NoAcknowledgeSource::Data)?;
                }
            }
            Operation::Read(bytes) => {
                let goes_on = matches!(rest.peek(), Some(Operation::Read(_)));
                let last = bytes.len() - 1;
                for (index, byte) in bytes.iter_mut().enumerate() {
                    *byte = controller.receive(index != last || goes_on)?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::format;
    use std::string::String;

    /// Records the steps of a driver, and does not acknowledge the byte 0xff.
    #[derive(Default)]
    struct Recorder(String, u8);

    impl Controller for Recorder {
        fn start(&mut self) -> Result<(), ErrorKind> {
            self.0 += "S ";
            Ok(())
        }
        fn send(&mut self, byte: u8, what: NoAcknowledgeSource) -> Result<(), ErrorKind> {
            self.0 += &format!("{byte:x} ");
            if byte == 0xff { Err(ErrorKind::NoAcknowledge(what)) } else { Ok(()) }
        }
        fn receive(&mut self, acknowledge: bool) -> Result<u8, ErrorKind> {
            self.0 += if acknowledge { "ack " } else { "nack " };
            self.1 += 1;
            Ok(self.1)
        }
    }

    fn check(operations: &mut [Operation<'_>], expected: &str) -> Result<(), ErrorKind> {
        let mut recorder = Recorder::default();
        let result = operate(&mut recorder, 0x10, operations);
        assert_eq!(recorder.0.trim_end(), expected);
        result
    }

    #[test]
    fn neighbours_of_one_kind_are_one_transfer() {
        let (mut first, mut second) = ([0; 2], [0; 1]);
        let mut operations = [
            Operation::Write(&[1]),
            Operation::Write(&[2]),
            Operation::Read(&mut first),
            Operation::Read(&mut []),
            Operation::Read(&mut second),
            Operation::Write(&[3]),
        ];
        let bus = "S 20 1 2 S 21 ack ack nack S 20 3";
        assert_eq!(check(&mut operations, bus), Ok(()));
        assert_eq!((first, second), ([1, 2], [3]));
    }

    #[test]
    fn a_read_of_nothing_is_left_out_and_a_write_of_nothing_is_an_address() {
        assert_eq!(check(&mut [Operation::Read(&mut [])], ""), Ok(()));
        assert_eq!(check(&mut [Operation::Write(&[])], "S 20"), Ok(()));
        let mut operations = [Operation::Write(&[]), Operation::Read(&mut [])];
        assert_eq!(check(&mut operations, "S 20"), Ok(()));
    }

    #[test]
    fn the_first_error_ends_it() {
        let mut operations = [Operation::Write(&[1, 0xff, 2]), Operation::Write(&[3])];
        let error = Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data));
        assert_eq!(check(&mut operations, "S 20 1 ff"), error);
    }
}

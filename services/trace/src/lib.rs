// SPDX-License-Identifier: MIT OR Apache-2.0
//! A trace: a process that owns a serial line, and writes the frames of all processes to this line, one complete frame
//! after another.
//!
//! ```ignore
//! process trace {
//!     mmio board::UART1;
//!     object tracer: Exclusive<Tracer<Uart>> = Tracer::new(Uart::new(board::UART1, 115_200)) => [TRACE: dyn Trace];
//! }
//! ```
//!
//! The trace does not interpret the contents of a frame, except that a zero byte ends the frame. (For example,
//! `crossgate-defmt` sends frames of `defmt`, and `defmt-print` on the host reads them.) The tracer ends each frame
//! with a zero byte. So a reader finds the start of the next frame, whatever bytes came before, and a process can never
//! damage a frame of another process.
//!
//! ```
//! use crossgate::{CallError, Handle};
//! use crossgate_trace::Trace;
//!
//! fn tell(trace: Handle<dyn Trace>) -> Result<bool, CallError> {
//!     trace.write(b"\x07\x01\x00")
//! }
//! ```
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use crossgate::{Lease, interface};
use embedded_io::Write;

/// The interface to write frames to the trace.
#[interface]
pub trait Trace {
    /// Writes one complete frame. Returns `false` if nothing was written because the frame is longer than
    /// [`LONGEST`](trait@Trace#associatedconstant.LONGEST), or if the line has failed.
    fn write(&mut self, frame: Lease<'_, [u8]>) -> bool;
}

impl dyn Trace {
    /// The highest number of bytes of a frame.
    pub const LONGEST: usize = 128;
}

/// The end of a frame.
const END: u8 = 0;

/// The service object: the line, to which one thread at a time writes a frame.
#[derive(Debug)]
pub struct Tracer<W> {
    line: W,
    /// True if the last frame on the line may be incomplete, because the process crashed or the line failed.
    is_dirty: bool,
    /// The copy of a frame, with its end.
    frame: [u8; <dyn Trace>::LONGEST + 1],
}

impl<W: Write> Tracer<W> {
    /// Creates a tracer that writes to `line`.
    pub const fn new(line: W) -> Tracer<W> {
        Tracer { line, is_dirty: true, frame: [END; <dyn Trace>::LONGEST + 1] }
    }
}

impl<W: Write + Send> Trace for Tracer<W> {
    fn write(&mut self, frame: Lease<'_, [u8]>) -> bool {
        let mut length = frame.len();
        if length > <dyn Trace>::LONGEST {
            return false;
        }
        // The frame is copied before it is written, because the client can change lent memory at any time. So the frame
        // that is written has exactly one end.
        frame.copy_to(&mut self.frame);
        if length == 0 || self.frame[length - 1] != END {
            self.frame[length] = END;
            length += 1;
        }
        if self.is_dirty && self.line.write_all(&[END]).is_err() {
            return false;
        }
        self.is_dirty = self.line.write_all(&self.frame[..length]).is_err();
        !self.is_dirty
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;
    use crossgate::{Handle, LeaseBuf};
    use std::sync::{Arc, Mutex};

    /// A line: the number of bytes that it still takes, and the bytes that it has got.
    #[derive(Clone)]
    struct Line(Arc<Mutex<(usize, Vec<u8>)>>);

    impl embedded_io::ErrorType for Line {
        type Error = embedded_io::ErrorKind;
    }

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
            let (room, written) = &mut *self.0.lock().unwrap();
            let count = bytes.len().min(*room);
            *room -= count;
            written.extend(&bytes[..count]);
            if count == 0 { Err(embedded_io::ErrorKind::Other) } else { Ok(count) }
        }
        fn flush(&mut self) -> Result<(), Self::Error> {
            Ok(())
        }
    }

    /// Writes frames on a line that takes `room` bytes. Returns the bytes on the line, and the answers to the client.
    fn written(room: usize, frames: &[&[u8]]) -> (Vec<u8>, Vec<bool>) {
        let line = Line(Arc::new(Mutex::new((room, Vec::new()))));
        let wiring = Wiring::new();
        let trace: Handle<dyn Trace> = wiring.serve(Tracer::new(line.clone()));
        let write = |frame: &&[u8]| {
            let mut buffer = LeaseBuf::<256>::new();
            buffer[..frame.len()].copy_from_slice(frame);
            // After each frame that fails, the line has room again.
            let is_written = trace.write(buffer.first(frame.len())).unwrap();
            if !is_written {
                line.0.lock().unwrap().0 = usize::MAX;
            }
            is_written
        };
        let told = wiring.run(|| frames.iter().map(write).collect());
        let bytes = std::mem::take(&mut line.0.lock().unwrap().1);
        (bytes, told)
    }

    #[test]
    fn each_frame_has_its_end() {
        let (bytes, told) = written(99, &[b"one\0", b"two", b"", b"three\0"]);
        assert_eq!(bytes, b"\0one\0two\0\0three\0");
        assert_eq!(told, [true; 4]);
    }

    #[test]
    fn a_long_frame_is_dropped_whole() {
        let longest = [b'x'; <dyn Trace>::LONGEST];
        let (bytes, told) = written(999, &[b"a\0", &[b'y'; <dyn Trace>::LONGEST + 1], &longest]);
        assert_eq!(bytes, [b"\0a\0", &longest[..], b"\0"].concat());
        assert_eq!(told, [true, false, true]);
    }

    #[test]
    fn a_frame_that_the_line_cut_off_ends_before_the_next() {
        let (bytes, told) = written(4, &[b"a\0", b"bcd\0", b"e\0"]);
        assert_eq!(bytes, b"\0a\0b\0e\0");
        assert_eq!(told, [true, false, true]);
    }
}

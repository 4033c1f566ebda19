// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory and handles that are lent.

use crate::calls::index_of;
use crate::interfaces::*;
use core::fmt::Write;
use crossgate::testing::{self, Wiring};
use crossgate::{CallError, Handle, Lease, LeaseBuf, LeaseMut, interface};

struct Disk([u8; 32]);
impl File for Disk {
    fn read(&mut self, at: u32, mut data: LeaseMut<'_, [u8]>) -> Result<u32, FileError> {
        let rest = self.0.get(at as usize..).ok_or(FileError::OutOfRange)?;
        Ok(data.copy_from(rest) as u32)
    }
    fn write(&mut self, data: Lease<'_, [u8]>) -> Result<u32, FileError> {
        if data.len() > self.0.len() {
            return Err(FileError::OutOfRange);
        }
        Ok(data.copy_to(&mut self.0) as u32)
    }
}

struct Directory(Handle<dyn File>);
impl FileSystem for Directory {
    fn open(&self, name: [u8; 8]) -> Result<Handle<dyn File>, FileError> {
        if &name == b"data.bin" { Ok(self.0) } else { Err(FileError::NotFound) }
    }
    fn copy(&self, from: Handle<dyn File>, to: Handle<dyn File>) -> Result<u32, FileError> {
        let mut buffer = LeaseBuf::<32>::new();
        from.read(0, &mut buffer).map_err(|_| FileError::Failed)??;
        to.write(&buffer).map_err(|_| FileError::Failed)?
    }
    fn find(&self, near: Option<Handle<dyn File>>) -> Option<Handle<dyn File>> {
        near.or(Some(self.0)).filter(|&file| file == self.0)
    }
}

#[test]
fn handles_travel_as_arguments_and_results() {
    let wiring = Wiring::new();
    let full = wiring.serve::<dyn File, _>(Disk([7; 32]));
    let empty = wiring.serve::<dyn File, _>(Disk([0; 32]));
    let directory = wiring.serve::<dyn FileSystem, _>(Directory(full));
    wiring.run(|| {
        assert_eq!(directory.open(*b"nonesuch"), Ok(Err(FileError::NotFound)));
        assert_eq!(directory.open(*b"data.bin"), Ok(Ok(full)));
        assert_eq!(directory.copy(full, empty), Ok(Ok(32)));
        let mut data = [0; 40];
        assert_eq!(empty.read(1, &mut data), Ok(Ok(31)));
        assert_eq!(data[30..32], [7, 0]);
        assert_eq!(directory.find(None), Ok(Some(full)));
        assert_eq!(directory.find(Some(empty)), Ok(None));
        // A handle of another interface.
        let forged = Handle::<dyn File>::__of_gate(index_of(directory));
        assert_eq!(directory.copy(forged, empty), Err(CallError::BadArgument));
    });
}

#[test]
fn every_kind_of_reference_can_be_lent() {
    let wiring = Wiring::new();
    let disk = wiring.serve::<dyn File, _>(Disk([0; 32]));
    wiring.run(|| {
        let vector = vec![1, 2, 3];
        for reply in [
            disk.write(b"literal"),
            disk.write("text567"),
            disk.write(&[1; 7]),
            disk.write(&[1; 9][2..]),
            disk.write(&mut [1; 7]),
            disk.write(&*[vector.as_slice(), &[0; 4]].concat()),
        ] {
            assert_eq!(reply, Ok(Ok(7)));
        }
        assert_eq!(disk.write(&[]), Ok(Ok(0)));
        assert_eq!(disk.write(&[0; 33]), Ok(Err(FileError::OutOfRange)));
        let mut array = [9; 4];
        assert_eq!(disk.read(0, &mut array), Ok(Ok(4)));
        assert_eq!(array, [1, 2, 3, 0]);
        assert_eq!(disk.read(0, &mut array[1..3]), Ok(Ok(2)));
        assert_eq!(disk.read(99, &mut array), Ok(Err(FileError::OutOfRange)));
    });
}

#[test]
fn private_memory_is_lent_as_a_copy_unless_it_is_too_long() {
    let wiring = Wiring::new();
    let disk = wiring.serve::<dyn File, _>(Disk([0; 32]));
    wiring.run(|| {
        // The memory is neither on the stack of the thread nor in shared memory.
        let private = Box::new([1; 4]);
        assert_eq!(disk.write(&private[..]), Ok(Ok(4)));
        assert_eq!(disk.write(&private[..1]), Ok(Ok(1)));
        let mut taken = Box::new([0; 4]);
        assert_eq!(disk.read(0, &mut taken[..]), Ok(Ok(4)));
        assert_eq!(*taken, [1; 4]);
        let longest = Box::new([0; 4096]);
        let too_long = Box::new([0; 4097]);
        assert_eq!(disk.write(&longest[..]), Ok(Err(FileError::OutOfRange)));
        assert_eq!(disk.write(&too_long[..]), Err(CallError::BadLease));
        let index = index_of(disk);
        let wrapped = testing::call_raw(index, 1, [usize::MAX - 1, 9, 0, 0]);
        assert_eq!(wrapped, Err(CallError::BadLease));
    });
}

struct Wires {
    frame: Frame,
    sum: u16,
}
impl Bus for Wires {
    fn send(&mut self, frame: Lease<'_, Frame>, body: Lease<'_, [u16]>) {
        self.frame = frame.copy();
        self.sum = body.iter().sum();
    }
    fn receive(&mut self, mut frame: LeaseMut<'_, Frame>) -> bool {
        let was = frame.copy();
        frame.write(Frame { at: was.at + u32::from(self.sum), ..self.frame });
        self.sum != 0
    }
}

#[test]
fn structs_and_slices_of_numbers_can_be_lent() {
    let frame = Frame { id: 1, length: 2, at: 3 };
    let wiring = Wiring::new();
    let bus = wiring.serve::<dyn Bus, _>(Wires { frame, sum: 0 });
    wiring.run(|| {
        let mut received = Frame { id: 0, length: 0, at: 100 };
        assert_eq!(bus.receive(&mut received), Ok(false));
        assert_eq!(received, Frame { at: 100, ..frame });
        assert_eq!(bus.send(&Frame { id: 9, ..frame }, &[400, 5]), Ok(()));
        assert_eq!(bus.receive(&mut received), Ok(true));
        assert_eq!(received, Frame { id: 9, length: 2, at: 505 });
    });
}

#[test]
fn a_lease_of_the_wrong_length_or_alignment_is_refused() {
    let frame = Frame { id: 1, length: 2, at: 3 };
    let wiring = Wiring::new();
    let bus = index_of(wiring.serve::<dyn Bus, _>(Wires { frame, sum: 0 }));
    // Constants can be lent in any part.
    static MEMORY: [u64; 4] = [0; 4];
    let start = MEMORY.as_ptr().expose_provenance();
    wiring.run(|| {
        let send = |words| testing::call_raw(bus, 0, words).map(|_| ());
        assert_eq!(send([start, 8, start, 4]), Ok(()));
        for words in [
            [start, 7, start, 4],
            [start + 2, 8, start, 4],
            [start, 8, start, 3],
            [start, 8, start + 1, 4],
        ] {
            assert_eq!(send(words), Err(CallError::BadArgument), "{words:?}");
        }
    });
}

#[test]
fn what_is_outside_of_a_lease_is_out_of_reach() {
    #[interface]
    trait Probe {
        fn look(&self, data: LeaseMut<'_, [u8]>) -> bool;
    }
    struct Prober;
    impl Probe for Prober {
        fn look(&self, mut data: LeaseMut<'_, [u8]>) -> bool {
            assert_eq!((data.len(), data.is_empty()), (4, false));
            assert_eq!((data.get(3), data.get(4), data.get(usize::MAX)), (Some(3), None, None));
            assert!(data.slice(3, 2).is_none() && data.slice(0, 5).is_none());
            assert!(data.slice(4, 4).is_some_and(|rest| rest.is_empty()));
            assert!(data.set(0, 10) && !data.set(4, 0) && !data.set(usize::MAX, 0));
            data.slice_mut(1, 3).expect("it is inside").fill(20);
            let mut copy = [0; 6];
            assert_eq!(data.copy_to(&mut copy), 4);
            assert_eq!(copy, [10, 20, 20, 3, 0, 0]);
            data.iter().eq([10, 20, 20, 3])
        }
    }
    let wiring = Wiring::new();
    let probe = wiring.serve::<dyn Probe, _>(Prober);
    wiring.run(|| {
        let mut data = [0, 1, 2, 3, 99];
        assert_eq!(probe.look(&mut data[..4]), Ok(true));
        assert_eq!(data, [10, 20, 20, 3, 99]);
    });
}

/// A server that calls another server, and lends it the memory of its own caller.
struct Cache(Handle<dyn File>);
impl File for Cache {
    fn read(&mut self, at: u32, mut data: LeaseMut<'_, [u8]>) -> Result<u32, FileError> {
        self.0.read(at, &mut data).map_err(|_| FileError::Failed)?
    }
    fn write(&mut self, data: Lease<'_, [u8]>) -> Result<u32, FileError> {
        let half = data.slice(0, data.len() / 2).ok_or(FileError::Failed)?;
        self.0.write(&half).map_err(|_| FileError::Failed)?
    }
}

#[test]
fn a_lease_can_be_lent_on() {
    let wiring = Wiring::new();
    let disk = wiring.serve::<dyn File, _>(Disk([0; 32]));
    let cache = wiring.serve::<dyn File, _>(Cache(disk));
    wiring.run(|| {
        assert_eq!(cache.write(&[1, 2, 3, 4]), Ok(Ok(2)));
        let mut data = [9; 4];
        assert_eq!(cache.read(0, &mut data), Ok(Ok(4)));
        assert_eq!(data, [1, 2, 0, 0]);
    });
}

#[test]
fn lend_buffers_are_blocks() {
    let buffers = (LeaseBuf::<32>::new(), LeaseBuf::<256>::new(), LeaseBuf::<1024>::default());
    assert_eq!((&raw const buffers.0).addr() % 32, 0);
    assert_eq!((&raw const buffers.1).addr() % 256, 0);
    assert_eq!((&raw const buffers.2).addr() % 1024, 0);
    assert_eq!((size_of_val(&buffers.0), size_of_val(&buffers.2)), (32, 1024));
}

#[interface]
trait Names {
    /// Writes text into lent memory. Returns the length that fits.
    fn name(&self, number: u32, text: LeaseMut<'_, [u8]>) -> u32;
    /// Returns whether the whole text is `x`.
    fn is_filled(&self, text: Lease<'_, [u8]>) -> bool;
}

struct Register;
impl Names for Register {
    fn name(&self, number: u32, mut text: LeaseMut<'_, [u8]>) -> u32 {
        let mut writer = text.writer();
        // Text that does not fit is left out.
        let _ = write!(writer, "number {number}").and_then(|()| writer.write_str("é"));
        writer.written() as u32
    }
    fn is_filled(&self, text: Lease<'_, [u8]>) -> bool {
        text.iter().all(|byte| byte == b'x')
    }
}

#[test]
fn text_is_written_into_what_is_lent_and_no_further() {
    let wiring = Wiring::new();
    let names = wiring.serve::<dyn Names, _>(Register);
    wiring.run(|| {
        let mut text = [b'-'; 16];
        assert_eq!(
            (names.name(12, &mut text), &text),
            (Ok(11), "number 12é-----".as_bytes()[..16].try_into().as_ref().unwrap())
        );
        let mut short = [b'-'; 10];
        assert_eq!(
            (names.name(12, &mut short), &short),
            (Ok(9), b"number 12-"),
            "no half a character"
        );
        assert_eq!(names.name(12, &mut [][..]), Ok(0));
    });
}

#[test]
fn text_in_a_buffer_is_as_much_as_fits() {
    let wiring = Wiring::new();
    let names = wiring.serve::<dyn Names, _>(Register);
    wiring.run(|| {
        let mut buffer = LeaseBuf::<32>::new();
        let mut writer = buffer.writer();
        assert_eq!((writer.as_str(), names.is_filled(writer.text())), ("", Ok(true)));
        assert!(write!(writer, "{0}{0}", "xxxxxxxxxxxxxxx").is_ok());
        assert_eq!((writer.as_str().len(), names.is_filled(writer.text())), (30, Ok(true)));
        assert!(write!(writer, "xé").is_err(), "half a character is none");
        assert_eq!((writer.as_str().len(), names.is_filled(writer.text())), (31, Ok(true)));
        assert!(write!(writer, "xx").is_err());
        assert_eq!((writer.as_str().len(), names.is_filled(writer.text())), (32, Ok(true)));
    });
}

/// Copies lent memory in pieces of 16 bytes.
#[interface]
trait Pieces {
    /// Copies bytes. Returns their number, or an error if there are more than 100.
    fn copy(&self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> Result<u32, u32>;
}

/// Copies up to this number of bytes.
struct UpTo(usize);
impl Pieces for UpTo {
    fn copy(&self, from: Lease<'_, [u8]>, mut to: LeaseMut<'_, [u8]>) -> Result<u32, u32> {
        let mut bytes = Vec::new();
        from.for_each_chunk::<16, _>(|piece| {
            bytes.extend_from_slice(piece);
            if bytes.len() > 100 { Err(piece.len() as u32) } else { Ok(()) }
        })?;
        bytes.truncate(self.0);
        let mut rest = &bytes[..];
        let copied = to.fill_chunks::<16, u32>(|piece| {
            let length = piece.len().min(rest.len());
            let (part, others) = rest.split_at(length);
            piece[..length].copy_from_slice(part);
            rest = others;
            Ok(length)
        })?;
        Ok(copied as u32)
    }
}

#[test]
fn lent_bytes_are_copied_in_pieces() {
    let wiring = Wiring::new();
    let pieces = wiring.serve::<dyn Pieces, _>(UpTo(70));
    wiring.run(|| {
        let from: [u8; 100] = core::array::from_fn(|place| place as u8);
        for (length, room) in [(0, 80), (1, 80), (16, 80), (17, 16), (100, 80), (100, 40), (64, 0)]
        {
            let mut to = [0xaa; 80];
            let copied = length.min(room).min(70);
            assert_eq!(pieces.copy(&from[..length], &mut to[..room]), Ok(Ok(copied as u32)));
            assert_eq!(to[..copied], from[..copied]);
            assert!(to[copied..].iter().all(|byte| *byte == 0xaa), "{length} {room}");
        }
        assert_eq!(pieces.copy(&[1; 102], &mut [0; 8]), Ok(Err(6)), "an error ends it");
    });
}

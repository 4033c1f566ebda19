// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of work on lent memory in place.

use crossgate::testing::Wiring;
use crossgate::{Block, BlockSize, CallError, Handle, Lease, LeaseBuf, LeaseMut, interface};

#[interface]
trait Image {
    fn sum_of_rows(&self, width: u32, pixels: Lease<'_, [u16]>) -> u32;
    fn shift(&self, width: u32, pixels: LeaseMut<'_, [u16]>);
    fn reverse(&self, pixels: LeaseMut<'_, [u16]>);
    fn length(&self, bytes: Lease<'_, [u8]>) -> u32;
    fn clear(&self, bytes: LeaseMut<'_, [u8]>, value: u8) -> u32;
}

struct Painter;
impl Image for Painter {
    /// Returns the sum over all rows of the row's number times the sum of its pixels.
    fn sum_of_rows(&self, width: u32, pixels: Lease<'_, [u16]>) -> u32 {
        let rows = pixels.chunks(width as usize).enumerate();
        rows.map(|(row, line)| row as u32 * line.iter().map(u32::from).sum::<u32>()).sum()
    }
    /// Moves the pixels of each row to the right.
    fn shift(&self, width: u32, mut pixels: LeaseMut<'_, [u16]>) {
        for mut row in pixels.chunks_mut(width as usize) {
            let cells = row.cells();
            for index in (1..cells.len()).rev() {
                let (from, to) = (cells.get(index - 1), cells.get(index));
                to.zip(from).map(|(to, from)| to.set(from.get())).expect("inside");
            }
            assert!(cells.get(cells.len()).is_none());
            row.set(0, 0);
        }
    }
    fn reverse(&self, mut pixels: LeaseMut<'_, [u16]>) {
        let mut cells = pixels.cells().into_iter();
        while let (Some(first), Some(last)) = (cells.next(), cells.next_back()) {
            let value = first.get();
            first.set(last.get());
            last.set(value);
        }
    }
    fn length(&self, bytes: Lease<'_, [u8]>) -> u32 {
        assert_eq!(bytes.iter().len(), bytes.len());
        bytes.len() as u32
    }
    fn clear(&self, mut bytes: LeaseMut<'_, [u8]>, value: u8) -> u32 {
        bytes.fill(value);
        bytes.cells().len() as u32
    }
}

/// Runs `body` with an image.
fn with_image(body: impl FnOnce(Handle<dyn Image>)) {
    let wiring = Wiring::new();
    let image = wiring.serve::<dyn Image, _>(Painter);
    wiring.run(|| body(image));
}

#[test]
fn by_rows_and_by_cells() {
    with_image(|image| {
        let mut pixels = [1_u16, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(image.sum_of_rows(3, &pixels), Ok(4 + 5 + 6 + 2 * (7 + 8)));
        image.shift(3, &mut pixels).unwrap();
        assert_eq!(pixels, [0, 1, 2, 0, 4, 5, 0, 7]);
        image.reverse(&mut pixels).unwrap();
        assert_eq!(pixels, [7, 0, 5, 4, 0, 2, 1, 0]);
        image.reverse(&mut pixels[..3]).unwrap();
        assert_eq!(pixels, [5, 0, 7, 4, 0, 2, 1, 0]);
        image.reverse(&mut pixels[..0]).unwrap();
        assert_eq!(image.sum_of_rows(3, &pixels[..0]), Ok(0));
    });
}

/// Lends buffers of any size, outside of the crate that has the buffer.
fn lend_first<const N: usize>(image: Handle<dyn Image>, length: usize)
where
    BlockSize<N>: Block,
{
    let mut buffer = LeaseBuf::<N>::new();
    assert_eq!(image.length(&buffer), Ok(N as u32));
    assert_eq!(image.length(buffer.first(length)), Ok(length as u32));
    assert_eq!(image.length(buffer.first_mut(length)), Ok(length as u32));
    assert_eq!(image.clear(buffer.first_mut(length), 7), Ok(length as u32));
    assert!(buffer.iter().enumerate().all(|(index, &byte)| (byte == 7) == (index < length)));
    assert_eq!((&raw const buffer).addr() % N, 0);
}

#[test]
fn the_first_bytes_of_buffers_of_any_size() {
    with_image(|image| {
        for length in [0, 1, 31, 32] {
            lend_first::<32>(image, length);
            lend_first::<64>(image, length + 32);
            lend_first::<4096>(image, length);
            lend_first::<8192>(image, length + 4097);
            lend_first::<65536>(image, 65536 - length);
        }
    });
}

#[test]
#[should_panic(expected = "out of range")]
fn no_more_than_the_buffer() {
    let _ = LeaseBuf::<32>::new().first(33);
}

#[test]
fn chunks_have_a_size() {
    let wiring = Wiring::new();
    let image = wiring.process("painter").may_crash().serve::<dyn Image, _>(Painter);
    wiring.run(|| assert_eq!(image.sum_of_rows(0, &[1]), Err(CallError::ServerFaulted)));
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Large memory that is lent and processed in place: buffers of several KiB, 64 KiB of constants (on Linux a lease has
//! at most 16 KiB), the first bytes of a buffer, and an image by its rows and cells.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::{
    Block, BlockSize, CallError, Concurrent, Handle, Lease, LeaseBuf, LeaseMut, Notification, Wire,
    interface, shared,
};
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::watch::Watch;

/// The change of each pixel.
#[derive(Wire, Clone, Copy)]
enum Change {
    Invert,
    Add(u16),
    /// The factor, in hundredths.
    Scale {
        by: u8,
    },
}

#[interface]
trait Image {
    /// Changes all pixels.
    fn change(&self, how: Change, pixels: LeaseMut<'_, [u16]>);
    /// Reverses each row.
    fn mirror(&self, width: u32, pixels: LeaseMut<'_, [u16]>);
    /// Returns a checksum over all bytes.
    fn checksum(&self, bytes: Lease<'_, [u8]>) -> (u32, u32);
    /// Reads the lent memory and the bytes after it, `length` bytes in total.
    fn reach(&self, length: u32, bytes: Lease<'_, [u8]>) -> u32;
}

struct Painter;

impl Image for Painter {
    fn change(&self, how: Change, mut pixels: LeaseMut<'_, [u16]>) {
        for pixel in pixels.cells() {
            let value = pixel.get();
            pixel.set(match how {
                Change::Invert => !value,
                Change::Add(more) => value.wrapping_add(more),
                Change::Scale { by } => (u32::from(value) * u32::from(by) / 100) as u16,
            });
        }
    }
    fn mirror(&self, width: u32, mut pixels: LeaseMut<'_, [u16]>) {
        for mut row in pixels.chunks_mut(width as usize) {
            let mut cells = row.cells().into_iter();
            while let (Some(left), Some(right)) = (cells.next(), cells.next_back()) {
                let value = left.get();
                left.set(right.get());
                right.set(value);
            }
        }
    }
    fn checksum(&self, bytes: Lease<'_, [u8]>) -> (u32, u32) {
        checksum(bytes.iter())
    }
    fn reach(&self, length: u32, bytes: Lease<'_, [u8]>) -> u32 {
        let start = start_of(&bytes);
        let mut sum = 0;
        for offset in 0..length as usize {
            // SAFETY: this is the attack.
            sum += u32::from(unsafe { core::ptr::read_volatile(start.wrapping_add(offset)) });
        }
        sum
    }
}

/// Returns the address of lent memory in the server. The interface of the lease does not reveal it.
fn start_of(bytes: &Lease<'_, [u8]>) -> *const u8 {
    // SAFETY: the first field of a lease is an address.
    unsafe { (&raw const *bytes).cast::<*const u8>().read() }
}

/// Returns Fletcher's checksum.
fn checksum(bytes: impl Iterator<Item = u8>) -> (u32, u32) {
    bytes.fold((0, 0), |(sum, sums): (u32, u32), byte| {
        let sum = sum.wrapping_add(byte.into());
        (sum, sums.wrapping_add(sum))
    })
}

/// Lends the first bytes of a buffer of any size.
#[inline(never)]
fn buffer<const N: usize>(image: Handle<dyn Image>)
where
    BlockSize<N>: Block,
{
    let mut buffer = LeaseBuf::<N>::new();
    for (index, byte) in buffer.iter_mut().enumerate() {
        *byte = (index / 3) as u8;
    }
    expect("a whole buffer", image.checksum(&buffer), Ok(checksum(buffer.iter().copied())));
    for length in [0, 1, 31, N / 2, N / 2 + 1, N - 1, N] {
        let expected = checksum(buffer[..length].iter().copied());
        expect("the first bytes of the buffer", image.checksum(buffer.first(length)), Ok(expected));
    }
}

/// The size of the stack. The microcontroller has only 64 KiB of memory.
const STACK: usize = if cfg!(target_os = "none") { 16_384 } else { 524_288 };

shared! {
    static PIXELS: [u16; 2048] = [0; 2048];
}

/// Memory of the size of the largest lease. It is in flash, because the microcontroller has less RAM.
static CONSTANTS: [u8; LARGEST] = {
    let mut bytes = [0; LARGEST];
    let mut index = 0;
    while index < LARGEST {
        bytes[index] = (index * 7 % 251) as u8;
        index += 1;
    }
    bytes
};
const LARGEST: usize = if cfg!(target_os = "none") { 65_536 } else { 16_384 };

crossgate::system! {
    static SYSTEM;
    process painter { object painter: Concurrent<Painter> = Painter => [PAINTER: dyn Image]; }
    process client {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 5, stack = STACK) = client(PAINTER, FAULTED);
    }
}
board::start!(SYSTEM);

fn client(image: Handle<dyn Image>, faulted: Notification) -> ! {
    let Some(pixels) = PIXELS.take() else { broken("has taken the static before") };
    for (index, pixel) in pixels.iter_mut().enumerate() {
        *pixel = index as u16;
    }
    let of = |row: usize, column: usize| (row * 64 + column) as u16;
    expect("mirror", image.mirror(64, &mut pixels[..]), Ok(()));
    expect("change", image.change(Change::Add(3), &mut pixels[..]), Ok(()));
    expect("change", image.change(Change::Scale { by: 66 }, &mut pixels[1024..]), Ok(()));
    expect("change", image.change(Change::Invert, &mut pixels[1984..]), Ok(()));
    for (index, &pixel) in pixels.iter().enumerate() {
        let moved = of(index / 64, 63 - index % 64) + 3;
        let scaled = (u32::from(moved) * 66 / 100) as u16;
        let expected = match index {
            ..1024 => moved,
            1024..1984 => scaled,
            _ => !scaled,
        };
        expect("a pixel", pixel, expected);
    }
    reach(image, faulted);
    buffer::<32>(image);
    buffer::<2048>(image);
    // (On Linux a stack starts at a page, which need not be the start of a larger block.)
    #[cfg(not(target_os = "none"))]
    buffer::<4096>(image);
    let expected = checksum(CONSTANTS.iter().copied());
    expect("the largest piece", image.checksum(&CONSTANTS[..]), Ok(expected));
    pass()
}

/// Tests that the first bytes of a buffer are lent in the smallest block that holds them, and no byte more.
fn reach(image: Handle<dyn Image>, faulted: Notification) {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let mut buffer = LeaseBuf::<256>::new();
    buffer.fill(1);
    expect("33 bytes are in a block of 64", image.reach(64, buffer.first(33)), Ok(64));
    expect_that(
        "the server can't read 65 bytes",
        image.reach(65, buffer.first(33)) == Err(CallError::ServerFaulted),
    );
    watch.expect_any("painter");
    // The server restarts.
    expect("a part that begins elsewhere", image.checksum(&buffer[3..7]), Ok((4, 10)));
    watch.expect_no_more();
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Buffers on the stack that can be lent.

use core::fmt;
use core::ops::{Deref, DerefMut};

/// A buffer for the stack that can always be lent as a whole, without a copy.
///
/// The kernel never exposes a byte that the caller did not lend, and a memory protection unit can open only aligned
/// blocks. A plain array on the stack is usually not such a block, so a call lends a copy of the array. The copy takes
/// time, and two to four times the array's length on the stack. A `LeaseBuf` is an aligned block, so it needs no copy.
/// `N` is a power of two from 32 to 65536 bytes.
///
/// (On Linux at most 16 KiB are lent in one piece. Any part of a constant, or of memory declared with
/// [`shared!`](crate::shared!), can be lent.)
///
/// ```
/// # use crossgate::{LeaseBuf, LeaseMut, interface, testing::Wiring};
/// # #[interface] pub trait Source { fn read(&self, to: LeaseMut<'_, [u8]>) -> u32; }
/// # struct S;
/// # impl Source for S { fn read(&self, mut to: LeaseMut<'_, [u8]>) -> u32 { to.copy_from(b"hello") as u32 } }
/// # let wiring = Wiring::new();
/// # let source = wiring.serve::<dyn Source, _>(S);
/// # wiring.run(|| {
/// let mut buffer = LeaseBuf::<32>::new();
/// let count = source.read(&mut buffer[..]).unwrap() as usize;
/// assert_eq!(&buffer[..count], b"hello");
/// # });
/// ```
///
/// A function that is generic over the size of a buffer has to require that a block can have this size:
///
/// ```
/// use crossgate::{Block, BlockSize, LeaseBuf};
/// fn clear<const N: usize>(buffer: &mut LeaseBuf<N>)
/// where
///     BlockSize<N>: Block,
/// {
///     buffer.fill(0);
/// }
/// clear(&mut LeaseBuf::<64>::new());
/// ```
#[derive(Clone, Copy)]
#[repr(C)]
pub struct LeaseBuf<const N: usize>
where
    BlockSize<N>: Block,
{
    alignment: [<BlockSize<N> as Block>::Alignment; 0],
    bytes: [u8; N],
}

/// The first bytes of a [`LeaseBuf`], to be lent for reading.
#[derive(Clone, Copy, Debug)]
pub struct First<'a>(pub(crate) &'a [u8]);

/// The first bytes of a [`LeaseBuf`], to be lent for reading or writing.
#[derive(Debug)]
pub struct FirstMut<'a>(pub(crate) &'a mut [u8]);

/// A size in bytes, as a type. It implements [`Block`] if a protected block of memory can have this size.
#[derive(Clone, Copy, Debug)]
pub struct BlockSize<const N: usize>;

/// A size that a protected block of memory can have: a [`BlockSize`] of a power of two from 32 to 65536 bytes.
#[diagnostic::on_unimplemented(
    message = "a `LeaseBuf` has 32, 64, 128, ... or 65536 bytes",
    label = "not one of these sizes",
    note = "a memory protection unit opens blocks of these sizes; take the next larger power of two, and lend the `first` bytes"
)]
pub trait Block {
    /// A type whose alignment is this size.
    type Alignment: Copy;
}

macro_rules! blocks {
    ($($size:literal $name:ident)*) => { $(
        #[doc(hidden)]
        #[derive(Clone, Copy, Debug)]
        #[repr(align($size))]
        pub struct $name;
        impl Block for BlockSize<$size> {
            type Alignment = $name;
        }
    )* };
}
blocks!(32 Align32 64 Align64 128 Align128 256 Align256 512 Align512 1024 Align1024 2048 Align2048 4096 Align4096
    8192 Align8192 16384 Align16384 32768 Align32768 65536 Align65536);

impl<const N: usize> LeaseBuf<N>
where
    BlockSize<N>: Block,
{
    /// Creates a buffer whose bytes are all 0.
    #[must_use]
    pub const fn new() -> Self {
        LeaseBuf { alignment: [], bytes: [0; N] }
    }

    /// Returns the first `length` bytes, to be lent without a copy. (The block that the protection unit opens may be
    /// longer, but it is inside this buffer. A part that does not begin at the start, such as `&buffer[from..to]`, is
    /// lent as a copy.)
    ///
    /// ```
    /// # use crossgate::{LeaseBuf, Lease, interface, testing::Wiring};
    /// # #[interface] pub trait Sink { fn write(&self, bytes: Lease<'_, [u8]>) -> u32; }
    /// # struct S;
    /// # impl Sink for S { fn write(&self, bytes: Lease<'_, [u8]>) -> u32 { bytes.len() as u32 } }
    /// # let wiring = Wiring::new();
    /// # let sink = wiring.serve::<dyn Sink, _>(S);
    /// # wiring.run(|| {
    /// let buffer = LeaseBuf::<256>::new();
    /// assert_eq!(sink.write(buffer.first(100)), Ok(100));
    /// # });
    /// ```
    ///
    /// # Panics
    /// If the buffer is shorter than `length`.
    #[must_use]
    #[track_caller]
    pub fn first(&self, length: usize) -> First<'_> {
        First(&self[..length])
    }

    /// Returns the first `length` bytes as [`first`](Self::first) does, to be lent for writing.
    ///
    /// # Panics
    /// If the buffer is shorter than `length`.
    #[must_use]
    #[track_caller]
    pub fn first_mut(&mut self, length: usize) -> FirstMut<'_> {
        FirstMut(&mut self[..length])
    }
}

impl<const N: usize> Default for LeaseBuf<N>
where
    BlockSize<N>: Block,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deref for LeaseBuf<N>
where
    BlockSize<N>: Block,
{
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.bytes
    }
}

impl<const N: usize> DerefMut for LeaseBuf<N>
where
    BlockSize<N>: Block,
{
    fn deref_mut(&mut self) -> &mut [u8; N] {
        &mut self.bytes
    }
}

impl<const N: usize> fmt::Debug for LeaseBuf<N>
where
    BlockSize<N>: Block,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.fmt(formatter)
    }
}

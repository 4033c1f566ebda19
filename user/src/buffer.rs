//! Buffers on the stack that can be lent.

use core::fmt;
use core::ops::{Deref, DerefMut};

/// A buffer for the stack that can always be lent as a whole, without a copy.
///
/// The kernel never exposes a byte that was not offered, and a memory protection unit knows only
/// aligned blocks. A plain array on the stack, or a part of one, is no such block, so a call lends a copy of it,
/// which takes time, and stack of two to four times its length. A `LendBuf` is a block. `N` is 32, 64, 128,
/// 256, 512, 1024, 2048 or 4096 bytes.
///
/// (Memory declared with [`shared!`](crate::shared!) can be lent in any part, and so can constants.)
///
/// ```
/// # use crossgate::{LendBuf, LentMut, interface, host};
/// # #[interface] pub trait Source { fn read(&self, to: LentMut<'_, [u8]>) -> u32; }
/// # struct S;
/// # impl Source for S { fn read(&self, mut to: LentMut<'_, [u8]>) -> u32 { to.copy_from(b"hello") as u32 } }
/// # let source = host::serve::<dyn Source, _>(S);
/// let mut buffer = LendBuf::<32>::new();
/// let count = source.read(&mut buffer[..]).unwrap() as usize;
/// assert_eq!(&buffer[..count], b"hello");
/// ```
#[derive(Clone, Copy)]
#[repr(C)]
pub struct LendBuf<const N: usize>
where
    Size<N>: Block,
{
    alignment: [<Size<N> as Block>::Alignment; 0],
    bytes: [u8; N],
}

/// A size, as a type.
#[derive(Clone, Copy, Debug)]
pub struct Size<const N: usize>;

/// A size that a protected block of memory can have.
#[diagnostic::on_unimplemented(
    message = "a `LendBuf` has 32, 64, 128, 256, 512, 1024, 2048 or 4096 bytes",
    label = "not one of these sizes",
    note = "a memory protection unit opens blocks of these sizes; take the next larger one"
)]
pub trait Block {
    /// A type of the size's alignment.
    type Alignment: Copy;
}

macro_rules! blocks {
    ($($size:literal $name:ident)*) => { $(
        #[doc(hidden)]
        #[derive(Clone, Copy, Debug)]
        #[repr(align($size))]
        pub struct $name;
        impl Block for Size<$size> {
            type Alignment = $name;
        }
    )* };
}
blocks!(32 Align32 64 Align64 128 Align128 256 Align256 512 Align512 1024 Align1024 2048 Align2048 4096 Align4096);

impl<const N: usize> LendBuf<N>
where
    Size<N>: Block,
{
    /// All bytes are 0.
    #[must_use]
    pub const fn new() -> Self {
        LendBuf { alignment: [], bytes: [0; N] }
    }
}

impl<const N: usize> Default for LendBuf<N>
where
    Size<N>: Block,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deref for LendBuf<N>
where
    Size<N>: Block,
{
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.bytes
    }
}

impl<const N: usize> DerefMut for LendBuf<N>
where
    Size<N>: Block,
{
    fn deref_mut(&mut self) -> &mut [u8; N] {
        &mut self.bytes
    }
}

impl<const N: usize> fmt::Debug for LendBuf<N>
where
    Size<N>: Block,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.fmt(formatter)
    }
}

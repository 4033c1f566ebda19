// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that is lent to a call.
//!
//! The caller passes a plain reference; the server gets a [`Lease`] or [`LeaseMut`], which is valid while the method
//! runs. Some memory can't be lent in place, such as most plain arrays and values. It is lent as a copy on the caller's
//! stack, and copied back after the call. A [`LeaseBuf`], a constant and [`shared!`](crate::shared!) memory need no
//! copy. The memory belongs to a process that the server does not trust, and that may change the memory at any time. So
//! a server never gets a reference to it: every access copies the elements that it needs. The module `in_place` has
//! functions to work on large memory in place.

use crate::buffer::{Block, BlockSize, First, FirstMut, LeaseBuf};
use crate::seal::Seal;
use crate::wire::{Decoder, Encoder, Invalid, Parameter};
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::Deref;
use crossgate_abi::{Shape, WHOLE_BLOCK, Word};

/// The longest memory that is lent as a copy, in bytes. (A copy of `n` bytes takes up to `4 * n` bytes of stack.)
pub const LONGEST_COPY: usize = 4096;

/// Plain bytes: every bit pattern is a value, and there is no padding, no pointer and no cell.
///
/// Derive this trait for `#[repr(C)]` structs: `#[derive(Plain)]` checks all of this.
///
/// # Safety
/// Every bit pattern is a value of the type, and the type has no padding, no pointer and no cell.
pub unsafe trait Plain: Copy + 'static {}

macro_rules! plain {
    // SAFETY: numbers take every bit pattern and have no padding.
    ($($type:ty)*) => { $(unsafe impl Plain for $type {})* };
}
plain!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);
// SAFETY: an array has no padding of its own.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// Types of memory that can be lent: a [`Plain`] value, or a slice of them.
///
/// # Safety
/// The trait is implemented only here.
#[diagnostic::on_unimplemented(
    message = "memory of type `{Self}` cannot be lent to another process",
    label = "not plain bytes",
    note = "lent memory accepts every bit pattern and has no padding: integers, floats, arrays of them, `#[repr(C)]` structs that derive `Plain`"
)]
pub unsafe trait Lendable {
    #[doc(hidden)]
    type Element;
    #[doc(hidden)]
    const IS_SLICE: bool;
    /// The size in bytes; 0 if it is known only when the firmware runs.
    #[doc(hidden)]
    const FIXED_SIZE: usize;
}
// SAFETY: one element.
unsafe impl<T: Plain> Lendable for T {
    type Element = T;
    const IS_SLICE: bool = false;
    const FIXED_SIZE: usize = size_of::<T>();
}
// SAFETY: any number of elements.
unsafe impl<T: Plain> Lendable for [T] {
    type Element = T;
    const IS_SLICE: bool = true;
    const FIXED_SIZE: usize = 0;
}

/// Memory lent for reading: the server's side of `&[T]` or `&T`.
///
/// ```
/// # use crossgate::{Lease, interface, testing::Wiring};
/// #[interface]
/// pub trait Disk {
///     fn write(&mut self, at: u32, data: Lease<'_, [u8]>) -> bool;
/// }
/// struct Ram([u8; 64]);
/// impl Disk for Ram {
///     fn write(&mut self, at: u32, data: Lease<'_, [u8]>) -> bool {
///         match self.0.get_mut(at as usize..) {
///             Some(rest) if rest.len() >= data.len() => data.copy_to(rest) == data.len(),
///             _ => false,
///         }
///     }
/// }
/// let wiring = Wiring::new();
/// let disk = wiring.serve::<dyn Disk, _>(Ram([0; 64]));
/// wiring.run(|| {
///     assert_eq!(disk.write(60, b"data"), Ok(true));
///     assert_eq!(disk.write(61, b"data"), Ok(false));
/// });
/// ```
pub struct Lease<'a, X: ?Sized + Lendable> {
    address: *const u8,
    /// The length in bytes.
    length: usize,
    memory: PhantomData<&'a X>,
}

/// Memory lent for reading and writing: the server's side of `&mut [T]` or `&mut T`.
pub struct LeaseMut<'a, X: ?Sized + Lendable>(Lease<'a, X>, PhantomData<&'a mut X>);

/// Copies memory that may change at any time. After the copy there is a compiler barrier: the compiler has to assume
/// that it writes all memory. So the compiler can't replace a later read of the copy by a second read of the original.
///
/// # Safety
/// Both ranges are valid for the access, and they don't overlap.
#[inline]
pub(crate) unsafe fn copy_once<T>(from: *const T, to: *mut T, count: usize) {
    // SAFETY: the caller keeps the promises of the section Safety; the `asm!` is empty.
    unsafe {
        from.copy_to_nonoverlapping(to, count);
        #[cfg(not(miri))]
        core::arch::asm!("", options(nostack, preserves_flags));
    }
}

impl<'a, X: ?Sized + Lendable> Lease<'a, X> {
    pub(crate) const fn new(address: *const u8, length: usize) -> Lease<'a, X> {
        Lease { address, length, memory: PhantomData }
    }

    /// Returns the address of the memory and its length in bytes.
    pub(crate) const fn memory(&self) -> (*const u8, usize) {
        (self.address, self.length)
    }

    /// Returns the address of the memory, for a device that accesses memory itself (a DMA controller). The memory is
    /// lent only until the method returns, so the device has to stop its accesses before.
    #[must_use]
    pub fn address(&self) -> usize {
        self.address.addr()
    }

    /// Copies an element whose index is known to be valid.
    fn read<T: Plain>(&self, index: usize) -> T {
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: the kernel checked the memory, and the caller the index; any bytes are a `T`.
        unsafe {
            copy_once(
                self.address.add(index * size_of::<T>()),
                value.as_mut_ptr().cast(),
                size_of::<T>(),
            );
            value.assume_init()
        }
    }
}

impl<'a, T: Plain> Lease<'a, [T]> {
    /// Returns the number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length / size_of::<T>()
    }

    /// Returns whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a copy of element `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<T> {
        (index < self.len()).then(|| self.read(index))
    }

    /// Copies as many elements as fit into the shorter of both. Returns the number of copied elements.
    pub fn copy_to(&self, to: &mut [T]) -> usize {
        let count = self.len().min(to.len());
        // SAFETY: both have at least `count` elements; the slice is this process' own memory.
        unsafe { copy_once(self.address, to.as_mut_ptr().cast(), count * size_of::<T>()) };
        count
    }

    /// Returns the elements from `from` up to, but not including, `to`.
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> Option<Lease<'a, [T]>> {
        if from > to || to > self.len() {
            return None;
        }
        let start = self.address.wrapping_add(from * size_of::<T>());
        Some(Lease::new(start, (to - from) * size_of::<T>()))
    }
}

impl Lease<'_, [u8]> {
    /// Copies the bytes in chunks of `N` bytes (the last chunk may be shorter), and calls `each` for each chunk in
    /// order. An error of `each` ends this.
    ///
    /// # Errors
    /// The error of `each`.
    ///
    /// ```
    /// # use crossgate::{Lease, interface, testing::Wiring};
    /// #[interface]
    /// pub trait Check {
    ///     fn sum(&self, bytes: Lease<'_, [u8]>) -> Option<u8>;
    /// }
    /// struct Checker;
    /// impl Check for Checker {
    ///     fn sum(&self, bytes: Lease<'_, [u8]>) -> Option<u8> {
    ///         let mut sum = 0_u8;
    ///         let summed = bytes.for_each_chunk::<16, _>(|chunk| {
    ///             chunk.iter().try_for_each(|byte| sum.checked_add(*byte).map(|next| sum = next).ok_or(()))
    ///         });
    ///         summed.ok().map(|()| sum)
    ///     }
    /// }
    /// let wiring = Wiring::new();
    /// let check = wiring.serve::<dyn Check, _>(Checker);
    /// wiring.run(|| {
    ///     assert_eq!(check.sum(&[2; 50]), Ok(Some(100)));
    ///     assert_eq!(check.sum(&[8; 50]), Ok(None));
    /// });
    /// ```
    pub fn for_each_chunk<const N: usize, E>(
        &self,
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        const { assert!(N > 0, "a chunk has a byte at least") };
        let (mut copy, mut done) = ([0; N], 0);
        while let Some(part) = self.slice(done, self.len().min(done + N))
            && !part.is_empty()
        {
            let length = part.copy_to(&mut copy);
            each(&copy[..length])?;
            done += length;
        }
        Ok(())
    }
}

impl<T: Plain> Lease<'_, T> {
    /// Returns a copy of the value.
    #[must_use]
    pub fn copy(&self) -> T {
        self.read(0)
    }
}

impl<'a, X: ?Sized + Lendable> Deref for LeaseMut<'a, X> {
    type Target = Lease<'a, X>;

    fn deref(&self) -> &Lease<'a, X> {
        &self.0
    }
}

impl<'a, X: ?Sized + Lendable> LeaseMut<'a, X> {
    /// Wraps memory that was lent for writing. No other lease may include it.
    pub(crate) const fn new(lent: Lease<'a, X>) -> LeaseMut<'a, X> {
        LeaseMut(lent, PhantomData)
    }
}

impl<T: Plain> LeaseMut<'_, [T]> {
    /// Sets element `index`. Returns whether there is such an element.
    pub fn set(&mut self, index: usize, value: T) -> bool {
        self.cells().get(index).map(|cell| cell.set(value)).is_some()
    }

    /// Copies as many elements as fit into the shorter of both. Returns the number of copied elements.
    pub fn copy_from(&mut self, from: &[T]) -> usize {
        let count = self.len().min(from.len());
        // SAFETY: both have at least `count` elements, and the memory was lent for writing.
        unsafe {
            copy_once(from.as_ptr().cast(), self.0.address.cast_mut(), count * size_of::<T>())
        };
        count
    }

    /// Sets all elements.
    pub fn fill(&mut self, value: T) {
        self.cells().into_iter().for_each(|cell| cell.set(value));
    }

    /// Returns the elements from `from` up to, but not including, `to`.
    #[must_use]
    pub fn slice_mut(&mut self, from: usize, to: usize) -> Option<LeaseMut<'_, [T]>> {
        Some(LeaseMut::new(self.0.slice(from, to)?))
    }
}

impl LeaseMut<'_, [u8]> {
    /// Fills the memory in chunks of `N` bytes (the last chunk may be shorter). For each chunk, `fill` writes bytes to
    /// the start of the chunk, and returns their number. If the chunk is not full, there are no more bytes, and the
    /// function ends. Returns the total number of bytes.
    ///
    /// # Errors
    /// The error of `fill`. The chunks before the error are already in the memory.
    pub fn fill_chunks<const N: usize, E>(
        &mut self,
        mut fill: impl FnMut(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        const { assert!(N > 0, "a chunk has a byte at least") };
        let (mut copy, mut done, length) = ([0; N], 0, self.len());
        while let Some(mut part) = self.slice_mut(done, length.min(done + N))
            && !part.is_empty()
        {
            let room = part.len();
            let filled = fill(&mut copy[..room])?.min(room);
            done += part.copy_from(&copy[..filled]);
            if filled < room {
                break;
            }
        }
        Ok(done)
    }
}

impl<T: Plain> LeaseMut<'_, T> {
    /// Sets the value.
    pub fn write(&mut self, value: T) {
        // SAFETY: the memory holds a `T` and was lent for writing.
        unsafe { copy_once((&raw const value).cast(), self.0.address.cast_mut(), size_of::<T>()) };
    }
}

/// The memory that a caller offers for a lease.
#[derive(Debug)]
pub struct Offered {
    address: Word,
    /// The length in bytes.
    length: usize,
}

/// Checks that an array is short enough to be copied, so that it can be lent from any address. Without this check, a
/// longer array could be lent at some addresses, but not at others.
#[track_caller]
const fn check_size(bytes: usize) {
    assert!(
        bytes <= LONGEST_COPY,
        "memory of more than 4096 bytes is lent as a slice, `&memory[..]`, and is a constant or a `shared!` static"
    );
}

/// Returns the word for the length of memory at the start of a block, with the flag that offers the whole block.
const fn of_block(length: usize) -> Word {
    // Empty memory has no block.
    if length == 0 { 0 } else { length | WHOLE_BLOCK }
}

/// Types that can be passed for a parameter `P`, which is `Lease` or `LeaseMut`: a reference to the memory,
/// or a lease that the caller holds itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be lent as `{P}`",
    label = "the method wants `{P}`",
    note = "pass a reference to the memory: `&x` for `Lease`, `&mut x` for `LeaseMut`"
)]
pub trait Offer<P> {
    /// Returns the memory to lend.
    ///
    /// # Safety
    /// The lease must not be used after the memory has been freed.
    #[doc(hidden)]
    unsafe fn offer(self) -> Offered;
}

macro_rules! lend {
    ($([$($generics:tt)*] $from:ty => $to:ident<$lent:ty> $(where $bounded:ty: $bound:path)?, |$memory:ident| $address:expr, $length:expr $(, of $fixed:expr)?;)*) => { $(
        impl<$($generics)*> Offer<$to<'static, $lent>> for $from $(where $bounded: $bound)? {
            #[inline(always)]
            unsafe fn offer(self) -> Offered {
                $(const { check_size($fixed) };)?
                let $memory = self;
                Offered { address: $address.expose_provenance(), length: $length }
            }
        }
    )* };
}
lend! {
    [X: ?Sized + Lendable] &X => Lease<X>,
        |memory| (&raw const *memory).cast::<u8>(), size_of_val(memory), of X::FIXED_SIZE;
    [X: ?Sized + Lendable] &mut X => Lease<X>,
        |memory| (&raw const *memory).cast::<u8>(), size_of_val(memory), of X::FIXED_SIZE;
    [X: ?Sized + Lendable] &mut X => LeaseMut<X>,
        |memory| (&raw mut *memory).cast::<u8>(), size_of_val(memory), of X::FIXED_SIZE;
    [T: Plain, const N: usize] &[T; N] => Lease<[T]>,
        |memory| memory.as_ptr(), size_of_val(memory), of size_of::<[T; N]>();
    [T: Plain, const N: usize] &mut [T; N] => Lease<[T]>,
        |memory| memory.as_ptr(), size_of_val(memory), of size_of::<[T; N]>();
    [T: Plain, const N: usize] &mut [T; N] => LeaseMut<[T]>,
        |memory| memory.as_mut_ptr(), size_of_val(memory), of size_of::<[T; N]>();
    [] &str => Lease<[u8]>, |text| text.as_ptr(), text.len();
    [const N: usize] &LeaseBuf<N> => Lease<[u8]> where BlockSize<N>: Block, |buffer| buffer.as_ptr(), N;
    [const N: usize] &mut LeaseBuf<N> => Lease<[u8]> where BlockSize<N>: Block, |buffer| buffer.as_ptr(), N;
    [const N: usize] &mut LeaseBuf<N> => LeaseMut<[u8]> where BlockSize<N>: Block,
        |buffer| buffer.as_mut_ptr(), N;
    [] First<'_> => Lease<[u8]>, |first| first.0.as_ptr(), of_block(first.0.len());
    [] FirstMut<'_> => Lease<[u8]>, |first| first.0.as_ptr(), of_block(first.0.len());
    [] FirstMut<'_> => LeaseMut<[u8]>, |first| first.0.as_mut_ptr(), of_block(first.0.len());
    [X: ?Sized + Lendable] &Lease<'_, X> => Lease<X>, |lease| lease.address, lease.length;
    [X: ?Sized + Lendable] &LeaseMut<'_, X> => Lease<X>, |lease| lease.0.address, lease.0.length;
    [X: ?Sized + Lendable] &mut LeaseMut<'_, X> => LeaseMut<X>,
        |lease| lease.0.address.cast_mut(), lease.0.length;
}

// The kernel has checked that the caller may lend the memory. If the length is not a multiple of the element's size, or
// if the start is not aligned for the element, the words are not valid.
impl<'a, X: ?Sized + Lendable> Parameter for Lease<'a, X> {
    const SEAL: Seal = Seal;
    const ARGUMENT: Shape = Shape::READ;
    type Caller = Offered;

    #[inline(always)]
    fn put_argument(argument: Offered, encoder: &mut Encoder) {
        encoder.push(argument.address);
        encoder.push(argument.length);
    }

    #[inline(always)]
    unsafe fn take_argument(decoder: &mut Decoder) -> Result<Self, Invalid> {
        let (address, length) = (decoder.pop(), decoder.pop() & !WHOLE_BLOCK);
        let (size, align) = (size_of::<X::Element>(), align_of::<X::Element>());
        let fits = if X::IS_SLICE { size != 0 && length % size == 0 } else { length == size };
        if !fits || !address.is_multiple_of(align) {
            return Err(Invalid);
        }
        Ok(Lease::new(core::ptr::with_exposed_provenance(address), length))
    }
}

impl<'a, X: ?Sized + Lendable> Parameter for LeaseMut<'a, X> {
    const SEAL: Seal = Seal;
    const ARGUMENT: Shape = Shape::WRITE;
    type Caller = Offered;

    #[inline(always)]
    fn put_argument(argument: Offered, encoder: &mut Encoder) {
        encoder.push(argument.address);
        encoder.push(argument.length);
    }

    #[inline(always)]
    unsafe fn take_argument(decoder: &mut Decoder) -> Result<Self, Invalid> {
        // SAFETY: the caller promises that the words are valid.
        Ok(LeaseMut(unsafe { Lease::take_argument(decoder)? }, PhantomData))
    }
}

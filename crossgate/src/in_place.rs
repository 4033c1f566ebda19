// SPDX-License-Identifier: MIT OR Apache-2.0
//! Work on lent memory in place: by elements, by chunks, and by cells.
//!
//! Large data, such as an image or a block of audio, is not copied as a whole: each element is loaded into a register
//! when it is read, and stored when it is set. An access takes as long as an access to the process' own memory.

use crate::lease::copy_once;
use crate::{Lease, LeaseMut, Plain};
use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

impl<'a, T: Plain> Lease<'a, [T]> {
    /// Returns copies of all elements, one by one.
    ///
    /// ```
    /// use crossgate::{Lease, interface, testing::Wiring};
    /// #[interface]
    /// pub trait Meter { fn loudness(&self, samples: Lease<'_, [i16]>) -> u32; }
    /// struct Peak;
    /// impl Meter for Peak {
    ///     fn loudness(&self, samples: Lease<'_, [i16]>) -> u32 {
    ///         samples.iter().map(|sample| sample.unsigned_abs().into()).max().unwrap_or(0)
    ///     }
    /// }
    /// let wiring = Wiring::new();
    /// let meter = wiring.serve::<dyn Meter, _>(Peak);
    /// wiring.run(|| assert_eq!(meter.loudness(&[3, -70, 12]), Ok(70)));
    /// ```
    #[inline]
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(Places::of(self))
    }

    /// Returns parts of `size` elements, one after the other; the last part may be shorter.
    ///
    /// # Panics
    /// If `size` is 0.
    #[must_use]
    #[track_caller]
    pub fn chunks(&self, size: usize) -> Chunks<'_, T> {
        assert!(size != 0, "chunks have a size");
        let (address, length) = self.memory();
        Chunks { rest: Lease::new(address, length), size }
    }
}

impl<T: Plain> LeaseMut<'_, [T]> {
    /// Returns all elements as cells. A cell reads and changes its element in place. Several cells may be in use at the
    /// same time.
    ///
    /// ```
    /// use crossgate::{LeaseMut, interface, testing::Wiring};
    /// #[interface]
    /// pub trait Filter { fn smooth(&self, samples: LeaseMut<'_, [i16]>); }
    /// struct Pairs;
    /// impl Filter for Pairs {
    ///     fn smooth(&self, mut samples: LeaseMut<'_, [i16]>) {
    ///         let cells = samples.cells();
    ///         for (this, next) in cells.into_iter().zip(cells.into_iter().skip(1)) {
    ///             this.set((this.get() + next.get()) / 2);
    ///         }
    ///     }
    /// }
    /// let wiring = Wiring::new();
    /// let filter = wiring.serve::<dyn Filter, _>(Pairs);
    /// wiring.run(|| {
    ///     let mut samples = [0, 10, 30, 30];
    ///     filter.smooth(&mut samples[..]).unwrap();
    ///     assert_eq!(samples, [5, 20, 30, 30]);
    /// });
    /// ```
    #[inline]
    #[must_use]
    pub fn cells(&mut self) -> Cells<'_, T> {
        Cells(Places::of(self))
    }

    /// Returns parts of `size` elements, one after the other, to be read and written; the last part may be shorter.
    ///
    /// # Panics
    /// If `size` is 0.
    #[must_use]
    #[track_caller]
    pub fn chunks_mut(&mut self, size: usize) -> ChunksMut<'_, T> {
        ChunksMut(self.chunks(size), PhantomData)
    }
}

/// The addresses of elements from `next` up to `end`.
#[derive(Debug)]
struct Places<'a, T> {
    next: *const T,
    end: *const T,
    memory: PhantomData<&'a T>,
}

impl<T> Clone for Places<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Places<'_, T> {}

impl<'a, T: Plain> Places<'a, T> {
    #[inline(always)]
    fn of(lent: &'a Lease<'_, [T]>) -> Places<'a, T> {
        let (address, length) = lent.memory();
        Places {
            next: address.cast(),
            end: address.wrapping_add(length).cast(),
            memory: PhantomData,
        }
    }

    #[inline(always)]
    fn len(&self) -> usize {
        // The size is not 0, because no type of size 0 can be lent.
        (self.end.addr() - self.next.addr()) / size_of::<T>()
    }

    #[inline(always)]
    fn take_first(&mut self) -> Option<LeaseCell<'a, T>> {
        if self.next == self.end {
            return None;
        }
        let place = self.next;
        self.next = place.wrapping_add(1);
        Some(LeaseCell(place, PhantomData))
    }

    #[inline(always)]
    fn take_last(&mut self) -> Option<LeaseCell<'a, T>> {
        if self.next == self.end {
            return None;
        }
        self.end = self.end.wrapping_sub(1);
        Some(LeaseCell(self.end, PhantomData))
    }
}

/// Implements iteration over lent memory, from the front and from the back.
macro_rules! iterate {
    ($name:ident => $item:ty, |$cell:ident| $value:expr) => {
        impl<'a, T: Plain> Iterator for $name<'a, T> {
            type Item = $item;

            #[inline(always)]
            fn next(&mut self) -> Option<$item> {
                self.0.take_first().map(|$cell| $value)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.0.len(), Some(self.0.len()))
            }
        }

        impl<T: Plain> DoubleEndedIterator for $name<'_, T> {
            #[inline(always)]
            fn next_back(&mut self) -> Option<Self::Item> {
                self.0.take_last().map(|$cell| $value)
            }
        }

        impl<T: Plain> ExactSizeIterator for $name<'_, T> {}
        impl<T: Plain> FusedIterator for $name<'_, T> {}
    };
}

/// Copies of the elements of lent memory, one by one: see [`Lease::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'a, T>(Places<'a, T>);
iterate!(Iter => T, |cell| cell.get());

/// The elements of lent memory as cells, one by one: see [`LeaseMut::cells`].
#[derive(Clone, Debug)]
pub struct CellIter<'a, T>(Places<'a, T>);
iterate!(CellIter => LeaseCell<'a, T>, |cell| cell);

/// A view of lent memory by its elements: see [`LeaseMut::cells`].
#[derive(Debug)]
pub struct Cells<'a, T>(Places<'a, T>);

impl<T> Clone for Cells<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Cells<'_, T> {}

impl<'a, T: Plain> Cells<'a, T> {
    /// Returns the number of elements.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no elements.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns the cell of element `index`.
    #[inline]
    #[must_use]
    pub fn get(self, index: usize) -> Option<LeaseCell<'a, T>> {
        (index < self.len()).then(|| LeaseCell(self.0.next.wrapping_add(index), PhantomData))
    }
}

impl<'a, T: Plain> IntoIterator for Cells<'a, T> {
    type Item = LeaseCell<'a, T>;
    type IntoIter = CellIter<'a, T>;

    #[inline]
    fn into_iter(self) -> CellIter<'a, T> {
        CellIter(self.0)
    }
}

/// An element of lent memory. Its owner may change it at any time.
#[derive(Debug)]
pub struct LeaseCell<'a, T>(*const T, PhantomData<&'a T>);

impl<T> Clone for LeaseCell<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for LeaseCell<'_, T> {}

impl<T: Plain> LeaseCell<'_, T> {
    /// Returns a copy of the element.
    #[inline(always)]
    #[must_use]
    pub fn get(self) -> T {
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: the cell is an element of lent memory, which the kernel has checked. Any bytes are a valid `T`.
        unsafe {
            copy_once(self.0, value.as_mut_ptr(), 1);
            value.assume_init()
        }
    }

    /// Sets the element.
    //
    // (Memory that is lent for reading only also has cells, but they are not visible outside of this file.)
    #[inline(always)]
    pub fn set(self, value: T) {
        // SAFETY: as above, and the memory is lent for writing.
        unsafe { copy_once(&raw const value, self.0.cast_mut(), 1) };
    }
}

/// Parts of lent memory, one after the other: see [`Lease::chunks`].
pub struct Chunks<'a, T: Plain> {
    rest: Lease<'a, [T]>,
    /// The size of a part in elements.
    size: usize,
}

impl<'a, T: Plain> Iterator for Chunks<'a, T> {
    type Item = Lease<'a, [T]>;

    fn next(&mut self) -> Option<Lease<'a, [T]>> {
        let count = self.size.min(self.rest.len());
        let first = self.rest.slice(0, count).filter(|first| !first.is_empty())?;
        self.rest = self.rest.slice(count, self.rest.len())?;
        Some(first)
    }
}

/// Parts of lent memory to be written, one after the other: see [`LeaseMut::chunks_mut`].
pub struct ChunksMut<'a, T: Plain>(Chunks<'a, T>, PhantomData<&'a mut T>);

impl<'a, T: Plain> Iterator for ChunksMut<'a, T> {
    type Item = LeaseMut<'a, [T]>;

    fn next(&mut self) -> Option<LeaseMut<'a, [T]>> {
        self.0.next().map(LeaseMut::new)
    }
}

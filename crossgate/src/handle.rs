// SPDX-License-Identifier: MIT OR Apache-2.0
//! Handles of services.

use crate::Interface;
use crate::wire::{Decoder, Encoder, Invalid, Wire};
use core::any::TypeId;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use crossgate_abi::{Shape, Word};

/// A handle without the type of its interface: an index into the kernel's table of gates.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct RawHandle(
    // The index of the gate of the first method. The selector of a call is this index plus the number of the method.
    u32,
);

impl RawHandle {
    const fn of_gate(index: usize) -> RawHandle {
        RawHandle(index as u32)
    }

    const fn gate(self) -> usize {
        self.0 as usize
    }

    #[inline(always)]
    pub(crate) fn selector(self, method: usize) -> Word {
        self.0 as Word + method
    }
}

/// A client's reference to a service that implements the interface `I`, in any process: `Handle<dyn Temperature>`.
///
/// A handle is plain data, and gives no right by itself: the wiring says which process may call which service, and the
/// kernel checks each call. If a process that may call a service passes its handle to another process, as an argument
/// or in a result of a call, the other process gets the right too. [`server::revoke`](crate::server::revoke) takes the
/// right back. The methods of a handle are those of the interface; each may also fail with a
/// [`CallError`](crate::CallError).
///
/// ```
/// # use crossgate::{Handle, CallError, interface, testing::Wiring};
/// # #[interface] pub trait Counter { fn add(&mut self, n: u32) -> u32; }
/// # struct C(u32);
/// # impl Counter for C { fn add(&mut self, n: u32) -> u32 { self.0 += n; self.0 } }
/// fn twice(counter: Handle<dyn Counter>) -> Result<u32, CallError> {
///     counter.add(1)?;
///     counter.add(1)
/// }
/// let wiring = Wiring::new();
/// let counter = wiring.serve(C(40));
/// wiring.run(|| assert_eq!(twice(counter), Ok(42)));
/// ```
#[repr(transparent)]
pub struct Handle<I: ?Sized>(RawHandle, PhantomData<fn() -> *const I>);

impl<I: ?Sized> Clone for Handle<I> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<I: ?Sized> Copy for Handle<I> {}

impl<I: ?Sized> PartialEq for Handle<I> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<I: ?Sized> Eq for Handle<I> {}

impl<I: ?Sized + Interface> fmt::Debug for Handle<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}#{}", I::NAME, self.0.gate())
    }
}

// These are associated functions and not methods, because a method could hide a method of the interface.
impl<I: ?Sized> Handle<I> {
    #[doc(hidden)]
    #[must_use]
    pub const fn __of_gate(index: usize) -> Handle<I> {
        Handle(RawHandle::of_gate(index), PhantomData)
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn __gate(self) -> usize {
        self.0.gate()
    }

    pub(crate) const fn __raw(self) -> RawHandle {
        self.0
    }
}

impl<I: ?Sized + Interface> Deref for Handle<I> {
    type Target = I::Client;

    #[inline(always)]
    fn deref(&self) -> &I::Client {
        // SAFETY: `Interface` promises that the client is transparent over `RawHandle`. `Handle` is transparent over it
        // too.
        unsafe { &*(&raw const *self).cast::<I::Client>() }
    }
}

impl<I: ?Sized + Interface> Wire for Handle<I> {
    const SHAPE: Shape = Shape::HANDLE;

    #[inline(always)]
    fn put(self, encoder: &mut Encoder) {
        encoder.push(self.0.0 as Word);
    }

    // A handle of another interface is refused, because its methods have other meanings.
    #[inline(always)]
    fn take(decoder: &mut Decoder) -> Result<Self, Invalid> {
        let word = decoder.pop();
        if !implements(word, TypeId::of::<I>) {
            return Err(Invalid);
        }
        Ok(Handle(RawHandle(word as u32), PhantomData))
    }
}

/// Returns whether the word is a handle of a service with this interface.
#[inline(never)]
fn implements(word: Word, interface: fn() -> TypeId) -> bool {
    crate::arch::interface_of(word) == Some(interface())
}

/// The handles of an array of `N` objects, as the wiring has them.
#[repr(transparent)]
pub struct Handles<I: ?Sized, const N: usize>(RawHandle, PhantomData<fn() -> *const I>);

impl<I: ?Sized, const N: usize> Clone for Handles<I, N> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<I: ?Sized, const N: usize> Copy for Handles<I, N> {}

impl<I: ?Sized + Interface, const N: usize> Handles<I, N> {
    /// Returns the handle of object `index`.
    ///
    /// # Panics
    /// If there is no such object. In the wiring that is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn at(self, index: usize) -> Handle<I> {
        assert!(index < N, "the array has no such object");
        Handle::__of_gate(self.0.gate() + index * I::SHAPES.len())
    }

    /// Returns the handle of object `index`, if there is such an object.
    #[must_use]
    pub const fn get(self, index: usize) -> Option<Handle<I>> {
        if index < N { Some(self.at(index)) } else { None }
    }

    /// Returns the number of handles.
    #[must_use]
    pub const fn len(self) -> usize {
        N
    }

    /// Returns whether there are no handles.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        N == 0
    }
}

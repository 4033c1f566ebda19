// SPDX-License-Identifier: MIT OR Apache-2.0
//! Service objects.

use crate::seal::Seal;
use crate::{AllShared, Handle, Handles, Interface, ServedBy};
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ops::Deref;
use crossgate_abi::table::Thunk;

/// An object that any number of threads may enter at the same time: its methods take `&self`, and its state is `Sync`.
/// Threads of its own process may also use the state directly.
#[derive(Debug)]
#[repr(transparent)]
pub struct Concurrent<T>(T);

impl<T> Concurrent<T> {
    /// Creates an object of this state.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Concurrent(value)
    }
}

impl<T> Deref for Concurrent<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// An object that only one call can enter at a time; the kernel ensures this. Its methods may take `&mut self`, and its
/// state need not be `Sync`. The object can be used only by calls, even from a thread of its own process.
#[derive(Debug)]
#[repr(transparent)]
pub struct Exclusive<T>(UnsafeCell<T>);

// SAFETY: only thunks access the state, one at a time. They may run on different threads, so `T` has to be `Send`.
unsafe impl<T: Send> Sync for Exclusive<T> {}

impl<T> Exclusive<T> {
    /// Creates an object of this state.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Exclusive(UnsafeCell::new(value))
    }
}

/// Types that can be written after `object name:` in the wiring.
///
/// # Safety
/// `Handle` is transparent over a `RawHandle`. The memory of the type consists of `COUNT` objects of equal size.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service object",
    note = "write `Concurrent<T>` (`&self` methods, `T: Sync`), `Exclusive<T>` (one call at a time) or an array of these"
)]
pub unsafe trait ServiceObject: 'static {
    /// No other crate can define the number of objects and the type of their handles, because it can't name the type
    /// `Seal`.
    #[doc(hidden)]
    const SEAL: Seal;
    /// The number of objects in this value.
    const COUNT: usize;
    /// The number of locks that the objects need.
    const LOCKS: usize;
    /// The handle that a client holds.
    type Handle<I: ?Sized + Interface>: Copy;
    /// The type whose function `new` creates the object from the value in the wiring.
    type Init;
}

// SAFETY: one object.
unsafe impl<T: 'static> ServiceObject for Concurrent<T> {
    const SEAL: Seal = Seal;
    const COUNT: usize = 1;
    const LOCKS: usize = 0;
    type Handle<I: ?Sized + Interface> = Handle<I>;
    type Init = Concurrent<T>;
}
// SAFETY: one object.
unsafe impl<T: 'static> ServiceObject for Exclusive<T> {
    const SEAL: Seal = Seal;
    const COUNT: usize = 1;
    const LOCKS: usize = 1;
    type Handle<I: ?Sized + Interface> = Handle<I>;
    type Init = Exclusive<T>;
}
// SAFETY: N objects in a row.
unsafe impl<O: ServiceObject, const N: usize> ServiceObject for [O; N] {
    const SEAL: Seal = Seal;
    const COUNT: usize = N;
    const LOCKS: usize = N * O::LOCKS;
    type Handle<I: ?Sized + Interface> = Handles<I, N>;
    type Init = Array<[O; N]>;
}

/// The constructor of an array of objects: the wiring contains the array itself, and `new` returns it unchanged.
#[derive(Debug)]
pub struct Array<A>(PhantomData<A>);

impl<A> Array<A> {
    /// Returns the array.
    #[expect(clippy::new_ret_no_self, reason = "the wiring makes every object by `new`")]
    pub const fn new(array: A) -> A {
        array
    }
}

/// `O: Publish<dyn I>`: an object of type `O` can be published as a service with interface `I`.
///
/// # Safety
/// The entry points expect objects of `Self`.
pub unsafe trait Publish<I: ?Sized + Interface>: ServiceObject {
    /// The entry points of the methods.
    const THUNKS: &'static [Thunk];
}

// SAFETY: `AllShared` and `Sync` guarantee that many calls may be in the object.
unsafe impl<I: ?Sized + ServedBy<T> + AllShared, T: Sync + 'static> Publish<I> for Concurrent<T> {
    const THUNKS: &'static [Thunk] = <I as ServedBy<T>>::THUNKS;
}
// SAFETY: only one call at a time enters the object, which every interface allows.
unsafe impl<I: ?Sized + ServedBy<T>, T: Send + 'static> Publish<I> for Exclusive<T> {
    const THUNKS: &'static [Thunk] = <I as ServedBy<T>>::THUNKS;
}
// SAFETY: the array has the same entry points as its elements.
unsafe impl<I: ?Sized + Interface, O: Publish<I>, const N: usize> Publish<I> for [O; N] {
    const THUNKS: &'static [Thunk] = O::THUNKS;
}

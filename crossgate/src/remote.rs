// SPDX-License-Identifier: MIT OR Apache-2.0
//! Services behind a link: on another core, or on another machine.
//!
//! A client calls such a service by an ordinary [`Handle`], and does not know that it is far away. The object behind
//! the handle is a [`Remote`], in a process of the client's firmware that owns the link. The object passes the words
//! of each call to a [`Transport`], which carries them over the link. At the other end, a process calls the real
//! service, as a [`Service`], and sends the words of the result back. So neither end has code for each interface: the
//! words of a call are the same everywhere.
//!
//! ```
//! use crossgate::remote::{Remote, Request, Route, Service, Transport};
//! use crossgate::{CallError, Handle, interface, testing::Wiring};
//!
//! #[interface(remote)]
//! pub trait Temperature { fn get(&self, sensor: u8) -> i32; }
//!
//! struct Sensors;
//! impl Temperature for Sensors {
//!     fn get(&self, sensor: u8) -> i32 { -10 * i32::from(sensor) }
//! }
//!
//! /// A link that is a call.
//! struct Direct([Service; 1]);
//! impl Transport for Direct {
//!     fn call(&self, request: Request) -> Result<[u32; 2], CallError> {
//!         let service = self.0.get(usize::from(request.service));
//!         service.ok_or(CallError::NoSuchService)?.call(&request)
//!     }
//! }
//!
//! let wiring = Wiring::new();
//! let sensors: Handle<dyn Temperature> = wiring.serve(Sensors);
//! let gateway = wiring.process("gateway");
//! let link = gateway.object(Direct([Service::of(sensors)]));
//! let far: Handle<dyn Temperature> = gateway.serve_remote(Route::new(link, 0));
//! wiring.run(|| assert_eq!(far.get(3), Ok(-30)));
//! ```
//!
//! Values travel as words of 32 bits. Lent memory, handles and notifications do not leave a machine: an interface with
//! one of them does not compile with `#[interface(remote)]`, and neither does one with `usize`, whose size differs
//! between machines.

use crate::interface::{MethodShape, MethodText};
use crate::object::{Publish, ServiceObject};
use crate::seal::Seal;
use crate::status::failure;
use crate::{Concurrent, Handle, Interface, RawHandle, arch, server};
use core::fmt;
use core::marker::PhantomData;
use crossgate_abi::message::fail;
use crossgate_abi::table::{RawReply, Thunk};
use crossgate_abi::{CallError, Word};

/// An interface whose calls can be carried over a link: `#[interface(remote)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interface for links",
    note = "put `#[interface(remote)]` on the trait"
)]
pub trait Portable: Interface {}

/// `dyn I: Forwards<T>`: the calls of `I` can be passed to a `T`. Implemented by
/// [`#[interface(remote)]`](macro@crate::interface).
///
/// # Safety
/// The entry points expect a `*mut Remote<Self, T>`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interface for links",
    note = "put `#[interface(remote)]` on the trait"
)]
pub unsafe trait Forwards<T>: Portable {
    const THUNKS: &'static [Thunk];
}

/// A call, on its way over a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The index of the service among those that the other end offers.
    pub service: u8,
    /// The index of the method in the interface.
    pub method: u8,
    /// The [fingerprint] of the interface that the caller means.
    pub fingerprint: u32,
    /// The words of the arguments; those that the method does not have are 0.
    pub words: [u32; 4],
}

/// A link, from the end that calls.
pub trait Transport: Sync + 'static {
    /// Carries a call over the link, waits for the result, and returns its words. The thread is in the process that
    /// owns the link, in a call of the client.
    ///
    /// # Errors
    /// The error that the client gets. For [`CallError::Refused`] there is also a
    /// [record](crate::server::refuse) that accuses the client.
    fn call(&self, request: Request) -> Result<[u32; 2], CallError>;
}

impl<T: Transport> Transport for Concurrent<T> {
    fn call(&self, request: Request) -> Result<[u32; 2], CallError> {
        (**self).call(request)
    }
}

/// The way to a service: a link, and the index of the service at the other end.
pub struct Route<T: 'static> {
    link: &'static T,
    service: u8,
}

impl<T> Route<T> {
    /// Creates a route.
    #[must_use]
    pub const fn new(link: &'static T, service: u8) -> Route<T> {
        Route { link, service }
    }
}

impl<T> fmt::Debug for Route<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Route").field("service", &self.service).finish_non_exhaustive()
    }
}

/// The object that stands for a service behind a link.
///
/// ```text
/// process mailbox {
///     object link: Link = Link::new(...) => [];
///     object temperature: Remote<dyn Temperature, Link> = Route::new(&link, 0) => [TEMPERATURE: dyn Temperature];
/// }
/// ```
///
/// Many calls may be in it at once, also if the interface has `&mut self` methods: the real object lets them in one by
/// one.
#[derive(Debug)]
pub struct Remote<I: ?Sized, T: 'static> {
    route: Route<T>,
    interface: PhantomData<fn() -> *const I>,
}

impl<I: ?Sized, T> Remote<I, T> {
    /// Creates the object.
    #[must_use]
    pub const fn new(route: Route<T>) -> Remote<I, T> {
        Remote { route, interface: PhantomData }
    }
}

// SAFETY: one object.
unsafe impl<I: ?Sized + 'static, T: 'static> ServiceObject for Remote<I, T> {
    const SEAL: Seal = Seal;
    const COUNT: usize = 1;
    const LOCKS: usize = 0;
    type Handle<J: ?Sized + Interface> = Handle<J>;
    type Init = Remote<I, T>;
}

// SAFETY: the entry points of `Forwards` are for these objects. They only read the object, and `T` is `Sync`.
unsafe impl<I: ?Sized + Forwards<T>, T: Transport> Publish<I> for Remote<I, T> {
    const THUNKS: &'static [Thunk] = <I as Forwards<T>>::THUNKS;
}

/// The entry point of a method of a [`Remote`].
///
/// # Safety
/// `object` is a `Remote<I, T>` that lives for ever, and `I` has a method of this index.
#[doc(hidden)]
pub unsafe extern "C-unwind" fn forward<I: ?Sized + Portable, T: Transport, const METHOD: usize>(
    object: *mut (),
    first: Word,
    second: Word,
    third: Word,
    fourth: Word,
) -> RawReply {
    // SAFETY: as the caller promises.
    let Route { link, service } = unsafe { &(*object.cast::<Remote<I, T>>()).route };
    let fingerprint = const { fingerprint::<I>() };
    let words = [first as u32, second as u32, third as u32, fourth as u32];
    match link.call(Request { service: *service, method: METHOD as u8, fingerprint, words }) {
        Ok(words) => arch::leave(0, words.map(|word| word as Word)),
        Err(error) => {
            if error == CallError::Refused {
                server::refuse();
            }
            arch::leave(error as Word, [0; 2])
        }
    }
}

/// A service of this firmware, for the process that calls it for the other end of a link.
#[derive(Clone, Copy)]
pub struct Service {
    handle: RawHandle,
    shapes: &'static [MethodShape],
    fingerprint: u32,
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Service({:08x})", self.fingerprint)
    }
}

impl Service {
    /// Creates it from a handle.
    #[must_use]
    pub const fn of<I: ?Sized + Portable>(handle: Handle<I>) -> Service {
        const { check::<I>() }
        Service {
            handle: handle.__raw(),
            shapes: I::SHAPES,
            fingerprint: const { fingerprint::<I>() },
        }
    }

    /// Calls a method of the service, as the other end of a link requests it. Any request is allowed: the words need
    /// not be valid.
    ///
    /// # Errors
    /// [`CallError::NoSuchService`] if the request is for another interface, or if there is no such method; otherwise
    /// the error of the call.
    pub fn call(&self, request: &Request) -> Result<[u32; 2], CallError> {
        let method = usize::from(request.method);
        let shape = self.shapes.get(method).filter(|_| request.fingerprint == self.fingerprint);
        let words = shape.ok_or(CallError::NoSuchService)?.arguments().words;
        // All of them are plain values, as `of` has checked.
        let arguments = request.words.map(|word| word as Word);
        let reply = arch::call(self.handle.selector(method), arguments, words.into());
        if reply.status == 0 {
            Ok(reply.words.map(|word| word as u32))
        } else {
            Err(failure(reply.status))
        }
    }
}

/// Refuses an interface that can't be carried over a link.
#[doc(hidden)]
#[track_caller]
pub const fn check<I: ?Sized + Interface>() {
    let mut index = 0;
    while index < I::SHAPES.len() {
        let shape = I::SHAPES[index];
        if shape.arguments().kinds != 0 || shape.results().kinds != 0 {
            fail(&["`", I::NAME, "::", I::METHODS[index].name, "` ", NOT_PORTABLE]);
        }
        index += 1;
    }
}

const NOT_PORTABLE: &str =
    "lends memory or passes a handle, but only values can be carried over a link";

/// Returns a number for the names and types of all methods of an interface. Firmwares with the same definition of the
/// interface have the same number, whatever compiler has built them.
#[must_use]
pub const fn fingerprint<I: ?Sized + Interface>() -> u32 {
    let mut hash = Hash::new().with(I::NAME);
    let mut index = 0;
    while index < I::METHODS.len() {
        hash = hash.with_method(&I::METHODS[index]);
        index += 1;
    }
    hash.0
}

/// FNV-1a, 32 bits.
struct Hash(u32);

impl Hash {
    const fn new() -> Hash {
        Hash(0x811c_9dc5)
    }

    const fn with_byte(self, byte: u8) -> Hash {
        Hash((self.0 ^ byte as u32).wrapping_mul(0x0100_0193))
    }

    /// Adds a text and its end.
    const fn with(self, text: &str) -> Hash {
        let (mut hash, mut index) = (self, 0);
        while index < text.len() {
            hash = hash.with_byte(text.as_bytes()[index]);
            index += 1;
        }
        hash.with_byte(0)
    }

    const fn with_method(self, method: &MethodText) -> Hash {
        let mut hash = self.with(method.name).with_byte(method.is_exclusive as u8);
        let mut index = 0;
        while index < method.parameters.len() {
            hash = hash.with(method.parameters[index].ty);
            index += 1;
        }
        hash.with(method.result)
    }
}

#[cfg(test)]
#[expect(
    dead_code,
    unused_variables,
    reason = "in other crates the code of the macro is not looked into"
)]
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "in other crates the code of the macro is not looked into"
)]
mod tests {
    use super::*;
    use crate::testing::Wiring;
    use crate::{Lease, Wire};
    use std::panic::catch_unwind;

    #[derive(Wire, Clone, Copy, Debug, PartialEq, Eq)]
    struct Full;

    #[crate::interface(remote)]
    trait Adder {
        fn add(&mut self, first: u32, second: u64) -> Result<i32, Full>;
        fn negate(&mut self, value: bool) -> bool;
    }

    struct Sum(u32);
    impl Adder for Sum {
        fn add(&mut self, first: u32, second: u64) -> Result<i32, Full> {
            self.0 += 1;
            if first == 0 { Err(Full) } else { Ok((u64::from(first) + second) as i32) }
        }
        fn negate(&mut self, value: bool) -> bool {
            assert!(self.0 > 0, "the server crashes");
            !value
        }
    }

    /// A link that spoils requests and answers.
    struct Bad(Service, fn(Request) -> Request, Option<[u32; 2]>);
    impl Transport for Bad {
        fn call(&self, request: Request) -> Result<[u32; 2], CallError> {
            let answer = self.0.call(&self.1(request))?;
            Ok(self.2.unwrap_or(answer))
        }
    }

    #[test]
    fn a_handle_is_the_same_near_and_far() {
        let wiring = Wiring::new();
        let home = wiring.process("home").may_crash();
        let near: Handle<dyn Adder> = home.serve(Sum(0));
        let gateway = wiring.process("gateway");
        let far = |change, answer| {
            let link = gateway.object(Bad(Service::of(near), change, answer));
            gateway.serve_remote::<dyn Adder, _>(Route::new(link, 0))
        };
        let good = far(|request| request, None);
        let no_method = far(|request| Request { method: 2, ..request }, None);
        let other =
            far(|request| Request { fingerprint: request.fingerprint ^ 1, ..request }, None);
        let invalid = far(|request| Request { words: [7; 4], ..request }, None);
        let liar = far(|request| request, Some([7, 7]));
        wiring.run(|| {
            assert_eq!(good.negate(true), Err(CallError::ServerFaulted), "an error of the far end");
            assert_eq!(good.add(1, 1 << 32 | 5), Ok(Ok(6)));
            assert_eq!(good.add(0, 5), Ok(Err(Full)));
            assert_eq!((good.negate(true), good.negate(false)), (Ok(false), Ok(true)));
            assert_eq!(good.add(1, -3_i64 as u64), Ok(Ok(-2)));
            assert_eq!(no_method.negate(true), Err(CallError::NoSuchService));
            assert_eq!(other.negate(true), Err(CallError::NoSuchService));
            assert_eq!(invalid.negate(true), Err(CallError::BadArgument));
            assert_eq!(liar.add(1, 1), Err(CallError::BadReply));
        });
    }

    /// The definitions differ in one place each.
    #[test]
    fn other_definitions_have_other_fingerprints() {
        macro_rules! fingerprints {
            ($($definition:tt)*) => { [$({
                #[crate::interface(remote)]
                trait Same $definition
                fingerprint::<dyn Same>()
            }),*] };
        }
        let mut all = fingerprints!(
            { fn get(&self) -> u32; }
            { fn set(&self) -> u32; }
            { fn get(&mut self) -> u32; }
            { fn get(&self) -> i32; }
            { fn get(&self, it: u8) -> u32; }
            { fn get(&self, it: i8) -> u32; }
            { fn get(&self, it: u8, other: u8) -> u32; }
            { fn get(&self) -> u32; fn set(&self) -> u32; }
        );
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]), "{all:x?}");
        assert_eq!(Hash::new().with_byte(b'a').0, 0xe40c_292c, "a published value of FNV-1a");
    }

    #[crate::interface]
    trait Disk {
        fn write(&self, text: Lease<'_, [u8]>);
    }
    #[crate::interface]
    trait Shop {
        fn find(&self) -> Option<Handle<dyn Disk>>;
    }

    #[test]
    fn what_is_no_value_is_refused_under_any_name() {
        for refused in [catch_unwind(check::<dyn Disk>), catch_unwind(check::<dyn Shop>)] {
            let text = *refused.unwrap_err().downcast::<std::string::String>().unwrap();
            assert!(text.contains("only values can be carried"), "{text}");
        }
    }
}

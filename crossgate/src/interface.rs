// SPDX-License-Identifier: MIT OR Apache-2.0
//! The traits that `#[interface]` implements for a trait, and the descriptions of methods in them.

use crate::Parameter;
use crate::shape::broken_limit;
use crossgate_abi::Shape;
use crossgate_abi::message::fail;
use crossgate_abi::table::{Method, Thunk};

/// A trait that can be called across processes, as `dyn Trait`. Implemented by
/// [`#[interface]`](macro@crate::interface).
///
/// # Safety
/// `Client` is `repr(transparent)` over [`RawHandle`](crate::RawHandle).
//
// `Interface` has no type parameters, so only the crate that defines `Trait` can implement it for `dyn Trait`. So no
// server and no client can define the interface in another way than this crate.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interface",
    note = "put `#[interface]` on the trait"
)]
pub unsafe trait Interface: 'static {
    /// The methods as a caller sees them.
    type Client;
    /// The name, with its path, and with the names of its generic parameters.
    const NAME: &'static str;
    /// The names of the methods and of their parameters, for tools that can't read Rust.
    const METHODS: &'static [MethodText];
    /// The shapes of the methods, in the order of the trait.
    const SHAPES: &'static [MethodShape];
}

/// `dyn I: ServedBy<T>` if `T: I`. Implemented by [`#[interface]`](macro@crate::interface).
///
/// The crate of a server may also implement this trait by hand, for a type of its own. This gives it no further rights:
/// calls then enter its own process, only at other addresses.
///
/// # Safety
/// The entry points expect a `*mut T`.
#[diagnostic::on_unimplemented(message = "`{T}` does not implement the interface `{Self}`")]
pub unsafe trait ServedBy<T>: Interface {
    /// The entry points of the methods, in the order of the trait.
    const THUNKS: &'static [Thunk];
}

/// An interface without `&mut self` methods.
///
/// # Safety
/// No method takes `&mut self`.
#[diagnostic::on_unimplemented(
    message = "the interface `{Self}` has `&mut self` methods: its object must be `Exclusive<_>`",
    note = "a `Concurrent<_>` object may be entered by several threads at once"
)]
pub unsafe trait AllShared {}

/// The shape of a method: the kinds of its argument words and result words. A call can carry these words.
#[derive(Clone, Copy, Debug)]
pub struct MethodShape {
    arguments: Shape,
    results: Shape,
}

impl MethodShape {
    /// Checks the shapes of a method. `what` is `` `Interface::method` ``.
    #[must_use]
    #[track_caller]
    pub const fn new(what: &str, arguments: Shape, results: Shape) -> MethodShape {
        let why = broken_limit(arguments, results);
        if !why.is_empty() {
            fail(&[what, why]);
        }
        MethodShape { arguments, results }
    }

    /// Returns the kinds of its argument words.
    #[must_use]
    pub const fn arguments(self) -> Shape {
        self.arguments
    }

    /// Returns the kinds of its result words.
    #[must_use]
    pub const fn results(self) -> Shape {
        self.results
    }

    /// Returns the entry of the method in the kernel's table.
    pub(crate) const fn entered_at(self, entry: Thunk) -> Method {
        Method::new(entry, self.arguments, self.results)
    }
}

/// A method as text of the source.
#[derive(Clone, Copy, Debug)]
pub struct MethodText {
    /// Its name.
    pub name: &'static str,
    /// True if it takes `&mut self`.
    pub is_exclusive: bool,
    /// Its parameters.
    pub parameters: &'static [ParameterText],
    /// The type of its result.
    pub result: &'static str,
}

/// A parameter as text of the source.
#[derive(Clone, Copy, Debug)]
pub struct ParameterText {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: &'static str,
    /// The shape of its words.
    pub shape: Shape,
}

/// Returns the shape of a parameter.
#[must_use]
#[track_caller]
pub const fn argument<P: Parameter>() -> Shape {
    let shape = P::ARGUMENT;
    assert!(shape.is_sound(), "a `SHAPE` that no value can have");
    shape
}

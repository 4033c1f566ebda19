// SPDX-License-Identifier: MIT OR Apache-2.0
//! The product of `#[interface]` from a trait, and the limits of a call.

use crate::{Parameter, Wire};
use crossgate_abi::table::{Method, Thunk};
use crossgate_abi::{ARGUMENT_WORDS, Kind, LEASES_PER_CALL, RESULT_WORDS, Shape};

/// A trait that can be called across processes, as `dyn Trait`. Implemented by
/// [`#[interface]`](macro@crate::interface).
///
/// # Safety
/// `Client` is `repr(transparent)` over [`RawHandle`](crate::RawHandle).
//
// The trait has no parameters, so only the crate of the trait can implement it for `dyn Trait`: no server and no client
// can contradict what that crate says of the interface.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interface",
    note = "put `#[interface]` on the trait"
)]
pub unsafe trait Interface: 'static {
    /// The methods as a caller sees them.
    type Client;
    /// The name, with its path, and with the names of its generic parameters.
    const NAME: &'static str;
    /// The names of the methods and of their parameters, for readers that know no Rust.
    const METHODS: &'static [MethodText];
    /// The shapes of the methods, in the order of the trait.
    const SHAPES: &'static [MethodShape];
}

/// `dyn I: ServedBy<T>` if `T: I`. Implemented by [`#[interface]`](macro@crate::interface).
///
/// The crate of a server may implement this trait for a type of its own, too: then its own process is entered
/// elsewhere, with the same rights.
///
/// # Safety
/// The entries expect a `*mut T`.
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

/// The shape of a method. A call can carry its words, and its words are values of these kinds.
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
        crate::wiring::check_method(what, arguments, results);
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

/// A method as its source has it.
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

/// A parameter as its source has it.
#[derive(Clone, Copy, Debug)]
pub struct ParameterText {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: &'static str,
    /// The words that carry it.
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

/// Returns the shape of a value.
#[track_caller]
pub(crate) const fn value<T: Wire>() -> Shape {
    let shape = T::SHAPE;
    assert!(
        !shape.has_leases(),
        "a `SHAPE` with lent memory: only a `Lease` or a `LeaseMut` is that"
    );
    shape
}

/// Returns the reason why a method of these words cannot be called; empty if it can.
pub(crate) const fn broken_limit(arguments: Shape, results: Shape) -> &'static str {
    let (mut leases, mut word) = (0, 0);
    while word < ARGUMENT_WORDS {
        leases += matches!(arguments.kind(word), Kind::Read | Kind::Write) as usize;
        word += 1;
    }
    if arguments.words as usize > ARGUMENT_WORDS {
        ": the arguments need more than the 4 machine words that a call carries; lend a buffer instead: `Lease<'_, T>`"
    } else if results.words as usize > RESULT_WORDS {
        ": the result needs more than the 2 machine words that a call brings back; fill a `LeaseMut<'_, T>` instead"
    } else if leases > LEASES_PER_CALL {
        ": a call lends at most 2 pieces of memory"
    } else if results.has_leases() {
        ": memory is lent to a call, not in its result"
    } else if !arguments.is_sound() || !results.is_sound() {
        ": one of its types has a `SHAPE` that no value can have"
    } else {
        ""
    }
}

/// Returns the shape of a tag word, followed by `good` or `bad`.
#[track_caller]
pub(crate) const fn tagged(good: Shape, bad: Shape) -> Shape {
    let is_handle = good.words == 1 && matches!(good.kind(0), Kind::Handle);
    assert!(bad.kinds == 0, "the error of a `Result` holds no handle");
    assert!(good.kinds == 0 || is_handle, "an `Option` or a `Result` holds values or one handle");
    let kinds = if is_handle { Kind::HandleIfTagIsZero as u16 } else { 0 };
    let words = if good.words > bad.words { good.words } else { bad.words };
    Shape::values(1).then(Shape { words, kinds })
}

/// Returns the shape of a tag word, followed by the fields of a variant: of the one that has most.
#[must_use]
#[track_caller]
pub const fn variants(shapes: &[Shape]) -> Shape {
    let (mut words, mut index) = (0, 0);
    while index < shapes.len() {
        let shape = shapes[index];
        assert!(
            shape.kinds == 0,
            "the fields of an enum hold values, no handle: an `Option` or a `Result` may hold one"
        );
        words = if shape.words > words { shape.words } else { words };
        index += 1;
    }
    Shape::values(1).then(Shape::values(words))
}

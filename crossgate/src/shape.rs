// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shapes of values that contain other values, and the limits of a call.

use crossgate_abi::{ARGUMENT_WORDS, Kind, LEASES_PER_CALL, RESULT_WORDS, Shape};

/// Returns the reason why a method with these words cannot be called. The reason is empty if the method can be called.
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

/// Returns the shape of a tag word, followed by the words of the largest variant.
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

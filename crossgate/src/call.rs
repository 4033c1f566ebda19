// SPDX-License-Identifier: MIT OR Apache-2.0
//! Both ends of a call, as the stubs of `#[interface]` use them.
//!
//! Each parameter is encoded and decoded separately. Its position follows from the shapes of the parameters before it.
//! So if a [`Wire`] type handles more or fewer words than its shape says, only its own value is wrong. The type can't
//! create a lease from words that the kernel has not checked as a lease.

use crate::status::failure;
use crate::wire::{Decoder, Encoder, Invalid, Parameter, Wire, Words};
use crate::{RawHandle, arch};
use crossgate_abi::table::RawReply;
use crossgate_abi::{CallError, Shape, Word};

/// Writes an argument at `position`, and advances `position` to the end of the argument.
///
/// # Panics
/// If there is no room. (An interface with such a method does not compile.)
#[inline(always)]
pub fn put<P: Parameter>(argument: P::Caller, words: &mut Words, position: &mut usize) {
    let mut encoder = Encoder::new();
    P::put_argument(argument, &mut encoder);
    let encoded = encoder.words();
    for word in encoded.into_iter().take(P::ARGUMENT.words.into()) {
        words[*position] = word;
        *position += 1;
    }
}

/// Takes the argument at `position`, and advances `position` to the end of the argument.
///
/// # Safety
/// The kernel has checked the words there against the shape of `P`.
///
/// # Errors
/// [`Invalid`] if the words are no value of `P`.
#[inline(always)]
pub unsafe fn take<P: Parameter>(words: Words, position: &mut usize) -> Result<P, Invalid> {
    let mut decoder = Decoder::new(words, *position);
    *position += usize::from(P::ARGUMENT.words);
    // SAFETY: the caller promises that the words are valid.
    unsafe { P::take_argument(&mut decoder) }
}

/// Makes a call at the client's end, with words of this shape. Memory that cannot be lent in place is lent as a copy.
///
/// # Errors
/// The error of the kernel or of the server's thunk; or `BadReply` if the reply is not a value of its type. (The reply
/// comes from a process that is not trusted.)
#[inline(always)]
pub fn call<R: Wire>(
    handle: RawHandle,
    method: usize,
    words: Words,
    shape: Shape,
) -> Result<R, CallError> {
    let selector = handle.selector(method);
    let reply = arch::call(selector, words, shape.words.into());
    // Separate variables, so that the compiler keeps all of them in registers.
    let (mut status, [mut first, mut second]) = (reply.status, reply.words);
    if status != 0 {
        if shape.has_leases() && status == CallError::BadLease as Word {
            let [a, b, c, d] = words;
            let again = crate::copy::call(selector, a, b, c, d, shape);
            (status, [first, second]) = (again.status, again.words);
        }
        if status != 0 {
            return Err(failure(status));
        }
    }
    R::take(&mut Decoder::new([first, second, 0, 0], 0)).map_err(|_| CallError::BadReply)
}

/// Encodes the result at the server's end, after the method has returned.
#[inline(always)]
pub fn accept<R: Wire>(result: R) -> RawReply {
    let mut encoder = Encoder::new();
    result.put(&mut encoder);
    let [first, second, ..] = encoder.words();
    arch::leave(0, [first, second])
}

/// Returns the reply of the server's end for an argument that is not valid.
#[cold]
pub fn reject() -> RawReply {
    arch::leave(CallError::BadArgument as Word, [0; 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_abi::{ARGUMENT_WORDS, Shape};

    /// A type whose shape is wrong: its shape has one word, and it handles two.
    struct Liar;

    impl Wire for Liar {
        const SHAPE: Shape = Shape::values(1);

        fn put(self, encoder: &mut Encoder) {
            encoder.push(7);
            encoder.push(8);
        }

        fn take(decoder: &mut Decoder) -> Result<Self, Invalid> {
            *decoder = Decoder::new([0; ARGUMENT_WORDS], 3);
            Ok(Liar)
        }
    }

    #[test]
    fn a_wrong_shape_spoils_no_other_argument() {
        let (mut words, mut position) = ([0; ARGUMENT_WORDS], 0);
        put::<Liar>(Liar, &mut words, &mut position);
        put::<u32>(9, &mut words, &mut position);
        assert_eq!((words, position), ([7, 9, 0, 0], 2));

        let mut position = 0;
        // SAFETY: there are no leases among the words.
        let taken = unsafe {
            (take::<Liar>(words, &mut position).is_ok(), take::<u32>(words, &mut position))
        };
        assert_eq!(taken, (true, Ok(9)));
    }
}

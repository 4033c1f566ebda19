//! Both ends of a call, as the stubs of `#[interface]` use them.

use crate::wire::{Decoder, Encoder, Wire};
use crate::{RawHandle, arch};
use crossgate_abi::table::RawReply;
use crossgate_abi::{CallError, Status, Word};

/// The client's end.
///
/// # Errors
/// What the kernel or the server's stub says, or `BadReply`: the reply comes from a process that we
/// do not trust.
#[inline(always)]
pub fn call<R: Wire>(
    handle: RawHandle,
    method: usize,
    arguments: &Encoder,
) -> Result<R, CallError> {
    let reply = arch::call(handle.selector(method), arguments.words(), arguments.count());
    if reply.status != 0 {
        return Err(failure(reply.status));
    }
    R::take(&mut Decoder::new([reply.words[0], reply.words[1], 0, 0]))
        .map_err(|_| CallError::BadReply)
}

/// The error of a status other than 0.
#[inline(always)]
fn failure(status: Word) -> CallError {
    // Out of range can't happen, as the kernel makes the status; then any error will do.
    CallError::from_status(Status(status)).unwrap_or(CallError::BadReply)
}

/// The server's end, after the method.
#[inline(always)]
pub fn accept<R: Wire>(result: R) -> RawReply {
    let mut encoder = Encoder::new();
    result.put(&mut encoder);
    let [first, second, ..] = encoder.words();
    arch::leave(0, [first, second])
}

/// The server's end, if an argument is not valid.
#[cold]
pub fn reject() -> RawReply {
    arch::leave(CallError::BadArgument as Word, [0; 2])
}

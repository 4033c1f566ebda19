// SPDX-License-Identifier: MIT OR Apache-2.0
//! Copies of memory that cannot be lent in place.
//!
//! A memory protection unit opens aligned blocks, and the kernel never opens a byte that the caller did not lend. So a
//! plain array on the stack, or a part of a buffer, can seldom be lent in place, and private statics never can. In this
//! case the kernel does not enter the method, but returns an error to the caller's stub. The stub then makes the call
//! again with copies of the memory. The copies are on its own stack, each in a block that can be opened as a whole.
//! After the call, even after a failed one, the stub copies the written bytes back, as if the server had written the
//! memory itself.
//!
//! This code is never used for memory that can be lent in place.

use crate::arch::{self, Reply};
use crate::buffer::{Block, BlockSize, LeaseBuf};
use crate::lease::{LONGEST_COPY, copy_once};
use crate::wire::Words;
use core::mem::MaybeUninit;
use core::ptr;
use crossgate_abi::{Kind, Shape, WHOLE_BLOCK, Word};

/// A call that is made again with copies.
struct Call {
    selector: Word,
    words: Words,
    shape: Shape,
}

/// Makes a call with copies of all memory that it lends, except for memory that is too long.
#[cold]
#[inline(never)]
pub fn call(selector: Word, a: Word, b: Word, c: Word, d: Word, shape: Shape) -> Reply {
    from_word(&mut Call { selector, words: [a, b, c, d], shape }, 0)
}

/// Makes the call with copies of the leases from the word `place` on: the leases before it are copies already.
fn from_word(call: &mut Call, place: usize) -> Reply {
    let is_lease = |place: &usize| matches!(call.shape.kind(*place), Kind::Read | Kind::Write);
    let Some(place) = (place..call.words.len()).find(is_lease) else {
        return arch::call(call.selector, call.words, call.words.len());
    };
    match call.words.get(place + 1) {
        Some(1..=32) => in_block::<32>(call, place),
        Some(33..=64) => in_block::<64>(call, place),
        Some(65..=128) => in_block::<128>(call, place),
        Some(129..=256) => in_block::<256>(call, place),
        Some(257..=512) => in_block::<512>(call, place),
        Some(513..=1024) => in_block::<1024>(call, place),
        Some(1025..=2048) => in_block::<2048>(call, place),
        Some(2049..=LONGEST_COPY) => in_block::<LONGEST_COPY>(call, place),
        // The memory is empty or too long.
        _ => from_word(call, place + 1),
    }
}

/// Makes room for a copy on the stack: at most twice its length.
#[inline(never)]
fn in_block<const N: usize>(call: &mut Call, place: usize) -> Reply
where
    BlockSize<N>: Block,
{
    // The block is zeroed in place, because `LeaseBuf::new` would take room for a second block on the stack.
    let mut block = MaybeUninit::<LeaseBuf<N>>::uninit();
    // SAFETY: a buffer may have any bytes, so zeroes are valid.
    let block = unsafe {
        block.as_mut_ptr().write_bytes(0, 1);
        block.assume_init_mut()
    };
    with_copy(call, place, &mut block[..])
}

/// Lends a copy in `block`, which is long enough, instead of the memory at `place` of the words.
#[inline(never)]
fn with_copy(call: &mut Call, place: usize, block: &mut [u8]) -> Reply {
    let Some([address, length]) =
        call.words.get_mut(place..).and_then(|words| words.first_chunk_mut())
    else {
        return from_word(call, place + 1);
    };
    let (memory, count) = (*address, *length);
    let copy = block.as_mut_ptr();
    // SAFETY: the caller lends `count` bytes at this address. They are not a part of the new block.
    unsafe { copy_once(ptr::with_exposed_provenance(memory), copy, count) };
    (*address, *length) = (copy.expose_provenance(), count | WHOLE_BLOCK);
    let reply = from_word(call, place + 2);
    if call.shape.kind(place) == Kind::Write {
        // SAFETY: as above, and the memory is lent for writing.
        unsafe { copy_once(copy, ptr::with_exposed_provenance_mut(memory), count) };
    }
    reply
}

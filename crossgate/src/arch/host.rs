// SPDX-License-Identifier: MIT OR Apache-2.0
//! A host. If the program is linked with the hosted port, calls go to its kernel. In any other program, such as a unit
//! test, calls go to the kernel of the [test](crate::testing).

use super::gate;
use super::reply::Reply;
use crate::testing::thread as test;
use crossgate_abi::table::RawReply;
use crossgate_abi::{Word, number};

/// Calls a method.
pub fn call(selector: Word, words: [Word; 4], count: usize) -> Reply {
    match gate::find() {
        Some(gate) => gate.enter(selector, words),
        None => test::call(selector, without_unused(words, count)),
    }
}

/// Makes any other system call.
pub fn system_call<const N: usize>(number: Word, words: [Word; N]) -> Reply {
    let words = core::array::from_fn(|index| words.get(index).copied().unwrap_or(0));
    match gate::find() {
        Some(gate) => gate.enter(number::system_call(number), words),
        None => test::system_call(number, words),
    }
}

fn without_unused(mut words: [Word; 4], count: usize) -> [Word; 4] {
    words.iter_mut().skip(count).for_each(|word| *word = 0);
    words
}

/// Leaves a method.
pub fn leave(status: Word, words: [Word; 2]) -> RawReply {
    RawReply { status, words }
}

pub fn interface_of(index: usize) -> Option<core::any::TypeId> {
    match gate::find() {
        Some(gate) => gate.interface_of(index),
        None => test::interface_of(index),
    }
}

pub fn name_of(process: usize) -> Option<&'static str> {
    match gate::find() {
        Some(gate) => gate.name_of(process),
        None => test::name_of(process),
    }
}

/// Returns a substitute for the stack pointer: an address on the stack, a multiple of 8.
pub fn stack_pointer() -> Word {
    #[cfg(miri)]
    return test::stack_pointer();
    #[cfg(not(miri))]
    {
        let here = 0u64;
        (&raw const here).addr()
    }
}

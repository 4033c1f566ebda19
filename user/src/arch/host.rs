//! A host. A program that is linked with the hosted port has a kernel, which is called; in any other,
//! such as a unit test, the kernel is emulated, see [`host`](crate::host).

use super::{Reply, gate};
use crossgate_abi::table::RawReply;
use crossgate_abi::{Word, number};

/// Calls a method.
pub fn call(selector: Word, words: [Word; 4], _: usize) -> Reply {
    match gate::find() {
        Some(gate) => gate.enter(selector, words),
        None => crate::host::call(selector, words),
    }
}

/// Any other system call.
pub fn system_call<const N: usize>(number: Word, words: [Word; N]) -> Reply {
    let words = core::array::from_fn(|index| words.get(index).copied().unwrap_or(0));
    match gate::find() {
        Some(gate) => gate.enter(number::system_call(number), words),
        None => emulate(number, words),
    }
}

/// Those that have a meaning without a kernel.
// Not generic, so that it is in this crate, and not in that of a process, which has no `std`.
fn emulate(number: Word, words: [Word; 4]) -> Reply {
    let done = |words| Reply { status: 0, words };
    match number {
        number::YIELD => {
            std::thread::yield_now();
            done([0; 2])
        }
        number::THREAD_ID => done([0; 2]),
        number::NOW => {
            let now = crate::host::now();
            done([now as u32 as Word, (now >> 32) as Word])
        }
        number::SLEEP | number::SLEEP_UNTIL => {
            let time = words[0] as u64 | (words[1] as u64) << 32;
            let start = if number == number::SLEEP { 0 } else { crate::host::now() };
            std::thread::sleep(core::time::Duration::from_micros(time.saturating_sub(start)));
            done([0; 2])
        }
        number::SIGNAL => crate::host::signal(words[0]),
        number::WAIT => {
            let timeout = words[1] as u64 | (words[2] as u64) << 32;
            crate::host::wait(words[3], words[0] as u32, timeout)
        }
        number::ACKNOWLEDGE => done([0; 2]),
        // Without the message of a panic.
        number::EXIT => std::panic::resume_unwind(std::boxed::Box::new("the thread has ended")),
        number::LIMIT => done([0; 2]),
        number::REFUSE => crate::host::refuse(),
        number::CALLER => crate::host::caller(),
        number::OPTIONAL if words[0] == crossgate_abi::client::CLIENT => {
            crate::host::life(words[1])
        }
        number::REVOKE => crate::host::revoke(words[0]),
        number::MUTEX_WAIT => {
            std::thread::yield_now();
            done([0; 2])
        }
        _ => Reply { status: crossgate_abi::Status::NO_SUCH_SYSTEM_CALL.0, words: [0; 2] },
    }
}

/// Leaves a method.
pub fn leave(status: Word, words: [Word; 2]) -> RawReply {
    RawReply { status, words }
}

pub fn interface_of(index: usize) -> Option<core::any::TypeId> {
    match gate::find() {
        Some(gate) => gate.interface_of(index),
        None => crate::host::interface_of(index),
    }
}

pub fn name_of(process: usize) -> Option<&'static str> {
    match gate::find() {
        Some(gate) => gate.name_of(process),
        None => crate::host::name_of(process),
    }
}

/// Something in its place: an address on the stack, a multiple of 8.
pub fn stack_pointer() -> Word {
    let here = 0u64;
    (&raw const here).addr()
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A hostile server has its own code as the entries of an honest interface. It can choose only the address of the code:
//! memory lent for reading stays read-only, a number does not become a handle, and a result has the shape of the
//! interface.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::hint::black_box;
use crossgate::abi::WHOLE_BLOCK;
use crossgate::abi::table::{RawReply, Thunk};
use crossgate::{CallError, Concurrent, Handle, Lease, LeaseBuf, ServedBy, interface};
use crossgate_abi::Word;
use system_tests::report::{broken, expect, pass};
use system_tests::{arch, probe, raw};

#[interface]
trait Reader {
    fn read(&self, bytes: Lease<'_, [u8]>);
}
#[interface]
trait Level {
    fn set(&self, level: u32) -> u32;
}
#[interface]
trait Valve {
    fn open(&self) -> u32;
}

struct Gas;
impl Valve for Gas {
    fn open(&self) -> u32 {
        7
    }
}

/// The attacker's object.
struct Evil;

unsafe extern "C-unwind" fn write(
    _: *mut (),
    address: Word,
    length: Word,
    _: Word,
    _: Word,
) -> RawReply {
    let length = length & !WHOLE_BLOCK;
    probe::store(arch::lent(address, length), 0xbad0_bad0);
    raw::leave(0, [0; 2])
}

unsafe extern "C-unwind" fn steal(_: *mut (), _: Word, _: Word, _: Word, _: Word) -> RawReply {
    let reply = raw::call(raw::service(&SYSTEM, "VALVE"), 0, [0; 4]);
    // All bits are 1, in case that the word contains flags of a result.
    raw::leave(0, [reply.error().map_or(0, |error| error as Word), Word::MAX])
}

// SAFETY: the entries use no object.
unsafe impl ServedBy<Evil> for dyn Reader {
    const THUNKS: &'static [Thunk] = &[write];
}
// SAFETY: the entries use no object.
unsafe impl ServedBy<Evil> for dyn Level {
    const THUNKS: &'static [Thunk] = &[steal];
}

crossgate::system! {
    static SYSTEM;
    // `VALVE` is service 0, so that small numbers would be handles of it.
    process gas { object gas: Concurrent<Gas> = Gas => [VALVE: dyn Valve]; }
    process evil { object evil: Concurrent<Evil> = Evil => [READER: dyn Reader, LEVEL: dyn Level]; }
    process client { thread main (priority = 5, stack = 4096) = client(READER, LEVEL, VALVE); }
}
board::start!(SYSTEM);

fn client(reader: Handle<dyn Reader>, level: Handle<dyn Level>, valve: Handle<dyn Valve>) -> ! {
    expect("a call with the right that the attacker wants", valve.open(), Ok(7));
    let denied = CallError::NotPermitted as u32;
    for number in [0, 21, u32::MAX] {
        expect("the error that the attacker got", level.set(number), Ok(denied));
    }
    let mut buffer = LeaseBuf::<64>::new();
    buffer.fill(0x11);
    // On Linux the attacker gets a copy, to which it may write.
    let _ = reader.read(&buffer);
    if black_box(&buffer).iter().any(|&byte| byte != 0x11) {
        broken("wrote to memory that was lent for reading")
    }
    expect("the error that the attacker got", level.set(21), Ok(denied));
    pass()
}

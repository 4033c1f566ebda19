// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server enters the methods of an honest interface with code of its own. It chooses the address of the code, and
//! nothing else: memory lent for reading stays read-only, a number is no handle, and a result has the shape of the
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
    // All ones, in case that flags of a result were in the word.
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
    // Small numbers would be handles of the service of index 0.
    process gas { object gas: Concurrent<Gas> = Gas => [VALVE: dyn Valve]; }
    process evil { object evil: Concurrent<Evil> = Evil => [READER: dyn Reader, LEVEL: dyn Level]; }
    process client { thread main (priority = 5, stack = 4096) = client(READER, LEVEL, VALVE); }
}
board::start!(SYSTEM);

fn client(reader: Handle<dyn Reader>, level: Handle<dyn Level>, valve: Handle<dyn Valve>) -> ! {
    expect("the right that the attacker wants", valve.open(), Ok(7));
    let denied = CallError::NotPermitted as u32;
    for number in [0, 21, u32::MAX] {
        expect("what the attacker got", level.set(number), Ok(denied));
    }
    let mut buffer = LeaseBuf::<64>::new();
    buffer.fill(0x11);
    // On Linux the attacker has a copy, which it may write.
    let _ = reader.read(&buffer);
    if black_box(&buffer).iter().any(|&byte| byte != 0x11) {
        broken("wrote what it was lent for reading")
    }
    expect("what the attacker got", level.set(21), Ok(denied));
    pass()
}

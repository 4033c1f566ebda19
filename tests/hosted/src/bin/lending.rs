// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lends pieces of a stack that the board could not lend, with the option that lets any piece be lent.
//!
//! Options: --lending exact

use crossgate::{Concurrent, Handle, Lease, LeaseBuf, interface};
use system_tests::raw;
use system_tests::report::{expect, pass};

#[interface]
trait Bytes {
    fn sum(&self, bytes: Lease<'_, [u8]>) -> u32;
}

struct Server;

impl Bytes for Server {
    fn sum(&self, bytes: Lease<'_, [u8]>) -> u32 {
        bytes.iter().map(u32::from).sum()
    }
}

crossgate::system! {
    static SYSTEM;
    process server { object server: Concurrent<Server> = Server => [SERVER: dyn Bytes]; }
    process client { thread main (priority = 5, stack = 4096) = client(SERVER); }
}
board::start!(SYSTEM);

fn client(_server: Handle<dyn Bytes>) -> ! {
    let mut buffer = LeaseBuf::<256>::new();
    buffer.fill(1);
    for (offset, length) in [(16, 32), (0, 31), (7, 100), (0, 256)] {
        let address = buffer[offset..].as_ptr().addr();
        let reply = raw::call(raw::service(&SYSTEM, "SERVER"), 0, [address, length, 0, 0]);
        expect("lent", reply.error(), None);
        expect("the sum", reply.words[0], length);
    }
    pass()
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Four threads: one uses more stack than it declares, one does so in a call, one does not, and one is only
//! interrupted. The first two are reported at the end (see the test `stack_use`).

use core::hint::black_box;
use core::time::Duration;
use crossgate::{Concurrent, Handle, interface, thread, time};
use system_tests::report::{expect, pass};

#[interface]
trait Use {
    /// Uses about this many KiB of stack.
    fn use_stack(&self, depth: u32);
}

struct Server;

impl Use for Server {
    fn use_stack(&self, depth: u32) {
        fill(depth);
    }
}

crossgate::system! {
    static SYSTEM;
    process server { object server: Concurrent<Server> = Server => [SERVER: dyn Use]; }
    process diver { thread diver (priority = 5, stack = 2048) = deep(); }
    process calls { thread calls (priority = 5, stack = 2048) = calls(SERVER); }
    process modest { thread modest (priority = 5, stack = 8192) = calls(SERVER); }
    process wakes { thread wakes (priority = 6, stack = 1024) = wake_often(); }
    process spins { thread spins (priority = 4, stack = 1024) = spin(); }
    process last { thread last (priority = 1, stack = 1024) = pass(); }
}
board::start!(SYSTEM);

/// Fills this many KiB of stack.
#[inline(never)]
fn fill(depth: u32) -> u8 {
    let full = black_box([0xff_u8; 1024]);
    if depth > 1 { fill(depth - 1).min(full[depth as usize]) } else { full[0] }
}

fn wake_often() -> ! {
    for _ in 0..20 {
        time::sleep(Duration::from_millis(1));
    }
    thread::exit()
}

fn spin() -> ! {
    for round in 0..200_000_000_u32 {
        black_box(round);
    }
    thread::exit()
}

fn deep() -> ! {
    black_box(fill(20));
    thread::exit()
}

fn calls(server: Handle<dyn Use>) -> ! {
    expect("a call", server.use_stack(4), Ok(()));
    thread::exit()
}

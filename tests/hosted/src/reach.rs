// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attempts on stacks: each attacker is stopped.

use core::hint::black_box;
use core::sync::atomic::{AtomicU32, Ordering};
use crossgate::{CallError, Handle, Notification, Signal, interface, thread};
use crossgate_abi::Cause;
use crossgate_abi::table::System;
use system_tests::probe;
use system_tests::report::{broken, expect, pass};
use system_tests::watch::Watch;

/// Defines the firmware of the attempts. The additional threads are those of the process that reads another's stack.
macro_rules! firmware {
    ($($more:tt)*) => {
        use crossgate::Concurrent;
        use reach::{Between, Forwarder, Reach, Reacher};

        crossgate::system! {
            static SYSTEM;
            process observer {
                on_fault = stop;
                notification FAULTED;
                supervisor FAULTED;
                thread observer (priority = 9, stack = 2048) = reach::witness(&SYSTEM, FAULTED);
            }
            process keeper { thread keeper (priority = 4, stack = 2048) = reach::keep(FIRST, BETWEEN, GO); }
            process between {
                object between: Concurrent<Forwarder> = Forwarder([SECOND, THIRD]) => [BETWEEN: dyn Between];
            }
            process first { on_fault = stop; object first: Concurrent<Reacher> = Reacher => [FIRST: dyn Reach]; }
            process second { on_fault = stop; object second: Concurrent<Reacher> = Reacher => [SECOND: dyn Reach]; }
            process third { on_fault = stop; object third: Concurrent<Reacher> = Reacher => [THIRD: dyn Reach]; }
            process stranger {
                on_fault = stop;
                notification GO;
                thread stranger (priority = 5, stack = 2048) = reach::read(&SYSTEM, GO);
                $($more)*
            }
        }
        board::start!(SYSTEM);
    };
}
pub(crate) use firmware;

/// The secret word in a stack.
const SECRET: u32 = 0x57ac_0ff5;

/// Reads memory that must be closed to it.
#[interface]
pub trait Reach {
    /// Reads a word.
    fn reach(&self, address: usize) -> u32;
}

/// Makes others read memory that must be closed to them.
#[interface]
pub trait Between {
    /// Makes a server read a frame of this method's caller, and one of this method.
    fn reach(&self, address: usize) -> u32;
}

/// The server of [`Reach`]: each attempt crashes it.
#[derive(Debug)]
pub struct Reacher;

impl Reach for Reacher {
    fn reach(&self, address: usize) -> u32 {
        black_box(probe::load(address));
        broken("has read a frame of its caller")
    }
}

/// The server of [`Between`].
#[derive(Debug)]
pub struct Forwarder(pub [Handle<dyn Reach>; 2]);

impl Between for Forwarder {
    fn reach(&self, address: usize) -> u32 {
        let secret = black_box(AtomicU32::new(SECRET));
        let own = (&raw const secret).addr();
        let ends = [address, own]
            .into_iter()
            .zip(self.0)
            .all(|(address, reacher)| reacher.reach(address) == Err(CallError::ServerFaulted));
        u32::from(ends && secret.load(Ordering::Relaxed) == SECRET)
    }
}

/// The distance from the end of a stack to the address at which others read the stack. It is greater than the part that
/// is closed together with statics.
const DEPTH: usize = 12 * 1024;

/// Keeps a secret far down in its stack, and calls servers that try to read the secret.
pub fn keep(reacher: Handle<dyn Reach>, between: Handle<dyn Between>, go: Signal) -> ! {
    let above = black_box([SECRET; DEPTH / size_of::<u32>()]);
    let secret = black_box(AtomicU32::new(SECRET));
    let address = (&raw const secret).addr();
    expect("an attempt in a call", reacher.reach(address), Err(CallError::ServerFaulted));
    expect("attempts in nested calls", between.reach(address), Ok(1));
    expect("the signal to the stranger", go.signal(), Ok(()));
    expect("the secret in the stack", secret.load(Ordering::Relaxed), SECRET);
    expect("the secret above it", black_box(above)[0], SECRET);
    thread::exit()
}

/// Reads the stack of another thread.
pub fn read(system: &'static System, go: Notification) -> ! {
    go.wait();
    black_box(probe::load(place(system)));
    broken("has read the stack of another thread")
}

fn place(system: &'static System) -> usize {
    probe::stack_of(system, "keeper", 4).end - DEPTH
}

/// Checks that each attempt fails.
pub fn witness(system: &'static System, faulted: Notification) -> ! {
    let mut watch = Watch::new(system, faulted);
    for process in ["first", "second", "third"] {
        watch.expect(process, Cause::Access);
    }
    watch.expect_at("stranger", Cause::Access, place(system));
    pass()
}

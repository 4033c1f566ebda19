// SPDX-License-Identifier: MIT OR Apache-2.0
//! The port keeps the guarantees of `Port`. Each is checked before the kernel starts.

use board::port::{Machine, inside};
use crossgate_abi::Word;
use crossgate_abi::table::ProcessMemory;
use crossgate_conformance::check;
use crossgate_protection::Span;
use system_tests::owner;
use system_tests::report::pass;

crossgate::system! {
    static SYSTEM;
    process owner { thread main (priority = 2, stack = 1024) = own(); }
    process other { inspects; thread main (priority = 1, stack = 1024) = own_nothing(); }
}

fn own() -> ! {
    owner::use_statics();
    pass()
}

fn own_nothing() -> ! {
    pass()
}

fn main() {
    board::port::boot::run_after(&SYSTEM, &mut |machine| {
        inside::open_process(machine, 0);
        let broken = check(&mut Bench { machine }, |promise, result| {
            if let Err(why) = result {
                eprintln!("not kept: {promise}: {why}");
            }
        });
        assert_eq!(broken, 0, "promises are broken");
    })
}

/// The host, with the process `owner` and the stack of its thread.
struct Bench<'a> {
    machine: &'a mut Machine,
}

impl Bench<'_> {
    /// Reads or writes a word. Stacks are closed; all other memory is open.
    fn with_word(&mut self, address: Word, work: impl FnOnce(*mut Word)) {
        let work = || work(core::ptr::with_exposed_provenance_mut(address));
        let span = Span { start: address, end: address + size_of::<Word>() };
        if crossgate_conformance::Machine::stack(self).contains(span) {
            self.machine.with_open(span, work);
        } else {
            work();
        }
    }
}

impl crossgate_conformance::Machine for Bench<'_> {
    type Port = Machine;

    fn port(&mut self) -> &mut Machine {
        self.machine
    }

    fn memory(&self) -> ProcessMemory {
        owner::memory(&SYSTEM)
    }

    fn stack(&self) -> Span {
        owner::stack(&SYSTEM).into()
    }

    fn word(&mut self, address: Word) -> Word {
        let mut value = 0;
        // SAFETY: the address is that of a word of the process, of the stack, or of the image, and no thread runs yet.
        self.with_word(address, |word| value = unsafe { word.read_volatile() });
        value
    }

    fn set_word(&mut self, address: Word, value: Word) {
        // SAFETY: as in `word`.
        self.with_word(address, |word| unsafe { word.write_volatile(value) });
    }
}

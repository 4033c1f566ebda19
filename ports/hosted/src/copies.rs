// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory that is lent to a call.
//!
//! A page is the smallest piece of memory that can be opened. So lent memory is copied. The callee gets a copy in its
//! own part of the stack. The copy ends where this part ends, so that the callee can't reach the byte after it. If the
//! callee may write, the copy is copied back when the callee returns. Memory that was not lent is never in reach.
//!
//! The core knows nothing of copies. It identifies memory by the owner's address. If a callee lends such memory to a
//! further call, it may use the address of its copy or the owner's address. In both cases the copy is copied again,
//! because the owner's memory is closed.

use crossgate_abi::table::{Method, System};
use crossgate_abi::{ARGUMENT_WORDS, Kind, LEASES_PER_CALL, Word};
use crossgate_kernel::frame::Rights;
use crossgate_kernel::lease::offered;
use crossgate_protection::Span;

use crate::machine::{Lease, Machine, Thread, window_top};

/// The alignment of a stack, in bytes.
const ALIGNMENT: usize = 16;

/// Returns the address of the copy of a lease. The first copy ends at `end`. The copy is aligned like the lent memory:
/// to its length, but to at most 16 bytes.
fn place(end: Word, lease: &Lease) -> Word {
    end - lease.memory.length()
}

/// Returns the leases that a thread holds with these rights, and the places of their copies.
fn held(thread: &Thread, rights: Rights) -> impl Iterator<Item = (Lease, Word)> {
    let mut end = window_top(thread.stack(), rights);
    thread.leases_at(rights).map(move |lease| {
        let place = place(end, lease);
        end = place & !(ALIGNMENT - 1);
        (*lease, place)
    })
}

/// Returns the indices of the words that are addresses of memory lent to the method.
fn addresses(method: &Method) -> impl Iterator<Item = usize> {
    (0..ARGUMENT_WORDS - 1)
        .filter(|&index| matches!(method.arguments.kind(index), Kind::Read | Kind::Write))
}

fn method(system: &System, selector: Word) -> Option<&'static Method> {
    let service = system.services.get(system.gates.get(selector)?.service.index())?;
    service.methods.get(selector - usize::from(service.gate))
}

/// Replaces the addresses of the copies in the current call of a thread by the addresses that the core uses.
pub fn name_originals(
    thread: &Thread,
    system: &System,
    selector: Word,
    words: &mut [Word; ARGUMENT_WORDS],
) {
    let rights = thread.rights();
    if rights.leases.bits() == 0 {
        return;
    }
    for index in method(system, selector).into_iter().flat_map(addresses) {
        let Some(memory) = offered(words[index], words[index + 1]) else { continue };
        let is_copy = |(lease, place): &(Lease, Word)| {
            Span { start: *place, end: place + lease.memory.length() }.contains(memory)
        };
        if let Some((lease, place)) = held(thread, rights).find(is_copy) {
            words[index] = lease.memory.start + (memory.start - place);
        }
    }
}

/// Returns the place of the memory that a thread with these rights lends by this lease: a copy, or the memory itself.
fn place_at(thread: &Thread, rights: Rights, lent: &Lease) -> Word {
    let is_part = |(lease, _): &(Lease, Word)| {
        lease.memory.contains(lent.memory) && (lease.writable || !lent.writable)
    };
    match held(thread, rights).find(is_part) {
        Some((lease, place)) => place + (lent.memory.start - lease.memory.start),
        None => lent.memory.start,
    }
}

/// Copies the memory that a thread lends to the method that it is calling. Replaces the addresses of the originals by
/// those of the copies. Returns the end of the callee's stack. The caller's memory is still open at this time.
pub fn copy_in(
    thread: &Thread,
    machine: &Machine,
    selector: Word,
    words: &mut [Word; ARGUMENT_WORDS],
    top: Word,
) -> Word {
    let Some(caller) = thread.caller().filter(|_| thread.rights().leases.bits() != 0) else {
        return top;
    };
    for (lease, place) in held_of(thread, caller).filter(|(lease, _)| lease.writable) {
        machine.with_open(lease.memory, || copy(place, lease.memory.start, lease.memory.length()));
    }
    let Some(method) = method(machine.system, selector) else { return top };
    let mut addresses = addresses(method);
    let mut end = top;
    for (lease, place) in held(thread, thread.rights()) {
        copy(place_at(thread, caller, &lease), place, lease.memory.length());
        end = place & !(ALIGNMENT - 1);
        // The core took the leases in the order of the words, and skipped those without memory.
        let is_it = |&index: &usize| offered(words[index], words[index + 1]) == Some(lease.memory);
        if let Some(index) = addresses.find(is_it) {
            words[index] = place;
        }
    }
    end
}

/// Returns the leases that the caller of the current call holds on the callee's own memory. In this call, the callee
/// uses the memory itself, not a copy.
fn held_of(thread: &Thread, caller: Rights) -> impl Iterator<Item = (Lease, Word)> {
    let callee = thread.rights().process;
    held(thread, caller).filter(move |(lease, _)| lease.is_of(callee))
}

/// The copies to make when a call returns.
pub struct Copies {
    /// Transfers from the callee's copies to the memory that the caller lent for writing.
    back: [Option<Transfer>; LEASES_PER_CALL],
    /// Transfers from the callee's own memory to the caller's copies of this memory.
    renewed: [Option<Transfer>; LEASES_PER_CALL],
}

/// A piece of memory, and the address to which it is copied.
#[derive(Clone, Copy)]
struct Transfer(Span, Word);

impl Transfer {
    fn make(self) {
        copy(self.0.start, self.1, self.0.length());
    }
}

impl Copies {
    /// Returns the copies to make for the call that a thread is in.
    pub fn of(thread: &Thread) -> Copies {
        let mut copies = Copies { back: [None; LEASES_PER_CALL], renewed: [None; LEASES_PER_CALL] };
        let Some(caller) = thread.caller().filter(|_| thread.rights().leases.bits() != 0) else {
            return copies;
        };
        let back = held(thread, thread.rights()).filter(|(lease, _)| lease.writable);
        for (slot, (lease, place)) in copies.back.iter_mut().zip(back) {
            let copy = Span { start: place, end: place + lease.memory.length() };
            *slot = Some(Transfer(copy, place_at(thread, caller, &lease)));
        }
        for (slot, (lease, place)) in copies.renewed.iter_mut().zip(held_of(thread, caller)) {
            *slot = Some(Transfer(lease.memory, place));
        }
        copies
    }

    /// Returns whether there is nothing to copy.
    pub fn is_empty(&self) -> bool {
        self.back.iter().chain(&self.renewed).all(Option::is_none)
    }

    /// Makes the copies. The memory of the caller must be open again.
    pub fn copy_out(self, machine: &Machine) {
        self.back.into_iter().flatten().for_each(Transfer::make);
        for transfer in self.renewed.into_iter().flatten() {
            machine.with_open(transfer.0, || transfer.make());
        }
    }
}

fn copy(from: Word, to: Word, length: Word) {
    // SAFETY: both pieces of memory are open. The core has checked that the caller may lend the one (or it is the
    // caller's copy of such memory). The other is in the callee's own part of the stack. They don't overlap.
    unsafe {
        core::ptr::with_exposed_provenance_mut::<u8>(to)
            .copy_from_nonoverlapping(core::ptr::with_exposed_provenance::<u8>(from), length);
    }
}

//! Memory that is lent to a call.
//!
//! A page is the smallest piece of memory that can be opened. So what is lent is copied: the callee
//! gets a copy in its own part of the stack, which ends where that part ends, so that a byte more is out
//! of reach; and if it may write, the copy is copied back when it returns. Nothing that was not offered
//! is ever in reach. A callee that lends on what it was lent lends the copy.

use crossgate_abi::table::System;
use crossgate_abi::{ARGUMENT_WORDS, Kind, LEASES_PER_CALL, Word};
use crossgate_kernel::lease::Lease;
use crossgate_kernel::memory::Span;
use crossgate_kernel::thread::Thread;

use crate::machine::window_of;

/// The alignment of a stack, in bytes.
const ALIGNMENT: usize = 16;

/// Where the copy of a lease is that comes below `end`. The first one ends there; what is lent has the
/// alignment of its length, at most 16 bytes, so it keeps it.
fn place(end: Word, lease: &Lease) -> Word {
    end - lease.memory.length()
}

/// The leases of the call that a thread is in, with the places of their copies.
fn leases(thread: &Thread, top: Word) -> impl Iterator<Item = (Lease, Word)> {
    let mut end = top;
    thread.leases().map(move |lease| {
        let place = place(end, lease);
        end = place & !(ALIGNMENT - 1);
        (*lease, place)
    })
}

/// Copies what a thread lends to the method that it calls, and puts the addresses of the copies in place
/// of the originals'. Tells where the callee's stack ends.
pub fn copy_in(
    thread: &Thread,
    system: &System,
    selector: Word,
    words: &mut [Word; ARGUMENT_WORDS],
    top: Word,
) -> Word {
    let service = system.services.get(selector >> 8);
    let method = service.and_then(|service| service.methods.get(selector & 0xff));
    let Some(method) = method else { return top };
    let mut end = top;
    let mut index = 0;
    for (lease, place) in leases(thread, top) {
        copy(lease.memory.start, place, lease.memory.length());
        end = place & !(ALIGNMENT - 1);
        // The core took the leases in the order of the words, and passed over those that need none.
        while index + 1 < ARGUMENT_WORDS {
            let is_lease = matches!(method.arguments.kind(index), Kind::Read | Kind::Write);
            let memory = Span::new(words[index], words[index + 1]);
            index += 1;
            if is_lease && memory == Some(lease.memory) {
                words[index - 1] = place;
                break;
            }
        }
    }
    end
}

/// What has to be copied back when a call returns.
pub struct Lent([Option<(Lease, Word)>; LEASES_PER_CALL]);

impl Lent {
    /// What the call that a thread is in may write.
    pub fn of(thread: &Thread) -> Lent {
        let mut lent = [None; LEASES_PER_CALL];
        for (slot, lease) in lent.iter_mut().zip(leases(thread, window_of(thread).end)) {
            *slot = Some(lease).filter(|(lease, _)| lease.writable);
        }
        Lent(lent)
    }

    /// Whether nothing has to be copied.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Copies it back. The memory of the caller is open again.
    pub fn copy_out(self) {
        for (lease, place) in self.0.into_iter().flatten() {
            copy(place, lease.memory.start, lease.memory.length());
        }
    }
}

fn copy(from: Word, to: Word, length: Word) {
    // SAFETY: both are open: one is memory that the core found to be the caller's to lend, and the other
    // is in the part of the stack that is the callee's only. They don't overlap.
    unsafe {
        core::ptr::with_exposed_provenance_mut::<u8>(to)
            .copy_from_nonoverlapping(core::ptr::with_exposed_provenance::<u8>(from), length);
    }
}

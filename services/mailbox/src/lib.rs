// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls between two cores with a kernel each. A client on one core calls a service on the other by an ordinary handle.
//!
//! Each core has a *mailbox* process. Both own the memory of a [`Line`] and its bell, and nothing else of the other
//! core. The mailbox of the core that calls has a [`Caller`], and a [`Remote`](crossgate::remote::Remote) for each
//! service. The mailbox of the core that serves has a [`Server`], which calls the real services by its own handles.
//!
//! ```text
//! // The first core
//! type Link = Concurrent<Caller<Line, 2>>;
//! process mailbox {
//!     mmio board::LINE;
//!     mmio board::BELLS;
//!     notification RUNG;
//!     interrupt board::interrupt::BELL => RUNG;
//!     notification FREED;
//!     notification FIRST;
//!     notification SECOND;
//!     object link: Link = Caller::new(Line::new(), RUNG, FREED, [FIRST, SECOND]) => [];
//!     object temperature (stack = 512): Remote<dyn Temperature, Link> =
//!         Route::new(&link, 0) => [TEMPERATURE: dyn Temperature];
//!     thread main (priority = 20, stack = 1024) = link.run();
//! }
//! process control { /* calls TEMPERATURE */ }
//!
//! // The second core
//! process mailbox {
//!     mmio board::LINE;
//!     mmio board::BELLS;
//!     notification RUNG;
//!     interrupt board::interrupt::BELL => RUNG;
//!     pool calls (count = 2, stack = 1024, priority = 5);
//!     object server: Concurrent<Server<Line, 2, 1>> =
//!         Server::new(Line::new(), RUNG, [Service::of(TEMPERATURE)]) => [];
//!     thread main (priority = 20, stack = 1024) = server.serve(calls);
//! }
//! process sensor { /* serves TEMPERATURE */ }
//! ```
//!
//! The number after `Line` is the number of calls that can be under way at once. Further callers wait, and the most
//! urgent one goes on first. The book's chapter *Two cores* describes what each core has to trust, and what happens
//! when a process or a core restarts.
//!
//! # The memory of a line
//!
//! All words have 32 bits. Only the end that is named writes a word.
//!
//! | word | written by | what |
//! |---|---|---|
//! | 0 | caller | a number that the server copies to word 1, to show that it is alive |
//! | 1 | server | the copy |
//! | 8 + 16 n | caller | the number of the present call in place n, written last |
//! | + 1 | caller | the service in bits 0 to 7, the method in bits 8 to 15; other bits are 0 |
//! | + 2 | caller | the [fingerprint](crossgate::remote::fingerprint) of the interface |
//! | + 3 to + 6 | caller | the arguments |
//! | + 7 | caller | the number of a call for which nobody waits any more |
//! | + 8 | server | the number of the call that is answered, written last |
//! | + 9 | server | 0, or the number of a [`CallError`](crossgate::CallError) |
//! | + 10, + 11 | server | the result |
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod caller;
mod frame;
mod server;
#[cfg(test)]
mod tests;

pub use caller::Caller;
pub use server::Server;

use core::sync::atomic::{AtomicU32, Ordering::SeqCst, fence};
use crossgate::Notification;

/// The length of the memory of a line, in words of 32 bits.
pub const WORDS: usize = 256;
/// The greatest number of calls that can be under way at once over a line.
pub const MOST_CALLS: usize = 15;

/// One end of a line between two cores: the driver of the memory and of the bell.
pub trait Line: Sync + 'static {
    /// Returns the memory, which the process at the other end also reads and writes.
    fn memory(&self) -> &[AtomicU32; WORDS];
    /// Interrupts the other core.
    fn ring(&self);
    /// Takes back the interrupt of this core.
    fn silence(&self);
}

/// Rings the bell after all that this thread has written.
fn ring(line: &impl Line) {
    // The bell and the memory are different devices, so their order has to be asked for.
    fence(SeqCst);
    line.ring();
}

/// Waits no longer for this ring. All that the other end wrote before it is seen after this.
fn silence(line: &impl Line, rung: Notification) {
    line.silence();
    rung.acknowledge();
    fence(SeqCst);
}

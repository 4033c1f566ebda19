// SPDX-License-Identifier: MIT OR Apache-2.0
//! A DMA channel as a service. The protection unit does not check the accesses of a DMA controller, so no client has
//! access to the controller's registers. Clients lend memory to a call. The controller has always stopped before the
//! call ends, even if the call ends by a crash.
//!
//! | object | its process owns | interfaces |
//! |---|---|---|
//! | [`Channel`] | the registers of the channel | [`DmaCopy`], [`DmaReceive`], [`DmaSend`], for the interlock only; [`Prepare`] |
//! | [`Interlock`] | the switch of the controller, or of the channel | one of the three, for clients |
//!
//! ```ignore
//! process dma {
//!     mmio CHANNEL;
//!     notification DONE;
//!     interrupt CHANNEL_DONE => DONE;
//!     object channel (stack = 256): Exclusive<Channel<Driver>> = Channel::new(Driver::new(CHANNEL), DONE) =>
//!         [ENGINE: dyn DmaCopy, ENGINE_STATE: dyn Prepare];
//! }
//! process interlock {
//!     mmio SWITCH;
//!     object interlock (stack = 768): Exclusive<Interlock<Switch, dyn DmaCopy>> =
//!         Interlock::new(Switch::new(SWITCH), ENGINE, ENGINE_STATE) => [COPY: dyn DmaCopy];
//! }
//! process camera { thread main (priority = 2, stack = 2048) = camera::main(COPY); }
//! ```
//!
//! # Why two processes
//!
//! The memory of a client is lent only until the call ends. If the process of the channel crashes or is stopped in the
//! middle of a transfer, the thread in this process returns to its caller at once, and the controller still runs. For
//! this reason the caller is not the client, but the interlock. The interlock switches the controller off before its
//! own call ends, and only then the client gets its memory back. If the process of the interlock crashes instead, the
//! wait of the channel ends, because nobody waits for the result any more. The channel then stops the controller before
//! the thread leaves the channel:
//!
//! | in a transfer | the controller is stopped by | before |
//! |---|---|---|
//! | the client crashes, or its deadline is over | the channel, whose wait ends | the thread returns to the client; the memory of the client is reset only after that |
//! | the process of the channel crashes | the interlock | the call of the client ends |
//! | the process of the interlock crashes | the channel, whose wait ends | the thread leaves the channel |
//!
//! Both processes must be trusted, because their registers give access to all memory. Both are small, and have no other
//! clients.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod channel;
mod interlock;

pub use channel::{Channel, Controller, State, Transfer};
pub use interlock::{Interlock, Switch};

use crossgate::{Lease, LeaseMut, Wire, interface};

/// The reason why a transfer did not complete. It may have moved some of the bytes already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Fault {
    /// The transfer has more bytes than the controller can move at a time. No byte was moved.
    TooLong,
    /// The controller reported an error of the bus or of the device.
    Controller,
    /// The deadline of the call is over, or nobody waits for the call any more.
    Stopped,
    /// The process of the channel has crashed, or is down. It restarts, so the client may try again.
    Crashed,
}

/// The interface of a process that may copy memory by DMA.
#[interface]
pub trait DmaCopy {
    /// Copies as many bytes as fit into the shorter of the two pieces of memory. Returns the number of bytes copied.
    fn copy(&mut self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> Result<u32, Fault>;
}

/// The interface of a process that may receive from the device of the channel.
#[interface]
pub trait DmaReceive {
    /// Fills the memory with bytes from the device. Returns the number of bytes received.
    fn receive(&mut self, to: LeaseMut<'_, [u8]>) -> Result<u32, Fault>;
}

/// The interface of a process that may send to the device of the channel.
#[interface]
pub trait DmaSend {
    /// Sends the bytes to the device. Returns the number of bytes sent.
    fn send(&mut self, from: Lease<'_, [u8]>) -> Result<u32, Fault>;
}

/// The interface by which the interlock makes sure that no earlier transfer still runs.
#[interface]
pub trait Prepare {
    /// Stops the channel, unless the channel was already stopped since its process started or restarted.
    fn prepare(&mut self);
}

#[cfg(test)]
mod tests;

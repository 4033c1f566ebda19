// SPDX-License-Identifier: MIT OR Apache-2.0
//! The library with which the processes of a Crossgate firmware are written.
//!
//! Firmware is split into **processes** that the memory protection unit keeps apart. They work together by calls: a
//! client has a [`Handle`] of a service object, and calls one of its methods. The calling thread itself enters the
//! process of the server, runs the method there, and returns.
//!
//! ```
//! use crossgate::{CallError, Handle, interface};
//!
//! // Client and server know nothing else of each other.
//! #[interface]
//! pub trait Temperature {
//!     /// Returns the last reading in tenths of a degree Celsius.
//!     fn get(&self) -> i32;
//! }
//! #[interface]
//! pub trait Fan {
//!     /// Switches the fan on or off.
//!     fn set_power(&mut self, on: bool);
//! }
//!
//! // A client: it never knows which process is behind a handle.
//! fn step(sensor: Handle<dyn Temperature>, fan: Handle<dyn Fan>) -> Result<(), CallError> {
//!     if sensor.get()? > 250 {
//!         fan.set_power(true)?;
//!     }
//!     Ok(())
//! }
//!
//! // A server is plain Rust. On a host the same code runs in unit tests.
//! struct Warm;
//! impl Temperature for Warm {
//!     fn get(&self) -> i32 { 260 }
//! }
//! struct Relay(bool);
//! impl Fan for Relay {
//!     fn set_power(&mut self, on: bool) { self.0 = on }
//! }
//! use crossgate::testing::Wiring;
//! let wiring = Wiring::new();
//! let (sensor, fan) = (wiring.serve(Warm), wiring.serve(Relay(false)));
//! wiring.run(|| assert_eq!(step(sensor, fan), Ok(())));
//! ```
//!
//! | to | look at |
//! |---|---|
//! | define an interface | [`interface`], [`Wire`] |
//! | lend memory to a call | [`Lease`], [`LeaseMut`], [`LeaseBuf`], [`shared!`] |
//! | format text to lend, or into lent memory | [`Writer`], [`LeaseWriter`] |
//! | keep a value over a restart and a reset | [`kept!`] |
//! | publish objects and wire processes | [`system!`], [`Concurrent`], [`Exclusive`] |
//! | wait and signal | [`Notification`], [`Signal`] |
//! | use threads and time | [`thread`], [`time`] |
//! | share memory between threads, and wait | [`sync`] |
//! | allocate | `heap = 4096;` in [`system!`], and the crate `crossgate-alloc` |
//! | bound the time of calls | [`time::with_deadline`] |
//! | refuse a call, revoke handles | [`server`] |
//! | call services of another core or machine | [`remote`] |
//! | learn of crashes | [`fault`] |
//! | look at threads, stacks, CPU time and processes | [`inspect`] |
//! | look at the registers and the stack of a crash | [`dump`] |
//! | decide if a crashed process restarts or stops | [`supervise`] |
//! | test on a host | [`testing`] |
//!
//! With the feature `embedded-hal` or `embedded-io`, a [`CallError`] is also an error of driver traits: a type that
//! implements these traits for a device behind a handle can use it as its `Error`, and pass on the errors of calls by
//! `?`.
#![cfg_attr(target_os = "none", no_std)]

pub mod arch;
mod buffer;
#[doc(hidden)]
pub mod call;
mod copy;
pub mod dump;
mod expansion;
pub mod fault;
mod handle;
#[cfg(target_os = "none")]
mod heap;
mod in_place;
pub mod inspect;
#[doc(hidden)]
pub mod interface;
mod kept;
mod lease;
pub mod notification;
mod object;
#[cfg(target_os = "none")]
mod panic;
pub mod pool;
pub mod power;
pub mod remote;
mod seal;
pub mod server;
#[doc(hidden)]
pub mod shape;
mod shared;
mod status;
pub mod supervise;
pub mod sync;
#[cfg(not(target_os = "none"))]
pub mod testing;
mod text;
pub mod thread;
pub mod time;
mod wire;
#[doc(hidden)]
pub mod wiring;

#[doc(hidden)]
pub use crossgate_abi as abi;
pub use crossgate_abi::table::Mmio;
pub use crossgate_abi::{CallError, Shape};
pub use crossgate_macros::{Plain, Wire, interface, system};

pub use buffer::{Block, BlockSize, First, FirstMut, LeaseBuf};
pub use handle::{Handle, Handles, RawHandle};
pub use in_place::{CellIter, Cells, Chunks, ChunksMut, Iter, LeaseCell};
pub use interface::{AllShared, Interface, ServedBy};
pub use kept::{Kept, KeptMemory};
pub use lease::{Lease, LeaseMut, Lendable, Offer, Offered, Plain};
pub use notification::{Notification, Signal};
pub use object::{Concurrent, Exclusive};
pub use shared::{Shared, SharedMemory};
pub use text::{LeaseWriter, Writer};
pub use wire::{Decoder, Encoder, Invalid, Parameter, Wire};

// The expansions of macros use the path `::crossgate`. With this line they also work in this crate.
extern crate self as crossgate;

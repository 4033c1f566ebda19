// SPDX-License-Identifier: MIT OR Apache-2.0
//! A buffer of a fixed size, through which bytes go from one process to another.
//!
//! | | a reader takes out | interfaces |
//! |---|---|---|
//! | [`StreamBuffer`] | as many bytes as are available and fit into the reader's memory | [`ByteWriter`], [`ByteReader`] |
//! | [`MessageBuffer`] | whole messages, as they were put in | [`MessageSender`], [`MessageReceiver`] |
//!
//! Any process may own such a buffer. The wiring says which processes write to it, and which read from it.
//!
//! ```ignore
//! process uart {
//!     notification FILLED; // each buffer has two of its own
//!     notification FREED;
//!     object received (stack = 512): Concurrent<StreamBuffer<256>> = StreamBuffer::new(FILLED, FREED) =>
//!         [BYTES_IN: dyn ByteWriter, BYTES: dyn ByteReader];
//! }
//! process parser { thread main (priority = 2, stack = 1024) = parser::main(BYTES); }
//! ```
//!
//! ```
//! use crossgate::testing::Wiring;
//! use crossgate::{CallError, Handle};
//! use crossgate_bytes::{ByteWriter, MessageBuffer, MessageSender, StreamBuffer, Unsent};
//!
//! /// Writes all, waiting for room as often as it has to.
//! fn write_all(to: Handle<dyn ByteWriter>, mut bytes: &[u8]) -> Result<(), CallError> {
//!     while !bytes.is_empty() {
//!         let Ok(count) = to.write(bytes)? else { break };
//!         bytes = &bytes[count as usize..];
//!     }
//!     Ok(())
//! }
//! fn report(to: Handle<dyn MessageSender>, text: &str) -> Result<bool, CallError> {
//!     Ok(to.try_send(text)? == Ok(()))
//! }
//!
//! let wiring = Wiring::new();
//! let uart = wiring.process("uart");
//! let stream = StreamBuffer::<8>::new(uart.notification(), uart.notification());
//! let messages = MessageBuffer::<8>::new(uart.notification(), uart.notification());
//! let (stream, messages) = (uart.serve(stream), uart.serve(messages));
//! wiring.run(|| {
//!     assert_eq!(write_all(stream, b"1234567"), Ok(()));
//!     assert_eq!(report(messages, "1234567"), Ok(false)); // each takes two bytes more
//! });
//! ```
//!
//! If several threads wait, the most urgent thread goes first. The bytes of one call stay together: bytes of other
//! writers come before or after them.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod message;
mod ring;

pub use message::{MessageBuffer, MessageReceiver, MessageSender, Unreceived, Unsent};

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::sync::{Mutex, MutexGuard};
use crossgate::{Lease, LeaseMut, Notification, interface};
use crossgate_waiting::{FOR_EVER, Waiters, wait, wake};
use ring::Ring;

/// The interface of processes that write to a stream.
#[interface]
pub trait ByteWriter {
    /// Writes as many bytes as there is room for. Waits as long as it takes until there is room for at least one byte.
    /// Returns the number of bytes written. Fails with [`TimedOut`] if the caller's deadline passes first.
    fn write(&self, bytes: Lease<'_, [u8]>) -> Result<u32, TimedOut>;
    /// Writes as many bytes as there is room for. Returns the number of bytes written.
    fn try_write(&self, bytes: Lease<'_, [u8]>) -> u32;
    /// Writes as many bytes as there is room for. Waits up to `timeout` until there is room for at least one byte.
    fn write_timeout(&self, bytes: Lease<'_, [u8]>, timeout: Duration) -> Result<u32, TimedOut>;
}

/// The interface of processes that read from a stream.
#[interface]
pub trait ByteReader {
    /// Reads as many bytes as are available and fit. Waits as long as it takes until at least one byte is available.
    /// Returns the number of bytes read. Fails with [`TimedOut`] if the caller's deadline passes first.
    fn read(&self, to: LeaseMut<'_, [u8]>) -> Result<u32, TimedOut>;
    /// Reads as many bytes as are available and fit. Returns the number of bytes read.
    fn try_read(&self, to: LeaseMut<'_, [u8]>) -> u32;
    /// Reads as many bytes as are available and fit. Waits up to `timeout` until at least one byte is available.
    fn read_timeout(&self, to: LeaseMut<'_, [u8]>, timeout: Duration) -> Result<u32, TimedOut>;
    /// Returns how many bytes are available.
    fn available(&self) -> u32;
}

/// A stream through a buffer of `N` bytes.
#[derive(Debug)]
pub struct StreamBuffer<const N: usize>(Mutex<State<N>>);

#[derive(Debug)]
pub(crate) struct State<const N: usize> {
    pub(crate) ring: Ring<N>,
    pub(crate) readers: Waiters,
    pub(crate) writers: Waiters,
}

/// The notifications of the two threads to wake: first that of a reader, then that of a writer.
pub(crate) type Woken = [Option<Notification>; 2];

impl<const N: usize> State<N> {
    pub(crate) const fn new(filled: Notification, freed: Notification) -> State<N> {
        State { ring: Ring::new(), readers: Waiters::new(filled), writers: Waiters::new(freed) }
    }

    /// Returns the notifications of the waiting threads that can go on now.
    pub(crate) fn woken(&self) -> Woken {
        let reader = if self.ring.len() == 0 { None } else { self.readers.first() };
        let writer = if self.ring.free() == 0 { None } else { self.writers.first() };
        [reader, writer]
    }

    fn write(&mut self, bytes: &Lease<'_, [u8]>) -> Option<(u32, Woken)> {
        let count = self.ring.write(bytes);
        // A call with zero bytes to write does not wait.
        (count > 0 || bytes.is_empty()).then(|| (count as u32, self.woken()))
    }

    fn read(&mut self, to: &mut LeaseMut<'_, [u8]>) -> Option<(u32, Woken)> {
        let count = self.ring.read(to);
        (count > 0 || to.is_empty()).then(|| (count as u32, self.woken()))
    }
}

pub(crate) fn wake_both([reader, writer]: Woken) {
    wake(reader);
    wake(writer);
}

/// Calls `attempt` on the state. If there is no result, waits as one of `waiters`.
pub(crate) fn attempt<const N: usize, R>(
    state: &Mutex<State<N>>,
    waiters: fn(&mut State<N>) -> &mut Waiters,
    timeout: Duration,
    mut attempt: impl FnMut(&mut State<N>) -> Option<(R, Woken)>,
) -> Result<R, TimedOut> {
    let mut guard: MutexGuard<'_, _> = state.lock();
    let (result, woken) = match attempt(&mut guard) {
        Some(done) => {
            drop(guard);
            done
        }
        None if timeout.is_zero() => return Err(TimedOut),
        None => wait(state, guard, waiters, timeout, attempt)?,
    };
    wake_both(woken);
    Ok(result)
}

impl<const N: usize> StreamBuffer<N> {
    /// Creates an empty buffer. The process must use these two notifications for nothing else.
    #[must_use]
    pub const fn new(filled: Notification, freed: Notification) -> Self {
        const { assert!(N > 0, "a buffer has room for at least one byte") }
        StreamBuffer(Mutex::new(State::new(filled, freed)))
    }

    /// Adds as many bytes as there is room for. Returns the number of bytes added. This method is for threads of the
    /// buffer's own process, such as the thread of a driver.
    pub fn put(&self, bytes: &[u8]) -> usize {
        let mut state = self.0.lock();
        let count = bytes.len().min(state.ring.free());
        state.ring.push(bytes);
        let woken = state.woken();
        drop(state);
        wake_both(woken);
        count
    }

    /// Takes as many bytes as are available and fit. Returns the number of bytes taken. This method is for threads of
    /// the buffer's own process.
    pub fn take(&self, to: &mut [u8]) -> usize {
        let mut state = self.0.lock();
        let count = state.ring.pop(to);
        let woken = state.woken();
        drop(state);
        wake_both(woken);
        count
    }

    /// Returns how many bytes there is room for.
    pub fn free(&self) -> usize {
        self.0.lock().ring.free()
    }
}

impl<const N: usize> ByteWriter for StreamBuffer<N> {
    fn write(&self, bytes: Lease<'_, [u8]>) -> Result<u32, TimedOut> {
        self.write_timeout(bytes, FOR_EVER)
    }

    fn try_write(&self, bytes: Lease<'_, [u8]>) -> u32 {
        self.write_timeout(bytes, Duration::ZERO).unwrap_or(0)
    }

    fn write_timeout(&self, bytes: Lease<'_, [u8]>, timeout: Duration) -> Result<u32, TimedOut> {
        attempt(&self.0, |state| &mut state.writers, timeout, |state| state.write(&bytes))
    }
}

impl<const N: usize> ByteReader for StreamBuffer<N> {
    fn read(&self, to: LeaseMut<'_, [u8]>) -> Result<u32, TimedOut> {
        self.read_timeout(to, FOR_EVER)
    }

    fn try_read(&self, to: LeaseMut<'_, [u8]>) -> u32 {
        self.read_timeout(to, Duration::ZERO).unwrap_or(0)
    }

    fn read_timeout(&self, mut to: LeaseMut<'_, [u8]>, timeout: Duration) -> Result<u32, TimedOut> {
        attempt(&self.0, |state| &mut state.readers, timeout, |state| state.read(&mut to))
    }

    fn available(&self) -> u32 {
        self.0.lock().ring.len() as u32
    }
}

#[cfg(test)]
mod tests;

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whole messages.

use crate::{State, Woken, attempt};
use core::time::Duration;
use crossgate::sync::Mutex;
use crossgate::{Lease, LeaseMut, Notification, Wire, interface};
use crossgate_waiting::FOR_EVER;

/// The number of bytes that store the length of a message.
const HEADER: usize = 2;

/// The reason why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub enum Unsent {
    /// The time was over before there was room.
    TimedOut,
    /// The message is longer than the whole buffer.
    TooLong,
}

/// The reason why no message was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub enum Unreceived {
    /// The time was over before there was a message.
    TimedOut,
    /// The next message is longer than the memory that was lent. It stays in the buffer.
    TooLong,
}

/// The interface of processes that send messages.
#[interface]
pub trait MessageSender {
    /// Adds a message. Waits for room as long as it takes. Fails with [`Unsent::TimedOut`] if the caller's deadline
    /// passes first.
    fn send(&self, message: Lease<'_, [u8]>) -> Result<(), Unsent>;
    /// Adds a message if there is room.
    fn try_send(&self, message: Lease<'_, [u8]>) -> Result<(), Unsent>;
    /// Adds a message. Waits for room up to `timeout`.
    fn send_timeout(&self, message: Lease<'_, [u8]>, timeout: Duration) -> Result<(), Unsent>;
}

/// The interface of processes that receive messages.
#[interface]
pub trait MessageReceiver {
    /// Takes the oldest message. Waits for a message as long as it takes. Returns its length in bytes. Fails with
    /// [`Unreceived::TimedOut`] if the caller's deadline passes first.
    fn receive(&self, to: LeaseMut<'_, [u8]>) -> Result<u32, Unreceived>;
    /// Takes the oldest message if there is one. Returns its length in bytes.
    fn try_receive(&self, to: LeaseMut<'_, [u8]>) -> Result<u32, Unreceived>;
    /// Takes the oldest message. Waits for a message up to `timeout`. Returns its length in bytes.
    fn receive_timeout(&self, to: LeaseMut<'_, [u8]>, timeout: Duration)
    -> Result<u32, Unreceived>;
    /// Returns the length of the oldest message in bytes.
    fn next_len(&self) -> Option<u32>;
}

/// A buffer of `N` bytes for messages. Each message takes two bytes more than its length.
#[derive(Debug)]
pub struct MessageBuffer<const N: usize>(Mutex<State<N>>);

impl<const N: usize> State<N> {
    /// Returns the length of the oldest message.
    fn next(&self) -> Option<usize> {
        (self.ring.len() > 0)
            .then(|| usize::from(u16::from_le_bytes([self.ring.peek(0), self.ring.peek(1)])))
    }

    fn send(&mut self, message: &Lease<'_, [u8]>) -> Option<(Result<(), Unsent>, Woken)> {
        let too_long = || Some((Err(Unsent::TooLong), [None; 2]));
        let Ok(length) = u16::try_from(message.len()) else { return too_long() };
        let room = HEADER + usize::from(length);
        if room > N {
            return too_long();
        }
        if room > self.ring.free() {
            return None;
        }
        self.ring.push(&length.to_le_bytes());
        self.ring.write(message);
        Some((Ok(()), self.woken()))
    }

    fn receive(&mut self, to: &mut LeaseMut<'_, [u8]>) -> Option<(Result<u32, Unreceived>, Woken)> {
        let length = self.next()?;
        let Some(mut part) = to.slice_mut(0, length) else {
            // The next receiver is woken, because it may have lent more memory.
            return Some((Err(Unreceived::TooLong), self.woken()));
        };
        self.ring.skip(HEADER);
        self.ring.read(&mut part);
        Some((Ok(length as u32), self.woken()))
    }
}

impl<const N: usize> MessageBuffer<N> {
    /// Creates an empty buffer. The process must use these two notifications for nothing else.
    #[must_use]
    pub const fn new(filled: Notification, freed: Notification) -> Self {
        const { assert!(N > HEADER, "a buffer has room for at least one message") }
        MessageBuffer(Mutex::new(State::new(filled, freed)))
    }
}

impl<const N: usize> MessageSender for MessageBuffer<N> {
    fn send(&self, message: Lease<'_, [u8]>) -> Result<(), Unsent> {
        self.send_timeout(message, FOR_EVER)
    }

    fn try_send(&self, message: Lease<'_, [u8]>) -> Result<(), Unsent> {
        self.send_timeout(message, Duration::ZERO)
    }

    fn send_timeout(&self, message: Lease<'_, [u8]>, timeout: Duration) -> Result<(), Unsent> {
        attempt(&self.0, |state| &mut state.writers, timeout, |state| state.send(&message))
            .unwrap_or(Err(Unsent::TimedOut))
    }
}

impl<const N: usize> MessageReceiver for MessageBuffer<N> {
    fn receive(&self, to: LeaseMut<'_, [u8]>) -> Result<u32, Unreceived> {
        self.receive_timeout(to, FOR_EVER)
    }

    fn try_receive(&self, to: LeaseMut<'_, [u8]>) -> Result<u32, Unreceived> {
        self.receive_timeout(to, Duration::ZERO)
    }

    fn receive_timeout(
        &self,
        mut to: LeaseMut<'_, [u8]>,
        timeout: Duration,
    ) -> Result<u32, Unreceived> {
        attempt(&self.0, |state| &mut state.readers, timeout, |state| state.receive(&mut to))
            .unwrap_or(Err(Unreceived::TimedOut))
    }

    fn next_len(&self) -> Option<u32> {
        self.0.lock().next().map(|length| length as u32)
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{DmaCopy, DmaReceive, DmaSend, Fault, Prepare};
use crossgate::{Lease, LeaseMut, Notification};

/// The driver of a channel of a DMA controller.
///
/// The driver must be trusted, because the controller can access all memory. The driver has to make the controller
/// access the memory of the [`Transfer`] and nothing else. So it writes exactly these addresses and this length in
/// bytes to the registers, and never rounds them to words. If there is a data cache between the CPU and the memory, the
/// driver cleans and invalidates the cache.
pub trait Controller {
    /// The greatest number of bytes of a transfer.
    const LONGEST: usize;

    /// Starts a transfer, of at least one byte. The channel raises its interrupt when the transfer is over.
    fn start(&mut self, transfer: &Transfer);

    /// Returns the state of the transfer.
    fn state(&mut self) -> State;

    /// Stops the channel, in whatever state it is, and clears its interrupt. This method takes less than 10 ms. When it
    /// returns, the channel no longer accesses memory.
    fn stop(&mut self);
}

/// The state of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The transfer is not over.
    Running,
    /// All bytes were moved.
    Done,
    /// The controller has stopped with an error.
    Failed,
}

/// A transfer for a [`Controller`]. Only a [`Channel`] creates a transfer, for memory that was lent to it.
#[derive(Debug, PartialEq, Eq)]
pub struct Transfer {
    from: Option<usize>,
    to: Option<usize>,
    length: usize,
}

impl Transfer {
    /// Returns the address of the first byte to read; `None` if the bytes come from the device of the channel.
    #[must_use]
    pub fn from(&self) -> Option<usize> {
        self.from
    }

    /// Returns the address of the first byte to write; `None` if the bytes go to the device of the channel.
    #[must_use]
    pub fn to(&self) -> Option<usize> {
        self.to
    }

    /// Returns the number of bytes, which is not 0.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }
}

/// A channel of a DMA controller: the object of the process that owns its registers.
#[derive(Debug)]
pub struct Channel<C> {
    controller: C,
    done: Notification,
    /// True if the channel was stopped since the process started or restarted.
    is_prepared: bool,
}

impl<C: Controller> Channel<C> {
    /// Creates the object of a channel whose interrupt the wiring binds to `done`.
    #[must_use]
    pub const fn new(controller: C, done: Notification) -> Self {
        Channel { controller, done, is_prepared: false }
    }

    /// Makes a transfer. The controller has stopped when this returns.
    fn make(
        &mut self,
        from: Option<usize>,
        to: Option<usize>,
        length: usize,
    ) -> Result<u32, Fault> {
        // A transfer of zero bytes is not started: many controllers take a length of 0 as their longest transfer, and a
        // client may lend zero bytes at any address.
        if length == 0 {
            return Ok(0);
        }
        if length > C::LONGEST {
            return Err(Fault::TooLong);
        }
        self.prepare();
        self.done.acknowledge();
        self.controller.start(&Transfer { from, to, length });
        let result = loop {
            let waited = self.done.wait_within_call();
            // If the interrupt is a pulse, it may have come before it was unmasked. So the state is checked before the
            // wait.
            if self.controller.state() == State::Running {
                self.done.acknowledge();
            }
            match self.controller.state() {
                State::Done => break Ok(length as u32),
                State::Failed => break Err(Fault::Controller),
                State::Running if waited.is_err() => break Err(Fault::Stopped),
                State::Running => {}
            }
        };
        self.controller.stop();
        result
    }
}

impl<C: Controller> DmaCopy for Channel<C> {
    fn copy(&mut self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> Result<u32, Fault> {
        let length = from.len().min(to.len());
        self.make(Some(from.address()), Some(to.address()), length)
    }
}

impl<C: Controller> DmaReceive for Channel<C> {
    fn receive(&mut self, to: LeaseMut<'_, [u8]>) -> Result<u32, Fault> {
        self.make(None, Some(to.address()), to.len())
    }
}

impl<C: Controller> DmaSend for Channel<C> {
    fn send(&mut self, from: Lease<'_, [u8]>) -> Result<u32, Fault> {
        self.make(Some(from.address()), None, from.len())
    }
}

impl<C: Controller> Prepare for Channel<C> {
    fn prepare(&mut self) {
        if !self.is_prepared {
            self.controller.stop();
            self.is_prepared = true;
        }
    }
}

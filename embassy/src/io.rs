// SPDX-License-Identifier: MIT OR Apache-2.0
//! Devices of `embedded-io` and a notification as devices of `embedded-io-async`; pins for `embedded-hal-async` in the
//! same way.

use crate::wait;
use crossgate::Notification;
use embedded_hal::digital::{self, InputPin};
use embedded_hal_async::digital::Wait;
use embedded_io::{ErrorType, Read, ReadReady, Write, WriteReady};

/// A device of `embedded-io` as one of `embedded-io-async`: where the device's own methods would block, the task waits
/// for a notification.
///
/// Tasks can wait for the level of a pin (`Wait` of `embedded-hal-async`) if each change of the level interrupts.
///
/// The device has to report whether it is ready (`ReadReady`, `WriteReady`). The notification is the one to which the
/// wiring binds the interrupt of the device, or one that another process signals. `Io` acknowledges it whenever the
/// device is not ready.
#[derive(Debug)]
pub struct Io<D> {
    device: D,
    news: Notification,
}

impl<D> Io<D> {
    /// Creates an `Io` from a device, and the notification that is signalled when the device may be ready.
    pub const fn new(device: D, news: Notification) -> Io<D> {
        Io { device, news }
    }

    /// Returns the device.
    pub const fn device(&mut self) -> &mut D {
        &mut self.device
    }

    async fn until_ready<E>(
        &mut self,
        is_ready: impl Fn(&mut D) -> Result<bool, E>,
    ) -> Result<(), E> {
        loop {
            if is_ready(&mut self.device)? {
                return Ok(());
            }
            self.news.acknowledge();
            // Looks once more, because the acknowledgement has cleared a pulse that came before it.
            if is_ready(&mut self.device)? {
                return Ok(());
            }
            wait(self.news).await;
        }
    }
}

impl<D: ErrorType> ErrorType for Io<D> {
    type Error = D::Error;
}

impl<D: Read + ReadReady> embedded_io_async::Read for Io<D> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, D::Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.until_ready(D::read_ready).await?;
        self.device.read(buffer)
    }
}

impl<D: Write + WriteReady> embedded_io_async::Write for Io<D> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, D::Error> {
        if bytes.is_empty() {
            return Ok(0);
        }
        self.until_ready(D::write_ready).await?;
        self.device.write(bytes)
    }

    /// Flushes as the device does, which may block.
    async fn flush(&mut self) -> Result<(), D::Error> {
        self.device.flush()
    }
}

impl<P: digital::ErrorType> digital::ErrorType for Io<P> {
    type Error = P::Error;
}

/// An edge is a change of the level between two reads, so a pulse that is over before the task reads is not seen.
impl<P: InputPin> Wait for Io<P> {
    async fn wait_for_high(&mut self) -> Result<(), P::Error> {
        self.until_ready(P::is_high).await
    }

    async fn wait_for_low(&mut self) -> Result<(), P::Error> {
        self.until_ready(P::is_low).await
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), P::Error> {
        self.wait_for_low().await?;
        self.wait_for_high().await
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), P::Error> {
        self.wait_for_high().await?;
        self.wait_for_low().await
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), P::Error> {
        match self.device.is_high()? {
            true => self.wait_for_low().await,
            false => self.wait_for_high().await,
        }
    }
}

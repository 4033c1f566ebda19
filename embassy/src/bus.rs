// SPDX-License-Identifier: MIT OR Apache-2.0
//! Blocking buses of `embedded-hal` as buses of `embedded-hal-async`: a thread of a pool makes the transactions.

use crate::Blocking;
use core::fmt;
use core::mem::take;
use crossgate::pool::Pool;
use crossgate::sync::Mutex;
use crossgate::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Release};
use embassy_time::Timer;
use embedded_hal::{i2c, spi};
use embedded_hal_async::{i2c::I2c, spi::SpiDevice};

/// The largest number of operations of a transaction.
pub const OPERATIONS: usize = 8;

/// A static of the process that holds a blocking bus, and the `N` bytes of one transaction.
///
/// [`Offloaded::bus`] turns an `I2c` or `SpiDevice` of `embedded-hal` into one of `embedded-hal-async`, so that async
/// driver crates run unchanged. The bytes are copied into the static, a thread of a pool makes the transaction, and the
/// executor serves other tasks meanwhile.
///
/// ```no_run
/// # use crossgate::{Handle, pool::Pool};
/// use crossgate_embassy::Offloaded;
/// use crossgate_i2c::{I2cChip, I2cDevice};
/// use embedded_hal_async::i2c::I2c;
///
/// static CHIP: Offloaded<I2cChip<0x76>, 64> = Offloaded::new();
///
/// // pool helpers (count = 1, stack = 1024, priority = 2);
/// async fn identity(sensor: Handle<dyn I2cDevice<0x76>>, helpers: Pool) -> Option<u8> {
///     let mut chip = CHIP.bus(I2cChip::new(sensor), helpers);
///     let mut id = [0];
///     chip.write_read(0x76, &[0xd0], &mut id).await.ok()?;
///     Some(id[0])
/// }
/// ```
#[derive(Debug)]
pub struct Offloaded<B, const N: usize> {
    /// A transaction is under way, or about to be.
    is_busy: AtomicBool,
    state: Mutex<State<B, N>>,
}

#[derive(Debug)]
struct State<B, const N: usize> {
    driver: Option<B>,
    bytes: [u8; N],
    steps: [Step; OPERATIONS],
    count: usize,
}

/// An operation without its bytes.
#[derive(Clone, Copy, Debug)]
struct Step {
    kind: Kind,
    /// The number of bytes to read; ...
    read: usize,
    /// ... and of bytes to write, which lie behind them.
    written: usize,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Read,
    Write,
    Transfer,
    /// The bytes that were read replace the bytes that were written.
    InPlace,
    Delay(u32),
}

impl Step {
    const NONE: Step = Step::new(Kind::Write, 0, 0);

    const fn new(kind: Kind, read: usize, written: usize) -> Step {
        Step { kind, read, written }
    }
}

impl<B, const N: usize> Offloaded<B, N> {
    /// Creates a static that holds no bus yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is for statics")]
    pub const fn new() -> Self {
        let state =
            State { driver: None, bytes: [0; N], steps: [Step::NONE; OPERATIONS], count: 0 };
        Offloaded { is_busy: AtomicBool::new(false), state: Mutex::new(state) }
    }

    /// Puts a bus into this static. Returns an async bus, whose transactions are made by threads of the pool.
    ///
    /// # Panics
    /// If the static holds a bus already.
    pub fn bus(&'static self, driver: B, helpers: Pool) -> AsyncBus<B, N> {
        let before = self.state.lock().driver.replace(driver);
        assert!(before.is_none(), "the static holds a bus already");
        AsyncBus { place: self, helpers: Blocking::new(helpers) }
    }
}

/// A bus that blocks as an `I2c` or `SpiDevice` of `embedded-hal-async`: see [`Offloaded`].
///
/// A transaction has at most [`OPERATIONS`] operations and `N` bytes. If its future is dropped, a transaction that has
/// begun continues, and the next transaction waits for its end.
#[derive(Debug)]
pub struct AsyncBus<B: 'static, const N: usize> {
    place: &'static Offloaded<B, N>,
    helpers: Blocking,
}

/// Why a transaction failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BusError<E> {
    /// The error is from the bus.
    Bus(E),
    /// The transaction has more operations than [`OPERATIONS`], or more bytes than the [`Offloaded`] has.
    TooLong,
    /// The driver of the bus has ended its thread.
    Ended,
}

impl<E: fmt::Display> fmt::Display for BusError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BusError::Bus(error) => error.fmt(formatter),
            BusError::TooLong => formatter.write_str("the transaction is too long"),
            BusError::Ended => formatter.write_str("the driver has ended its thread"),
        }
    }
}

impl<E: core::error::Error> core::error::Error for BusError<E> {}

impl<E: i2c::Error> i2c::Error for BusError<E> {
    fn kind(&self) -> i2c::ErrorKind {
        match self {
            BusError::Bus(error) => error.kind(),
            _ => i2c::ErrorKind::Other,
        }
    }
}

impl<E: spi::Error> spi::Error for BusError<E> {
    fn kind(&self) -> spi::ErrorKind {
        match self {
            BusError::Bus(error) => error.kind(),
            _ => spi::ErrorKind::Other,
        }
    }
}

/// The right to use the static. As soon as there is a job, the right belongs to the job, which outlives a dropped
/// future.
struct Turn(&'static AtomicBool);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(false, Release);
    }
}

impl<B: Send, const N: usize> AsyncBus<B, N> {
    /// Copies these operations into the static, has a thread do the work, and copies the bytes that were read back to
    /// the caller.
    async fn make<O: Operation, E: Send + 'static>(
        &mut self,
        operations: &mut [O],
        work: impl FnOnce(&mut State<B, N>) -> Result<(), E> + Send + 'static,
    ) -> Result<(), BusError<E>> {
        let place = self.place;
        // Only a transaction whose future was dropped can still have the turn.
        while place.is_busy.swap(true, Acquire) {
            Timer::after_millis(1).await;
        }
        let turn = Turn(&place.is_busy);
        // The lock is free, or held for a moment only, because no other transaction has the turn.
        place.state.lock().fill(operations).ok_or(BusError::TooLong)?;
        let job = move || {
            let result = work(&mut place.state.lock());
            drop(turn);
            result
        };
        self.helpers.run(job).await.map_err(|_| BusError::Ended)?.map_err(BusError::Bus)?;
        place.state.lock().empty(operations);
        Ok(())
    }
}

/// An operation of a driver.
trait Operation {
    /// Returns the operation without its bytes, and the bytes to write.
    fn parts(&self) -> (Step, &[u8]);
    /// Returns the buffer for the bytes that are read.
    fn place(&mut self) -> &mut [u8];
}

impl<B, const N: usize> State<B, N> {
    /// Copies operations with the bytes to write. Returns `None` if they don't fit.
    fn fill(&mut self, operations: &[impl Operation]) -> Option<()> {
        let mut end = 0;
        self.count = 0;
        for (step, bytes) in operations.iter().map(Operation::parts) {
            let start = match step.kind {
                Kind::InPlace => end,
                _ => end + step.read,
            };
            end += step.read + step.written;
            *self.steps.get_mut(self.count)? = step;
            self.bytes.get_mut(start..end)?[..bytes.len()].copy_from_slice(bytes);
            self.count += 1;
        }
        Some(())
    }

    /// Copies the bytes that were read to the operations.
    fn empty(&self, operations: &mut [impl Operation]) {
        let mut rest = &self.bytes[..];
        for (step, operation) in self.steps.iter().zip(operations) {
            operation.place().copy_from_slice(&rest[..step.read]);
            rest = &rest[step.read + step.written..];
        }
    }

    /// Calls `work` with the driver and the operations. `operation` makes each operation from its kind, its bytes to
    /// read, and its bytes to write.
    fn with<'a, O, R>(
        &'a mut self,
        none: [O; OPERATIONS],
        operation: impl Fn(Kind, &'a mut [u8], &'a [u8]) -> O,
        work: impl FnOnce(&mut B, &mut [O]) -> R,
    ) -> R {
        let (mut rest, mut operations) = (&mut self.bytes[..], none);
        let operations = &mut operations[..self.count];
        for (place, step) in operations.iter_mut().zip(&self.steps) {
            let (read, behind) = take(&mut rest).split_at_mut(step.read);
            let (written, behind) = behind.split_at_mut(step.written);
            *place = operation(step.kind, read, written);
            rest = behind;
        }
        work(self.driver.as_mut().expect("`bus` has put a bus here"), operations)
    }
}

impl Operation for i2c::Operation<'_> {
    fn parts(&self) -> (Step, &[u8]) {
        match self {
            i2c::Operation::Read(to) => (Step::new(Kind::Read, to.len(), 0), &[]),
            i2c::Operation::Write(from) => (Step::new(Kind::Write, 0, from.len()), from),
        }
    }

    fn place(&mut self) -> &mut [u8] {
        match self {
            i2c::Operation::Read(to) => to,
            i2c::Operation::Write(_) => &mut [],
        }
    }
}

impl<B: i2c::ErrorType, const N: usize> i2c::ErrorType for AsyncBus<B, N> {
    type Error = BusError<B::Error>;
}

impl<B, const N: usize> I2c for AsyncBus<B, N>
where
    B: i2c::I2c<Error: Send + 'static> + Send,
{
    async fn transaction(
        &mut self,
        address: u8,
        operations: &mut [i2c::Operation<'_>],
    ) -> Result<(), Self::Error> {
        use i2c::Operation::{Read, Write};
        self.make(operations, move |state| {
            let none = [const { Write(&[]) }; OPERATIONS];
            let operation = |kind, to, from| match kind {
                Kind::Read => Read(to),
                _ => Write(from),
            };
            state.with(none, operation, |driver, operations| match operations {
                // Many drivers have faster methods for these.
                [Read(to)] => driver.read(address, to),
                [Write(from)] => driver.write(address, from),
                [Write(from), Read(to)] => driver.write_read(address, from, to),
                operations => driver.transaction(address, operations),
            })
        })
        .await
    }
}

impl Operation for spi::Operation<'_, u8> {
    fn parts(&self) -> (Step, &[u8]) {
        use spi::Operation::*;
        match self {
            Read(to) => (Step::new(Kind::Read, to.len(), 0), &[]),
            Write(from) => (Step::new(Kind::Write, 0, from.len()), from),
            Transfer(to, from) => (Step::new(Kind::Transfer, to.len(), from.len()), from),
            TransferInPlace(bytes) => (Step::new(Kind::InPlace, bytes.len(), 0), bytes),
            DelayNs(ns) => (Step::new(Kind::Delay(*ns), 0, 0), &[]),
        }
    }

    fn place(&mut self) -> &mut [u8] {
        use spi::Operation::*;
        match self {
            Read(to) | Transfer(to, _) | TransferInPlace(to) => to,
            Write(_) | DelayNs(_) => &mut [],
        }
    }
}

impl<B: spi::ErrorType, const N: usize> spi::ErrorType for AsyncBus<B, N> {
    type Error = BusError<B::Error>;
}

impl<B, const N: usize> SpiDevice for AsyncBus<B, N>
where
    B: spi::SpiDevice<Error: Send + 'static> + Send,
{
    async fn transaction(
        &mut self,
        operations: &mut [spi::Operation<'_, u8>],
    ) -> Result<(), Self::Error> {
        use spi::Operation::*;
        self.make(operations, |state| {
            let none = [const { DelayNs(0) }; OPERATIONS];
            let operation = |kind, to, from| match kind {
                Kind::Read => Read(to),
                Kind::Write => Write(from),
                Kind::Transfer => Transfer(to, from),
                Kind::InPlace => TransferInPlace(to),
                Kind::Delay(ns) => DelayNs(ns),
            };
            state.with(none, operation, |driver, operations| driver.transaction(operations))
        })
        .await
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A first-in, first-out queue between processes, with a fixed capacity.
//!
//! Any process may own a queue. The wiring says which processes send and which processes receive. There may be several
//! of both. If several threads wait, the most urgent thread goes first.
//!
//! ```ignore
//! process jobs {
//!     notification FILLED; // each queue has two of its own
//!     notification FREED;
//!     object queue (stack = 256): Concurrent<Queue<u32, 8>> = Queue::new(FILLED, FREED) =>
//!         [JOBS_IN: dyn Sender<u32>, JOBS_OUT: dyn Receiver<u32>];
//! }
//! process button { thread main (priority = 3, stack = 1024) = button::main(JOBS_IN); }
//! process worker { thread main (priority = 2, stack = 1024) = worker::main(JOBS_OUT); }
//! ```
//!
//! ```
//! use core::time::Duration;
//! use crossgate::notification::TimedOut;
//! use crossgate::testing::Wiring;
//! use crossgate::{CallError, Handle};
//! use crossgate_queue::{Full, Queue, Receiver, Sender};
//!
//! fn press(jobs: Handle<dyn Sender<u32>>) -> Result<(), CallError> {
//!     // Is lost if there is no room. `send` would wait for some.
//!     if let Err(Full) = jobs.try_send(7)? { /* ... */ }
//!     Ok(())
//! }
//! fn work(jobs: Handle<dyn Receiver<u32>>) -> Result<Option<u32>, CallError> {
//!     match jobs.receive_timeout(Duration::from_millis(100))? {
//!         Ok(job) => Ok(Some(job)),
//!         Err(TimedOut) => Ok(None),
//!     }
//! }
//! // A unit test serves them a real queue, or a fake.
//! let wiring = Wiring::new();
//! let home = wiring.process("jobs");
//! let jobs = home.object(Queue::<u32, 1>::new(home.notification(), home.notification()));
//! let (jobs_in, jobs_out) = (home.serve_concurrent(jobs), home.serve_concurrent(jobs));
//! wiring.run(|| {
//!     assert_eq!(work(jobs_out), Ok(None));
//!     assert_eq!(press(jobs_in), Ok(()));
//!     assert_eq!(work(jobs_out), Ok(Some(7)));
//! });
//! ```
//!
//! | items | interfaces | for example |
//! |---|---|---|
//! | values of one word, any [`Wire`] type, handles too | [`Sender`], [`Receiver`] | `u32`, an enum, `f32` |
//! | anything [`Plain`], lent and copied | [`ItemSender`], [`ItemReceiver`] | `[u8; 64]`, `u64`, a `#[repr(C)]` struct |
//!
//! A method without `try_` in its name waits in the process of the queue. The wait ends when there is an item (or room
//! for one), when the time limit is over, or when the caller's [deadline](crossgate::time::with_deadline) has passed.
//! If the process of the queue crashes, the call fails with [`CallError::ServerFaulted`](crossgate::CallError), and the
//! queue restarts empty.
//!
//! A client can disturb other clients only through its own end of the queue: a sender can fill the queue, and a
//! receiver can empty it.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::sync::{Mutex, MutexGuard};
use crossgate::{Lease, LeaseMut, Notification, Plain, Wire, interface};
use crossgate_waiting::{FOR_EVER, Waiters, wait, wake};
use heapless::Deque;

/// There was no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub struct Full;

/// There was no item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub struct Empty;

/// The end of a queue at which values go in.
#[interface]
pub trait Sender<T: Wire> {
    /// Adds an item. Waits for room as long as it takes. Fails with [`TimedOut`] if the caller's deadline passes first.
    fn send(&self, item: T) -> Result<(), TimedOut>;
    /// Adds an item if there is room.
    fn try_send(&self, item: T) -> Result<(), Full>;
    /// Adds an item. Waits for room up to `timeout`.
    fn send_timeout(&self, item: T, timeout: Duration) -> Result<(), TimedOut>;
}

/// The end of a queue at which values come out.
#[interface]
pub trait Receiver<T: Wire> {
    /// Takes the oldest item. Waits for an item as long as it takes. Fails with [`TimedOut`] if the caller's deadline
    /// passes first.
    fn receive(&self) -> Result<T, TimedOut>;
    /// Takes the oldest item if there is one.
    fn try_receive(&self) -> Option<T>;
    /// Takes the oldest item. Waits for an item up to `timeout`.
    fn receive_timeout(&self, timeout: Duration) -> Result<T, TimedOut>;
    /// Returns how many items there are.
    fn count(&self) -> u32;
}

/// The end of a queue at which items are copied in from lent memory.
#[interface]
pub trait ItemSender<T: Plain> {
    /// Adds a copy of the item. Waits for room as long as it takes. Fails with [`TimedOut`] if the caller's deadline
    /// passes first.
    fn send(&self, item: Lease<'_, T>) -> Result<(), TimedOut>;
    /// Adds a copy of the item if there is room.
    fn try_send(&self, item: Lease<'_, T>) -> Result<(), Full>;
    /// Adds a copy of the item. Waits for room up to `timeout`.
    fn send_timeout(&self, item: Lease<'_, T>, timeout: Duration) -> Result<(), TimedOut>;
}

/// The end of a queue at which items are copied out into lent memory.
#[interface]
pub trait ItemReceiver<T: Plain> {
    /// Takes the oldest item. Waits for an item as long as it takes. Fails with [`TimedOut`] if the caller's deadline
    /// passes first.
    fn receive(&self, item: LeaseMut<'_, T>) -> Result<(), TimedOut>;
    /// Takes the oldest item if there is one.
    fn try_receive(&self, item: LeaseMut<'_, T>) -> Result<(), Empty>;
    /// Takes the oldest item. Waits for an item up to `timeout`.
    fn receive_timeout(&self, item: LeaseMut<'_, T>, timeout: Duration) -> Result<(), TimedOut>;
    /// Returns how many items there are.
    fn count(&self) -> u32;
}

/// A queue of at most `N` items.
#[derive(Debug)]
pub struct Queue<T, const N: usize>(Mutex<State<T, N>>);

#[derive(Debug)]
struct State<T, const N: usize> {
    items: Deque<T, N>,
    receivers: Waiters,
    senders: Waiters,
}

type Guard<'a, T, const N: usize> = MutexGuard<'a, State<T, N>>;

/// The notifications of the two threads to wake: first that of a receiver, then that of a sender.
type Woken = [Option<Notification>; 2];

impl<T, const N: usize> State<T, N> {
    #[inline(always)]
    fn put(&mut self, item: T) -> Result<Woken, T> {
        self.items.push_back(item)?;
        Ok(self.woken())
    }

    #[inline(always)]
    fn take(&mut self) -> Option<(T, Woken)> {
        let item = self.items.pop_front()?;
        Some((item, self.woken()))
    }

    /// Returns the notifications of the waiting threads that can go on now.
    #[inline(always)]
    fn woken(&self) -> Woken {
        let receiver = if self.items.is_empty() { None } else { self.receivers.first() };
        let sender = if self.items.is_full() { None } else { self.senders.first() };
        [receiver, sender]
    }
}

#[inline(always)]
fn wake_both([receiver, sender]: Woken) {
    wake(receiver);
    wake(sender);
}

impl<T, const N: usize> Queue<T, N> {
    /// Creates an empty queue. The process must use these two notifications for nothing else.
    #[must_use]
    pub const fn new(filled: Notification, freed: Notification) -> Self {
        const { assert!(N > 0, "a queue has room for at least one item") }
        let (receivers, senders) = (Waiters::new(filled), Waiters::new(freed));
        Queue(Mutex::new(State { items: Deque::new(), receivers, senders }))
    }

    /// Puts an item in if there is room, else returns the item. This method is for threads of the queue's own process.
    #[inline(always)]
    pub fn put(&self, item: T) -> Result<(), T> {
        let woken = self.0.lock().put(item)?;
        wake_both(woken);
        Ok(())
    }

    /// Takes the oldest item if there is one. This method is for threads of the queue's own process.
    #[inline(always)]
    pub fn take(&self) -> Option<T> {
        let (item, woken) = self.0.lock().take()?;
        wake_both(woken);
        Some(item)
    }

    /// Adds an item. Waits for room up to `timeout`. This method is for threads of the queue's own process.
    ///
    /// # Errors
    /// [`TimedOut`] if there was none.
    #[inline(always)]
    pub fn put_within(&self, item: T, timeout: Duration) -> Result<(), TimedOut> {
        let mut state = self.0.lock();
        let woken = match state.put(item) {
            Ok(woken) => {
                drop(state);
                woken
            }
            Err(item) => self.put_later(state, item, timeout)?,
        };
        wake_both(woken);
        Ok(())
    }

    /// Takes the oldest item. Waits for an item up to `timeout`. This method is for threads of the queue's own process.
    ///
    /// # Errors
    /// [`TimedOut`] if there was none.
    #[inline(always)]
    pub fn take_within(&self, timeout: Duration) -> Result<T, TimedOut> {
        let mut state = self.0.lock();
        let (item, woken) = match state.take() {
            Some(taken) => {
                drop(state);
                taken
            }
            None => wait(&self.0, state, |state| &mut state.receivers, timeout, State::take)?,
        };
        wake_both(woken);
        Ok(item)
    }

    #[cold]
    fn put_later(
        &self,
        state: Guard<'_, T, N>,
        item: T,
        timeout: Duration,
    ) -> Result<Woken, TimedOut> {
        let mut item = Some(item);
        wait(
            &self.0,
            state,
            |state| &mut state.senders,
            timeout,
            |state| {
                let put = state.put(item.take()?);
                put.map_err(|refused| item = Some(refused)).ok()
            },
        )
    }

    fn item_count(&self) -> u32 {
        self.0.lock().items.len() as u32
    }
}

impl<T: Wire + Send, const N: usize> Sender<T> for Queue<T, N> {
    #[inline]
    fn send(&self, item: T) -> Result<(), TimedOut> {
        self.put_within(item, FOR_EVER)
    }

    #[inline]
    fn try_send(&self, item: T) -> Result<(), Full> {
        self.put(item).map_err(|_| Full)
    }

    fn send_timeout(&self, item: T, timeout: Duration) -> Result<(), TimedOut> {
        self.put_within(item, timeout)
    }
}

impl<T: Wire + Send, const N: usize> Receiver<T> for Queue<T, N> {
    #[inline]
    fn receive(&self) -> Result<T, TimedOut> {
        self.take_within(FOR_EVER)
    }

    #[inline]
    fn try_receive(&self) -> Option<T> {
        self.take()
    }

    fn receive_timeout(&self, timeout: Duration) -> Result<T, TimedOut> {
        self.take_within(timeout)
    }

    fn count(&self) -> u32 {
        self.item_count()
    }
}

// Lent memory is accessed only while the queue is not locked.
impl<T: Plain + Send, const N: usize> ItemSender<T> for Queue<T, N> {
    fn send(&self, item: Lease<'_, T>) -> Result<(), TimedOut> {
        self.put_within(item.copy(), FOR_EVER)
    }

    fn try_send(&self, item: Lease<'_, T>) -> Result<(), Full> {
        self.put(item.copy()).map_err(|_| Full)
    }

    fn send_timeout(&self, item: Lease<'_, T>, timeout: Duration) -> Result<(), TimedOut> {
        self.put_within(item.copy(), timeout)
    }
}

impl<T: Plain + Send, const N: usize> ItemReceiver<T> for Queue<T, N> {
    fn receive(&self, mut item: LeaseMut<'_, T>) -> Result<(), TimedOut> {
        item.write(self.take_within(FOR_EVER)?);
        Ok(())
    }

    fn try_receive(&self, mut item: LeaseMut<'_, T>) -> Result<(), Empty> {
        item.write(self.take().ok_or(Empty)?);
        Ok(())
    }

    fn receive_timeout(
        &self,
        mut item: LeaseMut<'_, T>,
        timeout: Duration,
    ) -> Result<(), TimedOut> {
        item.write(self.take_within(timeout)?);
        Ok(())
    }

    fn count(&self) -> u32 {
        self.item_count()
    }
}

#[cfg(test)]
mod tests;

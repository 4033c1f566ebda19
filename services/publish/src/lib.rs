// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages from one or several processes to all processes that have subscribed. Each subscriber has its own queue, so
//! the other subscribers and the publisher never wait for a slow subscriber. Instead, the slow subscriber loses its
//! oldest messages, and the service tells it how many.
//!
//! Any process may own a topic. The wiring says which processes publish, and which subscribe.
//!
//! ```ignore
//! process news {
//!     notification CONTROL_NEWS;
//!     notification DISPLAY_NEWS;
//!     object control (stack = 320): Concurrent<Subscription<u32, 8>> = Subscription::new(CONTROL_NEWS) =>
//!         [FOR_CONTROL: dyn Subscriber<u32>];
//!     object display (stack = 320): Concurrent<Subscription<u32, 2>> = Subscription::new(DISPLAY_NEWS) =>
//!         [FOR_DISPLAY: dyn Subscriber<u32>];
//!     object topic (stack = 256): Concurrent<Topic<u32>> = Topic::new(&[&control, &display]) =>
//!         [KEYS: dyn Publisher<u32>];
//! }
//! process keypad { thread main (priority = 3, stack = 1024) = keypad::main(KEYS); }
//! process control { thread main (priority = 2, stack = 1024) = control::main(FOR_CONTROL); }
//! ```
//!
//! ```
//! use crossgate::testing::Wiring;
//! use crossgate::{CallError, Handle};
//! use crossgate_publish::{Missed, Subscriber, Subscription};
//!
//! fn control(keys: Handle<dyn Subscriber<u32>>) -> Result<u32, CallError> {
//!     let (mut sum, mut lost) = (0, 0);
//!     loop {
//!         match keys.try_receive()? {
//!             Ok(key) => sum += key,
//!             Err(Missed::Lost(count)) => lost += count,
//!             Err(Missed::Nothing) => return Ok(sum + 1000 * lost),
//!         }
//!     }
//! }
//! let wiring = Wiring::new();
//! let keys = Subscription::<u32, 2>::new(wiring.process("news").notification());
//! for key in [1, 2, 3] {
//!     keys.deliver(key);
//! }
//! let keys = wiring.process("news").serve(keys);
//! wiring.run(|| assert_eq!(control(keys), Ok(1005)));
//! ```
//!
//! | messages | interfaces |
//! |---|---|
//! | values of one word, any [`Wire`] type | [`Publisher`], [`Subscriber`] |
//! | anything [`Plain`], lent and copied | [`ItemPublisher`], [`ItemSubscriber`] |
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::fmt;
use core::time::Duration;
use crossgate::sync::Mutex;
use crossgate::{
    Concurrent, Decoder, Encoder, Invalid, Lease, LeaseMut, Notification, Plain, Shape, Wire,
    interface,
};
use crossgate_waiting::{FOR_EVER, Waiters, wait, wake};
use heapless::Deque;

/// The reason why there is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// There was no message. (For a method that waits: none came in time.)
    Nothing,
    /// This number of messages was lost, because the queue of the subscription was full. The service reports each loss
    /// once. The next call returns the oldest message that is left.
    Lost(u32),
}

impl fmt::Display for Missed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missed::Nothing => formatter.write_str("no message"),
            Missed::Lost(count) => write!(formatter, "{count} messages were lost"),
        }
    }
}

impl core::error::Error for Missed {}

// In a call, a `Missed` is the number of lost messages. This number is never 0, so 0 is `Nothing`.
impl Wire for Missed {
    const SHAPE: Shape = u32::SHAPE;

    fn put(self, encoder: &mut Encoder) {
        match self {
            Missed::Nothing => 0,
            Missed::Lost(count) => count,
        }
        .put(encoder);
    }

    fn take(decoder: &mut Decoder) -> Result<Self, Invalid> {
        u32::take(decoder)
            .map(|count| if count == 0 { Missed::Nothing } else { Missed::Lost(count) })
    }
}

/// The interface of publishers.
#[interface]
pub trait Publisher<T: Wire> {
    /// Adds the message to each subscription. Never waits.
    fn publish(&self, message: T);
}

/// The interface of a subscriber.
#[interface]
pub trait Subscriber<T: Wire> {
    /// Returns the next message as soon as there is one. Fails with [`Missed::Nothing`] if the caller's deadline passes
    /// first.
    fn receive(&self) -> Result<T, Missed>;
    /// Returns the next message if there is one.
    fn try_receive(&self) -> Result<T, Missed>;
    /// Returns the next message if there is one within `timeout`.
    fn receive_timeout(&self, timeout: Duration) -> Result<T, Missed>;
}

/// The interface of publishers that lend their messages.
#[interface]
pub trait ItemPublisher<T: Plain> {
    /// Adds a copy of the message to each subscription. Never waits.
    fn publish(&self, message: Lease<'_, T>);
}

/// The interface of a subscriber to messages that are copied to lent memory.
#[interface]
pub trait ItemSubscriber<T: Plain> {
    /// Returns the next message as soon as there is one. Fails with [`Missed::Nothing`] if the caller's deadline passes
    /// first.
    fn receive(&self, message: LeaseMut<'_, T>) -> Result<(), Missed>;
    /// Returns the next message if there is one.
    fn try_receive(&self, message: LeaseMut<'_, T>) -> Result<(), Missed>;
    /// Returns the next message if there is one within `timeout`.
    fn receive_timeout(&self, message: LeaseMut<'_, T>, timeout: Duration) -> Result<(), Missed>;
}

/// A subscription with a queue of `N` messages.
#[derive(Debug)]
pub struct Subscription<T, const N: usize>(Mutex<State<T, N>>);

#[derive(Debug)]
struct State<T, const N: usize> {
    messages: Deque<T, N>,
    lost: u32,
    receivers: Waiters,
}

/// A message or the reason why there is none; and the notification of the thread to wake.
type Received<T> = (Result<T, Missed>, Option<Notification>);

impl<T, const N: usize> State<T, N> {
    fn take(&mut self) -> Option<Received<T>> {
        let lost = core::mem::take(&mut self.lost);
        let next =
            if lost > 0 { Err(Missed::Lost(lost)) } else { Ok(self.messages.pop_front()?) };
        Some((next, self.woken()))
    }

    /// The notification of the thread to wake.
    fn woken(&self) -> Option<Notification> {
        if self.messages.is_empty() { None } else { self.receivers.first() }
    }
}

impl<T, const N: usize> Subscription<T, N> {
    /// Creates a subscription without messages. The process must use this notification for nothing else.
    #[must_use]
    pub const fn new(woken_by: Notification) -> Self {
        const { assert!(N > 0, "a subscription has room for at least one message") }
        let receivers = Waiters::new(woken_by);
        Subscription(Mutex::new(State { messages: Deque::new(), lost: 0, receivers }))
    }

    /// Adds a message. If there is no room, the oldest message is lost. A [`Topic`] calls this for all of its
    /// subscriptions.
    pub fn deliver(&self, message: T) {
        let mut state = self.0.lock();
        if state.messages.is_full() {
            state.messages.pop_front();
            state.lost = state.lost.saturating_add(1);
        }
        // The message always fits, because there is room now.
        let _ = state.messages.push_back(message);
        let woken = state.woken();
        drop(state);
        wake(woken);
    }

    /// Returns the next message if there is one. This method is for threads of the subscription's own process.
    ///
    /// # Errors
    /// See [`Missed`].
    pub fn take(&self) -> Result<T, Missed> {
        let (next, woken) = self.0.lock().take().ok_or(Missed::Nothing)?;
        wake(woken);
        next
    }

    /// Returns the next message if there is one within `timeout`. This method is for threads of the subscription's own
    /// process.
    ///
    /// # Errors
    /// See [`Missed`].
    pub fn take_within(&self, timeout: Duration) -> Result<T, Missed> {
        let mut state = self.0.lock();
        let (next, woken) = match state.take() {
            Some(taken) => {
                drop(state);
                taken
            }
            None => wait(&self.0, state, |state| &mut state.receivers, timeout, State::take)
                .map_err(|_| Missed::Nothing)?,
        };
        wake(woken);
        next
    }
}

/// A subscription with a queue of any length.
pub trait Inbox<T>: Sync {
    /// Adds a message. If there is no room, the oldest message is lost.
    fn deliver(&self, message: T);
}

impl<T: Send, const N: usize> Inbox<T> for Concurrent<Subscription<T, N>> {
    fn deliver(&self, message: T) {
        Subscription::deliver(self, message);
    }
}

/// A topic. It adds each message to all of its subscriptions, in the order of the subscriptions in the wiring.
pub struct Topic<T: 'static>(&'static [&'static dyn Inbox<T>]);

impl<T> Topic<T> {
    /// Creates a topic with these subscriptions, which are objects of the same process.
    #[must_use]
    pub const fn new(subscriptions: &'static [&'static dyn Inbox<T>]) -> Topic<T> {
        Topic(subscriptions)
    }
}

impl<T: Copy> Topic<T> {
    /// Adds the message to each subscription. This method is for threads of the topic's own process.
    pub fn deliver(&self, message: T) {
        self.0.iter().for_each(|inbox| inbox.deliver(message));
    }
}

impl<T: Wire + Copy> Publisher<T> for Topic<T> {
    fn publish(&self, message: T) {
        self.deliver(message);
    }
}

impl<T: Plain> ItemPublisher<T> for Topic<T> {
    fn publish(&self, message: Lease<'_, T>) {
        self.deliver(message.copy());
    }
}

impl<T: Wire + Send, const N: usize> Subscriber<T> for Subscription<T, N> {
    fn receive(&self) -> Result<T, Missed> {
        self.take_within(FOR_EVER)
    }

    fn try_receive(&self) -> Result<T, Missed> {
        self.take()
    }

    fn receive_timeout(&self, timeout: Duration) -> Result<T, Missed> {
        self.take_within(timeout)
    }
}

impl<T: Plain + Send, const N: usize> ItemSubscriber<T> for Subscription<T, N> {
    fn receive(&self, mut message: LeaseMut<'_, T>) -> Result<(), Missed> {
        self.take_within(FOR_EVER).map(|it| message.write(it))
    }

    fn try_receive(&self, mut message: LeaseMut<'_, T>) -> Result<(), Missed> {
        self.take().map(|it| message.write(it))
    }

    fn receive_timeout(
        &self,
        mut message: LeaseMut<'_, T>,
        timeout: Duration,
    ) -> Result<(), Missed> {
        self.take_within(timeout).map(|it| message.write(it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::{Process, Wiring};
    use crossgate::{Handle, time};

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn subscription<T: Copy + Send, const N: usize>(
        home: Process<'_>,
    ) -> &'static Concurrent<Subscription<T, N>> {
        home.object(Concurrent::new(Subscription::new(home.notification())))
    }

    fn topic<const N: usize>(
        home: Process<'_>,
        inboxes: [&'static dyn Inbox<u32>; N],
    ) -> &'static Topic<u32> {
        home.object(Topic::new(home.object(inboxes)))
    }

    #[test]
    fn a_slow_one_loses_only_its_own() {
        let wiring = Wiring::new();
        let home = wiring.test();
        let (fast, slow) = (subscription::<_, 4>(home), subscription::<_, 2>(home));
        let topic: Handle<dyn Publisher<u32>> = home.serve_concurrent(topic(home, [fast, slow]));
        wiring.run(|| {
            for message in 0..4 {
                assert_eq!(topic.publish(message), Ok(()));
            }
            for message in 0..4 {
                assert_eq!(fast.take(), Ok(message));
            }
            assert_eq!(fast.take_within(MILLISECOND), Err(Missed::Nothing));
            assert_eq!(slow.take_within(MILLISECOND), Err(Missed::Lost(2)));
            let left = [slow.take(), slow.take(), slow.take()];
            assert_eq!(left, [Ok(2), Ok(3), Err(Missed::Nothing)]);
        });
    }

    #[test]
    fn every_message_is_told_or_counted() {
        let wiring = Wiring::new();
        let home = wiring.process("news");
        let inbox = subscription::<u32, 3>(home);
        let topic: Handle<dyn Publisher<u32>> = home.serve_concurrent(topic(home, [inbox]));
        let receiver = home.thread(2, || {
            let mut next = 0;
            while next < 500 {
                match inbox.take_within(FOR_EVER) {
                    Ok(message) => {
                        assert_eq!(message, next);
                        next += 1;
                    }
                    Err(Missed::Lost(count)) => next += count,
                    Err(Missed::Nothing) => panic!("there is no end"),
                }
                time::sleep(Duration::from_micros((u64::from(next) / 50) % 7));
            }
        });
        wiring.run(|| {
            for message in 0..500 {
                topic.publish(message).unwrap();
                time::sleep(Duration::from_micros(3));
            }
            receiver.join();
        });
    }

    #[test]
    fn messages_may_be_lent() {
        let wiring = Wiring::new();
        let home = wiring.process("news");
        let inbox = subscription::<[u32; 7], 1>(home);
        inbox.deliver([4; 7]);
        inbox.deliver([5; 7]);
        let subscriber: Handle<dyn ItemSubscriber<[u32; 7]>> = home.serve_concurrent(&**inbox);
        wiring.run(|| {
            let mut message = [0; 7];
            assert_eq!(subscriber.receive(&mut message), Ok(Err(Missed::Lost(1))));
            assert_eq!((subscriber.receive(&mut message), message), (Ok(Ok(())), [5; 7]));
            assert_eq!(subscriber.try_receive(&mut message), Ok(Err(Missed::Nothing)));
            let none = subscriber.receive_timeout(&mut message, MILLISECOND);
            assert_eq!(none, Ok(Err(Missed::Nothing)));
        });
    }
}

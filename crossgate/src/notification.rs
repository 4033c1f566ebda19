// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signals between threads, and from interrupts.

use crate::arch::system_call;
use crate::status::failure;
use crate::time::{self, Instant, microseconds};
use core::time::Duration;
use crossgate_abi::table::ProcessRow;
use crossgate_abi::{CallError, Status, Word, number};

/// A notification of this process, for which its threads wait.
///
/// It is declared in the wiring with `notification NAME;` (signals that no thread has waited for yet count as one) or
/// `counting notification NAME;` (each signal counts). Of several waiting threads, the most urgent one gets a signal. If
/// no thread waits, the signal is kept.
///
/// ```no_run
/// # use crossgate::Notification;
/// // interrupt board::interrupt::UART1_RX => RECEIVED;
/// fn driver(received: Notification) -> ! {
///     received.acknowledge(); // lets the interrupt in
///     loop {
///         received.wait();
///         // ... read what the device has ...
///         received.acknowledge();
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Notification {
    /// The index in the firmware.
    index: u8,
    /// The index among the notifications of its process.
    number: u8,
}

/// A notification of another process. This process may signal it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Signal(u8);

/// The error of a wait whose time was over before a signal came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

impl core::fmt::Display for TimedOut {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("timed out")
    }
}

impl core::error::Error for TimedOut {}

/// The time of a wait without an end, in µs.
const FOR_EVER: u64 = u64::MAX;

impl Signal {
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(index: usize) -> Signal {
        Signal(index as u8)
    }

    /// Signals the notification.
    ///
    /// # Errors
    /// [`CallError::NotPermitted`] if the wiring of this process does not mention the notification.
    #[inline]
    pub fn signal(self) -> Result<(), CallError> {
        let reply = system_call(number::SIGNAL, [self.0.into()]);
        if reply.status == 0 { Ok(()) } else { Err(failure(reply.status)) }
    }
}

impl Notification {
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(index: usize, number: usize) -> Notification {
        Notification { index: index as u8, number: number as u8 }
    }

    #[cfg(not(target_os = "none"))]
    pub(crate) const fn index(self) -> u8 {
        self.index
    }

    /// Signals the notification: wakes a waiting thread of this process, or the next thread that waits.
    #[inline]
    pub fn signal(self) {
        system_call(number::SIGNAL, [self.index.into()]);
    }

    /// Waits for a signal.
    ///
    /// # Panics
    /// If the notification belongs to another process.
    #[inline]
    pub fn wait(self) {
        self.set().wait_for_ever();
    }

    /// Waits for a signal, but not longer than `timeout` (to the µs).
    ///
    /// # Errors
    /// [`TimedOut`] if no signal came in time, or if the [deadline](crate::time::with_deadline) of the thread's present
    /// call has passed. A signal that comes later is kept.
    ///
    /// # Panics
    /// If the notification belongs to another process.
    pub fn wait_timeout(self, timeout: Duration) -> Result<(), TimedOut> {
        self.set().wait_for(limited(timeout)).map(|_| ()).ok_or(TimedOut)
    }

    /// Waits for a signal, but not past `end`. This takes less stack and time than
    /// [`wait_timeout`](Self::wait_timeout) with the time that is left.
    ///
    /// # Errors
    /// As for [`wait_timeout`](Self::wait_timeout).
    ///
    /// # Panics
    /// If the notification belongs to another process.
    pub fn wait_until(self, end: Instant) -> Result<(), TimedOut> {
        let left = end.as_micros().saturating_sub(time::now().as_micros());
        self.set().wait_for(left.min(LONGEST)).map(|_| ()).ok_or(TimedOut)
    }

    /// Waits for a signal, but not past the deadline of the thread's present call.
    ///
    /// # Errors
    /// [`TimedOut`] if the [deadline](crate::time::with_deadline) of the call has passed; if no caller waits for the
    /// result any more, because the process of a caller crashed, was stopped or was restarted; or if the handle of the
    /// call is [revoked](crate::server::revoke).
    ///
    /// # Panics
    /// If the notification belongs to another process.
    #[inline]
    pub fn wait_within_call(self) -> Result<(), TimedOut> {
        self.set().wait_for(FOR_EVER).map(|_| ()).ok_or(TimedOut)
    }

    /// Takes a signal if there is one. Returns `true` if there was a signal.
    ///
    /// # Panics
    /// If the notification belongs to another process.
    #[must_use]
    pub fn try_wait(self) -> bool {
        self.set().wait_for(0).is_some()
    }

    /// Unmasks the interrupts that are bound to the notification. They are masked at the start, and each interrupt is
    /// masked again when it arrives.
    ///
    /// All interrupts before this call count as handled: a pending interrupt is cleared, unless the device still holds
    /// its interrupt line active. Most devices hold the line active until they are served. For such a device, serve the
    /// device first, and then acknowledge; each interrupt is then one signal. If the interrupts are pulses, acknowledge
    /// first, and then read the state of the device; no interrupt is then lost.
    pub fn acknowledge(self) {
        system_call(number::ACKNOWLEDGE, [self.index.into()]);
    }

    /// Returns the notification without the right to wait, for other code in the same process.
    #[must_use]
    pub const fn as_signal(self) -> Signal {
        Signal(self.index)
    }

    /// Returns the set that contains only this notification.
    #[inline(always)]
    const fn set(self) -> Set {
        Set(ProcessRow::notification(self.number as usize) as Word)
    }
}

/// A set of notifications of this process, for a thread that waits for any of them. Use it if the notifications are
/// known only at run time.
///
/// ```no_run
/// # use crossgate::{Notification, notification::Set};
/// # fn f(received: Notification, button: Notification, has_button: bool) {
/// let mut set = Set::EMPTY.with(received);
/// if has_button {
///     set = set.with(button);
/// }
/// if set.wait().is(button) { /* the button */ }
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set(Word);

/// The notification of a [`Set`] that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrived(u8);

impl Arrived {
    /// Returns whether it is the given notification.
    #[inline]
    #[must_use]
    pub const fn is(self, notification: Notification) -> bool {
        self.0 == notification.index
    }

    /// Signals the notification again, so that another thread can take the signal.
    pub fn signal_again(self) {
        system_call(number::SIGNAL, [self.0.into()]);
    }
}

impl Set {
    /// The empty set.
    pub const EMPTY: Set = Set(0);

    /// Returns the same set with one more notification.
    #[inline]
    #[must_use]
    pub const fn with(self, notification: Notification) -> Set {
        Set(self.0 | notification.set().0)
    }

    /// Returns whether the set is empty.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Waits for any notification of the set.
    ///
    /// # Panics
    /// If one of them belongs to another process, or if the set is empty.
    #[inline]
    #[must_use]
    pub fn wait(self) -> Arrived {
        Arrived(self.wait_for_ever())
    }

    /// Waits for any notification of the set, but not longer than `timeout` (to the µs).
    ///
    /// # Errors
    /// [`TimedOut`] if no signal came.
    ///
    /// # Panics
    /// As for [`wait`](Self::wait).
    #[inline]
    pub fn wait_timeout(self, timeout: Duration) -> Result<Arrived, TimedOut> {
        self.wait_for(limited(timeout)).map(Arrived).ok_or(TimedOut)
    }

    /// Takes a signal of one of the notifications, if there is one.
    ///
    /// # Panics
    /// As for [`wait`](Self::wait).
    #[inline]
    #[must_use]
    pub fn try_wait(self) -> Option<Arrived> {
        self.wait_for(0).map(Arrived)
    }

    #[inline]
    fn wait_for(self, timeout: u64) -> Option<u8> {
        let Set(set) = self;
        let words = [set, timeout as u32 as Word, (timeout >> 32) as Word];
        let reply = system_call(number::WAIT, words);
        match Status(reply.status) {
            Status::OK => Some(reply.words[0] as u8),
            Status::TIMED_OUT => None,
            Status(status) if status == CallError::DeadlineExceeded as Word => None,
            _ => panic!("a notification of another process was waited for"),
        }
    }

    #[inline]
    fn wait_for_ever(self) -> u8 {
        loop {
            // The wait may end because the deadline of the call has passed. Then the thread waits again. If the method
            // still runs some time after the deadline, the kernel ends the call.
            if let Some(index) = self.wait_for(FOR_EVER) {
                return index;
            }
        }
    }
}

/// Waits for any of several notifications. Returns the index in the array of the notification that came.
///
/// ```no_run
/// # use crossgate::{Notification, notification};
/// # fn f(received: Notification, button: Notification) {
/// match notification::wait_any([received, button]) {
///     0 => { /* received */ }
///     _ => { /* the button */ }
/// }
/// # }
/// ```
///
/// # Panics
/// If one of them belongs to another process, or if the array is empty.
pub fn wait_any<const N: usize>(notifications: [Notification; N]) -> usize {
    place(notifications, set(notifications).wait_for_ever())
}

/// Waits as [`wait_any`] does, but not longer than `timeout` (to the µs).
///
/// # Errors
/// [`TimedOut`] if no signal came.
///
/// # Panics
/// If one of them belongs to another process, or if the array is empty.
pub fn wait_any_timeout<const N: usize>(
    notifications: [Notification; N],
    timeout: Duration,
) -> Result<usize, TimedOut> {
    let index = set(notifications).wait_for(limited(timeout));
    Ok(place(notifications, index.ok_or(TimedOut)?))
}

fn set<const N: usize>(notifications: [Notification; N]) -> Set {
    const { assert!(N > 0, "there is nothing to wait for") }
    notifications.into_iter().fold(Set::EMPTY, Set::with)
}

fn place<const N: usize>(notifications: [Notification; N], index: u8) -> usize {
    notifications.iter().position(|notification| notification.index == index).unwrap_or(0)
}

/// The longest timeout that the [kernel](crossgate_abi::number::WAIT) takes, in µs: 146,000 years.
const LONGEST: u64 = (1 << 62) - 1;

/// Returns the timeout in µs, at most the [longest](LONGEST) one.
fn limited(timeout: Duration) -> u64 {
    microseconds(timeout).min(LONGEST)
}

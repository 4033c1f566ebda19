// SPDX-License-Identifier: MIT OR Apache-2.0
//! The latest value of a quantity, for several processes. An updater never waits. A reader gets the latest value at
//! once, or it waits until there is a newer value than the value that it has seen last. (FreeRTOS calls a queue that is
//! used in this way a mailbox.)
//!
//! Any process may own a watch. The wiring says which processes update it and which read it.
//!
//! ```ignore
//! process readings {
//!     notification FOR_CONTROL; // one for each thread that may wait for changes at a time
//!     notification FOR_DISPLAY;
//!     object temperature (stack = 256): Concurrent<Watch<i32, 2>> = Watch::new(0, [FOR_CONTROL, FOR_DISPLAY]) =>
//!         [TEMPERATURE_IN: dyn Updater<i32>, TEMPERATURE: dyn Observer<i32>];
//! }
//! process sensor { thread main (priority = 3, stack = 1024) = sensor::main(TEMPERATURE_IN); }
//! process control { thread main (priority = 2, stack = 1024) = control::main(TEMPERATURE); }
//! ```
//!
//! ```
//! use core::time::Duration;
//! use crossgate::testing::Wiring;
//! use crossgate::{CallError, Handle};
//! use crossgate_watch::{Observer, Watch};
//!
//! /// Shows each new reading, or what is there once a second.
//! fn display(temperature: Handle<dyn Observer<i32>>, show: fn(i32)) -> Result<(), CallError> {
//!     let mut seen = 0;
//! #   let mut rounds = 0..2;
//!     while let Ok((celsius, version)) = temperature.changed_timeout(seen, Duration::from_secs(1)) {
//!         show(celsius);
//!         seen = version;
//! #       if rounds.next().is_none() { break }
//! #       return Ok(())
//!     }
//!     Ok(())
//! }
//! let wiring = Wiring::new();
//! let home = wiring.process("readings");
//! let watch = home.object(Watch::new(0, home.notifications::<1>()));
//! let temperature = home.serve_concurrent(watch);
//! wiring.run(|| {
//!     watch.set(21);
//!     display(temperature, |celsius| assert_eq!(celsius, 21)).unwrap();
//! });
//! ```
//!
//! | values | interfaces |
//! |---|---|
//! | of one word, any [`Wire`] type | [`Updater`], [`Observer`] |
//! | anything [`Plain`], lent and copied | [`ItemUpdater`], [`ItemObserver`] |
//!
//! Each value has a version. The initial value from the wiring has the version 0, and each later value has another
//! version. A reader compares the version with the version of the value that it has seen last. So it always notices
//! that the value has changed, but it may miss some values. If more threads wait than the wiring has notifications for,
//! their calls fail with [`CallError::Refused`](crossgate::CallError::Refused).
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::time::Duration;
use crossgate::sync::Mutex;
use crossgate::{Lease, LeaseMut, Notification, Plain, Wire, interface};
use crossgate_waiting::{FOR_EVER, Places, wait_at};

/// The interface of the process that sets the value.
#[interface]
pub trait Updater<T: Wire> {
    /// Sets the value.
    fn set(&self, value: T);
}

/// The interface of processes that need the value.
#[interface]
pub trait Observer<T: Wire> {
    /// Returns the value.
    fn get(&self) -> T;
    /// Waits until the version differs from `seen`, or until the caller's deadline passes. Returns the value and its
    /// version.
    fn changed(&self, seen: u32) -> (T, u32);
    /// Waits until the version differs from `seen`, or until `timeout` passes. Returns the value and its version.
    fn changed_timeout(&self, seen: u32, timeout: Duration) -> (T, u32);
}

/// The interface of the process that sets a value of lent memory.
#[interface]
pub trait ItemUpdater<T: Plain> {
    /// Sets the value to a copy of `value`.
    fn set(&self, value: Lease<'_, T>);
}

/// The interface of processes that read a value into lent memory.
#[interface]
pub trait ItemObserver<T: Plain> {
    /// Copies the value. Returns its version.
    fn get(&self, value: LeaseMut<'_, T>) -> u32;
    /// Waits until the version differs from `seen`, or until the caller's deadline passes. Copies the value, and
    /// returns its version.
    fn changed(&self, value: LeaseMut<'_, T>, seen: u32) -> u32;
    /// Waits until the version differs from `seen`, or until this number of `milliseconds` has passed. Copies the
    /// value, and returns its version.
    fn changed_timeout(&self, value: LeaseMut<'_, T>, seen: u32, milliseconds: u32) -> u32;
}

/// A value. Up to `N` threads may wait for its changes at the same time.
#[derive(Debug)]
pub struct Watch<T, const N: usize>(Mutex<State<T, N>>);

#[derive(Debug)]
struct State<T, const N: usize> {
    value: T,
    version: u32,
    /// The waiting readers, each with the version that it has seen.
    observers: Places<u32, (), N>,
}

impl<T: Copy, const N: usize> Watch<T, N> {
    /// Creates a watch with this value. The array has a notification for each thread that may wait at the same time.
    /// The process must use these notifications for nothing else.
    #[must_use]
    pub const fn new(value: T, woken_by: [Notification; N]) -> Self {
        Watch(Mutex::new(State { value, version: 0, observers: Places::new(woken_by) }))
    }

    /// Sets the value. This method is for threads of the watch's own process.
    pub fn set(&self, value: T) {
        let mut state = self.0.lock();
        state.value = value;
        state.version = state.version.wrapping_add(1);
        let version = state.version;
        let woken = state.observers.look(|&seen| (seen != version).then_some(()));
        drop(state);
        woken.wake();
    }

    /// Returns the value and its version. This method is for threads of the watch's own process.
    pub fn get(&self) -> (T, u32) {
        let state = self.0.lock();
        (state.value, state.version)
    }

    /// Waits until the version differs from `seen`, or until `timeout` passes. Returns the value and its version. This
    /// method is for threads of the watch's own process.
    pub fn changed(&self, seen: u32, timeout: Duration) -> (T, u32) {
        let state = self.0.lock();
        if state.version == seen {
            // After a timeout the result is the same: the caller sees from the version that there was no change.
            let _ = wait_at(&self.0, state, |state| &mut state.observers, seen, timeout);
            return self.get();
        }
        (state.value, state.version)
    }
}

impl<T: Wire + Copy + Send, const N: usize> Updater<T> for Watch<T, N> {
    fn set(&self, value: T) {
        Watch::set(self, value);
    }
}

impl<T: Wire + Copy + Send, const N: usize> Observer<T> for Watch<T, N> {
    fn get(&self) -> T {
        Watch::get(self).0
    }

    fn changed(&self, seen: u32) -> (T, u32) {
        Watch::changed(self, seen, FOR_EVER)
    }

    fn changed_timeout(&self, seen: u32, timeout: Duration) -> (T, u32) {
        Watch::changed(self, seen, timeout)
    }
}

impl<T: Plain + Send, const N: usize> ItemUpdater<T> for Watch<T, N> {
    fn set(&self, value: Lease<'_, T>) {
        Watch::set(self, value.copy());
    }
}

impl<T: Plain + Send, const N: usize> ItemObserver<T> for Watch<T, N> {
    fn get(&self, value: LeaseMut<'_, T>) -> u32 {
        tell(Watch::get(self), value)
    }

    fn changed(&self, value: LeaseMut<'_, T>, seen: u32) -> u32 {
        tell(Watch::changed(self, seen, FOR_EVER), value)
    }

    fn changed_timeout(&self, value: LeaseMut<'_, T>, seen: u32, milliseconds: u32) -> u32 {
        tell(Watch::changed(self, seen, Duration::from_millis(milliseconds.into())), value)
    }
}

fn tell<T: Plain>((value, version): (T, u32), mut to: LeaseMut<'_, T>) -> u32 {
    to.write(value);
    version
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;
    use crossgate::{CallError, Handle, time};

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn the_latest_value_and_whether_it_is_new() {
        let wiring = Wiring::new();
        let watch = Watch::new(7_u32, wiring.test().notifications::<1>());
        wiring.run(|| {
            assert_eq!(watch.changed(0, MILLISECOND), (7, 0));
            watch.set(8);
            watch.set(9);
            assert_eq!(watch.changed(0, FOR_EVER), (9, 2));
            assert_eq!(watch.changed(2, Duration::ZERO), (9, 2));
            // A version from before a restart of the watch's process.
            assert_eq!(watch.changed(99, FOR_EVER), (9, 2));
        });
    }

    #[test]
    fn all_that_wait_see_the_last_value() {
        let wiring = Wiring::new();
        let home = wiring.process("readings");
        let watch = home.object(Watch::<u32, 3>::new(0, home.notifications()));
        let observer: Handle<dyn Observer<u32>> = home.serve_concurrent(watch);
        let observe = move |pause: u64| {
            let (mut value, mut version) = (0, 0);
            while value != 500 {
                let (next, at) = observer.changed(version).unwrap();
                assert!(next > value && at > version);
                (value, version) = (next, at);
                time::sleep(Duration::from_micros(pause));
            }
        };
        let observers =
            [0, 3, 70].map(|pause| wiring.process("display").thread(2, move || observe(pause)));
        home.thread(1, || {
            for value in 1..=500 {
                watch.set(value);
                time::sleep(Duration::from_micros(2));
            }
        });
        wiring.run(|| observers.into_iter().for_each(|observer| observer.join()));
    }

    #[test]
    fn a_value_may_be_lent() {
        let wiring = Wiring::new();
        let home = wiring.process("readings");
        let watch = home.object(Watch::new([0_u32; 5], home.notifications::<1>()));
        watch.set([6; 5]);
        let observer: Handle<dyn ItemObserver<[u32; 5]>> = home.serve_concurrent(watch);
        let updater: Handle<dyn ItemUpdater<[u32; 5]>> = home.serve_concurrent(watch);
        wiring.run(|| {
            let mut value = [0; 5];
            assert_eq!((observer.get(&mut value), value), (Ok(1), [6; 5]));
            assert_eq!(observer.changed_timeout(&mut value, 1, 1), Ok(1));
            assert_eq!(observer.changed(&mut value, 0), Ok(1));
            assert_eq!(updater.set(&[7; 5]), Ok(()));
            assert_eq!((observer.get(&mut value), value), (Ok(2), [7; 5]));
        });
    }

    #[test]
    fn who_finds_no_place_is_refused() {
        let wiring = Wiring::new();
        let observer: Handle<dyn Observer<u32>> = wiring.serve(Watch::new(1_u32, []));
        wiring.run(|| {
            assert_eq!(observer.changed(0), Err(CallError::Refused));
            assert_eq!(observer.changed(7), Ok((1, 0)));
        });
    }
}

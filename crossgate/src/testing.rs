// SPDX-License-Identifier: MIT OR Apache-2.0
//! Unit tests of processes and services, on the kernel itself.
//!
//! A test wires a small firmware and runs as one of its threads. The test uses the same kernel core as a board. This
//! core decides which process may call which service, which thread runs next, which memory can be lent, and when a wait
//! ends. So there is no second kernel that could behave differently.
//!
//! ```
//! use crossgate::testing::Wiring;
//! use crossgate::{CallError, Handle, interface};
//!
//! #[interface]
//! pub trait Temperature {
//!     fn get(&self) -> i32;
//! }
//! // The code under test.
//! fn is_hot(sensor: Handle<dyn Temperature>) -> Result<bool, CallError> {
//!     Ok(sensor.get()? > 250)
//! }
//!
//! struct Fake(i32);
//! impl Temperature for Fake {
//!     fn get(&self) -> i32 { self.0 }
//! }
//! struct Broken;
//! impl Temperature for Broken {
//!     fn get(&self) -> i32 { panic!("no sensor") }
//! }
//!
//! let wiring = Wiring::new();
//! let sensor = wiring.serve(Fake(251));
//! let clumsy = wiring.process("clumsy");
//! let broken = clumsy.may_crash().serve(Broken);
//! wiring.run(|| {
//!     assert_eq!(is_hot(sensor), Ok(true));
//!     assert_eq!(is_hot(broken), Err(CallError::ServerFaulted));
//! });
//! ```
//!
//! | in a test | on a board |
//! |---|---|
//! | One thread runs at a time: the most urgent. Another thread replaces it only when the running thread makes a system call. | Interrupts replace it, too. |
//! | Time is virtual. It passes when all threads wait, so a test of an hour takes no time and ends the same each time. | Time passes by itself. |
//! | A crash fails the test and names the process, unless the process [may crash](Process::may_crash). Values that the crashed method owned are dropped; the objects of the process stay as they are. | Nothing is dropped. The memory of the process is reset. |
//! | The kernel checks what a call lends. Nothing prevents a process from accessing the memory of another. | The memory protection unit keeps processes apart; so does the port to Linux. |
//! | The test's process supervises: it may use [`supervise`](crate::supervise) and [`fault`](crate::fault). Each process may [limit](crate::time::with_deadline) its calls, signal each notification, and call each service that is not [restricted](Wiring::permit). | The wiring gives these rights. |

mod draft;
mod machine;
mod run;
pub(crate) mod thread;
mod world;

use crate::remote::{Forwards, Remote, Route, Transport};
use crate::{AllShared, CallError, Handle, Interface, Notification, ServedBy, pool};
use core::any::TypeId;
use crossgate_abi::table::{NO_LOCK, System, Thunk};
use crossgate_abi::{LockId, Status, Word, number};
use draft::Draft;
use std::boxed::Box;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::vec::Vec;

pub use machine::idle;

/// The wiring of a test: processes, their objects, threads, notifications and rights.
#[derive(Debug)]
pub struct Wiring(RefCell<Draft>);

/// A process of a test.
#[derive(Clone, Copy, Debug)]
pub struct Process<'w> {
    wiring: &'w Wiring,
    index: usize,
}

/// A thread of a test. Its body returns an `R`.
#[derive(Debug)]
pub struct Thread<R> {
    result: Arc<Mutex<Option<R>>>,
    ended: Notification,
}

impl Default for Wiring {
    fn default() -> Self {
        Wiring::new()
    }
}

impl Wiring {
    /// Creates a wiring with one process: the process of the [test](Self::test) itself.
    #[must_use]
    pub fn new() -> Wiring {
        Wiring(RefCell::new(Draft::new()))
    }

    /// Creates a wiring with the processes, objects, rights and notifications of a wiring by
    /// [`system!`](crate::system!), and a process for the test. The threads of the given wiring don't run: the test
    /// does their work.
    ///
    /// The objects of a wiring by `system!` are statics, so tests with such a wiring run one after the other.
    #[must_use]
    pub fn of(system: &'static System) -> Wiring {
        Wiring(RefCell::new(Draft::of(system)))
    }

    /// Returns the process with this name. If there is none, creates it.
    ///
    /// # Panics
    /// If there are 32 processes already.
    pub fn process(&self, name: &'static str) -> Process<'_> {
        Process { wiring: self, index: self.0.borrow_mut().process(name) }
    }

    /// Returns the process that [`run`](Self::run) runs in.
    pub fn test(&self) -> Process<'_> {
        Process { wiring: self, index: self.0.borrow().test }
    }

    /// Creates a process with the name of the interface, and publishes an object of this process. Only one call at a
    /// time can enter the object.
    ///
    /// # Panics
    /// If there are too many processes or services.
    pub fn serve<I: ?Sized + ServedBy<T>, T: Send + 'static>(&self, object: T) -> Handle<I> {
        let name = I::NAME.rsplit("::").next().unwrap_or(I::NAME);
        let index = self.0.borrow_mut().new_process(name);
        Process { wiring: self, index }.serve(object)
    }

    /// Restricts a service: only these processes may call it, and processes that get its handle by a call. Without this
    /// restriction, all processes may call it.
    pub fn permit<I: ?Sized, const N: usize>(&self, service: Handle<I>, callers: [Process<'_>; N]) {
        let callers = callers.iter().fold(0, |set, process| set | 1 << process.index);
        self.0.borrow_mut().permit(service.__gate(), callers);
    }

    /// Boots the kernel with this wiring, and runs all of its threads, with `body` as a thread of the
    /// [test's](Self::test) process. `body` has the lowest priority: all threads that can run do so before it. When
    /// `body` has returned, the test is over: threads that still run or wait end where they are.
    ///
    /// # Panics
    /// If `body` panics; if a process crashes that may not crash; if all threads wait and nothing will wake any of
    /// them; or if the wiring has run already.
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        run::run(&self.0, body)
    }
}

impl<'w> Process<'w> {
    /// Returns the index of the process, as in [`server::caller`](crate::server::caller) and
    /// [`supervise`](crate::supervise).
    #[must_use]
    pub fn index(self) -> u8 {
        self.index as u8
    }

    /// Publishes an object (a fake, or the real server). Only one call at a time can enter the object, as with
    /// [`Exclusive`](crate::Exclusive).
    ///
    /// # Panics
    /// If there are too many services.
    pub fn serve<I: ?Sized + ServedBy<T>, T: Send + 'static>(self, object: T) -> Handle<I> {
        let object: *mut T = Box::leak(Box::new(object));
        let lock = self.draft(Draft::new_lock);
        self.publish::<I, T>(object.cast(), lock)
    }

    /// Publishes an object that any number of calls and threads of the process may enter, as with
    /// [`Concurrent`](crate::Concurrent).
    ///
    /// ```
    /// # use crossgate::{Handle, interface, testing::Wiring};
    /// # use core::sync::atomic::{AtomicU32, Ordering};
    /// # #[interface] pub trait Count { fn next(&self) -> u32; }
    /// # struct Counter(AtomicU32);
    /// # impl Count for Counter { fn next(&self) -> u32 { self.0.fetch_add(1, Ordering::Relaxed) } }
    /// let wiring = Wiring::new();
    /// let home = wiring.process("counter");
    /// let counter = home.object(Counter(AtomicU32::new(7)));
    /// let count: Handle<dyn Count> = home.serve_concurrent(counter);
    /// wiring.run(|| assert_eq!(count.next(), Ok(7)));
    /// assert_eq!(counter.0.load(Ordering::Relaxed), 8);
    /// ```
    ///
    /// # Panics
    /// If there are too many services.
    pub fn serve_concurrent<I, T>(self, object: &'static T) -> Handle<I>
    where
        I: ?Sized + ServedBy<T> + AllShared,
        T: Sync,
    {
        self.publish::<I, T>((&raw const *object).cast_mut().cast(), NO_LOCK)
    }

    /// Publishes an object that stands for a service behind a link.
    ///
    /// # Panics
    /// If there are too many services.
    pub fn serve_remote<I, T>(self, route: Route<T>) -> Handle<I>
    where
        I: ?Sized + Forwards<T>,
        T: Transport,
    {
        let object: &'static Remote<I, T> = self.object(Remote::new(route));
        let object = (&raw const *object).cast_mut().cast();
        self.publish_at::<I>(object, <I as Forwards<T>>::THUNKS, NO_LOCK)
    }

    /// Creates an object of the process. The object is never dropped, as in a firmware.
    pub fn object<T>(self, object: T) -> &'static T {
        Box::leak(Box::new(object))
    }

    /// Creates a notification of the process.
    ///
    /// # Panics
    /// If the process has 16 notifications already, or if 15 other processes have notifications.
    #[must_use]
    pub fn notification(self) -> Notification {
        self.draft(|draft| draft.notification(self.index, false))
    }

    /// Creates a counting notification of the process: each signal counts.
    ///
    /// # Panics
    /// As for [`notification`](Self::notification).
    #[must_use]
    pub fn counting_notification(self) -> Notification {
        self.draft(|draft| draft.notification(self.index, true))
    }

    /// Creates `N` notifications of the process.
    ///
    /// # Panics
    /// As for [`notification`](Self::notification).
    #[must_use]
    pub fn notifications<const N: usize>(self) -> [Notification; N] {
        core::array::from_fn(|_| self.notification())
    }

    /// Creates a thread of the process. The priority is from 1 (the priority of the test) to 31 (the most urgent). When
    /// the process restarts, the thread restarts too.
    ///
    /// ```
    /// # use crossgate::testing::Wiring;
    /// let wiring = Wiring::new();
    /// let pressed = wiring.process("control").notification();
    /// let control = wiring.process("control").thread(3, move || {
    ///     pressed.wait();
    ///     "on"
    /// });
    /// wiring.run(|| {
    ///     pressed.signal();
    ///     assert_eq!(control.join(), "on");
    /// });
    /// ```
    ///
    /// # Panics
    /// If there are 30 threads already, or if there is no such priority.
    pub fn thread<R: Send + 'static>(
        self,
        priority: u8,
        mut body: impl FnMut() -> R + Send + 'static,
    ) -> Thread<R> {
        let result = Arc::new(Mutex::new(None));
        let (to, ended) = (Arc::clone(&result), draft::ENDED);
        let test = self.wiring.0.borrow().notification_of_test(ended);
        self.draft(|draft| {
            draft.thread(self.index, priority, false, move || {
                let value = body();
                *to.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
                test.signal();
            })
        });
        Thread { result, ended: test }
    }

    /// Creates a [`Pool`](pool::Pool) of `count` threads with this priority.
    ///
    /// # Panics
    /// As for [`thread`](Self::thread).
    #[must_use]
    pub fn pool(self, count: usize, priority: u8) -> pool::Pool {
        let first = self.wiring.0.borrow().next_thread();
        let worker = |index| pool::Worker::__new(first + index, self.notification());
        let workers: Vec<_> = (0..count).map(worker).collect();
        let pool = pool::Pool::__new(workers.leak());
        for index in 0..count {
            self.draft(|draft| draft.thread(self.index, priority, true, move || pool.__run(index)));
        }
        pool
    }

    /// Allows the process to crash. If it crashes, it restarts by the default policy of a wiring, and the test
    /// continues.
    pub fn may_crash(self) -> Self {
        self.draft(|draft| draft.may_crash |= 1 << self.index);
        self
    }

    /// Lets the process ask if its clients are gone, as with `lost_clients;` in the wiring. If there is a notification,
    /// it is signalled when the life of a client has ended.
    pub fn lost_clients(self, lost: Option<Notification>) -> Self {
        self.draft(|draft| draft.lost_clients(self.index, lost));
        self
    }

    /// Moves the calling thread into the process, as a call does, and runs `body` there with the rights of this
    /// process. This works inside of [`run`](Wiring::run) only.
    ///
    /// # Panics
    /// If the process is down, or crashes, is stopped or is restarted while `body` runs.
    pub fn enter<R>(self, body: impl FnOnce() -> R) -> R {
        let (mut body, mut result) = (Some(body), None);
        let mut visit = || result = body.take().map(|body| body());
        let mut visit: &mut dyn FnMut() = &mut visit;
        let gate = self.wiring.0.borrow().visit(self.index);
        let address = (&raw mut visit).expose_provenance();
        let entered = call_raw(gate, 0, [address, 0, 0, 0]);
        match (entered, result) {
            (Ok(_), Some(result)) => result,
            (reply, _) => panic!("process {} can't be entered: {reply:?}", self.index),
        }
    }

    fn publish<I: ?Sized + ServedBy<T>, T>(self, object: *mut (), lock: LockId) -> Handle<I> {
        self.publish_at(object, I::THUNKS, lock)
    }

    fn publish_at<I: ?Sized + Interface>(
        self,
        object: *mut (),
        thunks: &'static [Thunk],
        lock: LockId,
    ) -> Handle<I> {
        let both = I::SHAPES.iter().zip(thunks);
        let methods: Vec<_> = both.map(|(shape, entry)| shape.entered_at(*entry)).collect();
        let gate = self.draft(|draft| {
            draft.publish(self.index, object, methods.leak(), TypeId::of::<I>, lock)
        });
        Handle::__of_gate(gate)
    }

    fn draft<R>(self, change: impl FnOnce(&mut Draft) -> R) -> R {
        change(&mut self.wiring.0.borrow_mut())
    }
}

impl<R> Thread<R> {
    /// Waits until the thread has returned from its body. Returns the result of the body.
    ///
    /// Only the test's own thread may call this.
    pub fn join(self) -> R {
        loop {
            let result = self.result.lock().unwrap_or_else(PoisonError::into_inner).take();
            match result {
                Some(result) => return result,
                None => self.ended.wait(),
            }
        }
    }

    /// Returns whether the thread has returned from its body.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.result.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

/// Makes a call with raw words, as a hostile caller would. This works inside of [`run`](Wiring::run) only.
///
/// # Errors
/// The error of the kernel or of the server's thunk.
pub fn call_raw(gate: usize, method: usize, words: [Word; 4]) -> Result<[Word; 2], CallError> {
    let reply = thread::call(number::call(gate, method), words);
    CallError::from_status(Status(reply.status)).map_or(Ok(reply.words), Err)
}

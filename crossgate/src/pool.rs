// SPDX-License-Identifier: MIT OR Apache-2.0
//! Threads that a process starts and ends while it runs.
//!
//! The wiring gives a process a fixed number of such threads, with their stacks and their priority. No memory is
//! allocated:
//!
//! ```text
//! process control {
//!     pool workers (count = 3, stack = 1024, priority = 2);
//!     thread main (priority = 5, stack = 1024) = control::main(workers);
//! }
//! ```
//!
//! A job is a closure that captures at most four words. Its result also has at most four words:
//!
//! ```
//! use core::time::Duration;
//! use crossgate::pool::{Ended, Pool};
//! use crossgate::{testing::Wiring, time};
//!
//! fn sum_of_squares(workers: Pool, a: u32, b: u32) -> Option<u32> {
//!     let first = workers.spawn(move || a * a).ok()?;
//!     let second = workers.spawn(move || b * b).ok()?;
//!     Some(first.join().ok()? + second.join().ok()?)
//! }
//! let wiring = Wiring::new();
//! let workers = wiring.test().pool(2, 1);
//! wiring.run(|| {
//!     assert_eq!(sum_of_squares(workers, 3, 4), Some(25));
//!
//!     // A job that takes too long is ended.
//!     let slow = workers.spawn(|| time::sleep(Duration::from_millis(20))).unwrap();
//!     let Err(slow) = slow.join_timeout(Duration::from_millis(1)) else { panic!("it sleeps") };
//!     slow.end();
//!     assert_eq!(slow.join(), Err(Ended));
//! });
//! ```
//!
//! # The end of a job before it is done
//!
//! A job that waits or computes in its own process ends at once. A job that is in a method of another process ends when
//! the call has returned to its own process. If this method waits for an object or a notification, the wait fails at
//! once, as when the process of a caller crashes. If the method computes, it finishes first. Calls into this process by
//! other threads are not affected.
//!
//! The job just does not continue: **no value that it owned is dropped**. If it had a [`JoinHandle`], the thread of
//! this handle stays taken. A [`Shared`](crate::Shared) static that it had taken also stays taken. A
//! [mutex](crate::sync::Mutex) that it held is never freed, because the protected value may be half written. A thread
//! that waits for this mutex, now or later, panics, so that the process restarts. (A thread that begins to wait later
//! may panic only when the pool's thread that held the mutex has completed its next job.) Only
//! [`try_lock`](crate::sync::Mutex::try_lock) does not panic. So end only jobs that just wait or compute. Send all
//! other jobs a message that they have to stop.
//!
//! When the process restarts, so does its pool.

use crate::Notification;
use crate::arch::system_call;
use crate::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use crate::time::{self, Instant};
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::time::Duration;
use crossgate_abi::pool::{END, PARK, START};
use crossgate_abi::{Word, number};

/// The largest number of words of a job, with everything that it captures, and also of its result.
pub const JOB_WORDS: usize = 4;

/// The threads of a pool.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    threads: &'static [Worker],
}

/// The error if no thread of the pool is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoThread;

/// The error of a job that was ended before it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended;

impl core::fmt::Display for NoThread {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("no thread is free")
    }
}

impl core::fmt::Display for Ended {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("the job was ended")
    }
}

impl core::error::Error for NoThread {}
impl core::error::Error for Ended {}

/// The activity of a thread of a pool. It is stored in the lower bits of the thread's state.
//
// ```text
//        spawn            thread            thread          join, drop
// free ────────> waiting ────────> running ────────> done ────────────> free
//                   │ end             │ end                              ^
//                   │                 v          thread                  │
//                   │               ending ────────────────> ended ──────┘
//                   └──────────────────────────────────────────^
// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
enum Does {
    /// The thread is free.
    Nothing,
    /// The thread has been taken for a job, but has no job yet.
    Taken,
    /// The thread has a job that has not started yet.
    Waits,
    /// The thread runs its job.
    Runs,
    /// The thread has to end its job.
    Ends,
    /// The job is done.
    Done,
    /// The job was ended.
    Ended,
}

/// The job's handle has been dropped, so no thread waits for the job's end.
const DETACHED: usize = 8;

impl Does {
    const ALL: [Does; 7] =
        [Does::Nothing, Does::Taken, Does::Waits, Does::Runs, Does::Ends, Does::Done, Does::Ended];

    fn of(state: usize) -> Does {
        Does::ALL.into_iter().find(|&it| it as usize == state & !DETACHED).unwrap_or(Does::Nothing)
    }
}

/// The type of the function that runs the job of a thread, or drops it.
type Work = unsafe fn(&Worker, Fate);

/// The fate of a job.
enum Fate {
    Run,
    Drop,
}

/// A thread of a pool, and its job. The wiring makes it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Worker {
    state: AtomicUsize,
    /// The function that runs the job. It is valid until the job starts.
    job: UnsafeCell<MaybeUninit<Work>>,
    /// The job, and later its result.
    words: UnsafeCell<Words>,
    /// The index of the thread in the wiring.
    thread: u8,
    /// Signalled when the job ends, for the thread that waits for it.
    finished: Notification,
}

/// Memory for a job.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
struct Words(MaybeUninit<[usize; JOB_WORDS]>);

// SAFETY: the state says which single thread uses the contents of the cells: the thread that has taken this worker,
// until there is a job; then the worker itself, until the job has ended; then the thread that has the handle. The
// contents are `Send`.
unsafe impl Sync for Worker {}

impl Worker {
    #[must_use]
    pub const fn __new(thread: usize, finished: Notification) -> Worker {
        Worker {
            state: AtomicUsize::new(Does::Nothing as usize),
            job: UnsafeCell::new(MaybeUninit::uninit()),
            words: UnsafeCell::new(Words(MaybeUninit::uninit())),
            thread: thread as u8,
            finished,
        }
    }

    /// Writes a value into the words.
    ///
    /// # Safety
    /// No other thread uses the words, and a `T` fits.
    unsafe fn put<T>(&self, value: T) {
        // SAFETY: the caller keeps the promises of the section Safety.
        unsafe { self.words.get().cast::<T>().write(value) }
    }

    /// Moves a value out of the words.
    ///
    /// # Safety
    /// No other thread uses the words, and they are a `T` that has not been taken.
    unsafe fn take<T>(&self) -> T {
        // SAFETY: the caller keeps the promises of the section Safety.
        unsafe { self.words.get().cast::<T>().read() }
    }

    /// If the state is `from`, changes it to `to` and returns `true`.
    fn becomes(&self, from: usize, to: usize) -> bool {
        self.state.compare_exchange(from, to, SeqCst, SeqCst).is_ok()
    }

    /// Runs the job of the thread, or drops it.
    ///
    /// # Safety
    /// The job was put there by `spawn::<F, R>`, and no other thread uses the words.
    unsafe fn work<F: FnOnce() -> R, R>(&self, fate: Fate) {
        // SAFETY: the caller keeps the promises of the section Safety.
        let job = unsafe { self.take::<F>() };
        let Fate::Run = fate else { return };
        let result = ManuallyDrop::new(job());
        loop {
            let state = self.state.load(SeqCst);
            let is_detached = state & DETACHED != 0;
            match Does::of(state) {
                Does::Runs if !is_detached => {
                    // SAFETY: no other thread uses the words while this thread runs the job. The result is moved only
                    // once: if the state has not changed, this is the last access to `result`.
                    unsafe { self.put(core::ptr::read(&raw const *result)) };
                    if self.becomes(state, Does::Done as usize) {
                        self.finished.signal();
                        return;
                    }
                }
                Does::Runs if self.becomes(state, Does::Nothing as usize) => break,
                Does::Runs => {}
                _ => {
                    self.settle();
                    break;
                }
            }
        }
        // The handle was dropped, or the job was ended, so no other thread takes the result. It is dropped here.
        drop(ManuallyDrop::into_inner(result));
    }

    /// Records that the job has ended for any reason.
    fn settle(&self) {
        loop {
            let state = self.state.load(SeqCst);
            let (Does::Runs | Does::Ends) = Does::of(state) else { return };
            let to = if state & DETACHED == 0 { Does::Ended } else { Does::Nothing };
            if self.becomes(state, to as usize) {
                return self.finished.signal();
            }
        }
    }

    /// Runs the job of the thread, if there is one.
    #[inline(never)]
    fn turn(&self) {
        let state = self.state.load(SeqCst);
        if Does::of(state) == Does::Waits
            && self.becomes(state, Does::Runs as usize | state & DETACHED)
        {
            // SAFETY: the function was written before the state changed to this one.
            let work = unsafe { (*self.job.get()).assume_init() };
            // SAFETY: `spawn` has stored the function and the job. The state says that they belong to this thread.
            unsafe { work(self, Fate::Run) };
        }
    }
}

/// Refuses a job or a result that has more than [`JOB_WORDS`] words.
#[track_caller]
const fn check_sizes<F, R>() {
    assert!(
        size_of::<F>() <= size_of::<Words>() && align_of::<F>() <= align_of::<Words>(),
        "a job captures at most four words: let it capture a reference to more"
    );
    assert!(
        size_of::<R>() <= size_of::<Words>() && align_of::<R>() <= align_of::<Words>(),
        "the result of a job has at most four words: let the job write more through a reference"
    );
}

impl Pool {
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(threads: &'static [Worker]) -> Pool {
        Pool { threads }
    }

    /// The main function of each thread of the pool.
    #[doc(hidden)]
    pub fn __run(self, index: usize) -> ! {
        let worker = &self.threads[index];
        // The thread starts here when the process starts, and again when its job was ended.
        worker.settle();
        loop {
            let state = worker.state.load(SeqCst);
            // If there is a job, this system call does not park the thread. It only tells the kernel that the thread
            // holds no mutex of an earlier job.
            let parks = if Does::of(state) == Does::Waits { !state } else { state };
            system_call(number::OPTIONAL, [PARK, worker.state.as_ptr().expose_provenance(), parks]);
            worker.turn();
        }
    }

    /// Lets a thread of the pool run a job. The job starts at once if this thread is more urgent than the calling
    /// thread.
    ///
    /// If the handle is dropped, the job continues, and its result is dropped.
    ///
    /// # Errors
    /// [`NoThread`] if no thread is free. A thread is free if it has no job, and if the handle of its last job is gone.
    /// (The wiring fixes the number of threads.)
    pub fn spawn<F, R>(self, job: F) -> Result<JoinHandle<R>, NoThread>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        // The sizes are also checked here, so that the compiler's message shows the line of the caller.
        const { check_sizes::<F, R>() };
        self.try_spawn(job).map_err(|_| NoThread)
    }

    /// Like [`spawn`](Self::spawn), but returns the job if no thread is free.
    ///
    /// # Errors
    /// The job, if no thread is free.
    pub fn try_spawn<F, R>(self, job: F) -> Result<JoinHandle<R>, F>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        const { check_sizes::<F, R>() };
        let is_free =
            |worker: &&Worker| worker.becomes(Does::Nothing as usize, Does::Taken as usize);
        let Some(worker) = self.threads.iter().find(is_free) else { return Err(job) };
        // SAFETY: the thread has been taken by the calling thread alone, and the sizes were checked.
        unsafe {
            worker.put(job);
            (*worker.job.get()).write(Worker::work::<F, R>);
        }
        worker.state.store(Does::Waits as usize, SeqCst);
        start(worker);
        Ok(JoinHandle { worker, result: PhantomData })
    }

    /// Returns the number of free threads.
    #[must_use]
    pub fn free(self) -> usize {
        let free = |worker: &&Worker| Does::of(worker.state.load(SeqCst)) == Does::Nothing;
        self.threads.iter().filter(free).count()
    }
}

/// A handle of a job that a thread of a pool runs.
#[derive(Debug)]
pub struct JoinHandle<R> {
    worker: &'static Worker,
    result: PhantomData<fn() -> R>,
}

impl<R> JoinHandle<R> {
    /// Waits until the job has ended, without a time limit. Returns its result.
    ///
    /// # Errors
    /// [`Ended`] if the job was [ended](Self::end) before it was done, or its thread has [exited](crate::thread::exit).
    pub fn join(mut self) -> Result<R, Ended> {
        loop {
            self = match self.try_join() {
                Ok(result) => return result,
                Err(handle) => handle,
            };
            self.worker.finished.wait();
        }
    }

    /// Returns the result, if the job has ended. Otherwise returns the handle, for the next attempt.
    ///
    /// # Errors
    /// The handle, if the job has not ended. The errors of the inner result are those of [`join`](Self::join).
    pub fn try_join(self) -> Result<Result<R, Ended>, JoinHandle<R>> {
        match Does::of(self.worker.state.load(SeqCst)) {
            Does::Done => {
                // SAFETY: the job has stored its result for the owner of the handle. The handle is consumed here, so
                // the result is taken only once.
                let result = unsafe { self.worker.take::<R>() };
                self.free();
                Ok(Ok(result))
            }
            Does::Ended => {
                self.free();
                Ok(Err(Ended))
            }
            _ => Err(self),
        }
    }

    /// Waits until the job has ended, but not longer than `timeout`, and not past the deadline of the thread's present
    /// call. Returns the same as [`try_join`](Self::try_join).
    ///
    /// # Errors
    /// As for [`try_join`](Self::try_join).
    pub fn join_timeout(self, timeout: Duration) -> Result<Result<R, Ended>, JoinHandle<R>> {
        let end: Instant = time::now() + timeout;
        let mut handle = self;
        loop {
            handle = match handle.try_join() {
                Ok(result) => return Ok(result),
                Err(handle) => handle,
            };
            if handle.worker.finished.wait_until(end).is_err() {
                return handle.try_join();
            }
        }
    }

    /// Returns whether the job has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(Does::of(self.worker.state.load(SeqCst)), Does::Done | Does::Ended)
    }

    /// Returns the notification that is signalled when the job has ended, for a thread that waits for other things as
    /// well. The notification may still have a signal of an earlier job, so check [`has_ended`](Self::has_ended) after
    /// each wait.
    #[must_use]
    pub fn finished(&self) -> Notification {
        self.worker.finished
    }

    /// Ends the job, unless it is done already. The [module](self) lists the consequences. This method does not wait
    /// until the job has ended; use [`join`](Self::join) for that.
    pub fn end(&self) {
        loop {
            let state = self.worker.state.load(SeqCst);
            match Does::of(state) {
                Does::Waits if self.worker.becomes(state, Does::Ended as usize) => {
                    // SAFETY: the function was written before the state changed to `Waits`.
                    let work = unsafe { (*self.worker.job.get()).assume_init() };
                    // SAFETY: `spawn` has stored the function and the job, and the thread no longer uses them.
                    return unsafe { work(self.worker, Fate::Drop) };
                }
                Does::Runs if self.worker.becomes(state, Does::Ends as usize) => {
                    let thread = Word::from(self.worker.thread);
                    system_call(number::OPTIONAL, [END, thread, 0]);
                    return;
                }
                Does::Waits | Does::Runs => {}
                _ => return,
            }
        }
    }

    /// Makes the thread free again.
    fn free(self) {
        let handle = ManuallyDrop::new(self);
        handle.worker.state.store(Does::Nothing as usize, SeqCst);
    }
}

impl<R> Drop for JoinHandle<R> {
    fn drop(&mut self) {
        loop {
            let state = self.worker.state.load(SeqCst);
            match Does::of(state) {
                Does::Done => {
                    // SAFETY: as in `try_join`.
                    drop(unsafe { self.worker.take::<R>() });
                    return self.worker.state.store(Does::Nothing as usize, SeqCst);
                }
                Does::Ended => return self.worker.state.store(Does::Nothing as usize, SeqCst),
                _ if self.worker.becomes(state, state | DETACHED) => return,
                _ => {}
            }
        }
    }
}

/// Starts the thread, so that it runs its job.
fn start(worker: &'static Worker) {
    system_call(number::OPTIONAL, [START, worker.thread.into(), 0]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Wiring;
    use crate::thread;
    use std::sync::Arc;

    const MOMENT: Duration = Duration::from_millis(2);

    /// Runs `body` with a pool of `count` threads. They have the same priority as the calling thread.
    fn with_pool(count: usize, body: impl FnOnce(Pool)) {
        let wiring = Wiring::new();
        let pool = wiring.test().pool(count, 1);
        wiring.run(|| body(pool));
    }

    #[test]
    fn a_job_has_a_result() {
        with_pool(2, |pool| {
            let first = pool.spawn(|| [1_u64, 2]).unwrap();
            let second = pool.spawn(|| ()).unwrap();
            assert!(pool.spawn(|| ()).is_err() && pool.free() == 0, "both have one");
            assert_eq!((first.join(), second.join()), (Ok([1, 2]), Ok(())));
            assert_eq!(pool.free(), 2);
        });
    }

    #[test]
    fn what_is_not_done_is_waited_for() {
        with_pool(1, |pool| {
            let job = pool.spawn(|| time::sleep(10 * MOMENT)).unwrap();
            assert!(!job.has_ended());
            let job = job.try_join().unwrap_err();
            let job = job.join_timeout(MOMENT).unwrap_err();
            assert_eq!(job.join_timeout(Duration::MAX).unwrap(), Ok(()));
            assert_eq!(time::now().as_micros(), 20_000);
        });
    }

    #[test]
    fn what_nobody_wants_is_dropped() {
        with_pool(1, |pool| {
            let seen = Arc::new(());
            for delay in [Duration::ZERO, 10 * MOMENT] {
                let result = seen.clone();
                let job = pool.spawn(move || {
                    time::sleep(10 * MOMENT - delay);
                    result
                });
                time::sleep(delay + delay);
                drop(job);
                time::sleep(11 * MOMENT);
                assert_eq!((pool.free(), Arc::strong_count(&seen)), (1, 1));
            }
        });
    }

    #[test]
    fn an_ended_job_has_no_result() {
        with_pool(1, |pool| {
            let job = pool.spawn(|| time::sleep(5 * MOMENT)).unwrap();
            time::sleep(MOMENT);
            job.end();
            job.end();
            assert_eq!(job.join(), Err(Ended));
            assert_eq!(time::now().as_micros(), 2000, "it ends at once");
            let job = pool.spawn(|| 7).unwrap();
            thread::yield_now();
            assert!(job.has_ended());
            job.end();
            assert_eq!(job.join(), Ok(7), "it was done");
            let job = pool.spawn(|| thread::exit()).unwrap();
            assert_eq!(job.join(), Err::<(), _>(Ended));
        });
    }
}

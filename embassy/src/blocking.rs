// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls on a thread of a pool, while the executor serves other tasks.

use crate::wait;
use crossgate::pool::{Ended, Pool};
use embassy_time::Timer;

/// Runs blocking work on threads of a pool: above all calls of handles, which take the calling thread along.
///
/// ```no_run
/// # use crossgate::{CallError, Handle, interface, pool::Pool};
/// # #[interface] pub trait Temperature { fn get(&self) -> i32; }
/// use crossgate_embassy::Blocking;
///
/// // pool helpers (count = 1, stack = 512, priority = 2);
/// async fn read(helpers: Pool, sensor: Handle<dyn Temperature>) -> Option<i32> {
///     Blocking::new(helpers).run(move || sensor.get()).await.ok()?.ok()
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Blocking {
    pool: Pool,
}

impl Blocking {
    /// Creates a runner for the threads of this pool.
    #[must_use]
    pub const fn new(pool: Pool) -> Blocking {
        Blocking { pool }
    }

    /// Runs a job on a thread of the pool. The job is a closure of at most four words, and its result has at most four
    /// words.
    ///
    /// While all threads of the pool have a job, the future tries again each millisecond. If the future is dropped, a
    /// job that has begun continues, and its result is dropped.
    ///
    /// # Errors
    /// [`Ended`] if the job has no result because its thread has [exited](crossgate::thread::exit).
    pub async fn run<F, R>(&self, job: F) -> Result<R, Ended>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let mut job = job;
        let mut handle = loop {
            match self.pool.try_spawn(job) {
                Ok(handle) => break handle,
                Err(again) => job = again,
            }
            Timer::after_millis(1).await;
        };
        loop {
            handle = match handle.try_join() {
                Ok(result) => return result,
                Err(handle) => handle,
            };
            wait(handle.finished()).await;
        }
    }
}

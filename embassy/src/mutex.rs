// SPDX-License-Identifier: MIT OR Apache-2.0
//! A lock between the threads of a process, for `embassy_sync`.

use crossgate::sync::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;

/// A mutex for types of `embassy_sync` that are used by several executors or threads of a process.
///
/// It excludes other threads of the process; a thread that waits lends its priority to the thread that has the lock.
/// For tasks of one executor use `NoopRawMutex`, which costs nothing.
///
/// ```no_run
/// use crossgate_embassy::ProcessRawMutex;
/// use embassy_sync::channel::Channel;
/// static READINGS: Channel<ProcessRawMutex, i32, 4> = Channel::new();
/// ```
#[derive(Debug)]
pub struct ProcessRawMutex(Mutex<()>);

// SAFETY: one thread at a time has the lock. (That which has it already panics if it takes it again.)
unsafe impl RawMutex for ProcessRawMutex {
    #[allow(clippy::declare_interior_mutable_const, reason = "each mutex begins as a copy of it")]
    const INIT: Self = ProcessRawMutex(Mutex::new(()));

    #[inline]
    fn lock<R>(&self, f: impl FnOnce() -> R) -> R {
        let _guard = self.0.lock();
        f()
    }
}

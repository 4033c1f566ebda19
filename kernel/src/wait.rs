// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waits of threads and how they end: the states of a thread.
//!
//! A thread that has started is ready, waits, or has ended: that is its [`Wait`]. Its [`Pending`] is the work that has
//! to be done when it runs next. Where possible, `Pending` is set when the wait begins, so that the code that ends the
//! wait need not know the kind of wait.
//!
//! ```text
//!           ┌───────────────────────────── ready ──────────────────────────────┐
//!           │    Nothing: it runs, or will; 14 settles what is pending for it  │
//!           └──┬───────┬──────────┬─────────┬────────┬────────┬────────┬───────┘
//!              │ 1     │ 2        │ 3       │ 4      │ 5      │ 6      │ 7    ^
//!              v       v          v         v        v        v        v      │
//! Wait:      Time    Time   Notifications  Lock    Mutex   Memory    Ended    │
//! Pending:    OK     Retry    nothing,     Retry    OK      Retry     any     │
//!              │       │      timed out     │        │        │        │      │
//!              │ 8     │ 8        │ 8 to 10 │ 10     │ 10     │ 10     │ 13   │
//!              │       │          │ 11      │ 11     │        │        │      │
//!              └───────┴──────────┴─────────┴────────┴────────┴────────┴──────┘
//!                                 12, from each of them
//! ```
//!
//! | | what happens | by | leaves pending |
//! |---|---|---|---|
//! | 1 | it sleeps | `sleep_until` | a reply: OK |
//! | 2 | its process has to wait for a while after its last crash | `begin` in `restart` | a retry |
//! | 3 | no notification that it waits for has a signal | `wait` | nothing, or a reply if it has a timeout: timed out |
//! | 4 | the object that it calls is taken | `take_lock` | a retry |
//! | 5 | the mutex is taken | `mutex_wait` | a reply: OK |
//! | 6 | memory of its process is still lent | `begin` in `restart` | a retry |
//! | 7 | it exits or parks, or its process is stopped | `end` | the same as before |
//! | 8 | its time has come | `timer` | the same as before |
//! | 9 | a signal arrives, and no other thread waits for the notification | `signal` | a reply: the notification |
//! | 10 | the lock, mutex or memory that it waits for is free, or a signal arrives for which several threads wait, or it may not call the object any more | `stir_current`, or the worker (`piece`); `expel` | the same as before; after a signal, a retry; for a mutex whose holder ended, a reply: a deadlock |
//! | 11 | the calls that it is in are late, or no caller waits for them | `check_deadline`, `waits_in_vain` | a reply: the deadline is exceeded |
//! | 12 | the process that it is in is taken down | `sweep` | a reply to its caller: the server faulted; nothing if it is at home and restarts; or it ends (7) |
//! | 13 | its process has work for it again | `steer` | a reply: OK |
//! | 14 | it runs: the port [settles](crate::thread::Thread::take_pending) what is pending | `take_pending` | nothing |

use crossgate_abi::{LockId, Status, Word};

/// The wait of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
#[repr(C, u8)]
// A port's assembly knows the layout.
pub enum Wait {
    /// Nothing: it is ready to run.
    Nothing,
    /// A time.
    Time,
    /// Any of a set of notifications of the process that it is in (and perhaps a time).
    Notifications(u32),
    /// The lock of an object.
    Lock(LockId),
    /// The mutex at this address.
    Mutex(Word),
    /// Memory of its process that was lent to another thread.
    Memory,
    /// It has ended, or is parked: only a start of a thread of a pool, or a restart of its process, wakes it.
    Ended,
}

/// The work that has to be done when the thread runs next.
// A port's assembly does this work, so the layout is fixed (see `thread::Offset`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
#[repr(u8)]
pub enum Pending {
    /// Nothing.
    #[default]
    Nothing = 0,
    /// Its system call ends.
    Reply {
        /// The status: a [`Status`] as a byte.
        status: u8,
        /// The result.
        word: Word,
    } = 1,
    /// Its system call is made again, because the thing that it waited for may be available now, or because the call
    /// stopped at a [preemption point](crate::preemption_point).
    Retry = 2,
}

impl Pending {
    /// Returns the reply that ends a system call with this status, without a result.
    #[inline]
    pub const fn status(status: Status) -> Pending {
        Pending::Reply { status: status.0 as u8, word: 0 }
    }

    /// Returns the reply that ends a system call with a result.
    #[inline]
    pub const fn word(word: Word) -> Pending {
        Pending::Reply { status: Status::OK.0 as u8, word }
    }
}

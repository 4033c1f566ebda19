// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames: the kernel's records of calls in flight.

use crate::lease::InForce;
use crate::time::Deadline;
use crossgate_abi::{Kind, ProcessId, ServiceId, Shape, Word};

/// The rights of a thread in its present call, or at home. They are saved when it makes a further call, and restored
/// after that call.
// A port's assembly reads the struct as a little-endian word, with the process in the lowest byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Hash))]
#[repr(C, align(4))]
pub struct Rights {
    /// The process in which the thread executes.
    pub process: ProcessId,
    /// The leases of the thread that are in force.
    pub leases: InForce,
    /// The window: the open part of the stack, in the form of the port.
    pub window: u16,
}

impl Rights {
    pub(crate) const EMPTY: Rights =
        Rights { process: ProcessId::FIRST, leases: InForce::NONE, window: 0 };
}

/// The kernel's record of a call in flight.
// A port's assembly writes and reads it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Frame {
    /// The address at which the caller's registers are saved.
    pub stack_pointer: Word,
    /// The rights of the caller.
    pub rights: Rights,
    /// The caller's deadline, if [`OWN_DEADLINE`] is set. It is in force again after the call.
    pub deadline: Deadline,
    /// The service that was called.
    pub service: ServiceId,
    /// The duties of the return, as bits: the constants below, and the kinds of the handles among the two result words,
    /// as in a [`Shape`]. 0 means that the return has no duties. The value is always 0 while no call uses the frame.
    pub care: u8,
}

/// In [`Frame::care`]: the caller is *gone*, so unwinding skips this frame. The caller's process has restarted or
/// stopped during this call, or the caller's [job](crate::pool) was ended.
pub(crate) const STALE: u8 = 1 << 0;
/// The callee may have set a deadline for its own calls, so the frame holds the caller's deadline.
pub(crate) const OWN_DEADLINE: u8 = 1 << 1;
/// A deadline that applies to the call has passed.
pub(crate) const OVERDUE: u8 = 1 << 3;
/// The call is refused: by the callee, or because the grant by which the caller made it was revoked.
pub(crate) const REFUSED: u8 = 1 << 4;
/// The call holds something that other threads may wait for: the lock of the object, or a mutex of its process.
pub const LOCKED: u8 = 1 << 5;
/// The bits of [`Frame::care`] that come from the wiring: the kinds of the handles among the two result words.
pub(crate) const HANDLES_OF_RESULTS: u8 = Shape::HANDLES as u8 & !(Kind::HandleIfTagIsZero as u8);
const _: () =
    assert!(HANDLES_OF_RESULTS & (STALE | OWN_DEADLINE | OVERDUE | REFUSED | LOCKED) == 0);

impl Frame {
    pub const EMPTY: Frame = Frame {
        stack_pointer: 0,
        rights: Rights::EMPTY,
        deadline: Deadline::NONE,
        service: ServiceId::FIRST,
        care: 0,
    };

    /// Returns whether unwinding skips this frame, because its caller is [gone](STALE).
    #[inline]
    pub fn is_stale(&self) -> bool {
        self.care & STALE != 0
    }
}

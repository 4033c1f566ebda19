// SPDX-License-Identifier: MIT OR Apache-2.0
//! The properties of a system call in the [list](crate::SystemCall), besides its number.

use crate::{CallError, Status};

/// The words of a system call, the right that it needs, and the part of the kernel that carries it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The argument words, from the first register on.
    pub arguments: &'static [Operand],
    /// The words that the system call returns, the first in the register after the status; `None` if it does not
    /// return.
    pub results: Option<&'static [Operand]>,
    /// The right that the system call needs.
    pub right: Right,
    /// The part of the kernel or port that carries out the system call.
    pub route: Route,
}

/// A word of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// The name of the word.
    pub name: &'static str,
    /// The content of the word.
    pub content: Content,
}

/// The content of a word of a system call, with its unit, as a short text.
// Not an enum: if a name occurs twice, even as a variant, the compiler writes its path in messages. They would name the
// library's `Notification` as `crossgate::Notification`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content(pub &'static str);

impl Content {
    /// Any word.
    pub const ANY: Content = Content("any word");
    /// A status.
    pub const STATUS: Content = Content("a status");
    /// The index of a process.
    pub const PROCESS: Content = Content("the index of a process");
    /// The index of a thread.
    pub const THREAD: Content = Content("the index of a thread");
    /// The index of a notification in the firmware.
    pub const NOTIFICATION: Content = Content("the index of a notification in the firmware");
    /// A set of notifications, in the numbering of the process that owns them: number 0 is the highest bit.
    pub const NOTIFICATIONS: Content = Content(
        "a set of notifications, in the numbering of the process that owns them: number 0 is the highest bit",
    );
    /// The index of a gate.
    pub const GATE: Content = Content("the index of a gate");
    /// µs, the lower 32 bits.
    pub const LOW: Content = Content("µs, the lower 32 bits");
    /// µs, the upper 32 bits.
    pub const HIGH: Content = Content("µs, the upper 32 bits");
    /// The lower 16 bits of a time since start in units of 1024 µs, or one of the special values in the text.
    pub const DEADLINE: Content = Content(
        "the lower 16 bits of a time since start in units of 1024 µs, or one of the special values in the text",
    );
    /// Units of 1024 µs since start, the lower 32 bits.
    pub const TICKS: Content = Content("units of 1024 µs since start, the lower 32 bits");
    /// An address.
    pub const ADDRESS: Content = Content("an address");
    /// A length in bytes.
    pub const LENGTH: Content = Content("a length in bytes");
    /// A number, counted from 1.
    pub const FROM_ONE: Content = Content("a number, counted from 1");
    /// A number, counted from 0.
    pub const FROM_ZERO: Content = Content("a number, counted from 0");
    /// One of the subjects below.
    pub const SUBJECT: Content = Content("one of the subjects below");
    /// A register of a device, counted in words from 0.
    pub const REGISTER: Content = Content("a register of a device, counted in words from 0");
    /// A byte.
    pub const BYTE: Content = Content("a byte");
}

/// The right to make a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Every thread may make the system call. If one of its arguments names something that needs a further right, the
    /// text of the entry says so.
    Everyone,
    /// A thread that is in a call.
    InCall,
    /// The process that owns the service that the first argument names.
    Owner,
    /// The supervisor, which is the process that the kernel notifies of faults (`supervisor NAME;` in the wiring).
    Supervisor,
    /// A process that may set deadlines by the wiring (`deadlines;`).
    Deadlines,
    /// The idle thread, while the kernel has deferred work.
    Idle,
    /// The processes to which the wiring gives the right to use the subject.
    Wiring,
    /// The process that owns the device. Any other process commits a fault.
    DeviceOwner,
    /// The hosted port's own code, on behalf of any thread.
    HostedPort,
    /// Every thread, but only in a program that allows it to all threads, such as a test.
    Test,
}

impl Right {
    /// Returns a short text that names those who have the right.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Right::Everyone => "every thread",
            Right::InCall => "a thread in a call",
            Right::Owner => "the owner of the service that the first word names",
            Right::Supervisor => "the supervisor",
            Right::Deadlines => "processes with `deadlines;`",
            Right::Idle => "the idle thread",
            Right::Wiring => "depends on the subject",
            Right::DeviceOwner => "the owner of the device",
            Right::HostedPort => "the port",
            Right::Test => "tests",
        }
    }

    /// Returns the status of the system call for a thread without the right, whatever the words are; `None` if the
    /// status depends on more.
    #[must_use]
    pub const fn refusal(self) -> Option<Status> {
        match self {
            Right::InCall | Right::Owner | Right::Supervisor | Right::Deadlines => {
                Some(Status(CallError::NotPermitted as crate::Word))
            }
            Right::Idle | Right::Wiring | Right::Test => Some(Status::NO_SUCH_SYSTEM_CALL),
            Right::Everyone | Right::DeviceOwner | Right::HostedPort => None,
        }
    }
}

/// The part of the kernel or port that carries out a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The core. On a Cortex-M, assembly code does the same in the usual states. It leaves all other states to the
    /// core.
    Assembly,
    /// The core.
    Core,
    /// The hosted port.
    HostedPort,
}

impl Route {
    /// Returns the name of the part.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Route::Assembly => "assembly and core",
            Route::Core => "core",
            Route::HostedPort => "port",
        }
    }
}

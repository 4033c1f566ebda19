//! What the [list](crate::SystemCall) says of a system call, besides its number.

use crate::{CallError, Status};

/// The words of a system call, who may make it, and what carries it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The argument words, from the first register on.
    pub arguments: &'static [Operand],
    /// The words that it returns, from the register after that of the status on; `None` if it does not return.
    pub results: Option<&'static [Operand]>,
    /// Who may make it.
    pub right: Right,
    /// What carries it out.
    pub path: Path,
}

/// A word of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// What it is called.
    pub name: &'static str,
    /// What it is.
    pub unit: Unit,
}

/// Makes a variant of each unit, with the text that the book has for it.
macro_rules! units {
    ($($Unit:ident: $text:literal,)+) => {
        /// What a word of a system call is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Unit {
            $(#[doc = concat!($text, ".")] $Unit,)+
        }

        impl Unit {
            /// What it is, in a few words.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Unit::$Unit => $text,)+
                }
            }
        }
    };
}

units! {
    Any: "any word",
    Status: "a status",
    Process: "the index of a process",
    Thread: "the index of a thread",
    Notification: "the index of a notification in the firmware",
    Notifications: "a set of notifications, in the numbering of the process that owns them",
    Gate: "the index of a gate",
    Low: "µs, the lower 32 bits",
    High: "µs, the upper 32 bits",
    Deadline: "the lower 16 bits of a time since start in units of 1024 µs, or one of the marks in the text",
    Ticks: "units of 1024 µs since start, the lower 32 bits",
    Address: "an address",
    Length: "a length in bytes",
    Number: "a number, counted from 1",
    Sequence: "a number, counted from 0",
    Subject: "one of the subjects below",
    Register: "a register of a device, counted in words from 0",
    Byte: "a byte",
}

/// Who may make a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Every thread. What the arguments name may need a right of its own: the text of the entry says which.
    Everyone,
    /// A thread that is in a call.
    InCall,
    /// The process that owns what the first argument names.
    Owner,
    /// The process that the wiring tells of faults (`faults NAME;`).
    Supervisor,
    /// A process that the wiring lets set deadlines (`deadlines;`).
    Deadlines,
    /// The idle thread, while the kernel has put off work.
    Idle,
    /// Where the wiring has a use of it, the processes that have it; which, the subject says.
    Wiring,
    /// The process that owns the device. Another one commits a fault.
    Device,
    /// The port's own code, on behalf of any thread.
    Port,
    /// Every thread of a program that is told to let all do it, which tests are.
    Test,
}

impl Right {
    /// Who may, in a few words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Right::Everyone => "every thread",
            Right::InCall => "a thread in a call",
            Right::Owner => "the owner of what the first word names",
            Right::Supervisor => "the process that is told of faults",
            Right::Deadlines => "processes with `deadlines;`",
            Right::Idle => "the idle thread",
            Right::Wiring => "by subject, if the wiring uses it",
            Right::Device => "the owner of the device",
            Right::Port => "the port",
            Right::Test => "tests",
        }
    }

    /// How the system call ends for those who may not make it, if it does: whatever its words are.
    #[must_use]
    pub const fn refusal(self) -> Option<Status> {
        match self {
            Right::InCall | Right::Owner | Right::Supervisor | Right::Deadlines => {
                Some(Status(CallError::NotPermitted as crate::Word))
            }
            Right::Idle | Right::Wiring | Right::Test => Some(Status::NO_SUCH_SYSTEM_CALL),
            Right::Everyone | Right::Device | Right::Port => None,
        }
    }
}

/// What carries out a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// The core. On a Cortex-M assembly does the same for the states that are usual, and leaves the others to the core.
    Assembly,
    /// The core.
    Core,
    /// The port.
    Port,
}

impl Path {
    /// What does, in a few words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Path::Assembly => "assembly and core",
            Path::Core => "core",
            Path::Port => "port",
        }
    }
}

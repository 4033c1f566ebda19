// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sleep of the CPU while no thread is ready: its depths, and the subjects of
//! [`OPTIONAL`](crate::number::OPTIONAL) about it, if the wiring has `deep_sleep;`.

use crate::Word;
use crate::list::constants;

constants! {
    /// All subjects, with their names and their documentation.
    pub const SUBJECTS: [Word];

    /// Sets the deepest sleep that the current process admits: the second argument is the number of a
    /// `Depth`. The CPU sleeps no deeper than all processes admit. At the start of each of its
    /// lives, a process admits every depth.
    ADMIT = 0x300;

    /// Returns how the CPU has slept at the depth whose number is the second argument. If the third argument is 0, the
    /// first result says how often. If it is 1, the results say how long, in µs: the lower 32 bits, and the upper 32
    /// bits. The right for this subject is `inspects;`.
    SLEPT = 0x301;

    /// Makes the idle thread a part of the kernel until it has slept. Only the idle thread may do this, and only while
    /// no other thread is ready.
    FALL_ASLEEP = 0x302;

    /// Makes the idle thread an ordinary thread again, after `FALL_ASLEEP`.
    WAKE_UP = 0x303;
}

/// How deep the CPU sleeps: the deeper, the less current it takes, the fewer devices run, and the longer it takes to
/// wake up. The board decides about the details of each depth; a board without a depth takes the next lighter one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Depth {
    /// The CPU waits. All devices run, and any interrupt wakes the CPU at once.
    Light = 0,
    /// The clocks of most devices stand still. The memory and the registers keep their values. The CPU wakes up within
    /// a short time, at an interrupt of the few devices that run on, or when a thread has to wake.
    Deep = 1,
    /// The same, with less current and a longer time to wake up.
    Deepest = 2,
}

impl Depth {
    /// All depths, the lightest first.
    pub const ALL: [Depth; 3] = [Depth::Light, Depth::Deep, Depth::Deepest];

    /// Returns the depth with this number.
    #[must_use]
    #[inline]
    pub fn from_number(number: Word) -> Option<Depth> {
        Depth::ALL.get(number).copied()
    }
}

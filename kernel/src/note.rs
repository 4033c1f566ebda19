// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is noted of crashes, for who may inspect.

use crossgate_abi::inspect::dump;
use crossgate_abi::{FaultRecord, Word};

/// What only a firmware needs in which some process may inspect. Others don't carry the code.
pub struct Inspection {
    /// What is noted of each process.
    pub(crate) crashes: &'static mut [Crashes],
    /// Where the dump is, if somebody may read it.
    pub(crate) dump: Option<&'static mut [Word; dump::WORDS]>,
    /// How many faults there were when it was noted last.
    pub(crate) noted: usize,
    /// Whether the dump was written since the system started.
    pub(crate) is_dumped: bool,
}

/// What is noted of the crashes of a process.
#[derive(Clone, Copy, Debug)]
pub struct Crashes {
    /// How many there were.
    pub(crate) count: u32,
    /// The last one.
    pub(crate) record: [Word; FaultRecord::WORDS],
}

impl Crashes {
    /// There was none.
    pub const NONE: Crashes = Crashes { count: 0, record: [0; FaultRecord::WORDS] };
}

impl Inspection {
    /// Memory for [it](Self::new).
    pub const NONE: Inspection = Self::new(&mut [], None);

    /// With notes of each process, and memory for a dump if somebody may read it. That memory may have any values.
    #[inline]
    pub const fn new(
        crashes: &'static mut [Crashes],
        dump: Option<&'static mut [Word; dump::WORDS]>,
    ) -> Inspection {
        Inspection { crashes, dump, noted: 0, is_dumped: false }
    }
}

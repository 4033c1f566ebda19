// SPDX-License-Identifier: MIT OR Apache-2.0
//! Notes of crashes, for processes that may inspect.

use crossgate_abi::inspect::dump;
use crossgate_abi::{FaultRecord, ProcessId, Word};

/// The part of the kernel for a firmware in which some process may inspect. Other firmware does not contain its code.
pub struct Inspection {
    /// The notes of each process.
    pub(crate) crashes: &'static mut [Crashes],
    /// The memory of the dump, if some process may read it.
    pub(crate) dump: Option<&'static mut [Word; dump::WORDS]>,
    /// The process whose crash is in the dump.
    pub(crate) dumped: ProcessId,
    /// True if a dump has begun since the system started.
    pub(crate) is_dumped: bool,
    /// The checksum of the words of the dump so far, up to the first word that is
    /// [unchecked](crate::work::Work::unchecked).
    pub(crate) check: Word,
    /// The address of the first word of the stack that is in the dump.
    pub(crate) stack: Word,
}

/// The notes of the crashes of a process.
#[derive(Clone, Copy, Debug)]
pub struct Crashes {
    /// The number of crashes.
    pub(crate) count: u32,
    /// The record of the last crash.
    pub(crate) record: [Word; FaultRecord::WORDS],
}

impl Crashes {
    /// The notes of a process that has not crashed.
    pub const NONE: Crashes = Crashes { count: 0, record: [0; FaultRecord::WORDS] };
}

impl Inspection {
    /// The initial value of the static that [`new`](Self::new) fills.
    pub const NONE: Inspection = Self::new(&mut [], None);

    /// Returns this part of the kernel, with memory for the notes of each process, and for a dump if some process may
    /// read one. The memory of the dump may have any values.
    #[inline]
    pub const fn new(
        crashes: &'static mut [Crashes],
        dump: Option<&'static mut [Word; dump::WORDS]>,
    ) -> Inspection {
        Inspection { crashes, dump, dumped: ProcessId::FIRST, is_dumped: false, check: 0, stack: 0 }
    }
}

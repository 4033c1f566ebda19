//! What became of other processes: the records of crashes.
//!
//! The process that the wiring names with `faults NOTIFICATION;` is notified of every crash and may
//! read the records. The kernel keeps the last few.

use crate::arch::system_call;
use crossgate_abi::number;
pub use crossgate_abi::{Cause, FaultRecord};

/// Reads the records of crashes, the oldest first.
///
/// ```no_run
/// # use crossgate::{Notification, fault::Faults};
/// fn reporter(faulted: Notification) -> ! {
///     let mut faults = Faults::new();
///     loop {
///         faulted.wait();
///         while let Some(record) = faults.next() {
///             // ... tell somebody ...
/// #           drop(record);
///         }
///     }
/// }
/// ```
#[derive(Debug, Default)]
pub struct Faults {
    next: usize,
}

impl Faults {
    /// From the first crash on.
    #[must_use]
    pub const fn new() -> Faults {
        Faults { next: 0 }
    }

    fn read(sequence: usize) -> Option<FaultRecord> {
        let mut words = [0; FaultRecord::WORDS];
        for (index, word) in words.iter_mut().enumerate() {
            let reply = system_call(number::READ_FAULT, [sequence, index]);
            if reply.status != 0 {
                return None;
            }
            *word = reply.words[0];
        }
        Some(FaultRecord::from_words(&words))
    }
}

impl Iterator for Faults {
    type Item = FaultRecord;

    /// The next record; `None` if there is none yet. Records that the kernel has overwritten are
    /// passed over.
    fn next(&mut self) -> Option<FaultRecord> {
        /// More than the kernel keeps.
        const REACH: usize = 16;
        let (sequence, record) =
            (self.next..self.next + REACH).find_map(|at| Some((at, Self::read(at)?)))?;
        self.next = sequence + 1;
        Some(record)
    }
}

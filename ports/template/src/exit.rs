// SPDX-License-Identifier: MIT OR Apache-2.0
//! The path from the kernel to a thread.

use crate::machine::Machine;
use crate::missing;
use crossgate_kernel::Kernel;

/// Makes the most urgent thread current. Opens the memory that this thread may use, and nothing else: its stack up to the
/// window of its rights, the memory and the devices of the process that it is in, its leases. Then settles what is
/// [pending](crossgate_kernel::thread::Thread::take_pending) for it, and loads its registers.
///
/// Between two writes to the protection unit no thread runs, and no register keeps a value of the kernel.
///
/// This function may handle a pending interrupt first, because the context of the current thread is already saved.
pub fn load(kernel: &mut Kernel<Machine>) {
    kernel.reschedule();
    missing("write the regions of the protection unit, load the registers, leave the trap")
}

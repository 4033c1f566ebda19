// SPDX-License-Identifier: MIT OR Apache-2.0
//! The gates in front of devices, in images with two security states.

use core::ptr::with_exposed_provenance_mut;

/// Lets unprivileged code use devices, except for those that are masters of the bus. (Otherwise the gates in front of
/// the devices refuse it, whatever the protection unit allows: writes are lost, and reads return 0.) Only `prepare` of a
/// board whose image has an SSE-200 or an SSE-300 may call this.
#[inline]
pub fn open_gates() {
    /// The Secure privilege control block of the SSE-200 (ARM 101104), and the Secure access configuration block of the
    /// SSE-300 (ARM 101773): one bit for each device behind a gate.
    const CONTROL: usize = 0x5008_0000;
    /// `APBSPPPC0` and 1; `APBSPPPCEXP0` to 3. (The SSE-300 has other names for them.)
    const GATES: [usize; 6] = [0xb0, 0xb4, 0xc0, 0xc4, 0xc8, 0xcc];
    for gate in GATES {
        let register = with_exposed_provenance_mut::<u32>(CONTROL + gate);
        // SAFETY: this is a device register of the boot code, which no process owns.
        unsafe { register.write_volatile(u32::MAX) };
    }
}

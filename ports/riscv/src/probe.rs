// SPDX-License-Identifier: MIT OR Apache-2.0
//! Registers that may not keep what is written to them.

/// Writes a value to registers. Returns the bits that at least one of the registers does not keep.
macro_rules! probe {
    ($value:expr, $($register:literal)*) => {{
        let value: u32 = $value;
        let mut lost = 0;
        $(
            let read: u32;
            core::arch::asm!(
                concat!("csrw ", $register, ", {}"),
                concat!("csrr {}, ", $register),
                in(reg) value,
                lateout(reg) read,
                options(nostack),
            );
            lost |= value ^ read;
        )*
        lost
    }};
}
pub(crate) use probe;

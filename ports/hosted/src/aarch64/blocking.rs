// SPDX-License-Identifier: MIT OR Apache-2.0
//! The means to refuse system calls of Linux to user code: there is none.

/// Refuses the option.
///
/// # Errors
/// Always: Linux has the "syscall user dispatch" on x86 only. A filter (`seccomp`) can't tell who calls: it sees the
/// address of the instruction, but a process and the kernel use the same instructions of the C library.
pub fn block_system_calls() -> Result<(), String> {
    Err("system calls cannot be blocked on aarch64: Linux has no syscall user dispatch there"
        .to_owned())
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The path into the kernel, one file per architecture.

#[cfg(target_arch = "arm")]
mod arm;
#[cfg(target_arch = "arm")]
#[doc(hidden)]
pub use arm::{call, leave, stack_pointer, system_call};

#[cfg(target_arch = "riscv32")]
mod riscv;
#[cfg(target_arch = "riscv32")]
#[doc(hidden)]
pub use riscv::{call, leave, stack_pointer, system_call};

#[cfg(target_os = "none")]
mod tables;
#[cfg(target_os = "none")]
pub(crate) use tables::{interface_of, name_of};

// Miri supports neither assembly nor a linker.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
#[path = "arch/linux.rs"]
mod gate;
#[cfg(all(
    not(target_os = "none"),
    not(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64"),
        not(miri)
    ))
))]
#[path = "arch/no_kernel.rs"]
mod gate;
#[cfg(not(target_os = "none"))]
mod host;
pub(crate) mod reply;
#[cfg(not(target_os = "none"))]
#[doc(hidden)]
pub use host::{call, leave, stack_pointer, system_call};
#[cfg(not(target_os = "none"))]
pub(crate) use host::{interface_of, name_of};
#[doc(hidden)]
pub use reply::Reply;

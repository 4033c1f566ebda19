//! The way into the kernel, one file an architecture.

#[cfg(target_arch = "arm")]
mod arm;
#[cfg(target_arch = "arm")]
#[doc(hidden)]
pub use arm::{call, leave, system_call};
#[cfg(target_arch = "arm")]
pub(crate) use arm::{interface_of, stack_pointer};

#[cfg(not(target_os = "none"))]
mod host;
#[cfg(not(target_os = "none"))]
#[doc(hidden)]
pub use host::{call, leave, system_call};
#[cfg(not(target_os = "none"))]
pub(crate) use host::{interface_of, stack_pointer};

use crossgate_abi::Word;

/// What a system call brings back.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// 0 for success.
    pub status: Word,
    /// The results.
    pub words: [Word; 2],
}

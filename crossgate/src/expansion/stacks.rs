// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stacks of a wiring.

/// Defines the memory of the stacks. Each stack is in its own section, which the linker puts into the memory of the
/// process.
#[doc(hidden)]
#[macro_export]
macro_rules! __stacks {
    (processes: [$({
        name: [$process:ident] threads: [$({ name: [$thread:ident] number: [$number:literal] })*]
    })*]) => {
        #[doc(hidden)]
        #[allow(non_upper_case_globals, missing_docs, reason = "the names are the user's")]
        mod __stacks { $( pub mod $process { $(
            #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = concat!(".crossgate.stack.", stringify!($process), ".", stringify!($thread))))]
            pub static $thread: $crate::wiring::Stack<{ super::super::__wiring::__STACKS[$number] }> = $crate::wiring::Stack::new();
        )* } )* }
    };
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The heaps of a wiring.

/// Defines the heaps. The memory of each heap is in its own section, which the linker puts into the memory of the
/// process. The record of each heap has a name by which the linker and the port find the heap of a process.
#[doc(hidden)]
#[macro_export]
macro_rules! __heaps {
    (heaps: [$({
        process: [$process:ident] number: [$number:literal] crate: [$($crate_:tt)*] exhausted: [$exhausted:literal]
    })*]) => {
        #[doc(hidden)]
        #[allow(missing_docs, reason = "the names are the user's")]
        mod __heaps { $( pub mod $process {
            #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = concat!(".crossgate.heap.", stringify!($process))))]
            #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(export_name = concat!("__crossgate_arena_", stringify!($process))))]
            static __ARENA: $($crate_)*::Arena<{ super::super::__wiring::__HEAPS[$number] }> = $($crate_)*::Arena::new();
            #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(export_name = concat!("__crossgate_heap_of_", stringify!($process))))]
            pub static __HEAP: $crate::abi::table::Heap = $crate::abi::table::Heap {
                allocator: &__ARENA,
                exhausted: $exhausted,
            };
        } )* }
    };
}

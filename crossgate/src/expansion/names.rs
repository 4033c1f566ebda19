// SPDX-License-Identifier: MIT OR Apache-2.0
//! The meaning of the names in a wiring.

/// Defines the handles of services and notifications, the numbers of objects, locks, gates and bytes of stack, and the
/// device registers.
///
/// The user's names and expressions are in one scope with the expansion's own names, which begin with `__`; no name in
/// the wiring begins with `__`.
#[doc(hidden)]
#[macro_export]
macro_rules! __names {
    (
        objects: [$({ type: [$object_type:ty] })*]
        services: [$({ name: [$service:ident] number: [$number:literal] type: [$type:ty] interface: [$interface:ty] })*]
        notifications: [$({ name: [$notification:ident] number: [$notification_number:literal] })*]
        stacks: [$({ bytes: [$stack:expr] })*]
        heaps: [$({ bytes: [$heap:expr] })*]
        mmio: [$({
            process: [$process:ident] written: [$written:literal] shared: [$shared:ident] mmio: [$range:expr]
            check: [$($check:tt)*]
        })*]
    ) => {
        #[doc(hidden)]
        #[allow(non_upper_case_globals, dead_code, unused_imports, missing_docs, reason = "the names are the user's")]
        mod __wiring {
            use super::*;
            /// The number of objects that each service has.
            pub const __COUNTS: &[usize] = &[$(<$type as $crate::wiring::ServiceObject>::COUNT,)*];
            /// The number of gates that each service has.
            pub const __GATES: &[usize] = &[$(
                <$type as $crate::wiring::ServiceObject>::COUNT * <$interface as $crate::Interface>::SHAPES.len(),
            )*];
            /// The number of locks that each object has.
            pub const __LOCKS: &[usize] = &[$(<$object_type as $crate::wiring::ServiceObject>::LOCKS,)*];
            /// The length of each stack.
            pub const __STACKS: &[usize] = &[$($stack,)*];
            /// The length of each heap.
            pub const __HEAPS: &[usize] = &[$($heap,)*];
            /// The ranges of device registers.
            pub const __MMIO: &[$crate::wiring::OwnedMmio] = &[$($crate::wiring::OwnedMmio {
                process: stringify!($process),
                written: $written,
                is_shared: $shared,
                range: $range,
            },)*];
            $($($check)*)*
            pub mod __handles {
                use super::*;
                /// The type that stands for mention number `N` in the expressions of the wiring.
                pub struct __Mention<const N: usize>;
                $(pub const $service: <$type as $crate::wiring::ServiceObject>::Handle<$interface> =
                    $crate::wiring::handle($crate::wiring::sum(__GATES, $number));)*
                $(pub const $notification: $crate::Signal = $crate::Signal::__new($notification_number);)*
            }
        }
    };
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The expansion of `#[derive(Plain)]`.

/// Proves that memory of a type can be lent.
#[doc(hidden)]
#[macro_export]
macro_rules! __derive_plain {
    ($(#[$($attribute:tt)*])* $visibility:vis struct $name:ident {
        $( $(#[$($field_attribute:tt)*])* $field_visibility:vis $field:ident : $type:ty ),* $(,)?
    }) => {
        const _: () = {
            const fn size_of_plain<T: $crate::Plain>() -> usize { ::core::mem::size_of::<T>() }
            assert!(0 $(+ size_of_plain::<$type>())* == ::core::mem::size_of::<$name>(),
                concat!("`", stringify!($name), "` has padding: memory that was never written would leak to another process; reorder the fields or add explicit ones"));
            assert!($crate::__is_repr_c!($([$($attribute)*])*),
                concat!("`", stringify!($name), "` needs #[repr(C)]: two processes have to agree on its layout"));
        };
        // SAFETY: every field is Plain, and there is no padding.
        unsafe impl $crate::Plain for $name {}
    };
    ($($other:tt)*) => {
        ::core::compile_error!("#[derive(Plain)] works on a `#[repr(C)]` struct with named fields");
    };
}

/// Expands to `true` if `repr(C)` is among the attributes.
#[doc(hidden)]
#[macro_export]
macro_rules! __is_repr_c {
    () => { false };
    ([repr(C $($more:tt)*)] $($rest:tt)*) => { true };
    ([$($other:tt)*] $($rest:tt)*) => { $crate::__is_repr_c!($($rest)*) };
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The expansion of `#[derive(Wire)]`.

/// Implements the conversion of a type to and from words.
#[doc(hidden)]
#[macro_export]
macro_rules! __derive_wire {
    // An enum without fields is encoded as one word, which is checked when it is decoded.
    ($(#[$($attribute:tt)*])* $visibility:vis enum $name:ident {
        $( $(#[$($variant_attribute:tt)*])* $variant:ident $(= $value:expr)? ),* $(,)?
    }) => {
        impl $crate::Wire for $name {
            const SHAPE: $crate::Shape = $crate::Shape::values(1);
            #[inline(always)]
            fn put(self, encoder: &mut $crate::Encoder) { encoder.push(self as u32 as $crate::abi::Word) }
            #[inline(always)]
            fn take(decoder: &mut $crate::Decoder) -> ::core::result::Result<Self, $crate::Invalid> {
                match decoder.pop() as u32 {
                    $( word if word == $name::$variant as u32 => ::core::result::Result::Ok($name::$variant), )*
                    _ => ::core::result::Result::Err($crate::Invalid),
                }
            }
        }
    };
    // A struct is encoded as the words of its fields.
    ($(#[$($attribute:tt)*])* $visibility:vis struct $name:ident {
        $( $(#[$($field_attribute:tt)*])* $field_visibility:vis $field:ident : $type:ty ),* $(,)?
    }) => {
        impl $crate::Wire for $name {
            const SHAPE: $crate::Shape = $crate::Shape::NONE $(.then(<$type as $crate::Wire>::SHAPE))*;
            #[inline(always)]
            fn put(self, encoder: &mut $crate::Encoder) { $( $crate::Wire::put(self.$field, encoder); )* }
            #[inline(always)]
            fn take(decoder: &mut $crate::Decoder) -> ::core::result::Result<Self, $crate::Invalid> {
                ::core::result::Result::Ok($name { $( $field: <$type as $crate::Wire>::take(decoder)? ),* })
            }
        }
    };
    // A unit struct has only one value, which needs no word.
    ($(#[$($attribute:tt)*])* $visibility:vis struct $name:ident;) => {
        impl $crate::Wire for $name {
            const SHAPE: $crate::Shape = $crate::Shape::NONE;
            #[inline(always)]
            fn put(self, _: &mut $crate::Encoder) {}
            #[inline(always)]
            fn take(_: &mut $crate::Decoder) -> ::core::result::Result<Self, $crate::Invalid> {
                ::core::result::Result::Ok($name)
            }
        }
    };
    // A newtype is encoded as the words of its field.
    ($(#[$($attribute:tt)*])* $visibility:vis struct $name:ident (
        $(#[$($field_attribute:tt)*])* $field_visibility:vis $type:ty $(,)?
    );) => {
        impl $crate::Wire for $name {
            const SHAPE: $crate::Shape = <$type as $crate::Wire>::SHAPE;
            #[inline(always)]
            fn put(self, encoder: &mut $crate::Encoder) { $crate::Wire::put(self.0, encoder) }
            #[inline(always)]
            fn take(decoder: &mut $crate::Decoder) -> ::core::result::Result<Self, $crate::Invalid> {
                ::core::result::Result::Ok($name(<$type as $crate::Wire>::take(decoder)?))
            }
        }
    };
    // An enum with fields is encoded as the number of the variant, and the words of its fields.
    ($(#[$($attribute:tt)*])* $visibility:vis enum $name:ident { $(
        $(#[$($variant_attribute:tt)*])* $variant:ident
            $(( $(#[$($first_attribute:tt)*])* $first:ty
                $(, $(#[$($second_attribute:tt)*])* $second:ty
                    $(, $(#[$($third_attribute:tt)*])* $third:ty)?)? $(,)? ))?
            $({ $( $(#[$($field_attribute:tt)*])* $field:ident : $type:ty ),* $(,)? })?
    ),* $(,)? }) => {
        const _: () = {
            // Numbers the variants.
            enum __Tag { $($variant),* }
            impl $crate::Wire for $name {
                const SHAPE: $crate::Shape = $crate::shape::variants(&[$(
                    $crate::Shape::NONE
                        $(.then(<$first as $crate::Wire>::SHAPE)
                            $(.then(<$second as $crate::Wire>::SHAPE) $(.then(<$third as $crate::Wire>::SHAPE))?)?)?
                        $($(.then(<$type as $crate::Wire>::SHAPE))*)?
                ),*]);
                #[inline(always)]
                fn put(self, encoder: &mut $crate::Encoder) {
                    let end = encoder.__end(<Self as $crate::Wire>::SHAPE);
                    match self { $(
                        $name::$variant
                            $(($crate::__name!(first $first) $(, $crate::__name!(second $second) $(, $crate::__name!(third $third))?)?))?
                            $({ $($field),* })?
                        => {
                            encoder.push(__Tag::$variant as $crate::abi::Word);
                            $(<$first as $crate::Wire>::put(first, encoder);
                                $(<$second as $crate::Wire>::put(second, encoder);
                                    $(<$third as $crate::Wire>::put(third, encoder);)?)?)?
                            $($(<$type as $crate::Wire>::put($field, encoder);)*)?
                        }
                    )* }
                    encoder.__fill(end);
                }
                #[inline(always)]
                fn take(decoder: &mut $crate::Decoder) -> ::core::result::Result<Self, $crate::Invalid> {
                    let end = decoder.__end(<Self as $crate::Wire>::SHAPE);
                    let value = match decoder.pop() {
                        $( tag if tag == __Tag::$variant as $crate::abi::Word => $name::$variant
                            $((<$first as $crate::Wire>::take(decoder)?
                                $(, <$second as $crate::Wire>::take(decoder)? $(, <$third as $crate::Wire>::take(decoder)?)?)?))?
                            $({ $($field: <$type as $crate::Wire>::take(decoder)?),* })?, )*
                        _ => return ::core::result::Result::Err($crate::Invalid),
                    };
                    decoder.__skip(end);
                    ::core::result::Result::Ok(value)
                }
            }
        };
    };
    ($($other:tt)*) => {
        ::core::compile_error!("#[derive(Wire)] works on an enum (at most three fields without names in a variant), a struct with named fields, a newtype and a unit struct; lend anything else");
    };
}

/// Expands to the name. It is used where a repetition has to mention the type of a field.
#[doc(hidden)]
#[macro_export]
macro_rules! __name {
    ($name:ident $type:ty) => {
        $name
    };
}

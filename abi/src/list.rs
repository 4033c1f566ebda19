// SPDX-License-Identifier: MIT OR Apache-2.0
//! Macros for lists. Each list is written once, and everything that has to agree with the list is made from it.

/// Makes an enum from a list. An entry has documentation, a name, a number, and a value after `=>`. Between the number
/// and `=>` there may be more documentation, which only rustdoc shows.
///
/// The enum has a variant for each entry, and a constant `ALL` of all variants in order. Functions return the entry of
/// a given number, and the name, the documentation and the value of an entry. The head of the list names the function
/// that returns the value. The kernel's match, the tests and the book use these items, so the text of an entry is
/// written nowhere else. A list in which a number occurs twice, or is left out, does not compile.
///
/// The entry after `besides` is a variant that is not in `ALL`.
macro_rules! list {
    (
        $(#[$attribute:meta])*
        pub enum $List:ident: $Number:ident;
        $(#[$told:meta])*
        $visibility:vis fn $tell:ident -> $Told:ty;
        $(
            $(#[doc = $line:literal])+
            $Entry:ident = $number:literal $(, $more:expr)? => $what:expr;
        )+
        $(
            besides;
            $(#[doc = $other_line:literal])+
            $Other:ident = $other_number:literal => $other_what:expr;
        )?
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr($Number)]
        pub enum $List {
            $($(#[doc = $line])+ $(#[doc = $more])? $Entry = $number,)+
            $($(#[doc = $other_line])+ $Other = $other_number,)?
        }

        impl $List {
            /// All entries of the list, in the order of their numbers.
            pub const ALL: [$List; [$($number),+].len()] = [$($List::$Entry),+];

            /// Returns the entry with this number, if the list has one.
            #[inline(always)]
            #[must_use]
            pub const fn from_number(number: $crate::Word) -> Option<$List> {
                match number {
                    $($number => Some($List::$Entry),)+
                    _ => None,
                }
            }

            $(#[$told])*
            // Inlined, so that only the crate that uses a text contains it. The kernel contains none.
            #[inline(always)]
            #[must_use]
            $visibility const fn $tell(self) -> $Told {
                match self {
                    $($List::$Entry => $what,)+
                    $($List::$Other => $other_what,)?
                }
            }

            /// Returns the name of the entry.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $($List::$Entry => stringify!($Entry),)+
                    $($List::$Other => stringify!($Other),)?
                }
            }

            /// Returns the documentation of the entry, in Markdown, with links as rustdoc has them.
            #[must_use]
            pub const fn documentation(self) -> &'static str {
                match self {
                    $($List::$Entry => concat!($($line, "\n"),+),)+
                    $($List::$Other => concat!($($other_line, "\n"),+),)?
                }
            }
        }

        const _: () = {
            let mut index = 1;
            while index < $List::ALL.len() {
                assert!(
                    $List::ALL[index] as usize == $List::ALL[index - 1] as usize + 1,
                    "the numbers of a list go up by one, from entry to entry"
                );
                index += 1;
            }
        };
    };
}

/// Makes the constants of a list, and one constant that has all of them, with their names and documentation.
macro_rules! constants {
    (
        $(#[$attribute:meta])*
        pub const $ALL:ident: [$Type:ty];
        $(
            $(#[doc = $line:literal])+
            $NAME:ident = $value:expr;
        )+
    ) => {
        $($(#[doc = $line])+ pub const $NAME: $Type = $value;)+

        $(#[$attribute])*
        pub const $ALL: [($Type, &str, &str); [$(stringify!($NAME)),+].len()] =
            [$(($value, stringify!($NAME), concat!($($line, "\n"),+))),+];
    };
}

pub(crate) use {constants, list};

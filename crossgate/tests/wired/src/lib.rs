// SPDX-License-Identifier: MIT OR Apache-2.0
//! A macro that writes a wiring. The compiler reports no lints about code that a macro of another crate wrote.
#![no_std]

/// A wiring with one more process. This process mentions `ROOM` only in a text.
#[macro_export]
macro_rules! wired {
    ($($items:tt)*) => {
        ::crossgate::system! {
            pub static SYSTEM;
            $($items)*
            process control {
                thread main (priority = 1, stack = 256) = main_loop(stringify!(ROOM));
            }
        }
    };
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers that make a test larger than in the daily run.

/// A number from a variable of the environment in which the test is built, or a default number. A variable that is not a
/// number is a compile error.
#[macro_export]
macro_rules! number_from {
    ($variable:literal, $type:ty, $default:expr) => {
        match option_env!($variable) {
            Some(text) => match <$type>::from_str_radix(text, 10) {
                Ok(number) => number,
                Err(_) => panic!(concat!($variable, " is not a number")),
            },
            None => $default,
        }
    };
}

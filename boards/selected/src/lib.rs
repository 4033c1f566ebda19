// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board that the examples, benchmarks and tests of this repository run on. Firmware that says `board::UART0` and
//! `board::start!(SYSTEM)` is the same for all.
//!
//! On Linux it is [`hosted-board`](https://docs.rs/hosted-board). For a microcontroller a feature chooses the board, as
//! in `cargo run --release --target thumbv7m-none-eabi -p thermostat --features board/lm3s6965evb`; without a feature
//! it is `mps2-an385`.
#![no_std]

/// Chooses the board, by the feature that has its name.
macro_rules! choose {
    ($default:ident = $default_feature:literal $(, $board:ident = $feature:literal)*) => {
        #[cfg(not(target_os = "none"))]
        pub use hosted_board::*;
        #[cfg(all(target_os = "none", not(any($(feature = $feature),*))))]
        pub use $default::*;
        $(
            #[cfg(all(target_os = "none", feature = $feature))]
            pub use $board::*;
        )*
        const CHOSEN: usize =
            cfg!(feature = $default_feature) as usize $(+ cfg!(feature = $feature) as usize)*;
    };
}

choose!(mps2_an385 = "mps2-an385", lm3s6965evb = "lm3s6965evb");

const _: () = assert!(CHOSEN < 2, "several features choose a board: name one of them");
const _: () = assert!(
    CHOSEN == 0 || cfg!(target_os = "none"),
    "a feature chooses the board of a microcontroller: name its target as well, as in \
     `--target thumbv7m-none-eabi`; on Linux there is one board, without a feature"
);

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The board that the examples, benchmarks and tests of this repository run on. Firmware that uses `board::UART0` and
//! `board::start!(SYSTEM)` is the same for all boards.
//!
//! On Linux the board is [`hosted-board`](https://docs.rs/crossgate-hosted-board). For a microcontroller a feature
//! chooses the board, as in
//! `cargo run --release --target thumbv7m-none-eabi -p thermostat --features board/lm3s6965evb`. Without a feature,
//! the board is `mps2-an386` for the target `thumbv7em-none-eabihf`, `mps2-an385-v6m` for `thumbv6m-none-eabi`, `virt`
//! for RISC-V, `virt-imc` for RISC-V without atomic instructions, and otherwise `mps2-an385`.
#![no_std]

/// Chooses the board by the feature with the name of the board. The boards after the semicolon are those for RISC-V.
///
/// For ARM without a feature, the macro chooses the second board if the target has a floating point unit, the third one
/// if it has no atomic instructions, and otherwise the first one. For RISC-V without a feature, it chooses the second of
/// the RISC-V boards if the target has atomic instructions, and otherwise the first one.
macro_rules! choose {
    (
        $plain:ident = $plain_feature:literal, $floats:ident = $floats_feature:literal,
        $small:ident = $small_feature:literal
        $(, $board:ident = $feature:literal)*;
        $imc:ident = $imc_feature:literal, $imac:ident = $imac_feature:literal
        $(, $other:ident = $other_feature:literal)*
    ) => {
        #[cfg(not(target_os = "none"))]
        pub use hosted_board::*;
        #[cfg(all(target_arch = "arm", any(
            feature = $plain_feature,
            all(target_has_atomic = "32", not(any(
                target_abi = "eabihf",
                feature = $floats_feature,
                feature = $small_feature
                $(, feature = $feature)*
            ))),
        )))]
        pub use $plain::*;
        #[cfg(all(target_arch = "arm", any(
            feature = $floats_feature,
            all(target_abi = "eabihf", not(any(
                feature = $plain_feature,
                feature = $small_feature
                $(, feature = $feature)*
            ))),
        )))]
        pub use $floats::*;
        #[cfg(all(target_arch = "arm", any(
            feature = $small_feature,
            not(any(
                target_has_atomic = "32",
                feature = $plain_feature,
                feature = $floats_feature
                $(, feature = $feature)*
            )),
        )))]
        pub use $small::*;
        $(
            #[cfg(all(target_arch = "arm", feature = $feature))]
            pub use $board::*;
        )*
        #[cfg(all(target_arch = "riscv32", any(
            feature = $imc_feature,
            not(any(target_has_atomic = "32", feature = $imac_feature $(, feature = $other_feature)*)),
        )))]
        pub use $imc::*;
        #[cfg(all(target_arch = "riscv32", any(
            feature = $imac_feature,
            all(target_has_atomic = "32", not(any(feature = $imc_feature $(, feature = $other_feature)*))),
        )))]
        pub use $imac::*;
        $(
            #[cfg(all(target_arch = "riscv32", feature = $other_feature))]
            pub use $other::*;
        )*
        const FOR_RISCV: usize = cfg!(feature = $imc_feature) as usize
            + cfg!(feature = $imac_feature) as usize
            $(+ cfg!(feature = $other_feature) as usize)*;
        const CHOSEN: usize = FOR_RISCV
            + cfg!(feature = $plain_feature) as usize
            + cfg!(feature = $floats_feature) as usize
            + cfg!(feature = $small_feature) as usize
            $(+ cfg!(feature = $feature) as usize)*;
    };
}

choose!(
    mps2_an385 = "mps2-an385",
    mps2_an386 = "mps2-an386",
    mps2_an385_v6m = "mps2-an385-v6m",
    lm3s6965evb = "lm3s6965evb",
    mps2_an500 = "mps2-an500",
    mps2_an505 = "mps2-an505",
    mps2_an505_v8m_base = "mps2-an505-v8m-base",
    mps3_an547 = "mps3-an547",
    mps2_an521 = "mps2-an521",
    mps2_an521_second = "mps2-an521-second",
    netduinoplus2 = "netduinoplus2",
    nucleo_f446re = "nucleo-f446re",
    nucleo_g474re = "nucleo-g474re",
    nucleo_h743zi2 = "nucleo-h743zi2",
    nucleo_u575zi_q = "nucleo-u575zi-q",
    pico_2 = "pico-2",
    pico_2_first = "pico-2-first",
    pico_2_second = "pico-2-second",
    nrf52840_dk = "nrf52840-dk",
    microbit_v2 = "microbit-v2";
    virt_imc = "virt-imc",
    virt = "virt",
    virt_napot = "virt-napot",
    virt_vectored = "virt-vectored",
    esp32_c3_devkitm_1 = "esp32-c3-devkitm-1",
    esp32_c6_devkitc_1 = "esp32-c6-devkitc-1",
    pico_2_riscv = "pico-2-riscv"
);

const _: () = assert!(CHOSEN < 2, "several features choose a board: name one of them");
const _: () = assert!(
    CHOSEN == 0 || (FOR_RISCV == 1) == cfg!(target_arch = "riscv32"),
    "a feature chooses a board with another CPU than that of the target"
);
const _: () = assert!(
    CHOSEN == 0 || cfg!(target_os = "none"),
    "a feature chooses the board of a microcontroller: name its target as well, as in \
     `--target thumbv7m-none-eabi`; on Linux there is one board, without a feature"
);

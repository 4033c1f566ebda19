// SPDX-License-Identifier: MIT OR Apache-2.0
//! QEMU's machine `virt`, as if its core were that of an RP2350 (Hazard3): its protection unit has eight entries, which
//! can only be aligned powers of two. More entries are wired, and open devices. (The emulated unit has sixteen entries of
//! any kind. The kernel uses only eight of them, and this crate sets others.)
//!
//! The devices are those of [`virt`](https://docs.rs/crossgate-virt). A firmware that depends on this crate is linked
//! with the board's `memory.x`, and the memory of its processes fits such regions. Its target is
//! `riscv32imac-unknown-none-elf`.
#![no_std]

board_contract::check!();

// (The following names have priority over those of `virt`.)
pub use virt::*;

/// Makes a wiring into a firmware. See [`virt::start`].
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system, $crate::Hardware);
    };
}

/// The board, as the port sees it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Hardware;

#[cfg(target_arch = "riscv32")]
mod hardware {
    use super::Hardware;
    use virt::port::Board;

    /// The address registers of the entries that are wired in an RP2350 (its data sheet, 3.8.8.1): they open the boot ROM,
    /// the devices, and the devices of each core. On this machine, the first one opens the timers, the interrupt
    /// controller and the register that ends the machine.
    const WIRED: [u32; 3] = [0x01ff_ffff, 0x13ff_ffff, 0x35ff_ffff];
    /// The address register of an entry that opens everything: no wired entry could open more.
    const EVERYTHING: u32 = u32::MAX;
    /// The configuration of these four entries: an aligned power of two that may be read, written and executed.
    const OPEN: u32 = 0x1f1f_1f1f;

    impl Board for Hardware {
        const TIMER_HZ: u32 = <virt::Hardware as Board>::TIMER_HZ;
        type Timer = <virt::Hardware as Board>::Timer;
        type Controller = <virt::Hardware as Board>::Controller;

        fn prepare() {
            // SAFETY: no thread has started. The kernel has to close these entries to threads.
            unsafe {
                core::arch::asm!(
                    "csrw pmpaddr8, {}",
                    "csrw pmpaddr9, {}",
                    "csrw pmpaddr10, {}",
                    "csrw pmpaddr11, {}",
                    "csrw pmpcfg2, {}",
                    in(reg) WIRED[0],
                    in(reg) WIRED[1],
                    in(reg) WIRED[2],
                    in(reg) EVERYTHING,
                    in(reg) OPEN,
                    options(nostack),
                );
            }
        }

        fn reset() -> ! {
            virt::Hardware::reset()
        }

        fn tell(byte: u8) {
            virt::Hardware::tell(byte);
        }
    }
}

/// The frequency of the timers, in Hz.
pub const CLOCK_HZ: u32 = 10_000_000;

const _: () = assert!(CLOCK_HZ == virt::CLOCK_HZ, "the drivers count with it");
// This crate switches the feature of the port on.
#[cfg(target_arch = "riscv32")]
const _: () =
    assert!(virt::port::protection::STACK_GRANULE == 32, "the port uses regions of powers of two");

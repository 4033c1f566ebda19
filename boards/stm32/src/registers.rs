// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of devices that are the same in all families, with their offsets and bits.

use tock_registers::registers::{ReadWrite, WriteOnly};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// A GPIO port (GPIO).
    pub Port {
        /// Two bits for each pin: input, output, device or analog.
        (0x00 => pub mode: ReadWrite<u32>),
        (0x04 => _0),
        /// Two bits for each pin: nothing, a pull-up or a pull-down.
        (0x0c => pub pull: ReadWrite<u32>),
        (0x10 => _1),
        (0x14 => pub output: ReadWrite<u32>),
        /// A 1 in the lower half sets the output of a pin, a 1 in the upper half clears it.
        (0x18 => pub set: WriteOnly<u32>),
        (0x1c => pub lock: ReadWrite<u32>),
        /// Four bits for each pin: the number of the device to which it is connected.
        (0x20 => pub device: [ReadWrite<u32>; 2]),
        (0x28 => @END),
    },
    /// A timer of 32 bits (TIM2 and TIM5).
    pub Tim {
        (0x00 => pub control: ReadWrite<u32, TimControl::Register>),
        (0x04 => _0),
        (0x0c => pub interrupts: ReadWrite<u32, TimEvent::Register>),
        /// A 0 clears a bit, a 1 has no effect.
        (0x10 => pub state: ReadWrite<u32, TimEvent::Register>),
        (0x14 => pub generate: WriteOnly<u32, TimEvent::Register>),
        (0x18 => _1),
        (0x24 => pub count: ReadWrite<u32>),
        (0x28 => pub divisor_less_one: ReadWrite<u32>),
        (0x2c => pub last: ReadWrite<u32>),
        (0x30 => @END),
    },
    /// The interrupt and event controller (EXTI) of an STM32F4 (RM0090, 12.3) or STM32G4. Each bit is a line.
    pub Exti {
        (0x00 => pub interrupts: ReadWrite<u32>),
        (0x04 => _0),
        (0x08 => pub rising: ReadWrite<u32>),
        (0x0c => _1),
        /// A 1 clears a bit.
        (0x14 => pub pending: ReadWrite<u32>),
        (0x18 => @END),
    }
}

register_bitfields![u32,
    pub TimControl [
        ENABLE OFFSET(0) NUMBITS(1) [],
        ONCE OFFSET(3) NUMBITS(1) [],
    ],
    // The counter has come to its end (an update event).
    pub TimEvent [
        END OFFSET(0) NUMBITS(1) [],
    ],
];

/// Returns the registers of type `T` at an address.
#[inline(always)]
pub fn registers<T: Device>(start: usize) -> &'static T {
    let pointer = core::ptr::with_exposed_provenance::<T>(start);
    // SAFETY: the callers have checked, or know, that a device of this kind is at the address: its registers are
    // aligned, no Rust object lies there, and any value may be read from them and written to them. The MPU decides
    // which process may access them: a process that doesn't own them is stopped at the access, without an effect on
    // memory.
    unsafe { &*pointer }
}

/// A type of registers.
pub trait Device {}
impl Device for Port {}
impl Device for Tim {}
impl Device for Exti {}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of the devices that are used here, with their offsets and bits. The chapters of the product
//! specification have the names of the devices.

use crossgate_abi::table::Mmio;
use tock_registers::registers::{ReadOnly, ReadWrite, WriteOnly};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The clocks (CLOCK).
    pub Clock {
        (0x000 => pub start_crystal: WriteOnly<u32>),
        (0x004 => pub stop_crystal: WriteOnly<u32>),
        (0x008 => pub start_slow: WriteOnly<u32>),
        (0x00c => _0),
        (0x100 => pub crystal_started: ReadWrite<u32>),
        (0x104 => _1),
        /// 1 if the clock of 32,768 Hz was started.
        (0x414 => pub slow_started: ReadOnly<u32>),
        (0x418 => pub slow_state: ReadOnly<u32, SlowState::Register>),
        (0x41c => _2),
        (0x518 => pub slow_source: ReadWrite<u32, SlowSource::Register>),
        (0x51c => @END),
    },
    /// A counter of the clock of 32,768 Hz, with 24 bits (RTC).
    pub SlowCounting {
        (0x000 => pub start: WriteOnly<u32>),
        (0x004 => pub stop: WriteOnly<u32>),
        (0x008 => pub clear: WriteOnly<u32>),
        (0x00c => _0),
        (0x140 => pub reached: ReadWrite<u32>),
        (0x144 => _1),
        (0x304 => pub enable_interrupts: ReadWrite<u32, SlowInterrupt::Register>),
        (0x308 => pub disable_interrupts: ReadWrite<u32, SlowInterrupt::Register>),
        (0x30c => _2),
        (0x504 => pub count: ReadOnly<u32>),
        (0x508 => pub divisor_less_one: ReadWrite<u32>),
        (0x50c => _3),
        (0x540 => pub alarm: ReadWrite<u32>),
        (0x544 => @END),
    },
    /// The protection of the debug port (access port protection).
    pub DebugPort {
        (0x000 => pub open: ReadWrite<u32>),
        (0x004 => @END),
    },
    /// The outputs of a GPIO port, as a part of its registers that a process may own (GPIO).
    pub Outputs {
        (0x00 => _0),
        (0x04 => pub output: ReadWrite<u32>),
        (0x08 => pub set: WriteOnly<u32>),
        (0x0c => pub clear: WriteOnly<u32>),
        (0x10 => _1),
        (0x20 => @END),
    },
    /// The configuration of the pins of a GPIO port, from 0x700 on (GPIO).
    pub Configurations {
        (0x00 => pub pins: [ReadWrite<u32, Configuration::Register>; 32]),
        (0x80 => @END),
    },
    /// A serial line (UART).
    pub Serial {
        (0x000 => pub start_receiving: WriteOnly<u32>),
        (0x004 => _0),
        (0x008 => pub start_sending: WriteOnly<u32>),
        (0x00c => _1),
        (0x108 => pub received: ReadWrite<u32>),
        (0x10c => _2),
        (0x11c => pub sent: ReadWrite<u32>),
        (0x120 => _3),
        (0x304 => pub enable_interrupts: ReadWrite<u32, SerialInterrupt::Register>),
        (0x308 => pub disable_interrupts: ReadWrite<u32, SerialInterrupt::Register>),
        (0x30c => _4),
        (0x500 => pub enable: ReadWrite<u32, SerialEnable::Register>),
        (0x504 => _5),
        (0x50c => pub sending_pin: ReadWrite<u32>),
        (0x510 => _6),
        (0x514 => pub receiving_pin: ReadWrite<u32>),
        (0x518 => pub receive: ReadOnly<u32>),
        (0x51c => pub send: WriteOnly<u32>),
        (0x520 => _7),
        (0x524 => pub rate: ReadWrite<u32>),
        (0x528 => _8),
        (0x56c => pub format: ReadWrite<u32>),
        (0x570 => @END),
    },
    /// A timer (TIMER).
    pub Counting {
        (0x000 => pub start: WriteOnly<u32>),
        (0x004 => pub stop: WriteOnly<u32>),
        (0x008 => _0),
        (0x00c => pub clear: WriteOnly<u32>),
        (0x010 => pub shut_down: WriteOnly<u32>),
        (0x014 => _1),
        /// Copies the count to the register of the same number.
        (0x040 => pub capture: [WriteOnly<u32>; 4]),
        (0x050 => _2),
        (0x140 => pub reached: [ReadWrite<u32>; 4]),
        (0x150 => _3),
        (0x200 => pub shortcuts: ReadWrite<u32>),
        (0x204 => _4),
        (0x304 => pub enable_interrupts: ReadWrite<u32, TimerInterrupt::Register>),
        (0x308 => pub disable_interrupts: ReadWrite<u32, TimerInterrupt::Register>),
        (0x30c => _5),
        (0x504 => pub mode: ReadWrite<u32>),
        (0x508 => pub width: ReadWrite<u32, Width::Register>),
        (0x50c => _6),
        (0x510 => pub divisor_exponent: ReadWrite<u32>),
        (0x514 => _7),
        (0x540 => pub counts: [ReadWrite<u32>; 4]),
        (0x550 => @END),
    }
}

register_bitfields![u32,
    pub Configuration [
        OUTPUT OFFSET(0) NUMBITS(1) [],
        INPUT_OFF OFFSET(1) NUMBITS(1) [],
        PULL OFFSET(2) NUMBITS(2) [UP = 3],
    ],
    pub SerialInterrupt [
        RECEIVED OFFSET(2) NUMBITS(1) [],
    ],
    pub SerialEnable [
        // 8 would be the device that accesses memory itself.
        DEVICE OFFSET(0) NUMBITS(4) [LINE = 4],
    ],
    pub SlowState [
        SOURCE OFFSET(0) NUMBITS(2) [CRYSTAL = 1],
        RUNS OFFSET(16) NUMBITS(1) [],
    ],
    pub SlowSource [
        SOURCE OFFSET(0) NUMBITS(2) [CRYSTAL = 1],
    ],
    pub SlowInterrupt [
        FIRST OFFSET(16) NUMBITS(1) [],
    ],
    pub TimerInterrupt [
        FIRST OFFSET(16) NUMBITS(1) [],
    ],
    pub Width [
        BITS OFFSET(0) NUMBITS(2) [BITS_32 = 3],
    ],
];

/// The addresses of the devices that belong to the kernel (4.2.4).
pub const CLOCK: usize = 0x4000_0000;
pub const DEBUG_PORT: usize = 0x4000_0558;
/// The timer that gives the time (TIMER4), and its interrupt line.
pub const TIME: usize = 0x4001_b000;
pub const TIME_LINE: u16 = 27;
/// The counter that runs on in a deep sleep (RTC2), and its interrupt line.
pub const SLOW: usize = 0x4002_4000;
pub const SLOW_LINE: u16 = 36;
/// The word of the configuration (UICR) that opens the debug port.
pub const DEBUG_PORT_WISH: usize = 0x1000_1208;

/// The size of a device's registers.
const SIZE: usize = 0x1000;

/// Returns the registers of the device with this number (4.2.4). The number is also that of its interrupt line.
///
/// # Panics
/// If there can be no such device.
#[must_use]
pub const fn device(number: usize) -> Mmio {
    assert!(number < 64, "there is no such device");
    Mmio { start: 0x4000_0000 + number * SIZE, size: SIZE }
}

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
impl Device for Clock {}
impl Device for DebugPort {}
impl Device for Outputs {}
impl Device for Configurations {}
impl Device for Serial {}
impl Device for SlowCounting {}
impl Device for Counting {}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers of the devices that are used here, with their offsets and bits (the numbers of sections are those of
//! the data sheet of the RP2350).

use core::sync::atomic::AtomicU32;
use crossgate_mailbox::WORDS;
use tock_registers::registers::{ReadOnly, ReadWrite, WriteOnly};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The resets of the devices: a 1 holds a device in reset (7.5).
    pub Resets {
        (0x00 => pub held: ReadWrite<u32>),
        (0x04 => _0),
        (0x08 => pub done: ReadWrite<u32>),
        (0x0c => @END),
    },
    /// The crystal oscillator (8.2).
    pub CrystalOscillator {
        (0x00 => pub control: ReadWrite<u32, Crystal::Register>),
        (0x04 => pub state: ReadWrite<u32, CrystalState::Register>),
        (0x08 => _0),
        (0x0c => pub startup: ReadWrite<u32>),
        (0x10 => @END),
    },
    /// A PLL (8.6).
    pub Pll {
        (0x00 => pub control: ReadWrite<u32, PllControl::Register>),
        (0x04 => pub power: ReadWrite<u32, PllPower::Register>),
        (0x08 => pub multiplier: ReadWrite<u32>),
        (0x0c => pub divisors: ReadWrite<u32, PllDivisors::Register>),
        (0x10 => @END),
    },
    /// The selection of clocks (8.1).
    pub Clocks {
        (0x00 => _0),
        (0x30 => pub reference: ReadWrite<u32, Reference::Register>),
        (0x34 => pub reference_divisor: ReadWrite<u32>),
        (0x38 => pub reference_selected: ReadWrite<u32>),
        (0x3c => pub system: ReadWrite<u32, System::Register>),
        (0x40 => pub system_divisor: ReadWrite<u32>),
        (0x44 => pub system_selected: ReadWrite<u32>),
        (0x48 => pub devices: ReadWrite<u32, Devices::Register>),
        (0x4c => pub devices_divisor: ReadWrite<u32>),
        (0x50 => _1),
        (0x84 => pub resuscitation: ReadWrite<u32>),
        (0x88 => @END),
    },
    /// The functions of the pins, a state and a control each (9.11).
    pub Functions {
        (0x00 => pub pins: [Function; 48]),
        (0x180 => @END),
    },
    /// The pads of the pins (9.11).
    pub Pads {
        (0x00 => _0),
        (0x04 => pub pins: [ReadWrite<u32>; 48]),
        (0xc4 => @END),
    },
    /// The single-cycle access to pins that each core has (3.1.11).
    pub Gpio {
        (0x00 => _0),
        (0x10 => pub output: ReadWrite<u32>),
        (0x14 => _1),
        (0x18 => pub set: WriteOnly<u32>),
        (0x1c => _2),
        (0x20 => pub clear: WriteOnly<u32>),
        (0x24 => _3),
        (0x38 => pub make_output: WriteOnly<u32>),
        (0x3c => _4),
        (0x40 => @END),
    },
    /// The two queues between the cores, from the end of this core (3.1.11).
    pub Queues {
        (0x00 => pub state: ReadOnly<u32, QueueState::Register>),
        (0x04 => pub sent: WriteOnly<u32>),
        (0x08 => pub received: ReadOnly<u32>),
        (0x0c => @END),
    },
    /// The doorbells, from the end of this core (3.1.11). A 1 sets a bit of the other core, or clears one of this core.
    pub Doorbells {
        (0x00 => pub ring_other: ReadWrite<u32>),
        (0x04 => _0),
        (0x0c => pub silence_own: ReadWrite<u32>),
        (0x10 => @END),
    },
    /// The power-on state machine (7.4).
    pub PowerSequence {
        (0x00 => _0),
        (0x04 => pub forced_off: ReadWrite<u32, Core::Register>),
        (0x08 => @END),
    },
    /// The timer that is meant for the RISC-V cores, and that the ARM cores can use, too (3.1.8).
    pub PlatformTimer {
        (0x00 => pub control: ReadWrite<u32, PlatformTimerControl::Register>),
        (0x04 => _0),
        (0x0c => pub count: ReadOnly<u32>),
        (0x10 => @END),
    },
    /// A timer (12.8).
    pub Timers {
        (0x00 => pub set_high: WriteOnly<u32>),
        (0x04 => pub set_low: WriteOnly<u32>),
        (0x08 => _0),
        (0x10 => pub alarm: ReadWrite<u32>),
        (0x14 => _1),
        (0x20 => pub armed: ReadWrite<u32, Alarm::Register>),
        (0x24 => _2),
        (0x28 => pub count: ReadOnly<u32>),
        (0x2c => _3),
        (0x30 => pub pause: ReadWrite<u32>),
        (0x34 => _4),
        (0x38 => pub source: ReadWrite<u32, Source::Register>),
        /// A 1 clears a bit.
        (0x3c => pub interrupt: ReadWrite<u32, Alarm::Register>),
        (0x40 => pub enabled: ReadWrite<u32, Alarm::Register>),
        (0x44 => pub forced: ReadWrite<u32, Alarm::Register>),
        (0x48 => @END),
    }
}

register_structs! {
    /// The function of a pin.
    pub Function {
        (0x00 => _0),
        (0x04 => pub control: ReadWrite<u32>),
        (0x08 => @END),
    }
}

register_bitfields![u32,
    pub Crystal [
        RANGE OFFSET(0) NUMBITS(12) [UP_TO_15_MHZ = 0xaa0],
        ENABLE OFFSET(12) NUMBITS(12) [ON = 0xfab],
    ],
    pub CrystalState [
        STABLE OFFSET(31) NUMBITS(1) [],
    ],
    pub PllControl [
        REFERENCE_DIVISOR OFFSET(0) NUMBITS(6) [],
        LOCKED OFFSET(31) NUMBITS(1) [],
    ],
    // A 1 switches a part off.
    pub PllPower [
        OFF OFFSET(0) NUMBITS(1) [],
        DIVISORS_OFF OFFSET(3) NUMBITS(1) [],
        OSCILLATOR_OFF OFFSET(5) NUMBITS(1) [],
    ],
    pub PllDivisors [
        SECOND OFFSET(12) NUMBITS(3) [],
        FIRST OFFSET(16) NUMBITS(3) [],
    ],
    pub Reference [
        SOURCE OFFSET(0) NUMBITS(2) [CRYSTAL = 2],
    ],
    pub System [
        SOURCE OFFSET(0) NUMBITS(1) [REFERENCE = 0, OTHER = 1],
        OTHER OFFSET(5) NUMBITS(3) [PLL = 0],
    ],
    pub Devices [
        SOURCE OFFSET(5) NUMBITS(3) [SYSTEM = 0],
        ENABLE OFFSET(11) NUMBITS(1) [],
    ],
    pub PlatformTimerControl [
        ENABLE OFFSET(0) NUMBITS(1) [],
        // It counts the clock of the CPU.
        FULL_SPEED OFFSET(1) NUMBITS(1) [],
        // It stands still while a debugger has stopped core 0.
        PAUSE_WITH_CORE_0 OFFSET(2) NUMBITS(1) [],
    ],
    pub QueueState [
        HAS_WORD OFFSET(0) NUMBITS(1) [],
        HAS_ROOM OFFSET(1) NUMBITS(1) [],
    ],
    pub Core [
        SECOND OFFSET(24) NUMBITS(1) [],
    ],
    pub Alarm [
        FIRST OFFSET(0) NUMBITS(1) [],
    ],
    pub Source [
        SYSTEM_CLOCK OFFSET(0) NUMBITS(1) [],
    ],
];

/// The addresses of the devices that belong to the kernel (2.2.4 and 2.2.6).
pub const CLOCKS: usize = 0x4001_0000;
pub const POWER: usize = 0x4001_8000;
pub const RESETS: usize = 0x4002_0000;
pub const FUNCTIONS: usize = 0x4002_8000;
pub const PADS: usize = 0x4003_8000;
pub const CRYSTAL_OSCILLATOR: usize = 0x4004_8000;
pub const SYSTEM_PLL: usize = 0x4005_0000;
pub const QUEUES: usize = 0xd000_0050;
pub const PLATFORM_TIMER: usize = 0xd000_01a4;

/// Returns the registers of type `T` at an address.
#[inline(always)]
pub fn registers<T: Device>(start: usize) -> &'static T {
    let pointer = core::ptr::with_exposed_provenance::<T>(start);
    // SAFETY: the callers have checked, or know, that a device of this kind is at the address: its registers are
    // aligned, no Rust object lies there, and any value may be read from them and written to them. The protection unit decides
    // which process may access them: a process that doesn't own them is stopped at the access, without an effect on
    // memory.
    unsafe { &*pointer }
}

/// A type of registers.
pub trait Device {}
impl Device for Resets {}
impl Device for CrystalOscillator {}
impl Device for Pll {}
impl Device for Clocks {}
impl Device for Functions {}
impl Device for Pads {}
impl Device for Gpio {}
impl Device for Queues {}
impl Device for Doorbells {}
impl Device for PowerSequence {}
impl Device for PlatformTimer {}
impl Device for Timers {}
/// The memory of the line between the cores.
impl Device for [AtomicU32; WORDS] {}

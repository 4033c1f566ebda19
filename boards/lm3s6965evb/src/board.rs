// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of the board that the port calls.

use crate::{CLOCK_HZ, UART0, Uart, chip};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use crossgate_cortex_m::{Board, Counter};
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::{ReadOnly, ReadWrite};
use tock_registers::{register_bitfields, register_structs};

/// The board, for the port.
#[derive(Debug)]
pub struct Hardware;

impl Board for Hardware {
    const CLOCK_HZ: u32 = CLOCK_HZ;
    const LINES: u16 = 44;
    type Counter = Watchdog;

    fn prepare() {
        chip::prepare();
    }

    #[inline]
    fn tell(byte: u8) {
        const CHANNEL: Uart = Uart::new(UART0, 115_200);
        CHANNEL.tell(byte);
    }
}

/// The watchdog timer, which counts down with 32 bits. It is used only as a counter: its interrupt stays masked, and
/// its reset of the chip is not enabled. It is used because it is the only timer of this chip whose count the emulator
/// emulates.
#[derive(Debug)]
pub struct Watchdog;

register_structs! {
    Registers {
        (0x00 => load: ReadWrite<u32>),
        (0x04 => value: ReadOnly<u32>),
        (0x08 => control: ReadWrite<u32, Control::Register>),
        (0x0c => @END),
    }
}

register_bitfields![u32,
    Control [
        // The device begins to count when this bit is set.
        INTERRUPT OFFSET(0) NUMBITS(1) [],
    ],
];

/// The count at which the timer started last.
static STARTED: AtomicU32 = AtomicU32::new(0);
/// The number of ticks after which the count is set to its start value again. The count must not reach 0, because the
/// emulator stops the timer when it reaches 0 for the second time.
const LONGEST: u32 = 1 << 31;

const WATCHDOG: usize = 0x4000_0000;

#[inline(always)]
fn registers() -> &'static Registers {
    let pointer = core::ptr::with_exposed_provenance::<Registers>(WATCHDOG);
    // SAFETY: these are device registers: they are aligned, no Rust object lies there, and any value may be read from
    // them and written to them. Only the kernel uses them, and it may access them.
    unsafe { &*pointer }
}

impl Counter for Watchdog {
    const HZ: u32 = CLOCK_HZ;

    #[inline]
    fn start() {
        registers().load.set(u32::MAX);
        registers().control.write(Control::INTERRUPT::SET);
    }

    #[inline]
    fn count() -> u32 {
        let since = !registers().value.get();
        let count = STARTED.load(Relaxed).wrapping_add(since);
        if since > LONGEST {
            // (Up to three cycles pass between the read and this write. So 60 ns are lost every 43 s.)
            registers().load.set(u32::MAX);
            STARTED.store(count, Relaxed);
        }
        count
    }
}

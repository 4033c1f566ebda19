// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of the board that the port calls.

use crate::places::{An385, DualTimerPlace};
use crate::sleep;
use crate::{CLOCK_HZ, UART0, Uart};
use core::marker::PhantomData;
use crossgate_cortex_m::sleep::{Depth, Slept};
use crossgate_cortex_m::{Board, Counter};
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::{ReadOnly, ReadWrite};
use tock_registers::{register_bitfields, register_structs};

/// The board, for the port.
#[derive(Debug)]
pub struct Hardware;

impl Board for Hardware {
    const CLOCK_HZ: u32 = CLOCK_HZ;
    const LINES: u16 = 32;
    type Counter = DualTimer<An385>;

    fn sleep(depth: Depth, left: u64) -> Slept {
        sleep::sleep::<An385>(depth, left)
    }

    #[inline]
    fn tell(byte: u8) {
        const CHANNEL: Uart = Uart::new(UART0, 115_200);
        CHANNEL.tell(byte);
    }
}

/// The first half of the dual timer (CMSDK APB dual timer). It counts down with 32 bits.
#[derive(Debug)]
pub struct DualTimer<P>(PhantomData<P>);

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
        ALL_BITS OFFSET(1) NUMBITS(1) [],
        ENABLE OFFSET(7) NUMBITS(1) [],
    ],
];

#[inline(always)]
fn registers<P: DualTimerPlace>() -> &'static Registers {
    let pointer = core::ptr::with_exposed_provenance::<Registers>(P::DUAL_TIMER);
    // SAFETY: these are device registers: they are aligned, no Rust object lies there, and any value may be read from
    // them and written to them. Only the kernel uses them, and it may access them.
    unsafe { &*pointer }
}

impl<P: DualTimerPlace> Counter for DualTimer<P> {
    const HZ: u32 = P::CLOCK_HZ;

    #[inline]
    fn start() {
        registers::<P>().control.write(Control::ENABLE::SET + Control::ALL_BITS::SET);
    }

    #[inline]
    fn count() -> u32 {
        !registers::<P>().value.get()
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of the board that the port calls.

use crate::bus::{Bus, Device};
use crate::chip::{Chip, Places};
use crate::matrix::Lines;
use crate::pins;
use crate::time::{HZ, SystemTimer};
use crate::uart::Uart;
use core::marker::PhantomData;
use crossgate_riscv::Board;

/// A board with these places, for the port.
#[derive(Debug)]
pub struct Hardware<P>(PhantomData<P>);

impl<P: Places> Board for Hardware<P> {
    const TIMER_HZ: u32 = HZ;
    type Timer = SystemTimer<P::Chip>;
    type Controller = Lines<P::Chip>;

    fn prepare() {
        let bus = device();
        P::Chip::prepare(bus);
        for (line, pins) in P::UART_PINS.into_iter().enumerate() {
            pins::connect::<P::Chip>(bus, line, pins);
        }
        for pin in P::LAMP_PINS {
            pins::make_output::<P::Chip>(bus, pin);
        }
    }

    fn reset() -> ! {
        loop {
            P::Chip::reset(device());
        }
    }

    fn tell(byte: u8) {
        const { Uart::<P::Chip>::new(P::Chip::UARTS[0], 115_200) }.tell(device(), byte);
    }
}

fn device() -> &'static impl Bus {
    // SAFETY: the chips and boards of this crate have the addresses of registers from the manuals.
    const { &unsafe { Device::new() } }
}

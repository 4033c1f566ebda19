// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of the board that the port calls.

use crate::devices::UART0;
use crate::pins;
use crate::places::Places;
use crate::registers::{CLOCK, DEBUG_PORT, DEBUG_PORT_WISH, DebugPort, registers};
use crate::sleep;
use crate::time::{Alarm, CPU_HZ, Time};
use crate::uart::Uart;
use core::marker::PhantomData;
use crossgate_cortex_m::Board;
use crossgate_cortex_m::sleep::{Depth, Slept};
use crossgate_cortex_m::zero_latency::Line;
use tock_registers::interfaces::Writeable;

/// The word that opens the debug port (access port protection).
const OPEN: u32 = 0x5a;

/// A board with these places, for the port.
#[derive(Debug)]
pub struct Hardware<P>(PhantomData<P>);

impl<P: Places> Board for Hardware<P> {
    const CLOCK_HZ: u32 = CPU_HZ;
    const LINES: u16 = 48;
    const ZERO_LATENCY: &'static [Line] = &[Line::of::<Alarm>()];
    type Counter = Time;

    fn prepare() {
        sleep::start_crystal(registers(CLOCK));
        let wish = core::ptr::with_exposed_provenance::<u32>(DEBUG_PORT_WISH);
        // SAFETY: this is a word of the flash with the chip's configuration.
        open_debug_port(registers(DEBUG_PORT), unsafe { wish.read_volatile() });
        pins::connect(UART0.start, P::UART_PINS);
        for pin in P::LAMP_PINS {
            pins::make_output(pin, P::LAMPS_ARE_LOW);
        }
        for &pin in P::LOW_PINS {
            pins::make_output(pin, false);
        }
    }

    fn sleep(depth: Depth, left: u64) -> Slept {
        sleep::sleep::<P>(depth, left)
    }

    #[inline]
    fn tell(byte: u8) {
        const { Uart::new(UART0, 115_200) }.tell(byte);
    }
}

/// Opens the debug port if the configuration of the chip says so. Newer chips keep it closed after each reset until
/// the firmware does this.
fn open_debug_port(port: &DebugPort, wish: u32) {
    if wish & 0xff == OPEN {
        port.open.set(OPEN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::zeroed;
    use tock_registers::interfaces::Readable;

    #[test]
    fn a_closed_debug_port_stays_closed() {
        for (wish, expected) in [(0xffff_ffff, 0), (0xffff_ff00, 0), (0xffff_ff5a, 0x5a)] {
            // SAFETY: registers are words, and zero is one of their values.
            let port: DebugPort = unsafe { zeroed() };
            open_debug_port(&port, wish);
            assert_eq!(port.open.get(), expected, "{wish:x}");
        }
    }
}

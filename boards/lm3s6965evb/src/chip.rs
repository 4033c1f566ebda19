// SPDX-License-Identifier: MIT OR Apache-2.0
//! The setup of the chip before the first process runs: its clock, the power of the devices, and the functions of the
//! pins.

use crate::{CARD_SELECT, LAMPS};
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};
use tock_registers::registers::{ReadOnly, ReadWrite};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The registers of the system control that are used here.
    SystemControl {
        (0x000 => _0),
        (0x050 => raw_interrupt: ReadOnly<u32, RawInterrupt::Register>),
        (0x054 => _1),
        (0x060 => clock: ReadWrite<u32, Clock::Register>),
        (0x064 => _2),
        (0x100 => gates: [ReadWrite<u32>; 3]),
        (0x10c => @END),
    },
    /// The registers of a GPIO port that are used here.
    pub(crate) Pins {
        /// The index into this array is a mask of pins: bit n is pin n. An access changes only the pins in the mask.
        (0x000 => pub(crate) data: [ReadWrite<u32>; 256]),
        (0x400 => pub(crate) is_output: ReadWrite<u32>),
        (0x404 => _0),
        (0x420 => has_device: ReadWrite<u32>),
        (0x424 => _1),
        (0x51c => is_digital: ReadWrite<u32>),
        (0x520 => @END),
    }
}

register_bitfields![u32,
    RawInterrupt [
        PLL_IS_LOCKED OFFSET(6) NUMBITS(1) [],
    ],
    Clock [
        DIVISOR_LESS_ONE OFFSET(23) NUMBITS(4) [],
        DIVIDES OFFSET(22) NUMBITS(1) [],
        PLL_IS_OFF OFFSET(13) NUMBITS(1) [],
        BYPASSES_PLL OFFSET(11) NUMBITS(1) [],
        CRYSTAL OFFSET(6) NUMBITS(4) [MHZ_8 = 0xe],
        SOURCE OFFSET(4) NUMBITS(2) [MAIN = 0],
        MAIN_IS_OFF OFFSET(0) NUMBITS(1) [],
    ],
];

const SYSTEM_CONTROL: usize = 0x400f_e000;
const PORT_A: usize = 0x4000_4000;
const PORT_D: usize = CARD_SELECT.start;
const PORT_G: usize = 0x4002_6000;

/// The bits that switch clocks on, for the three registers in `gates`.
const WATCHDOG: u32 = 1 << 3;
const UARTS_SSI_AND_TIMERS: u32 = 0b111 | 1 << 4 | 0b11 << 16;
const PORTS_A_D_F_G: u32 = 1 << 0 | 1 << 3 | 1 << 5 | 1 << 6;

/// The pins of the three serial lines and of the SPI bus, each with its port. The bits of a serial line are its
/// receiver and its sender. The bits of the SPI bus are its clock, its receiver and its sender.
const SERIAL_PINS: [(usize, u32); 4] =
    [(PORT_A, 0b11), (PORT_D, 0b1100), (PORT_G, 0b11), (PORT_A, 0b11_0100)];

/// The pin that selects the SD card, as a bit.
pub(crate) const CARD_SELECT_PIN: u32 = 1 << 0;
/// The pin of port A that selects the display on the same bus.
const DISPLAY_SELECT_PIN: u32 = 1 << 3;

/// The pins of the lamps: the status LED, and the LEDs in the Ethernet socket, which the chip's Ethernet controller
/// does not use unless it is configured to.
pub(crate) const LAMP_PINS: [u8; 3] = [0, 2, 3];
/// The pins of all lamps, as bits.
const ALL_LAMP_PINS: u32 = 1 << LAMP_PINS[0] | 1 << LAMP_PINS[1] | 1 << LAMP_PINS[2];

/// The largest number of reads while the setup waits for a bit. If the bit is not set in this time, the setup goes on
/// with the present clock, because there is no way to report the failure yet.
const PATIENCE: u32 = 1 << 16;

/// Sets the chip up. Only the kernel may call this.
pub fn prepare() {
    // SAFETY: these are device registers: they are aligned, no Rust object lies there, and any value may be read from
    // them and written to them. Only the kernel uses them.
    let control = unsafe { &*core::ptr::with_exposed_provenance::<SystemControl>(SYSTEM_CONTROL) };
    set_clock(control);
    for (gate, bits) in control.gates.iter().zip([WATCHDOG, UARTS_SSI_AND_TIMERS, PORTS_A_D_F_G]) {
        gate.set(gate.get() | bits);
        // A device may be accessed only three cycles after its clock is switched on. Each of these reads takes at least
        // one cycle.
        let _ = [gate.get(), gate.get(), gate.get()];
    }
    for (port, bits) in SERIAL_PINS {
        let pins = pins(port);
        pins.has_device.set(pins.has_device.get() | bits);
        pins.is_digital.set(pins.is_digital.get() | bits);
    }
    let pins = pins(LAMPS.start);
    pins.is_output.set(pins.is_output.get() | ALL_LAMP_PINS);
    pins.is_digital.set(pins.is_digital.get() | ALL_LAMP_PINS);
    for (port, pin) in [(CARD_SELECT.start, CARD_SELECT_PIN), (PORT_A, DISPLAY_SELECT_PIN)] {
        let pins = self::pins(port);
        // The pin is high as soon as it is an output, so that no chip is selected.
        pins.is_digital.set(pins.is_digital.get() | pin);
        pins.is_output.set(pins.is_output.get() | pin);
        pins.data[pin as usize].set(pin);
    }
}

/// Sets the clock to 50 MHz. The PLL makes 200 MHz from the 8 MHz of the crystal, and the clock is a quarter of it
/// (data sheet, 5.3).
fn set_clock(control: &SystemControl) {
    let clock = &control.clock;
    clock.modify(Clock::BYPASSES_PLL::SET + Clock::DIVIDES::CLEAR);
    clock.modify(Clock::MAIN_IS_OFF::CLEAR);
    // The crystal needs some milliseconds until it oscillates, and no register shows this. So the loop waits long
    // enough: the chip runs at 12 MHz in this time, and each turn of the loop takes several cycles.
    for _ in 0..PATIENCE {
        let _ = clock.get();
    }
    clock.modify(Clock::CRYSTAL::MHZ_8 + Clock::SOURCE::MAIN + Clock::PLL_IS_OFF::CLEAR);
    clock.modify(Clock::DIVISOR_LESS_ONE.val(3) + Clock::DIVIDES::SET);
    for _ in 0..PATIENCE {
        if control.raw_interrupt.is_set(RawInterrupt::PLL_IS_LOCKED) {
            break;
        }
    }
    clock.modify(Clock::BYPASSES_PLL::CLEAR);
}

/// Returns the registers of the GPIO port at the address `start`. The chip must have a port at this address.
pub(crate) fn pins(start: usize) -> &'static Pins {
    let pointer = core::ptr::with_exposed_provenance::<Pins>(start);
    // SAFETY: these are device registers: they are aligned, no Rust object lies there, and any value may be read from
    // them and written to them. The MPU stops a process that does not own them at the access, without an effect on
    // memory.
    unsafe { &*pointer }
}

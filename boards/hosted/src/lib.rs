// SPDX-License-Identifier: MIT OR Apache-2.0
//! A board that is a Linux program. Firmware for this board runs on a laptop.
//!
//! The board has the devices of a development board, with the same traits: serial lines ([`Uart`]), which options of
//! the program connect to the terminal, files or sockets; timers ([`Timer`]); and lamps ([`Lamp`]), which the terminal
//! shows. It also has a watchdog ([`Watchdog`]), a flash in a file ([`Flash`]), an Ethernet controller ([`Ethernet`]),
//! a real-time clock ([`Rtc`]), a random number generator ([`Trng`]), a PWM generator ([`Pwm`]), a converter ([`Adc`])
//! that measures the outputs of this generator, and an I2C bus ([`I2c`]) with simulated chips. A firmware says `use
//! board::...` and depends on this crate under that name for Linux, and on the crate of a real board for a
//! microcontroller:
//!
//! ```toml
//! [target.'cfg(target_os = "none")'.dependencies]
//! board = { package = "crossgate-mps2-an385", version = "0.1" }
//!
//! [target.'cfg(target_os = "linux")'.dependencies]
//! board = { package = "crossgate-hosted-board", version = "0.1" }
//! ```

mod adc;
mod ethernet;
mod flash;
mod i2c;
mod lamp;
mod pwm;
mod rtc;
mod timer;
mod trng;
mod uart;
mod watchdog;

board_contract::check!();

pub use adc::Adc;
pub use ethernet::Ethernet;
pub use flash::{Flash, FlashError};
pub use i2c::I2c;
pub use lamp::Lamp;
pub use pwm::Pwm;
pub use rtc::{NoCalendar, Rtc};
pub use timer::Timer;
pub use trng::Trng;
pub use uart::Uart;
pub use watchdog::Watchdog;

#[doc(hidden)]
pub use crossgate_hosted as port;

use crossgate::Mmio;
use crossgate::arch::system_call;
use crossgate_abi::number::hosted::{DEVICE_READ, DEVICE_WRITE};
use crossgate_abi::{Word, hosted};

/// Makes a wiring into a program. See [`crossgate_hosted::start`].
#[macro_export]
macro_rules! start {
    ($system:path) => {
        $crate::port::start!($system);
    };
}

/// The frequency of the timers, in Hz.
pub const CLOCK_HZ: u32 = 1_000_000;

/// The first serial line, by default the standard output.
pub const UART0: Mmio = hosted::serial::MMIO[0];
/// The second serial line, by default the standard input.
pub const UART1: Mmio = hosted::serial::MMIO[1];
/// The third serial line, by default connected to nothing.
pub const UART2: Mmio = hosted::serial::MMIO[2];

/// The first timer.
pub const TIMER0: Mmio = hosted::timer::MMIO[0];
/// The second timer.
pub const TIMER1: Mmio = hosted::timer::MMIO[1];

/// The lamps.
pub const LAMPS: Mmio = hosted::lamps::MMIO;

/// The watchdog.
pub const WATCHDOG: Mmio = hosted::watchdog::MMIO;

/// The PWM generator.
pub const PWM: Mmio = hosted::pwm::MMIO;
/// The analogue to digital converter.
pub const ADC: Mmio = hosted::adc::MMIO;

/// The true random number generator.
pub const TRNG: Mmio = hosted::trng::MMIO;

/// The real-time clock.
pub const RTC: Mmio = hosted::rtc::MMIO;
/// The flash.
pub const FLASH: Mmio = hosted::flash::MMIO;

/// The controller of the I2C bus.
pub const I2C0: Mmio = hosted::i2c::MMIO;

/// The Ethernet controller.
pub const ETHERNET: Mmio = hosted::ethernet::MMIO;

/// The numbers of the interrupts.
pub mod interrupt {
    use crossgate_abi::hosted;

    /// A byte has arrived at [`UART0`](super::UART0).
    pub const UART0_RX: u16 = hosted::serial::INTERRUPTS[0];
    /// A byte has arrived at [`UART1`](super::UART1).
    pub const UART1_RX: u16 = hosted::serial::INTERRUPTS[1];
    /// A byte has arrived at [`UART2`](super::UART2).
    pub const UART2_RX: u16 = hosted::serial::INTERRUPTS[2];
    /// [`TIMER0`](super::TIMER0) has expired.
    pub const TIMER0: u16 = hosted::timer::INTERRUPTS[0];
    /// [`TIMER1`](super::TIMER1) has expired.
    pub const TIMER1: u16 = hosted::timer::INTERRUPTS[1];
    /// A frame has arrived at [`ETHERNET`](super::ETHERNET).
    pub const ETHERNET: u16 = hosted::ethernet::INTERRUPT_LINE;
}

/// The registers of a device. An access to registers that the process does not own is a fault.
#[derive(Debug)]
struct Registers {
    mmio: Word,
}

impl Registers {
    /// Returns the registers of the device in `mmio`, which has to be one of `devices`.
    #[track_caller]
    const fn of(mmio: Mmio, devices: &[Mmio], otherwise: &str) -> Registers {
        let mut index = 0;
        while index < devices.len() {
            if devices[index].start == mmio.start {
                return Registers { mmio: mmio.start };
            }
            index += 1;
        }
        panic!("{}", otherwise)
    }

    fn read(&self, register: Word) -> Word {
        system_call(DEVICE_READ, [self.mmio, register]).words[0]
    }

    fn write(&self, register: Word, value: Word) {
        system_call(DEVICE_WRITE, [self.mmio, register, value]);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! STEP 4: the drivers. Each constructor is a `const fn` that refuses the registers of other devices.

use crate::{CLOCK_HZ, UART0, UART1, UART2};
use core::convert::Infallible;
use crossgate_abi::table::Mmio;
use embedded_io::{ErrorType, Read, ReadReady, Write};
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::{ReadOnly, ReadWrite};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    Registers {
        (0x00 => state: ReadOnly<u32, State::Register>),
        (0x04 => data: ReadWrite<u32>),
        (0x08 => divisor: ReadWrite<u32>),
        (0x0c => control: ReadWrite<u32, Control::Register>),
        (0x10 => @END),
    }
}

register_bitfields![u32,
    State [
        HAS_RECEIVED OFFSET(0) NUMBITS(1) [],
        CAN_SEND OFFSET(1) NUMBITS(1) [],
    ],
    Control [
        ENABLE OFFSET(0) NUMBITS(1) [],
        RECEIVE_INTERRUPT OFFSET(1) NUMBITS(1) [],
    ],
];

/// Driver of a serial line, for the process that owns its registers.
#[derive(Debug)]
pub struct Uart {
    mmio: Mmio,
    divisor: u32,
    receive_interrupt: bool,
    ready: bool,
}

impl Uart {
    /// Creates the driver of the UART in `mmio`, at `baud` bits a second.
    ///
    /// # Panics
    /// If `mmio` is none of the board's UARTs, or `baud` is 0 or more than the clock has ticks. In a constant or in the
    /// wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, baud: u32) -> Uart {
        let start = mmio.start;
        let is_uart = start == UART0.start || start == UART1.start || start == UART2.start;
        assert!(is_uart, "there is no UART at these registers");
        assert!(baud > 0 && baud <= CLOCK_HZ, "the UART has no such rate");
        Uart { mmio, divisor: CLOCK_HZ / baud, receive_interrupt: false, ready: false }
    }

    /// Raises the receive interrupt for every byte that arrives. Reading clears it.
    #[must_use]
    pub const fn with_receive_interrupt(self) -> Uart {
        Uart { receive_interrupt: true, ..self }
    }

    /// Sets the device up, without a transfer of a byte. The first read or write also sets it up.
    pub fn enable(&mut self) {
        self.registers();
    }

    /// Sends a byte. It sets the device up if necessary. If the device accepts no byte for some time, the byte is lost.
    pub(crate) fn tell(&self, byte: u8) {
        const PATIENCE: u32 = 10_000;
        let registers = crate::registers::<Registers>(self.mmio);
        registers.divisor.set(self.divisor);
        registers.control.write(Control::ENABLE::SET);
        let _ = (0..PATIENCE).find(|_| registers.state.is_set(State::CAN_SEND));
        registers.data.set(byte.into());
    }

    fn registers(&mut self) -> &'static Registers {
        let registers = crate::registers::<Registers>(self.mmio);
        if !self.ready {
            self.ready = true;
            registers.divisor.set(self.divisor);
            let interrupt = Control::RECEIVE_INTERRUPT.val(self.receive_interrupt.into());
            registers.control.write(Control::ENABLE::SET + interrupt);
        }
        registers
    }
}

impl ErrorType for Uart {
    type Error = Infallible;
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let registers = self.registers();
        for &byte in bytes {
            while !registers.state.is_set(State::CAN_SEND) {}
            registers.data.set(byte.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        while !self.registers().state.is_set(State::CAN_SEND) {}
        Ok(())
    }
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.registers().state.is_set(State::HAS_RECEIVED))
    }
}

impl Read for Uart {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = bytes.first_mut() else { return Ok(0) };
        let registers = self.registers();
        while !registers.state.is_set(State::HAS_RECEIVED) {}
        // If the device's interrupt has to be cleared, clear it before the byte is read, so that a byte that arrives
        // later raises it again.
        *first = registers.data.get() as u8;
        Ok(1)
    }
}

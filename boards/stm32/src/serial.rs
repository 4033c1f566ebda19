// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two kinds of registers of a serial line (USART), with their offsets and bits: the old ones of the STM32F4, and
//! those of all families that are newer.

use crate::registers::Device;
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};
use tock_registers::registers::{ReadOnly, ReadWrite, WriteOnly};
use tock_registers::{register_bitfields, register_structs};

/// The registers of a serial line.
pub trait SerialLine: Device + 'static {
    /// Sets the device up, whatever its state is.
    fn set_up(&self, divisor: u32, receive_interrupt: bool);

    /// Sets the device up as far as it is necessary to send. If it has a divisor, it keeps this divisor.
    fn set_up_to_send(&self, divisor: u32);

    /// Returns the divisor.
    fn divisor(&self) -> u32;

    /// Changes the divisor of a device that is set up to send.
    fn set_divisor(&self, divisor: u32);

    /// Returns whether the device accepts a byte.
    fn can_send(&self) -> bool;

    /// Sends a byte, which the device accepts.
    fn send(&self, byte: u8);

    /// Returns whether all bytes are sent, to the last bit.
    fn has_sent(&self) -> bool;

    /// Returns whether a byte has arrived. If the device has dropped a byte, this clears the interrupt of that.
    fn has_received(&self) -> bool;

    /// Returns the byte that has arrived. This also clears the interrupt.
    fn receive(&self) -> u8;
}

/// The smallest and the largest divisor of the clock: 12 bits, and 4 bits of a fraction that count 16ths (RM0090,
/// 30.3.4; RM0440, "USART baud rate generation", with an oversampling of 16).
pub const LEAST: u32 = 16;
pub const MOST: u32 = 0xffff;

register_structs! {
    /// A serial line of an STM32F4 (RM0090, 30.6).
    pub OldUsart {
        (0x00 => pub state: ReadOnly<u32, State::Register>),
        (0x04 => pub data: ReadWrite<u32>),
        (0x08 => pub divisor: ReadWrite<u32>),
        (0x0c => pub control: ReadWrite<u32, OldControl::Register>),
        (0x10 => @END),
    },
    /// A serial line of a newer family (RM0440, RM0433 and RM0456, "USART registers").
    pub Usart {
        (0x00 => pub control: ReadWrite<u32, Control::Register>),
        (0x04 => _0),
        (0x0c => pub divisor: ReadWrite<u32>),
        (0x10 => _1),
        (0x1c => pub state: ReadOnly<u32, State::Register>),
        /// A 1 clears a bit of the state.
        (0x20 => pub clear: WriteOnly<u32, State::Register>),
        (0x24 => pub received: ReadOnly<u32>),
        (0x28 => pub sent: WriteOnly<u32>),
        (0x2c => @END),
    }
}

register_bitfields![u32,
    // The state has the same bits in all families.
    pub State [
        OVERRUN OFFSET(3) NUMBITS(1) [],
        RECEIVED OFFSET(5) NUMBITS(1) [],
        SENT OFFSET(6) NUMBITS(1) [],
        CAN_SEND OFFSET(7) NUMBITS(1) [],
    ],
    pub OldControl [
        RECEIVE OFFSET(2) NUMBITS(1) [],
        SEND OFFSET(3) NUMBITS(1) [],
        RECEIVE_INTERRUPT OFFSET(5) NUMBITS(1) [],
        ENABLE OFFSET(13) NUMBITS(1) [],
    ],
    pub Control [
        ENABLE OFFSET(0) NUMBITS(1) [],
        RECEIVE OFFSET(2) NUMBITS(1) [],
        SEND OFFSET(3) NUMBITS(1) [],
        RECEIVE_INTERRUPT OFFSET(5) NUMBITS(1) [],
    ],
];

impl Device for OldUsart {}
impl Device for Usart {}

impl SerialLine for OldUsart {
    fn set_up(&self, divisor: u32, receive_interrupt: bool) {
        self.control.set(0);
        self.divisor.set(divisor);
        self.control.write(
            OldControl::ENABLE::SET
                + OldControl::SEND::SET
                + OldControl::RECEIVE::SET
                + OldControl::RECEIVE_INTERRUPT.val(receive_interrupt.into()),
        );
    }

    fn set_up_to_send(&self, divisor: u32) {
        if self.divisor.get() < LEAST {
            self.divisor.set(divisor);
        }
        self.control.modify(OldControl::ENABLE::SET + OldControl::SEND::SET);
    }

    fn divisor(&self) -> u32 {
        self.divisor.get()
    }

    fn set_divisor(&self, divisor: u32) {
        self.divisor.set(divisor);
    }

    fn can_send(&self) -> bool {
        self.state.is_set(State::CAN_SEND)
    }

    fn send(&self, byte: u8) {
        self.data.set(u32::from(byte));
    }

    fn has_sent(&self) -> bool {
        self.state.is_set(State::SENT)
    }

    // If the device has dropped a byte, it interrupts even after all others are read, until the data is read once more
    // (RM0090, 30.6.1). So this reads the data then. (A byte that arrives at this moment is lost, as the one before.)
    fn has_received(&self) -> bool {
        let state = self.state.extract();
        let has_received = state.is_set(State::RECEIVED);
        if !has_received && state.is_set(State::OVERRUN) {
            self.data.get();
        }
        has_received
    }

    fn receive(&self) -> u8 {
        self.data.get() as u8
    }
}

impl SerialLine for Usart {
    // The divisor can only be written while the device is off.
    fn set_up(&self, divisor: u32, receive_interrupt: bool) {
        self.control.set(0);
        self.divisor.set(divisor);
        self.control.write(
            Control::ENABLE::SET
                + Control::SEND::SET
                + Control::RECEIVE::SET
                + Control::RECEIVE_INTERRUPT.val(receive_interrupt.into()),
        );
    }

    fn set_up_to_send(&self, divisor: u32) {
        if self.divisor.get() < LEAST {
            self.control.set(0);
            self.divisor.set(divisor);
        }
        self.control.modify(Control::ENABLE::SET + Control::SEND::SET);
    }

    fn divisor(&self) -> u32 {
        self.divisor.get()
    }

    fn set_divisor(&self, divisor: u32) {
        self.control.set(0);
        self.divisor.set(divisor);
        self.control.write(Control::ENABLE::SET + Control::SEND::SET);
    }

    fn can_send(&self) -> bool {
        self.state.is_set(State::CAN_SEND)
    }

    fn send(&self, byte: u8) {
        self.sent.set(u32::from(byte));
    }

    fn has_sent(&self) -> bool {
        self.state.is_set(State::SENT)
    }

    // Until it is cleared, a dropped byte interrupts like a byte that has arrived.
    fn has_received(&self) -> bool {
        let state = self.state.extract();
        if state.is_set(State::OVERRUN) {
            self.clear.write(State::OVERRUN::SET);
        }
        state.is_set(State::RECEIVED)
    }

    fn receive(&self) -> u8 {
        self.received.get() as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::zeroed;

    /// Returns a line of a newer family whose registers are in memory, with this state.
    fn line(state: u32) -> Usart {
        let mut words = [0_u32; 11];
        words[7] = state;
        // SAFETY: registers are words, and a word has any value.
        unsafe { core::mem::transmute(words) }
    }

    #[test]
    fn an_old_line_is_set_up_as_the_manual_says() {
        // SAFETY: registers are words, and zero is one of their values.
        let line: OldUsart = unsafe { zeroed() };
        line.set_up(729, false);
        assert_eq!((line.divisor.get(), line.control.get()), (729, 0x200c));
        line.set_up(365, true);
        assert_eq!((line.divisor.get(), line.control.get()), (365, 0x202c));
    }

    #[test]
    fn a_newer_line_is_set_up_as_the_manual_says() {
        let line = line(0);
        line.set_up(1476, false);
        assert_eq!((line.divisor.get(), line.control.get()), (1476, 0xd));
        line.set_up(868, true);
        assert_eq!((line.divisor.get(), line.control.get()), (868, 0x2d));
    }

    #[test]
    fn the_last_words_keep_the_rate_of_a_process() {
        // SAFETY: as above.
        let (old, new): (OldUsart, Usart) = unsafe { (zeroed(), zeroed()) };
        old.set_up_to_send(729);
        new.set_up_to_send(1476);
        assert_eq!((old.divisor.get(), old.control.get()), (729, 0x2008));
        assert_eq!((new.divisor.get(), new.control.get()), (1476, 0x9));
        old.set_up_to_send(1);
        new.set_up_to_send(1);
        assert_eq!((old.divisor.get(), new.divisor.get()), (729, 1476));
    }

    #[test]
    fn the_divisor_of_a_line_that_sends_can_change() {
        // SAFETY: as above.
        let (old, new): (OldUsart, Usart) = unsafe { (zeroed(), zeroed()) };
        old.set_up_to_send(729);
        new.set_up_to_send(1476);
        old.set_divisor(69);
        new.set_divisor(139);
        assert_eq!((old.divisor(), old.control.get()), (69, 0x2008));
        assert_eq!((new.divisor(), new.control.get()), (139, 0x9));
    }

    #[test]
    fn a_byte_has_arrived_if_its_bit_is_set() {
        let cleared = |line: &Usart| {
            let at = (&raw const line.clear).cast::<u32>();
            // SAFETY: it is a word of memory.
            unsafe { at.read_volatile() }
        };
        for (state, has_received, clear) in [
            (0, false, 0),
            (1 << 5, true, 0),
            (1 << 3, false, 1 << 3),
            (1 << 5 | 1 << 3, true, 1 << 3),
        ] {
            let line = line(state);
            assert_eq!(line.has_received(), has_received, "{state:x}");
            assert_eq!(cleared(&line), clear, "{state:x}");
        }
        assert!(line(1 << 7).can_send() && !line(!(1 << 7)).can_send());
        assert!(line(1 << 6).has_sent() && !line(!(1 << 6)).has_sent());
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::ETHERNET;
use crossgate_abi::table::Mmio;
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;
use tock_registers::interfaces::{Readable, Writeable};
use tock_registers::registers::{ReadOnly, ReadWrite, WriteOnly};
use tock_registers::{register_bitfields, register_structs};

register_structs! {
    /// The registers of an SMSC LAN9118 (its data sheet, chapter 5).
    Registers {
        (0x00 => received: ReadOnly<u32>),
        (0x04 => _reserved0),
        (0x20 => send: WriteOnly<u32>),
        (0x24 => _reserved1),
        (0x40 => received_status: ReadOnly<u32, ReceivedStatus::Register>),
        (0x44 => _reserved2),
        (0x54 => interrupt_line: WriteOnly<u32, InterruptLine::Register>),
        (0x58 => interrupt_status: ReadWrite<u32, Interrupt::Register>),
        (0x5c => interrupt_enable: WriteOnly<u32, Interrupt::Register>),
        (0x60 => _reserved3),
        (0x64 => byte_test: ReadOnly<u32>),
        (0x68 => fifo_interrupt: WriteOnly<u32, FifoInterrupt::Register>),
        (0x6c => _reserved4),
        (0x70 => send_configuration: WriteOnly<u32, SendConfiguration::Register>),
        (0x74 => hardware: ReadWrite<u32, Hardware::Register>),
        (0x78 => _reserved5),
        (0x7c => received_count: ReadOnly<u32, ReceivedCount::Register>),
        (0x80 => send_room: ReadOnly<u32, SendRoom::Register>),
        (0x84 => _reserved6),
        (0xa4 => mac_command: ReadWrite<u32, MacCommand::Register>),
        (0xa8 => mac_data: ReadWrite<u32>),
        (0xac => @END),
    }
}

register_bitfields![u32,
    ReceivedStatus [
        ERROR OFFSET(15) NUMBITS(1) [],
        // The length of the frame, including its check sequence.
        LENGTH OFFSET(16) NUMBITS(14) [],
    ],
    InterruptLine [
        PUSH_PULL OFFSET(0) NUMBITS(1) [],
        ACTIVE_HIGH OFFSET(4) NUMBITS(1) [],
        ENABLE OFFSET(8) NUMBITS(1) [],
    ],
    // To clear a bit of the status, write a 1 to it.
    Interrupt [
        RECEIVED OFFSET(3) NUMBITS(1) [],
    ],
    FifoInterrupt [
        RECEIVED_LEVEL OFFSET(0) NUMBITS(8) [],
    ],
    SendConfiguration [
        ON OFFSET(1) NUMBITS(1) [],
        STATUS_MAY_BE_LOST OFFSET(2) NUMBITS(1) [],
    ],
    Hardware [
        RESET OFFSET(0) NUMBITS(1) [],
        SEND_KILOBYTES OFFSET(16) NUMBITS(4) [],
        ONE OFFSET(20) NUMBITS(1) [],
    ],
    ReceivedCount [
        FRAMES OFFSET(16) NUMBITS(8) [],
    ],
    SendRoom [
        BYTES OFFSET(0) NUMBITS(16) [],
    ],
    MacCommand [
        REGISTER OFFSET(0) NUMBITS(8) [
            CONTROL = 1,
            ADDRESS_HIGH = 2,
            ADDRESS_LOW = 3,
        ],
        BUSY OFFSET(31) NUMBITS(1) [],
    ],
    // A register of the MAC. The MAC is accessed by a command register and a data register.
    MacControl [
        RECEIVE OFFSET(2) NUMBITS(1) [],
        SEND OFFSET(3) NUMBITS(1) [],
        FULL_DUPLEX OFFSET(20) NUMBITS(1) [],
    ],
    // The two command words before a frame that is sent.
    CommandA [
        LENGTH OFFSET(0) NUMBITS(11) [],
        LAST OFFSET(12) NUMBITS(1) [],
        FIRST OFFSET(13) NUMBITS(1) [],
    ],
    CommandB [
        LENGTH OFFSET(0) NUMBITS(11) [],
    ],
];

/// The longest frame without its check sequence, and with it.
const FRAME: usize = 1514;
const CHECKED: usize = FRAME + 4;
/// The size of a buffer for a frame and its check sequence, rounded up to whole words.
const BUFFER: usize = CHECKED.next_multiple_of(4);
/// The room that a frame takes in the controller, including its two command words.
const ROOM: u32 = BUFFER as u32 + 8;
/// The value of the byte test register when the controller is ready.
const READY: u32 = 0x8765_4321;
/// The number of reads of a register during which the controller carries out any command. (A reset takes up to 100 µs.)
const PATIENCE: u32 = 1000;

/// Driver of the Ethernet controller (SMSC LAN9118), for the process that owns [`ETHERNET`]: a `Device` of `smoltcp`.
///
/// The first access resets the controller, because the process may have crashed in the middle of a frame. Frames that
/// the controller had received before are lost. From then on, received frames raise the interrupt until
/// [`receive`](Device::receive) finds no more frames.
///
/// A process that doesn't own the registers can also create a driver, but its first access to the device is a fault.
///
/// ```
/// use mps2_an385::{ETHERNET, Ethernet};
/// const PORT: Ethernet = Ethernet::new(ETHERNET, [2, 0, 0, 0, 0, 1]);
/// ```
#[derive(Debug)]
pub struct Ethernet {
    start: usize,
    address: [u8; 6],
    ready: bool,
    received: [u8; BUFFER],
    sent: [u8; BUFFER],
}

/// A frame that was received.
#[derive(Debug)]
pub struct ReceivedFrame<'a>(&'a [u8]);

/// Room for a frame in the controller.
#[derive(Debug)]
pub struct FreeFrame<'a> {
    start: usize,
    buffer: &'a mut [u8; BUFFER],
}

fn registers(start: usize) -> &'static Registers {
    let pointer = core::ptr::with_exposed_provenance::<Registers>(start);
    // SAFETY: `Ethernet::new` has checked that these are device registers: they are aligned, no Rust object lies there,
    // and any value may be read from them and written to them. The MPU decides about the access: a
    // process that doesn't own them is stopped at the access, without an effect on memory.
    unsafe { &*pointer }
}

impl Ethernet {
    /// Creates the driver of the controller in `mmio`. The controller receives broadcasts, and frames to this address.
    ///
    /// # Panics
    /// If `mmio` is not the board's Ethernet controller. In a constant or in the wiring, this is a compile error.
    #[must_use]
    pub const fn new(mmio: Mmio, address: [u8; 6]) -> Ethernet {
        assert!(mmio.start == ETHERNET.start, "there is no Ethernet controller at these registers");
        Ethernet {
            start: mmio.start,
            address,
            ready: false,
            received: [0; BUFFER],
            sent: [0; BUFFER],
        }
    }

    /// Returns the registers of the controller. The first call sets it up.
    fn registers(&mut self) -> &'static Registers {
        let registers = registers(self.start);
        if !self.ready {
            self.ready = true;
            set_up(registers, self.address);
        }
        registers
    }
}

fn set_up(registers: &Registers, [a, b, c, d, e, f]: [u8; 6]) {
    registers.hardware.write(Hardware::RESET::SET);
    for _ in 0..PATIENCE {
        if !registers.hardware.is_set(Hardware::RESET) && registers.byte_test.get() == READY {
            break;
        }
    }
    registers.hardware.write(Hardware::SEND_KILOBYTES.val(5) + Hardware::ONE::SET);
    set_mac(registers, MacCommand::REGISTER::ADDRESS_LOW, u32::from_le_bytes([a, b, c, d]));
    set_mac(registers, MacCommand::REGISTER::ADDRESS_HIGH, u32::from_le_bytes([e, f, 0, 0]));
    registers.fifo_interrupt.write(FifoInterrupt::RECEIVED_LEVEL.val(0));
    registers.interrupt_status.set(u32::MAX);
    registers.interrupt_enable.write(Interrupt::RECEIVED::SET);
    registers.interrupt_line.write(
        InterruptLine::PUSH_PULL::SET
            + InterruptLine::ACTIVE_HIGH::SET
            + InterruptLine::ENABLE::SET,
    );
    // The status of sent frames is not used.
    registers
        .send_configuration
        .write(SendConfiguration::ON::SET + SendConfiguration::STATUS_MAY_BE_LOST::SET);
    let control = MacControl::RECEIVE::SET + MacControl::SEND::SET + MacControl::FULL_DUPLEX::SET;
    set_mac(registers, MacCommand::REGISTER::CONTROL, control.value);
}

/// Writes a register of the MAC.
fn set_mac(
    registers: &Registers,
    register: tock_registers::fields::FieldValue<u32, MacCommand::Register>,
    value: u32,
) {
    registers.mac_data.set(value);
    registers.mac_command.write(MacCommand::BUSY::SET + register);
    for _ in 0..PATIENCE {
        if !registers.mac_command.is_set(MacCommand::BUSY) {
            break;
        }
    }
}

/// Takes the oldest frame out of the controller. Returns its length; `None` if the frame has an error or does not fit.
fn take(registers: &Registers, buffer: &mut [u8; BUFFER]) -> Option<usize> {
    let status = registers.received_status.extract();
    let length = status.read(ReceivedStatus::LENGTH) as usize;
    let mut places = buffer.chunks_exact_mut(4);
    for _ in 0..length.div_ceil(4) {
        let word = registers.received.get();
        if let Some(place) = places.next() {
            place.copy_from_slice(&word.to_le_bytes());
        }
    }
    let fits = (4..=CHECKED).contains(&length) && !status.is_set(ReceivedStatus::ERROR);
    fits.then(|| length - 4)
}

impl Device for Ethernet {
    type RxToken<'a> = ReceivedFrame<'a>;
    type TxToken<'a> = FreeFrame<'a>;

    fn receive(&mut self, _: Instant) -> Option<(ReceivedFrame<'_>, FreeFrame<'_>)> {
        let registers = self.registers();
        // A frame that arrives after this raises the interrupt again.
        registers.interrupt_status.write(Interrupt::RECEIVED::SET);
        while registers.received_count.read(ReceivedCount::FRAMES) > 0 {
            if let Some(length) = take(registers, &mut self.received) {
                let frame = ReceivedFrame(&self.received[..length]);
                return Some((frame, FreeFrame { start: self.start, buffer: &mut self.sent }));
            }
        }
        None
    }

    fn transmit(&mut self, _: Instant) -> Option<FreeFrame<'_>> {
        let has_room = self.registers().send_room.read(SendRoom::BYTES) >= ROOM;
        has_room.then_some(FreeFrame { start: self.start, buffer: &mut self.sent })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME;
        capabilities
    }
}

impl RxToken for ReceivedFrame<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, with: F) -> R {
        with(self.0)
    }
}

impl TxToken for FreeFrame<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, with: F) -> R {
        let frame = &mut self.buffer[..length];
        let result = with(frame);
        let registers = registers(self.start);
        let command =
            CommandA::FIRST::SET + CommandA::LAST::SET + CommandA::LENGTH.val(length as u32);
        registers.send.set(command.value);
        registers.send.set(CommandB::LENGTH.val(length as u32).value);
        let words = self.buffer[..length.next_multiple_of(4)].chunks_exact(4);
        for word in words {
            registers.send.set(word.try_into().map_or(0, u32::from_le_bytes));
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "no Ethernet controller at these registers")]
    fn other_devices_are_refused() {
        let _ = Ethernet::new(crate::UART0, [2, 0, 0, 0, 0, 1]);
    }
}

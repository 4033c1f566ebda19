// SPDX-License-Identifier: MIT OR Apache-2.0
//! System calls that only the hosted port has.

use crate::Word;
use crate::list::list;
use crate::signature::{Content, Operand, Right, Route, Signature};

system_calls! {
    /// The system calls that only the hosted port has, in a list of their own.
    pub enum HostedCall;

    /// Reports that an interrupt has arrived.
    INTERRUPT = 0x100: Interrupt() -> (), HostedPort, HostedPort;

    /// Waits for an interrupt, in the idle thread.
    IDLE = 0x101: Idle() -> (), HostedPort, HostedPort;

    /// Returns the address of the [`interface`](crate::table::Service::interface) function of a service if the gate is
    /// the first gate of the service, and 0 otherwise.
    INTERFACE = 0x102: InterfaceOf(gate: GATE) -> (function: ADDRESS), Everyone, HostedPort;

    /// Reads a register of a [device](crate::hosted). The address of the device's first register names the device.
    DEVICE_READ = 0x103: DeviceRead(mmio: ADDRESS, register: REGISTER) -> (value: ANY), DeviceOwner, HostedPort;

    /// Writes a register of a device.
    DEVICE_WRITE = 0x104: DeviceWrite(mmio: ADDRESS, register: REGISTER, value: ANY) -> (), DeviceOwner, HostedPort;

    /// Writes a byte to the standard error.
    SAY = 0x105: Say(byte: BYTE) -> (), Test, HostedPort;

    /// Ends the program with an exit status.
    END = 0x106: End(status: ANY) -> !, Test, HostedPort;

    /// Returns the address and the length of the name of a process. If there is no such process, the length is 0.
    NAME = 0x107: NameOf(process: PROCESS) -> (name: ADDRESS, length: LENGTH), Everyone, HostedPort;

    /// Returns the address of the [heap](crate::table::Heap) of the process that the thread is in; 0 if it
    /// has none.
    HEAP = 0x108: HeapOf() -> (heap: ADDRESS), Everyone, HostedPort;
}

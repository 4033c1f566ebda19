// SPDX-License-Identifier: MIT OR Apache-2.0
//! A serial line over USB. One process has the controller, and another one echoes all bytes. A host, which follows the
//! USB 2.0 specification, enumerates the device, configures the line, sends packets of all lengths, and gets each byte
//! back. The device answers an unknown request with a stall, and so does a halted endpoint. A client that does not read
//! stops only the host. After a crash of the process, the host sees a device that was unplugged, and enumerates it
//! again.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::sync::Mutex;
use crossgate::{Concurrent, Handle, Lease, LeaseBuf, LeaseMut, Notification, Signal, time};
use crossgate_abi::Cause;
use crossgate_bytes::{ByteReader, ByteWriter};
use crossgate_usb_serial::{Identity, UsbSerial};
use system_tests::report::{expect, expect_that, fail, pass};
use system_tests::usb_bus::{Bus, ENDPOINTS, IN, PACKET, Registers};
use system_tests::watch::Watch;
use usb_device::bus::UsbBusAllocator;

const MOMENT: Duration = Duration::from_micros(100);
/// The number of bytes of a round: more than the buffers on the way hold.
const MANY: usize = 1500;
/// The number of bytes that the host sends before it reads any.
const LAG: usize = 400;

/// A controller with its registers, and with a cable to a host. Like a real controller, it outlives the process of its
/// driver.
struct Controller {
    is_attached: bool,
    /// The number of times that the device was attached.
    attached: u32,
    address: u8,
    was_reset: bool,
    /// The endpoints with a packet from the host, and those with a packet that the host has taken, as bits.
    taken: u16,
    setup: bool,
    out: [End; ENDPOINTS],
    input: [End; ENDPOINTS],
}

#[derive(Clone, Copy)]
struct End {
    is_open: bool,
    is_stalled: bool,
    /// The length of the present packet.
    length: Option<usize>,
    packet: [u8; PACKET],
}

impl End {
    const CLOSED: End =
        End { is_open: false, is_stalled: false, length: None, packet: [0; PACKET] };
}

static CONTROLLER: Mutex<Controller> = Mutex::new(Controller {
    is_attached: false,
    attached: 0,
    address: 0,
    was_reset: false,
    taken: 0,
    setup: false,
    out: [End::CLOSED; ENDPOINTS],
    input: [End::CLOSED; ENDPOINTS],
});

impl Controller {
    fn end(&mut self, endpoint: u8) -> &mut End {
        let ends = if endpoint & IN != 0 { &mut self.input } else { &mut self.out };
        &mut ends[usize::from(endpoint & 0xf) % ENDPOINTS]
    }

    /// Closes all endpoints but those of control requests.
    fn close(&mut self) {
        (self.out, self.input) = ([End::CLOSED; ENDPOINTS], [End::CLOSED; ENDPOINTS]);
        (self.address, self.taken, self.setup) = (0, 0, false);
    }
}

/// The answer of a device to a packet (USB 2.0, 8.4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handshake {
    Ack,
    Nak,
    Stall,
    /// No device has this address.
    Silence,
}

/// The registers, for the process of the driver.
struct Port {
    interrupt: Signal,
}

impl Port {
    fn with<T>(act: impl FnOnce(&mut Controller) -> T) -> T {
        act(&mut CONTROLLER.lock())
    }
}

impl Registers for Port {
    fn attach(&self, is_attached: bool) {
        Port::with(|controller| {
            if is_attached && !controller.is_attached {
                controller.attached += 1;
                controller.close();
            }
            controller.is_attached = is_attached;
        });
    }
    fn open(&self, endpoint: u8) {
        Port::with(|controller| *controller.end(endpoint) = End { is_open: true, ..End::CLOSED });
    }
    fn set_address(&self, address: u8) {
        Port::with(|controller| controller.address = address);
    }
    fn write(&self, endpoint: u8, bytes: Lease<'_, [u8]>, length: u32) -> bool {
        Port::with(|controller| {
            let end = controller.end(endpoint | IN);
            if end.length.is_some() {
                return false;
            }
            bytes.copy_to(&mut end.packet);
            end.length = Some(length as usize);
            true
        })
    }
    fn read(&self, endpoint: u8, mut to: LeaseMut<'_, [u8]>) -> Option<u32> {
        Port::with(|controller| {
            if endpoint == 0 {
                controller.setup = false;
            }
            let end = controller.end(endpoint);
            let length = end.length.take()?;
            to.copy_from(&end.packet[..length]);
            Some(length as u32)
        })
    }
    fn stall(&self, endpoint: u8, is_stalled: bool) {
        Port::with(|controller| controller.end(endpoint).is_stalled = is_stalled);
    }
    fn is_stalled(&self, endpoint: u8) -> bool {
        Port::with(|controller| controller.end(endpoint).is_stalled)
    }
    fn events(&self) -> (u32, u32) {
        let (events, is_more) = Port::with(|controller| {
            if core::mem::take(&mut controller.was_reset) {
                return ((1 << 17, 0), true);
            }
            let mut full = 0;
            for (number, end) in controller.out.iter().enumerate() {
                full |= u32::from(end.length.is_some()) << number;
            }
            if controller.setup {
                full = full & !1 | 1 << 16;
            }
            ((full, core::mem::take(&mut controller.taken).into()), false)
        });
        if is_more {
            // The line stays asserted.
            let _ = self.interrupt.signal();
        }
        events
    }
}

crossgate::system! {
    static SYSTEM;
    process usb {
        notification WORK;
        notification ARRIVED;
        notification DROPPED;
        notification TAKEN;
        notification FREED;
        notification BREAK;
        object serial (stack = 1024): Concurrent<UsbSerial<256>> =
            UsbSerial::new(WORK, [ARRIVED, DROPPED], [TAKEN, FREED]) =>
            [BYTES_IN: dyn ByteReader, BYTES_OUT: dyn ByteWriter];
        thread main (priority = 20, stack = 12288) = drive(&serial, REGISTERS);
        thread other (priority = 21, stack = 1024) = break_down(BREAK);
    }
    process echo {
        notification READ;
        thread main (priority = 3, stack = 4096) = echo(BYTES_IN, BYTES_OUT, READ);
    }
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        object registers (stack = 768): Concurrent<Port> = Port { interrupt: WORK } => [REGISTERS: dyn Registers];
        thread main (priority = 9, stack = 6144) = host(FAULTED, WORK, READ, BREAK);
    }
}
board::start!(SYSTEM);

fn drive(serial: &UsbSerial<256>, registers: Handle<dyn Registers>) -> ! {
    // The controller may still be connected to the bus.
    expect("detach", registers.attach(false), Ok(()));
    time::sleep(Duration::from_millis(10));
    let strings = ["Crossgate", "A serial line", "17"];
    let identity = Identity { vendor: 0x1209, product: 1, strings };
    serial.run(UsbBusAllocator::new(Bus::new(registers)), &identity)
}

fn break_down(now: Notification) -> ! {
    now.wait();
    panic!("the process of the driver crashes")
}

/// Sends back all bytes that it reads, as soon as it may begin.
fn echo(from: Handle<dyn ByteReader>, to: Handle<dyn ByteWriter>, read: Notification) -> ! {
    read.wait();
    loop {
        let mut buffer = LeaseBuf::<64>::new();
        let Ok(Ok(count)) = from.read(&mut buffer) else {
            // The driver has crashed.
            time::sleep(Duration::from_millis(1));
            continue;
        };
        let mut rest = &buffer[..count as usize];
        while !rest.is_empty() {
            let mut copy = LeaseBuf::<64>::new();
            copy[..rest.len()].copy_from_slice(rest);
            let Ok(Ok(count)) = to.write(copy.first(rest.len())) else { break };
            rest = &rest[count as usize..];
        }
    }
}

/// A host with one port.
struct Host {
    interrupt: Signal,
    /// The address that the host gave to the device.
    address: u8,
    /// The endpoints for bytes.
    out: u8,
    input: u8,
}

impl Host {
    fn packet<T>(
        &self,
        act: impl FnOnce(&mut Controller) -> (Handshake, T),
        silence: T,
    ) -> (Handshake, T) {
        let (handshake, result) = {
            let mut controller = CONTROLLER.lock();
            if controller.is_attached && controller.address == self.address {
                act(&mut controller)
            } else {
                (Handshake::Silence, silence)
            }
        };
        if handshake == Handshake::Ack {
            expect("interrupt", self.interrupt.signal(), Ok(()));
        }
        (handshake, result)
    }

    /// Makes a transaction with a SETUP packet, which a device always accepts (8.5.3).
    fn setup(&self, request: [u8; 8]) -> Handshake {
        let setup = |controller: &mut Controller| {
            let (out, input) = (controller.out[0], controller.input[0]);
            if !out.is_open {
                return (Handshake::Silence, ());
            }
            controller.input[0] = End { length: None, is_stalled: false, ..input };
            let end = &mut controller.out[0];
            (end.length, end.is_stalled) = (Some(8), false);
            end.packet[..8].copy_from_slice(&request);
            controller.setup = true;
            controller.taken &= !1;
            (Handshake::Ack, ())
        };
        self.packet(setup, ()).0
    }

    fn send(&self, endpoint: u8, bytes: &[u8]) -> Handshake {
        let send = |controller: &mut Controller| {
            let is_busy = controller.setup && endpoint == 0;
            let end = controller.end(endpoint);
            let handshake = match () {
                () if !end.is_open => Handshake::Silence,
                () if end.is_stalled => Handshake::Stall,
                () if end.length.is_some() || is_busy => Handshake::Nak,
                () => Handshake::Ack,
            };
            if handshake == Handshake::Ack {
                end.length = Some(bytes.len());
                end.packet[..bytes.len()].copy_from_slice(bytes);
            }
            (handshake, ())
        };
        self.packet(send, ()).0
    }

    fn receive(&self, endpoint: u8, to: &mut [u8]) -> (Handshake, usize) {
        let receive = |controller: &mut Controller| {
            let is_busy = controller.setup && endpoint & 0xf == 0;
            let end = controller.end(endpoint | IN);
            match end.length {
                _ if !end.is_open => (Handshake::Silence, 0),
                _ if end.is_stalled => (Handshake::Stall, 0),
                Some(length) if !is_busy => {
                    expect_that("the packet is not too long", length <= to.len());
                    to[..length].copy_from_slice(&end.packet[..length]);
                    end.length = None;
                    controller.taken |= 1 << (endpoint & 0xf);
                    (Handshake::Ack, length)
                }
                _ => (Handshake::Nak, 0),
            }
        };
        self.packet(receive, 0)
    }

    /// Repeats a transaction while the device is not ready, but not for ever.
    fn patient<T>(&self, mut transaction: impl FnMut() -> (Handshake, T)) -> (Handshake, T) {
        for _ in 0..500 {
            let result = transaction();
            if result.0 != Handshake::Nak {
                return result;
            }
            time::sleep(MOMENT);
        }
        fail(format_args!("the device is never ready"))
    }

    /// Makes a request with data from the device (8.5.3). Returns the length of the data.
    fn read(&self, request: [u8; 8], to: &mut [u8]) -> Result<usize, Handshake> {
        match self.setup(request) {
            Handshake::Ack => {}
            other => return Err(other),
        }
        let asked = usize::from(u16::from_le_bytes([request[6], request[7]]));
        let mut length = 0;
        while length < asked {
            let mut packet = [0; PACKET];
            let (handshake, count) = self.patient(|| self.receive(0, &mut packet));
            if handshake != Handshake::Ack {
                return Err(handshake);
            }
            to[length..][..count].copy_from_slice(&packet[..count]);
            length += count;
            if count < 8 || !count.is_multiple_of(8) {
                break;
            }
        }
        match self.patient(|| (self.send(0, &[]), ())).0 {
            Handshake::Ack => Ok(length),
            other => Err(other),
        }
    }

    /// Makes a request with data for the device, or without data.
    fn write(&self, request: [u8; 8], bytes: &[u8]) -> Result<(), Handshake> {
        match self.setup(request) {
            Handshake::Ack => {}
            other => return Err(other),
        }
        if !bytes.is_empty() {
            match self.patient(|| (self.send(0, bytes), ())).0 {
                Handshake::Ack => {}
                other => return Err(other),
            }
        }
        match self.patient(|| self.receive(0, &mut [])) {
            (Handshake::Ack, 0) => Ok(()),
            (other, _) => Err(other),
        }
    }

    /// Waits until a device is plugged in for this time, and sets it up (9.1.2).
    fn enumerate(&mut self, times: u32) {
        let is_there = || {
            let controller = CONTROLLER.lock();
            controller.is_attached && controller.attached == times
        };
        let begin = time::now();
        while !is_there() {
            expect_that(
                "the device is plugged in",
                time::now() - begin < Duration::from_millis(500),
            );
            time::sleep(MOMENT);
        }
        self.reset();
        let mut bytes = [0; 256];
        expect("a device", self.read([0x80, 6, 0, 1, 0, 0, 8, 0], &mut bytes), Ok(8));
        expect("its packets", bytes[7], 8);
        self.reset();
        expect("an address", self.write([0, 5, 5, 0, 0, 0, 0, 0], &[]), Ok(()));
        time::sleep(Duration::from_millis(2));
        let nobody = self.read([0x80, 6, 0, 1, 0, 0, 18, 0], &mut bytes);
        expect("no device has the address 0", nobody, Err(Handshake::Silence));
        self.address = 5;
        expect("a device", self.read([0x80, 6, 0, 1, 0, 0, 18, 0], &mut bytes), Ok(18));
        expect("USB 2.1, a communications device", &bytes[2..6], [0x10, 0x02, 2, 0].as_slice());
        expect("maker and product", &bytes[8..12], [0x09, 0x12, 1, 0].as_slice());
        let name = bytes[15];
        let length = self.read([0x80, 6, name, 3, 0x09, 4, 255, 0], &mut bytes);
        expect("a name", length, Ok(2 + 2 * 13));
        let is_it = bytes[2..28].chunks(2).map(|pair| pair[0]).eq(*b"A serial line");
        expect_that("its name", is_it);
        let unknown = self.read([0x80, 6, 0, 0x7f, 0, 0, 8, 0], &mut bytes);
        expect("an unknown request", unknown, Err(Handshake::Stall));
        expect("a configuration", self.read([0x80, 6, 0, 2, 0, 0, 9, 0], &mut bytes), Ok(9));
        let total = usize::from(u16::from_le_bytes([bytes[2], bytes[3]]));
        let all = self.read([0x80, 6, 0, 2, 0, 0, total as u8, 0], &mut bytes);
        expect("all of the descriptor", all, Ok(total));
        (self.out, self.input) = bulk_endpoints(&bytes[..total]);
        expect("configured", self.write([0, 9, 1, 0, 0, 0, 0, 0], &[]), Ok(()));
        // 115,200 bits a second, one stop bit, no parity, 8 bits (CDC PSTN, 6.3.10).
        let coding = [0x00, 0xc2, 0x01, 0x00, 0, 0, 8];
        expect("a line", self.write([0x21, 0x20, 0, 0, 0, 0, 7, 0], &coding), Ok(()));
        expect("the line", self.read([0xa1, 0x21, 0, 0, 0, 0, 7, 0], &mut bytes), Ok(7));
        expect("the configuration of the line", &bytes[..7], coding.as_slice());
        expect("ready", self.write([0x21, 0x22, 3, 0, 0, 0, 0, 0], &[]), Ok(()));
    }

    fn reset(&mut self) {
        {
            let mut controller = CONTROLLER.lock();
            controller.close();
            controller.was_reset = true;
        }
        self.address = 0;
        expect("interrupt", self.interrupt.signal(), Ok(()));
        // Recovery from a reset (7.1.7.5).
        time::sleep(Duration::from_millis(10));
    }

    /// Sends this number of bytes in packets of this length. Reads them back, some of them later.
    fn talk(&self, many: usize, length: usize) {
        let byte = |place: usize| (place * 5 + length) as u8;
        let (mut sent, mut back) = (0, 0);
        for _ in 0..20_000 {
            let mut packet = [0; PACKET];
            if sent < many {
                let count = length.min(many - sent);
                (0..count).for_each(|index| packet[index] = byte(sent + index));
                match self.send(self.out, &packet[..count]) {
                    Handshake::Ack => sent += count,
                    other => {
                        expect("not yet", other, Handshake::Nak);
                        time::sleep(MOMENT);
                    }
                }
            }
            if sent < many && sent - back < LAG {
                continue;
            }
            let (handshake, count) = self.receive(self.input, &mut packet);
            expect_that("a stream", matches!(handshake, Handshake::Ack | Handshake::Nak));
            for &read in &packet[..count] {
                expect("the same byte", read, byte(back));
                back += 1;
            }
            if back == many {
                return;
            }
            time::sleep(MOMENT);
        }
        fail(format_args!("{back} bytes of {many} have come back"))
    }
}

/// Returns the two endpoints for bytes in a configuration. They belong to the interface of class "data".
fn bulk_endpoints(mut configuration: &[u8]) -> (u8, u8) {
    let (mut class, mut out, mut input) = (0, 0, 0);
    while let [length, kind, rest @ ..] = configuration {
        match (*kind, class) {
            (4, _) => class = rest[3],
            (5, 0x0a) if rest[0] & IN != 0 => input = rest[0],
            (5, 0x0a) => out = rest[0],
            _ => {}
        }
        configuration = &configuration[usize::from(*length)..];
    }
    expect_that("a pair of endpoints", out != 0 && input != 0);
    (out, input)
}

fn host(faulted: Notification, interrupt: Signal, read: Signal, breaks: Signal) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let mut host = Host { interrupt, address: 0, out: 0, input: 0 };
    host.enumerate(1);
    // The client does not read. The device takes as many bytes as it has room for, and still answers requests.
    let mut taken = 0;
    for _ in 0..100 {
        if host.send(host.out, &[b'x'; PACKET]) == Handshake::Ack {
            taken += PACKET;
        }
        time::sleep(MOMENT);
    }
    expect_that("its buffers", (256..=512).contains(&taken));
    let mut status = [0; 2];
    expect("its status", host.read([0x80, 0, 0, 0, 0, 0, 2, 0], &mut status), Ok(2));
    expect("signal", read.signal(), Ok(()));
    let mut back = 0;
    while back < taken {
        let mut packet = [0; PACKET];
        let (_, count) = host.patient(|| host.receive(host.input, &mut packet));
        expect_that("the same bytes", packet[..count].iter().all(|&byte| byte == b'x'));
        back += count;
    }
    for length in [1, 13, 63, 64] {
        host.talk(if length == 1 { 20 } else { MANY }, length);
    }
    // A halted endpoint (9.4.5, 9.4.9).
    let endpoint = host.input;
    expect("halt", host.write([2, 3, 0, 0, endpoint, 0, 0, 0], &[]), Ok(()));
    expect("halted", host.receive(endpoint, &mut [0; PACKET]).0, Handshake::Stall);
    expect("its status", host.read([0x82, 0, 0, 0, endpoint, 0, 2, 0], &mut status), Ok(2));
    expect("halted", status, [1, 0]);
    expect("go on", host.write([2, 1, 0, 0, endpoint, 0, 0, 0], &[]), Ok(()));
    host.talk(MANY, 64);

    expect("signal", breaks.signal(), Ok(()));
    watch.expect("usb", Cause::Panic);
    host.enumerate(2);
    host.talk(MANY, 50);
    watch.expect_no_more();
    pass()
}

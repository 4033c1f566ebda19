// SPDX-License-Identifier: MIT OR Apache-2.0
//! The unchanged TCP/IP library `smoltcp`, without a heap. A process sends bytes to itself over TCP, crashes in the
//! middle, and restarts without any state of the earlier connection. The kernel and another process continue.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Concurrent, Handle, Notification, Signal, interface, thread, time};
use crossgate_abi::Cause;
use smoltcp::iface::{Config, Interface, SocketSet};
use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::socket::tcp::{Socket, SocketBuffer};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};
use system_tests::report::{expect, expect_that, fail, pass};
use system_tests::watch::Watch;

/// The number of bytes to send, and the number after which the process crashes the first time.
const BYTES: u32 = 6000;
const MIDDLE: u32 = 2500;
/// The longest packet, and the number of packets that are on their way at a time.
const PACKET: usize = 296;
const PACKETS: usize = 4;
/// The size in bytes of a socket's buffer for each direction.
const BUFFER: usize = 512;
const PORT: u16 = 7;
/// The time after which the test gives the transfer up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process that outlives the process that crashes.
#[interface]
trait Account {
    /// Records a start of the process. Returns the number of starts.
    fn begin(&self) -> u32;
    fn starts(&self) -> u32;
}

struct Starts(AtomicU32);

impl Account for Starts {
    fn begin(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
    fn starts(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        notification DONE;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, DONE, ACCOUNT);
    }
    process account { object starts: Concurrent<Starts> = Starts(AtomicU32::new(0)) => [ACCOUNT: dyn Account]; }
    process other {
        notification STARTED;
        thread main (priority = 3, stack = 1024) = go_on(STARTED, ACCOUNT);
    }
    process network { thread main (priority = 2, stack = 8192) = transfer(ACCOUNT, STARTED, DONE); }
}
board::start!(SYSTEM);

/// A device that receives what it sends.
struct Loopback {
    packets: [Packet; PACKETS],
    /// The next packet.
    first: usize,
    count: usize,
}

struct Packet {
    bytes: [u8; PACKET],
    length: usize,
}

struct Received<'a>(&'a Packet);

struct Free<'a> {
    packet: &'a mut Packet,
    count: &'a mut usize,
}

impl Loopback {
    fn new() -> Loopback {
        let packets = [const { Packet { bytes: [0; PACKET], length: 0 } }; PACKETS];
        Loopback { packets, first: 0, count: 0 }
    }
}

impl Device for Loopback {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Free<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Free<'_>)> {
        let first = self.first;
        let free = (first + self.count) % PACKETS;
        self.count = self.count.checked_sub(1)?;
        self.first = (first + 1) % PACKETS;
        let [received, free] = self.packets.get_disjoint_mut([first, free]).ok()?;
        Some((Received(received), Free { packet: free, count: &mut self.count }))
    }

    /// The last place is for the answer to a received packet. Without this place, both ends would wait for room for
    /// ever.
    fn transmit(&mut self, _: Instant) -> Option<Free<'_>> {
        let free = (self.first + self.count) % PACKETS;
        let has_room = self.count + 1 < PACKETS;
        has_room.then(|| Free { packet: &mut self.packets[free], count: &mut self.count })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = PACKET;
        capabilities
    }
}

impl phy::RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, with: F) -> R {
        with(&self.0.bytes[..self.0.length])
    }
}

impl phy::TxToken for Free<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, with: F) -> R {
        *self.count += 1;
        self.packet.length = length;
        with(&mut self.packet.bytes[..length])
    }
}

fn now() -> Instant {
    Instant::from_micros(time::now().as_micros().cast_signed())
}

/// The byte at a place of the stream.
fn byte(place: u32) -> u8 {
    (place.wrapping_mul(2_654_435_761) >> 24) as u8
}

/// Sends bytes to itself, and compares each. Crashes in the middle if it has not started before.
fn transfer(account: Handle<dyn Account>, started: Signal, done: Signal) -> ! {
    let start = account.begin();
    expect("signal", started.signal(), Ok(()));
    let mut device = Loopback::new();
    let mut interface = Interface::new(Config::new(HardwareAddress::Ip), &mut device, now());
    let address = IpAddress::v4(127, 0, 0, 1);
    interface.update_ip_addrs(|all| {
        expect("an address", all.push(IpCidr::new(address, 8)), Ok(()));
    });
    let mut buffers = [[0; BUFFER]; 4];
    let [a, b, c, d] = &mut buffers;
    let mut storage: [_; 2] = Default::default();
    let mut sockets = SocketSet::new(&mut storage[..]);
    let server = Socket::new(SocketBuffer::new(&mut a[..]), SocketBuffer::new(&mut b[..]));
    let server = sockets.add(server);
    let client = Socket::new(SocketBuffer::new(&mut c[..]), SocketBuffer::new(&mut d[..]));
    let client = sockets.add(client);
    expect("listen", sockets.get_mut::<Socket>(server).listen(PORT), Ok(()));
    let connecting =
        sockets.get_mut::<Socket>(client).connect(interface.context(), (address, PORT), 49152);
    expect("connect", connecting, Ok(()));

    let (mut sent, mut received) = (0, 0);
    let end = time::now() + PATIENCE;
    while received < BYTES {
        expect_that("the transfer continues", time::now() < end);
        interface.poll(now(), &mut device, &mut sockets);
        let socket = sockets.get_mut::<Socket>(client);
        while sent < BYTES && socket.can_send() {
            let count = socket.send(|room| {
                let count = room.len().min((BYTES - sent) as usize);
                room[..count].iter_mut().zip(sent..).for_each(|(to, place)| *to = byte(place));
                (count, count as u32)
            });
            sent += count.unwrap_or(0);
        }
        let socket = sockets.get_mut::<Socket>(server);
        while socket.can_recv() {
            let count = socket.recv(|bytes| {
                for (&byte, place) in bytes.iter().zip(received..) {
                    expect("each byte", byte, self::byte(place));
                }
                (bytes.len(), bytes.len() as u32)
            });
            received += count.unwrap_or(0);
        }
        if start == Ok(1) && received >= MIDDLE {
            panic!("the process of the network panics in the middle");
        }
        // The library knows when its sockets have work, but does not know of packets that wait in the device.
        if device.count == 0 {
            let Some(delay) = interface.poll_delay(now(), &sockets) else {
                fail(format_args!("nothing is left to do after {received} bytes"))
            };
            time::sleep(Duration::from_micros(delay.total_micros()));
        }
    }
    expect("all bytes", (sent, received), (BYTES, BYTES));
    expect("signal", done.signal(), Ok(()));
    thread::exit()
}

/// Calls a third process while the other process starts.
fn go_on(started: Notification, account: Handle<dyn Account>) -> ! {
    for start in 1..=2 {
        started.wait();
        expect("the number of starts", account.starts(), Ok(start));
    }
    thread::exit()
}

fn witness(faulted: Notification, done: Notification, account: Handle<dyn Account>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("network", Cause::Panic);
    expect("the transfer after the crash", done.wait_timeout(PATIENCE), Ok(()));
    expect("the process has started twice", account.starts(), Ok(2));
    watch.expect_no_more();
    pass()
}

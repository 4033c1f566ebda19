// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client of the network tries to get data of others: datagrams to the port of another client, by asking for this
//! port for itself, and bytes that an earlier client has left in its socket. It gets nothing. It also sends to a host
//! that does not exist, which does not keep the network from asking for the Ethernet address of the other client's
//! host.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{
    Concurrent, Exclusive, Handle, Lease, LeaseBuf, LeaseMut, Notification, Signal, time,
};
use crossgate_abi::Cause;
use crossgate_ethernet::{Ethernet, EthernetLink, Unsent};
use crossgate_network::{
    ENDPOINT, Endpoint, Fault, Network, Place, Settings, TcpClient, TcpStream, UdpSocket,
};
use system_tests::frame;
use system_tests::report::{expect, pass};
use system_tests::restarts::{Count, Lives};
use system_tests::watch::Watch;

const SETTINGS: Settings = Settings::new([2, 0, 0, 0, 0, 1], [10, 0, 0, 1], 24);
/// A host with two addresses that echoes datagrams, and a host that does not exist.
const HOST: Endpoint = Endpoint::new([10, 0, 0, 2], 9);
const OTHER: Endpoint = Endpoint::new([10, 0, 0, 3], 9);
const NO_HOST: Endpoint = Endpoint::new([10, 0, 0, 99], 9);
/// The seed of sequence numbers and ports. A product takes it from a source of randomness.
const SEED: u64 = 0x5eed;
const HARDWARE: [u8; 6] = [2, 0, 0, 0, 0, 2];
/// The number of ports that the network assigns by itself.
const FREE_PORTS: u32 = 16384;
const PATIENCE: Duration = Duration::from_secs(10);
/// The bytes that the host sends on a connection.
const SECRET: &[u8] = b"secret";

type Sockets = Network<1, 2, 3, 128>;

const FRAME: usize = 96;

/// A cable with the host at its end.
struct Cable {
    frames: [([u8; FRAME], usize); 4],
    count: usize,
    arrived: Signal,
}

impl Cable {
    const fn new(arrived: Signal) -> Cable {
        Cable { frames: [([0; FRAME], 0); 4], count: 0, arrived }
    }

    fn put(&mut self, frame: [u8; FRAME], length: usize) {
        if let Some(place) = self.frames.get_mut(self.count) {
            *place = (frame, length);
            self.count += 1;
            let _ = self.arrived.signal();
        }
    }

    /// Sends back a frame whose ends are swapped.
    fn answer(&mut self, frame: [u8; FRAME], length: usize) {
        let mut answer = frame;
        answer.copy_within(6..12, 0);
        answer[6..12].copy_from_slice(&HARDWARE);
        answer[26..30].copy_from_slice(&frame[30..34]);
        answer[30..34].copy_from_slice(&frame[26..30]);
        answer[34..36].copy_from_slice(&frame[36..38]);
        answer[36..38].copy_from_slice(&frame[34..36]);
        if frame[23] == 6 {
            self.tcp(&frame, answer);
        } else {
            self.put(answer, length);
        }
    }

    /// Accepts a connection, and sends the secret on it.
    fn tcp(&mut self, frame: &[u8; FRAME], mut answer: [u8; FRAME]) {
        let next = u32::from_be_bytes([frame[38], frame[39], frame[40], frame[41]]).wrapping_add(1);
        let (flags, number, data) = match frame[47] {
            0x02 => (0x12, 1000_u32, &[][..]),
            _ if frame[42..46] == 1001_u32.to_be_bytes() && frame[47] == 0x10 => {
                (0x18, 1001, SECRET)
            }
            _ => return,
        };
        let acknowledged = if flags == 0x12 { next } else { next.wrapping_sub(1) };
        answer[38..42].copy_from_slice(&number.to_be_bytes());
        answer[42..46].copy_from_slice(&acknowledged.to_be_bytes());
        answer[46..54].copy_from_slice(&[0x50, flags, 1, 0, 0, 0, 0, 0]);
        answer[54..].fill(0);
        answer[54..54 + data.len()].copy_from_slice(data);
        let length = 40 + data.len();
        answer[16..18].copy_from_slice(&(length as u16).to_be_bytes());
        answer[24..26].fill(0);
        let sum = frame::checksum(&answer[14..34], 0);
        answer[24..26].copy_from_slice(&sum);
        let sum = frame::checksum(&answer[26..54 + data.len()], 6 + 20 + data.len() as u32);
        answer[50..52].copy_from_slice(&sum);
        self.put(answer, 14 + length);
    }
}

impl Ethernet for Cable {
    fn send(&mut self, bytes: Lease<'_, [u8]>) -> Result<(), Unsent> {
        let mut frame = [0; FRAME];
        let length = bytes.copy_to(&mut frame);
        let is_there = |address: &[u8]| address == HOST.address() || address == OTHER.address();
        if frame[12..14] == [8, 6] && frame[21] == 1 && is_there(&frame[38..42]) {
            let mut answer = frame;
            frame::answer(&mut answer, HARDWARE);
            self.put(answer, 42);
        } else if frame[12..14] == [8, 0] && is_there(&frame[30..34]) {
            self.answer(frame, length);
        }
        Ok(())
    }

    fn receive(&mut self, mut to: LeaseMut<'_, [u8]>) -> Option<u32> {
        self.count = self.count.checked_sub(1)?;
        let (frame, length) = self.frames[0];
        self.frames.rotate_left(1);
        to.copy_from(&frame[..length]);
        Some(length as u32)
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        notification VICTIM_DONE;
        notification THIEF_DONE;
        supervisor FAULTED;
        object lives: Exclusive<Count> = Count(0) => [LIVES: dyn Lives];
        thread main (priority = 9, stack = 2048) = witness(FAULTED, VICTIM_DONE, THIEF_DONE);
    }
    process driver {
        object cable (stack = 1024): Exclusive<Cable> = Cable::new(CHANGED) => [LINK: dyn Ethernet];
    }
    process network {
        notification CHANGED;
        lost_clients CHANGED;
        notification READABLE_0;
        notification WRITABLE_0;
        notification READABLE_1;
        notification WRITABLE_1;
        notification READABLE_2;
        notification WRITABLE_2;
        object sockets (stack = 768): Concurrent<Sockets> = Network::new(SETTINGS, CHANGED, [
            Place::new(READABLE_0, WRITABLE_0),
            Place::new(READABLE_1, WRITABLE_1),
            Place::new(READABLE_2, WRITABLE_2),
        ]) => [
            CONNECT: dyn TcpClient<0>, STREAM: dyn TcpStream<0>,
            THIEF: dyn UdpSocket<0, 0>, VICTIM: dyn UdpSocket<1, 0>,
        ];
        thread main (priority = 7, stack = 8192) = run(&sockets, LINK);
    }
    process victim {
        notification GO;
        thread main (priority = 5, stack = 4096) = victim(VICTIM, GO, (READY, VICTIM_DONE));
    }
    process thief {
        notification READY;
        thread main (priority = 4, stack = 4096) = thief((CONNECT, STREAM), THIEF, LIVES, READY, (GO, THIEF_DONE));
    }
}
board::start!(SYSTEM);

fn run(sockets: &'static Sockets, link: Handle<dyn Ethernet>) -> ! {
    sockets.run(EthernetLink::<512>::new(link), SEED)
}

fn witness(faulted: Notification, victim: Notification, thief: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    watch.expect("thief", Cause::Panic);
    victim.wait();
    thief.wait();
    watch.expect_no_more();
    pass()
}

/// Sends a datagram, and waits for its echo.
fn echo(socket: Handle<dyn UdpSocket<1, 0>>, host: Endpoint) {
    let mut buffer = LeaseBuf::<64>::new();
    expect("a datagram goes out", socket.send(b"ping", host), Ok(Ok(())));
    let echoed = socket.receive_timeout(&mut buffer, PATIENCE);
    expect("the datagram comes back", echoed, Ok(Ok(ENDPOINT as u32 + 4)));
}

fn victim(
    socket: Handle<dyn UdpSocket<1, 0>>,
    go: Notification,
    (ready, done): (Signal, Signal),
) -> ! {
    echo(socket, HOST);
    go.wait();
    expect("signal", ready.signal(), Ok(()));
    go.wait();
    echo(socket, HOST);
    expect("signal", ready.signal(), Ok(()));
    go.wait();
    echo(socket, OTHER);
    expect("signal", done.signal(), Ok(()));
    wait_for_the_end()
}

fn wait_for_the_end() -> ! {
    loop {
        time::sleep(PATIENCE);
    }
}

fn thief(
    (client, stream): (Handle<dyn TcpClient<0>>, Handle<dyn TcpStream<0>>),
    socket: Handle<dyn UdpSocket<0, 0>>,
    lives: Handle<dyn Lives>,
    ready: Notification,
    (go, done): (Signal, Signal),
) -> ! {
    let mut buffer = LeaseBuf::<64>::new();
    if lives.next() == Ok(0) {
        let to = Endpoint::new(HOST.address(), 80);
        expect("connect", client.connect_timeout(to, PATIENCE), Ok(Ok(())));
        time::sleep(Duration::from_millis(50));
        panic!("the first life leaves bytes in its socket");
    }
    let left = stream.try_receive(&mut buffer);
    expect("the bytes that the first life has left", left, Ok(Err(Fault::NotConnected)));
    expect("signal", go.signal(), Ok(()));
    ready.wait();
    // These connections use up the free ports. The next port would be that of the victim, which got the very first
    // port. (The first life of this client got the second port.)
    let timed_out = Ok(Err(Fault::TimedOut));
    for _ in 0..FREE_PORTS - 2 {
        expect("begun", client.connect_timeout(NO_HOST, Duration::ZERO), timed_out);
    }
    let nothing = Ok(Err(Fault::TimedOut));
    expect("a datagram to the own port", socket.try_receive(&mut buffer), nothing);
    expect("signal", go.signal(), Ok(()));
    ready.wait();
    expect("a datagram to the victim", socket.try_receive(&mut buffer), nothing);
    expect("a datagram that waits for its host", socket.send(b"x", NO_HOST), Ok(Ok(())));
    time::sleep(Duration::from_millis(1));
    expect("signal", go.signal(), Ok(()));
    expect("signal", done.signal(), Ok(()));
    wait_for_the_end()
}

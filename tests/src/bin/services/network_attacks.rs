// SPDX-License-Identifier: MIT OR Apache-2.0
//! An Ethernet driver that lies to the network: it reports lengths that no frame has, and frames that no host sends.
//! The process of the network does not crash, and serves its client as before.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{Concurrent, Exclusive, Handle, Lease, LeaseBuf, LeaseMut, Notification, Signal};
use crossgate_ethernet::{Ethernet, EthernetLink, Unsent};
use crossgate_network::{
    ENDPOINT, Endpoint, Fault, Network, Place, Settings, TcpServer, TcpStream, UdpSocket,
};
use system_tests::random::Random;
use system_tests::report::{expect, expect_that, pass};
use system_tests::watch::Watch;

const HARDWARE: [u8; 6] = [2, 0, 0, 0, 0, 1];
const ADDRESS: [u8; 4] = [10, 0, 0, 1];
const PORT: u16 = 7;
const TALK_PORT: u16 = 9;
/// The seed of sequence numbers and ports. A product takes it from a source of randomness.
const SEED: u64 = 0x5eed;
/// The number of lies.
const LIES: u32 = 1000;
const MILLISECOND: Duration = Duration::from_millis(1);

type Sockets = Network<1, 1, 2, 128>;

/// A driver that makes up frames instead of receiving them.
struct Liar {
    random: Random,
    told: u32,
    done: Signal,
}

impl Liar {
    const fn new(done: Signal) -> Liar {
        Liar { random: Random(7), told: 0, done }
    }

    /// Fills memory with a random frame to the network's address. Up to a few headers have sensible values.
    fn invent(&mut self, to: &mut LeaseMut<'_, [u8]>) {
        let mut frame = [0; 96];
        frame.fill_with(|| self.random.number() as u8);
        frame[..6].copy_from_slice(&HARDWARE);
        let sensible = self.random.below(8);
        if sensible > 0 {
            frame[6] &= !1;
            frame[12..14].copy_from_slice(&[8, if self.random.below(5) == 0 { 6 } else { 0 }]);
        }
        if sensible > 1 {
            frame[14] = 0x40 | self.random.below(7) as u8;
            frame[23] = [1, 6, 17, 17][self.random.below(4) as usize];
            frame[30..34].copy_from_slice(&ADDRESS);
        }
        if sensible > 2 {
            let port = if frame[23] == 6 { PORT } else { TALK_PORT };
            let length = self.random.below(83) as u8;
            frame[14..18].copy_from_slice(&[0x45, 0, 0, length]);
            frame[20..22].fill(0);
            frame[36..38].copy_from_slice(&port.to_be_bytes());
            if sensible > 4 {
                // A datagram without a checksum.
                frame[38..42].copy_from_slice(&[0, length.wrapping_sub(20), 0, 0]);
            }
            frame[24..26].fill(0);
            let sum: u32 =
                frame[14..34].chunks(2).map(|two| u32::from(two[0]) << 8 | u32::from(two[1])).sum();
            let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
            frame[24..26].copy_from_slice(&sum.to_be_bytes());
        }
        to.copy_from(&frame);
    }
}

impl Ethernet for Liar {
    fn send(&mut self, _: Lease<'_, [u8]>) -> Result<(), Unsent> {
        Err(Unsent::Busy)
    }

    fn receive(&mut self, mut to: LeaseMut<'_, [u8]>) -> Option<u32> {
        if self.told == LIES {
            return None;
        }
        self.told += 1;
        if self.told == LIES {
            // The wiring allows it.
            let _ = self.done.signal();
        }
        self.invent(&mut to);
        Some(match self.random.below(16) {
            0 => 0,
            1 => 13,
            2 => to.len() as u32 + 1,
            3 => u32::MAX,
            4 => self.random.number(),
            5..8 => self.random.below(97),
            _ => 96,
        })
    }
}

crossgate::system! {
    static SYSTEM;
    process driver {
        object liar (stack = 1024): Exclusive<Liar> = Liar::new(DONE) => [LINK: dyn Ethernet];
    }
    process network {
        notification CHANGED;
        notification READABLE_0;
        notification WRITABLE_0;
        notification READABLE_1;
        notification WRITABLE_1;
        object sockets (stack = 768): Concurrent<Sockets> = Network::new(
            Settings::new(HARDWARE, ADDRESS, 24),
            CHANGED,
            [Place::new(READABLE_0, WRITABLE_0), Place::new(READABLE_1, WRITABLE_1)],
        ) => [SERVER: dyn TcpServer<0, PORT>, STREAM: dyn TcpStream<0>, TALK: dyn UdpSocket<0, TALK_PORT>];
        thread main (priority = 3, stack = 8192) = run(&sockets, LINK);
    }
    process client {
        notification FAULTED;
        notification DONE;
        supervisor FAULTED;
        thread main (priority = 5, stack = 6144) = client((SERVER, STREAM, TALK), FAULTED, DONE);
    }
}
board::start!(SYSTEM);

fn run(sockets: &'static Sockets, link: Handle<dyn Ethernet>) -> ! {
    sockets.run(EthernetLink::<512>::new(link), SEED)
}

type Handles =
    (Handle<dyn TcpServer<0, PORT>>, Handle<dyn TcpStream<0>>, Handle<dyn UdpSocket<0, TALK_PORT>>);

fn client((server, stream, talk): Handles, faulted: Notification, done: Notification) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let mut buffer = LeaseBuf::<128>::new();
    let timed_out = Ok(Err(Fault::TimedOut));
    expect("no connection is completed", server.accept_timeout(MILLISECOND), timed_out);
    let mut datagrams = 0;
    while !done.try_wait() {
        match talk.receive_timeout(&mut buffer, MILLISECOND) {
            Ok(Ok(length)) => {
                expect_that("a datagram fits", (ENDPOINT..=128).contains(&(length as usize)));
                datagrams += 1;
            }
            other => expect(
                "no datagram",
                other.map(|result| result.map(drop)),
                Ok(Err(Fault::TimedOut)),
            ),
        }
    }
    expect_that("some of the made-up frames are accepted as datagrams", datagrams > 0);
    expect("there is no connection", server.try_accept(), timed_out);
    expect("nothing is received", stream.receive(&mut buffer), Ok(Err(Fault::NotConnected)));
    let other = Endpoint::new([10, 0, 0, 2], 1);
    expect("a datagram goes out", talk.try_send(&buffer[..8], other), Ok(Ok(())));
    watch.expect_no_more();
    pass()
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The firmware gets its address by DHCP, keeps it while the server renews it, and loses it when its time is over and
//! the server is silent. Then it takes another address. Offers for other hosts, invalid addresses and broken packets
//! change nothing.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{
    Concurrent, Exclusive, Handle, Lease, LeaseBuf, LeaseMut, Notification, Signal, interface, time,
};
use crossgate_ethernet::{Ethernet, EthernetLink, Unsent};
use crossgate_network::{Address, ENDPOINT, Endpoint, Fault, Network, Place, Settings, UdpSocket};
use system_tests::host::{Cable, Datagram, FRAME};
use system_tests::random::Random;
use system_tests::report::{expect, pass};
use system_tests::watch::Watch;

const HARDWARE: [u8; 6] = [2, 0, 0, 0, 0, 1];
const SERVER: [u8; 4] = [10, 0, 0, 2];
const ECHO: Endpoint = Endpoint::new(SERVER, 7);
/// The seed of ports and numbers of queries. A product takes it from a source of randomness.
const SEED: u64 = 0x5eed;
/// The time for which the server gives an address.
const LEASE: Duration = Duration::from_secs(120);
const PATIENCE: Duration = Duration::from_secs(30);

type Sockets = Network<0, 1, 2, 128>;

/// The interface of the thread that steers the server. The server offers the address with the given last number. It is
/// silent if the number is 0, and hostile if it is 255.
#[interface]
trait Steer {
    fn steer(&mut self, last: u8);
}

struct Server {
    cable: Cable,
    random: Random,
    last: u8,
}

/// The places in a packet of DHCP.
const NUMBER: usize = 4;
const YOURS: usize = 16;
const HARDWARE_OF_CLIENT: usize = 28;
const OPTIONS: usize = 240;
const LENGTH: usize = OPTIONS + 34;

impl Server {
    const fn new(arrived: Signal) -> Server {
        Server { cable: Cable::new(HARDWARE, arrived), random: Random(5), last: 0 }
    }

    /// Returns the answer to a packet: an offer, or the confirmation of a request.
    fn packet(&self, question: &[u8], last: u8) -> [u8; LENGTH] {
        let mut answer = [0; LENGTH];
        answer[..OPTIONS].copy_from_slice(&question[..OPTIONS]);
        answer[0] = 2;
        answer[YOURS..YOURS + 4].copy_from_slice(&[10, 0, 0, last]);
        // The first option of the packet is its kind.
        let kind = if question[OPTIONS + 2] == 1 { 2 } else { 5 };
        let [.., seconds] = (LEASE.as_secs() as u32).to_be_bytes();
        let [a, b, c, d] = SERVER;
        let options =
            [53, 1, kind, 54, 4, a, b, c, d, 1, 4, 255, 255, 255, 0, 51, 4, 0, 0, 0, seconds];
        answer[OPTIONS..OPTIONS + options.len()].copy_from_slice(&options);
        // A router that is not on the cable, and no further options.
        answer[OPTIONS + options.len()..][..7].copy_from_slice(&[3, 4, 10, 9, 9, 9, 255]);
        answer
    }

    fn give(&mut self, packet: &[u8]) {
        let to = Endpoint::new([255; 4], 68);
        self.cable.send(Endpoint::new(SERVER, 67), to, packet);
    }

    fn answer(&mut self, question: &[u8]) {
        match self.last {
            0 => {}
            255 => {
                let packet = self.packet(question, 66);
                for place in [NUMBER, HARDWARE_OF_CLIENT, OPTIONS - 1, OPTIONS + 3] {
                    let mut other = packet;
                    other[place] ^= 1;
                    self.give(&other);
                }
                for address in [[0; 4], [255; 4], [224, 0, 0, 1]] {
                    let mut nobody = packet;
                    nobody[YOURS..YOURS + 4].copy_from_slice(&address);
                    self.give(&nobody);
                }
                for _ in 0..4 {
                    let mut broken = packet;
                    broken[OPTIONS - 4..].fill_with(|| self.random.below(256) as u8);
                    let length = self.random.below(LENGTH as u32) as usize;
                    self.give(&broken[..length]);
                }
            }
            last => {
                let packet = self.packet(question, last);
                self.give(&packet);
            }
        }
    }
}

impl Steer for Server {
    fn steer(&mut self, last: u8) {
        self.last = last;
    }
}

impl Ethernet for Server {
    fn send(&mut self, bytes: Lease<'_, [u8]>) -> Result<(), Unsent> {
        let mut frame = [0; FRAME];
        let length = bytes.copy_to(&mut frame);
        let frame = &frame[..length];
        self.cable.answer(frame, |address| address == SERVER);
        if let Some(Datagram { from, to, contents }) = Datagram::of(frame) {
            if to.port() == 67 && contents.len() > OPTIONS + 3 {
                self.answer(contents);
            } else if to == ECHO {
                self.cable.send(to, from, &from.to_bytes());
            }
        }
        Ok(())
    }

    fn receive(&mut self, mut to: LeaseMut<'_, [u8]>) -> Option<u32> {
        self.cable.receive(&mut to)
    }
}

crossgate::system! {
    static SYSTEM;
    process driver {
        object server (stack = 5120): Exclusive<Server> = Server::new(CHANGED) =>
            [LINK: dyn Ethernet, STEER: dyn Steer];
    }
    process network {
        notification CHANGED;
        lost_clients CHANGED;
        notification READABLE;
        notification WRITABLE;
        notification ADDRESSED;
        object sockets (stack = 1024): Concurrent<Sockets> = Network::new(
            Settings::by_dhcp(HARDWARE),
            CHANGED,
            [Place::new(READABLE, WRITABLE), Place::for_dhcp(ADDRESSED)],
        ) => [TALK: dyn UdpSocket<0, 9>, ADDRESS: dyn Address];
        thread main (priority = 7, stack = 12288) = run(&sockets, LINK);
    }
    process client {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 5, stack = 7168) = client(ADDRESS, TALK, STEER, FAULTED);
    }
}
board::start!(SYSTEM);

fn run(sockets: &'static Sockets, link: Handle<dyn Ethernet>) -> ! {
    sockets.run(EthernetLink::<512>::new(link), SEED)
}

fn client(
    address: Handle<dyn Address>,
    talk: Handle<dyn UdpSocket<0, 9>>,
    steer: Handle<dyn Steer>,
    faulted: Notification,
) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let mut buffer = LeaseBuf::<64>::new();
    // The echo says from which address a datagram came.
    let mut is_used = |own: [u8; 4]| {
        expect("a datagram goes out", talk.send(b"ping", ECHO), Ok(Ok(())));
        let length = talk.receive_timeout(&mut buffer, PATIENCE);
        expect("the datagram comes back", length, Ok(Ok(2 * ENDPOINT as u32)));
        expect("its sender", &buffer[ENDPOINT..ENDPOINT + 4], &own);
    };
    let none = Ok(Err(Fault::TimedOut));
    let has = |last| Ok(Ok([10, 0, 0, last]));
    expect("no server has offered an address", address.get_timeout(PATIENCE), none);
    expect("a hostile server", steer.steer(255), Ok(()));
    expect("the firmware takes no address", address.get_timeout(LEASE), none);
    expect("an offer", steer.steer(15), Ok(()));
    expect("the address is taken", address.get_timeout(PATIENCE), has(15));
    is_used([10, 0, 0, 15]);
    time::sleep(3 * LEASE);
    expect("the address is renewed", address.try_get(), has(15));
    is_used([10, 0, 0, 15]);
    expect("a hostile server", steer.steer(255), Ok(()));
    time::sleep(LEASE);
    expect("the time of the address is over", address.try_get(), none);
    expect("another offer", steer.steer(16), Ok(()));
    expect("the other address is taken", address.get(), has(16));
    is_used([10, 0, 0, 16]);
    watch.expect_no_more();
    pass()
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A host begins to connect, and then sends nothing more. The network gives the connection up, so another host can
//! connect to the same port some minutes later.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::{
    Concurrent, Exclusive, Handle, Lease, LeaseMut, Notification, Signal, interface, time,
};
use crossgate_ethernet::{Ethernet, EthernetLink, Unsent};
use crossgate_network::{Fault, Network, Place, Settings, TcpServer};
use system_tests::frame;
use system_tests::report::{expect, pass};
use system_tests::watch::Watch;

const HARDWARE: [u8; 6] = [2, 0, 0, 0, 0, 1];
const ADDRESS: [u8; 4] = [10, 0, 0, 1];
const SETTINGS: Settings = Settings::new(HARDWARE, ADDRESS, 24);
/// The seed of sequence numbers and ports. A product takes it from a source of randomness.
const SEED: u64 = 0x5eed;
const PORT: u16 = 7;
/// The hardware address and the address of both hosts, and their ports.
const HOST: [u8; 6] = [2, 0, 0, 0, 0, 2];
const HOST_ADDRESS: [u8; 4] = [10, 0, 0, 2];
const GONE: u16 = 1000;
const HERE: u16 = 1001;
const MINUTES: Duration = Duration::from_secs(300);

type Sockets = Network<1, 0, 1, 128>;

/// The interface of a thread that lets a host begin to connect from a port.
#[interface]
trait Knock {
    fn knock(&mut self, port: u16);
}

const FRAME: usize = 60;

/// A cable with the hosts at its end.
struct Cable {
    frames: [[u8; FRAME]; 4],
    count: usize,
    arrived: Signal,
}

impl Cable {
    const fn new(arrived: Signal) -> Cable {
        Cable { frames: [[0; FRAME]; 4], count: 0, arrived }
    }

    fn put(&mut self, frame: [u8; FRAME]) {
        if let Some(place) = self.frames.get_mut(self.count) {
            *place = frame;
            self.count += 1;
            // The wiring allows it.
            let _ = self.arrived.signal();
        }
    }

    /// Sends a segment without data, with these flags and numbers.
    fn segment(&mut self, port: u16, flags: u8, [sent, received]: [u32; 2]) {
        let mut frame = [0; FRAME];
        frame[..6].copy_from_slice(&HARDWARE);
        frame[6..12].copy_from_slice(&HOST);
        frame[12..24].copy_from_slice(&[8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6]);
        frame[26..30].copy_from_slice(&HOST_ADDRESS);
        frame[30..34].copy_from_slice(&ADDRESS);
        let sum = frame::checksum(&frame[14..34], 0);
        frame[24..26].copy_from_slice(&sum);
        frame[34..36].copy_from_slice(&port.to_be_bytes());
        frame[36..38].copy_from_slice(&PORT.to_be_bytes());
        frame[38..42].copy_from_slice(&sent.to_be_bytes());
        frame[42..46].copy_from_slice(&received.to_be_bytes());
        frame[46..50].copy_from_slice(&[0x50, flags, 1, 0]);
        // The checksum also covers the addresses, the protocol and the length.
        let sum = frame::checksum(&frame[26..54], 6 + 20);
        frame[50..52].copy_from_slice(&sum);
        self.put(frame);
    }
}

impl Knock for Cable {
    fn knock(&mut self, port: u16) {
        self.segment(port, 0x02, [1000, 0]);
    }
}

impl Ethernet for Cable {
    fn send(&mut self, bytes: Lease<'_, [u8]>) -> Result<(), Unsent> {
        let mut frame = [0; FRAME];
        bytes.copy_to(&mut frame);
        if frame[12..14] == [8, 6] && frame[21] == 1 && frame[38..42] == HOST_ADDRESS {
            let mut answer = frame;
            frame::answer(&mut answer, HOST);
            self.put(answer);
        }
        let is_to_here = frame[12..14] == [8, 0] && frame[36..38] == HERE.to_be_bytes();
        if is_to_here && frame[47] == 0x12 {
            let number = u32::from_be_bytes([frame[38], frame[39], frame[40], frame[41]]);
            self.segment(HERE, 0x10, [1001, number.wrapping_add(1)]);
        }
        Ok(())
    }

    fn receive(&mut self, mut to: LeaseMut<'_, [u8]>) -> Option<u32> {
        self.count = self.count.checked_sub(1)?;
        let frame = self.frames[0];
        self.frames.rotate_left(1);
        to.copy_from(&frame);
        Some(FRAME as u32)
    }
}

crossgate::system! {
    static SYSTEM;
    process driver {
        object cable (stack = 1024): Exclusive<Cable> = Cable::new(CHANGED) => [LINK: dyn Ethernet, HOSTS: dyn Knock];
    }
    process network {
        notification CHANGED;
        lost_clients CHANGED;
        notification READABLE;
        notification WRITABLE;
        object sockets (stack = 768): Concurrent<Sockets> =
            Network::new(SETTINGS, CHANGED, [Place::new(READABLE, WRITABLE)]) => [SERVER: dyn TcpServer<0, PORT>];
        thread main (priority = 7, stack = 8192) = run(&sockets, LINK);
    }
    process server {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 5, stack = 4096) = serve(SERVER, HOSTS, FAULTED);
    }
}
board::start!(SYSTEM);

fn run(sockets: &'static Sockets, link: Handle<dyn Ethernet>) -> ! {
    sockets.run(EthernetLink::<512>::new(link), SEED)
}

fn serve(
    server: Handle<dyn TcpServer<0, PORT>>,
    hosts: Handle<dyn Knock>,
    faulted: Notification,
) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let nobody = Ok(Err(Fault::TimedOut));
    expect("nobody has connected", server.accept_timeout(Duration::from_millis(1)), nobody);
    expect("a host begins", hosts.knock(GONE), Ok(()));
    expect("the host is gone", server.accept_timeout(MINUTES), nobody);
    expect("another begins", hosts.knock(HERE), Ok(()));
    time::sleep(Duration::from_millis(1));
    expect("the other host has connected", server.accept_timeout(MINUTES), Ok(Ok(())));
    watch.expect_no_more();
    pass()
}

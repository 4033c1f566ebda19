// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sockets, who has them, and who waits for them.

use crate::question::Noting;
use crate::{Settings, progress};
use core::time::Duration;
use crossgate::server::Client;
use crossgate::{Notification, time};
use crossgate_waiting::Waiters;
use smoltcp::iface::{
    Config, Interface, PollIngressSingleResult, PollResult, SocketHandle, SocketSet, SocketStorage,
};
use smoltcp::phy::Device;
use smoltcp::socket::{Socket, tcp, udp};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, Ipv4Address};

/// The most datagrams that a socket keeps for each direction.
pub const DATAGRAMS: usize = 4;

/// The first port of those that are for nobody in particular (RFC 6335), and their number.
const FREE_PORTS: u16 = 49152;
const FREE_PORT_COUNT: u16 = 16384;

/// The memory that the sockets borrow.
pub struct Memory<const UDP: usize, const SOCKETS: usize, const BUFFER: usize> {
    sockets: [SocketStorage<'static>; SOCKETS],
    buffers: [[[u8; BUFFER]; 2]; SOCKETS],
    datagrams: [[[udp::PacketMetadata; DATAGRAMS]; 2]; UDP],
}

impl<const UDP: usize, const SOCKETS: usize, const BUFFER: usize> Memory<UDP, SOCKETS, BUFFER> {
    pub const fn new() -> Self {
        Memory {
            sockets: [SocketStorage::EMPTY; SOCKETS],
            buffers: [[[0; BUFFER]; 2]; SOCKETS],
            datagrams: [[[udp::PacketMetadata::EMPTY; DATAGRAMS]; 2]; UDP],
        }
    }
}

/// The time after the question for the Ethernet address of a host in which `smoltcp` asks for no other.
const SILENCE: Duration = Duration::from_secs(1);

/// The time for which a host that has begun to connect may be silent.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// The protocols, once they run.
///
/// The first socket that has something to send to an unknown host decides which host is asked for its Ethernet address.
/// So the sockets take turns in being the first: otherwise a client that sends to a host that does not exist, again and
/// again, would keep others from ever asking for theirs.
pub struct Running<const SOCKETS: usize> {
    pub interface: Interface,
    pub sockets: SocketSet<'static>,
    handles: [SocketHandle; SOCKETS],
    /// The places of the sockets in the order in which they are looked at.
    order: [usize; SOCKETS],
    /// The end of the silence after a question.
    silent_until: Option<Instant>,
    /// The free port that was used last.
    port: u16,
}

/// The place of a socket: its client, and the calls that wait.
#[derive(Debug)]
pub struct Place {
    client: Option<Client>,
    /// True if the client knows of the connection.
    pub(crate) is_told: bool,
    pub(crate) readers: Waiters,
    pub(crate) writers: Waiters,
}

impl Place {
    /// Creates the place of a socket, with two notifications of the process that are used for nothing else. Calls wait
    /// for the first until they can receive, and for the second until they can connect or send.
    #[must_use]
    pub const fn new(readable: Notification, writable: Notification) -> Place {
        let (readers, writers) = (Waiters::new(readable), Waiters::new(writable));
        Place { client: None, is_told: false, readers, writers }
    }
}

pub struct State<const SOCKETS: usize> {
    pub running: Option<Running<SOCKETS>>,
    pub places: [Place; SOCKETS],
}

fn now() -> Instant {
    Instant::from_micros(time::now().as_micros().cast_signed())
}

impl<const SOCKETS: usize> Running<SOCKETS> {
    pub fn ingress(&mut self, device: &mut Noting<'_, impl Device>) -> PollIngressSingleResult {
        let now = now();
        let result = self.interface.poll_ingress_single(now, device, &mut self.sockets);
        self.note_question(device, now);
        result
    }

    pub fn egress(&mut self, device: &mut Noting<'_, impl Device>) {
        let now = now();
        if self.silent_until.is_some_and(|end| now >= end) {
            self.silent_until = None;
            self.turn();
        }
        // Each time sends a packet of each socket that has one, and a window bounds their number.
        while self.interface.poll_egress(now, device, &mut self.sockets) != PollResult::None {}
        self.note_question(device, now);
    }

    /// Gives up connections that a host has begun, and with which it does not go on: else one packet of a host that is never
    /// heard of again would keep the port from all others.
    pub fn limit_handshakes(&mut self, sockets: usize) {
        for place in 0..sockets {
            let socket = self.tcp(place);
            let is_half = socket.state() == tcp::State::SynReceived;
            socket.set_timeout(is_half.then_some(HANDSHAKE.into()));
        }
    }

    fn note_question(&mut self, device: &mut Noting<'_, impl Device>, now: Instant) {
        if device.take_question() {
            self.silent_until = Some(now + SILENCE.into());
        }
    }

    /// Lets the second socket be the first, and the first the last. All of them, if they wait for a host, try again.
    // Not inlined, because the sockets that it moves are on its stack.
    #[inline(never)]
    fn turn(&mut self) {
        let [first, others @ ..] = &self.order[..] else { return };
        let socket = self.sockets.remove(self.handles[*first]);
        for &place in others {
            let other = self.sockets.remove(self.handles[place]);
            // It gets the first slot that is free, which is that of the one before it.
            self.handles[place] = self.sockets.add(other);
        }
        self.handles[*first] = self.sockets.add(socket);
        self.order.rotate_left(1);
    }

    pub fn delay(&mut self) -> Option<Duration> {
        let delay = self.interface.poll_delay(now(), &self.sockets)?;
        Some(Duration::from_micros(delay.total_micros()))
    }

    pub fn tcp(&mut self, place: usize) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(self.handles[place])
    }

    pub fn udp(&mut self, place: usize) -> &mut udp::Socket<'static> {
        self.sockets.get_mut(self.handles[place])
    }

    /// Returns a port that is for nobody in particular, and that no other socket has: what comes there is for the first
    /// socket that has it.
    pub fn free_port(&mut self) -> u16 {
        // (There are fewer sockets than ports.)
        loop {
            self.port = (self.port + 1) % FREE_PORT_COUNT;
            let port = FREE_PORTS + self.port;
            if !self.sockets.iter().any(|(_, socket)| has_port(socket, port)) {
                return port;
            }
        }
    }

    pub fn connect(&mut self, place: usize, to: crate::Endpoint) -> Result<(), tcp::ConnectError> {
        let port = self.free_port();
        let socket = self.sockets.get_mut::<tcp::Socket>(self.handles[place]);
        socket.connect(self.interface.context(), to, port)
    }

    /// Ends what the socket does.
    fn reset(&mut self, place: usize, tcp: usize) {
        if place < tcp {
            abort(self.tcp(place));
        } else {
            self.udp(place).close();
        }
    }
}

fn has_port(socket: &Socket<'_>, port: u16) -> bool {
    match socket {
        Socket::Tcp(socket) => {
            socket.listen_endpoint().port == port
                || socket.local_endpoint().is_some_and(|local| local.port == port)
        }
        Socket::Udp(socket) => socket.endpoint().port == port,
    }
}

/// Ends a connection at once, and forgets the bytes that nobody has received: otherwise they would be for the next who
/// receives at the socket.
pub fn abort(socket: &mut tcp::Socket<'_>) {
    socket.abort();
    while socket.recv(|bytes| (bytes.len(), bytes.len())).is_ok_and(|count| count > 0) {}
}

impl<const SOCKETS: usize> State<SOCKETS> {
    pub const fn new(places: [Place; SOCKETS]) -> Self {
        State { running: None, places }
    }

    /// Begins with sockets that are closed: the first `tcp` of TCP, and `UDP` of the other kind.
    pub fn start<const UDP: usize, const BUFFER: usize>(
        &mut self,
        tcp: usize,
        memory: &'static mut Memory<UDP, SOCKETS, BUFFER>,
        settings: &Settings,
        device: &mut impl Device,
        seed: u64,
    ) {
        let mut config = Config::new(EthernetAddress(settings.hardware).into());
        config.random_seed = seed;
        let mut interface = Interface::new(config, device, now());
        let address = |[a, b, c, d]: [u8; 4]| Ipv4Address::new(a, b, c, d);
        interface.update_ip_addrs(|all| {
            let own = IpAddress::Ipv4(address(settings.address));
            // There is room for the first.
            let _ = all.push(IpCidr::new(own, settings.prefix));
        });
        if let Some(gateway) = settings.gateway {
            let _ = interface.routes_mut().add_default_ipv4_route(address(gateway));
        }
        let mut sockets = SocketSet::new(&mut memory.sockets[..]);
        let mut handles = [SocketHandle::default(); SOCKETS];
        let mut datagrams = memory.datagrams.iter_mut();
        for (index, (handle, [received, sent])) in
            handles.iter_mut().zip(&mut memory.buffers).enumerate()
        {
            *handle = if index < tcp {
                let received = tcp::SocketBuffer::new(&mut received[..]);
                sockets.add(tcp::Socket::new(received, tcp::SocketBuffer::new(&mut sent[..])))
            } else if let Some([of_received, of_sent]) = datagrams.next() {
                let received = udp::PacketBuffer::new(&mut of_received[..], &mut received[..]);
                let sent = udp::PacketBuffer::new(&mut of_sent[..], &mut sent[..]);
                sockets.add(udp::Socket::new(received, sent))
            } else {
                continue;
            };
        }
        let port = (seed >> 48) as u16 % FREE_PORT_COUNT;
        let order = core::array::from_fn(|place| place);
        let silent_until = None;
        self.running = Some(Running { interface, sockets, handles, order, silent_until, port });
    }

    /// Makes the socket the caller's. One that another life of the caller has left is closed first.
    pub fn admit(&mut self, place: usize, tcp: usize, client: Client) {
        let owner = self.places[place].client;
        if owner != Some(client) && owner.is_none_or(Client::is_gone) {
            self.reset(place, tcp);
            self.places[place].client = Some(client);
        }
    }

    /// Closes the sockets of clients that are gone.
    pub fn forget_lost_clients(&mut self, tcp: usize) {
        for place in 0..SOCKETS {
            if self.places[place].client.is_some_and(Client::is_gone) {
                self.reset(place, tcp);
                self.places[place].client = None;
            }
        }
    }

    fn reset(&mut self, place: usize, tcp: usize) {
        self.places[place].is_told = false;
        if let Some(running) = &mut self.running {
            running.reset(place, tcp);
        }
    }

    /// Returns the notifications of calls that may go on now, if some wait: a reader's, a writer's.
    pub fn woken(&mut self, place: usize, tcp: usize) -> [Option<Notification>; 2] {
        let Some(running) = &mut self.running else { return [None; 2] };
        let here = &self.places[place];
        let [reads, writes] = if place < tcp {
            progress::of_tcp(running.tcp(place), here.is_told)
        } else {
            progress::of_udp(running.udp(place))
        };
        let reader = if reads { here.readers.first() } else { None };
        let writer = if writes { here.writers.first() } else { None };
        [reader, writer]
    }
}

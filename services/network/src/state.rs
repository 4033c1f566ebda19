// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sockets, the clients that own them, and the calls that wait for them.

#[cfg(feature = "dns")]
use crate::asked::Names;
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
#[cfg(feature = "dhcp")]
use smoltcp::socket::dhcpv4;
use smoltcp::socket::{Socket, tcp, udp};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, Ipv4Address};
#[cfg(feature = "dns")]
use smoltcp::{iface::Context, socket::dns};

/// The largest number of datagrams that a socket keeps for each direction.
pub const DATAGRAMS: usize = 4;

/// The first of the ports that are free for any use (RFC 6335), and the number of these ports.
const FREE_PORTS: u16 = 49152;
const FREE_PORT_COUNT: u16 = 16384;

/// The memory that the sockets borrow.
pub struct Memory<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize,
> {
    sockets: [SocketStorage<'static>; SOCKETS],
    of_tcp: [[[u8; BUFFER]; 2]; TCP],
    of_udp: [[[u8; BUFFER]; 2]; UDP],
    datagrams: [[[udp::PacketMetadata; DATAGRAMS]; 2]; UDP],
    #[cfg(feature = "dns")]
    names: [Option<dns::DnsQuery>; NAMES],
}

impl<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize,
> Memory<TCP, UDP, SOCKETS, BUFFER, NAMES>
{
    pub const fn new() -> Self {
        Memory {
            sockets: [SocketStorage::EMPTY; SOCKETS],
            of_tcp: [[[0; BUFFER]; 2]; TCP],
            of_udp: [[[0; BUFFER]; 2]; UDP],
            datagrams: [[[udp::PacketMetadata::EMPTY; DATAGRAMS]; 2]; UDP],
            #[cfg(feature = "dns")]
            names: [const { None }; NAMES],
        }
    }
}

/// The order of the places: this number of places of TCP, of UDP, and of clients that ask for names. If one more place
/// is left, it is that of DHCP.
#[derive(Clone, Copy)]
pub struct Layout {
    pub tcp: usize,
    pub udp: usize,
    pub names: usize,
}

/// The use of a place.
enum Kind {
    Tcp,
    Udp,
    Name,
    Dhcp,
}

impl Layout {
    fn kind(self, place: usize) -> Kind {
        let sockets = self.tcp + self.udp;
        if place < self.tcp {
            Kind::Tcp
        } else if place < sockets || !cfg!(any(feature = "dhcp", feature = "dns")) {
            Kind::Udp
        } else if place < sockets + self.names {
            Kind::Name
        } else {
            Kind::Dhcp
        }
    }
}

/// After a question for the Ethernet address of a host, `smoltcp` asks no other question for this time.
const SILENCE: Duration = Duration::from_secs(1);

/// The longest time for which a host that has begun to connect may send nothing.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// The state of the protocols while they run.
///
/// The first socket that has something to send to an unknown host decides which host is asked for its Ethernet address.
/// So the sockets take turns in being the first. Otherwise a client that sends again and again to a host that does not
/// exist would prevent all questions of other sockets.
pub struct Running<const SOCKETS: usize> {
    pub interface: Interface,
    pub sockets: SocketSet<'static>,
    /// The handles of the sockets of TCP and UDP, at their places; then the handle of the socket for names; then that
    /// of DHCP.
    handles: [SocketHandle; SOCKETS],
    /// The indices of the handles in the order in which their sockets are looked at.
    order: [usize; SOCKETS],
    /// The number of sockets. All clients that ask for names share one socket.
    #[cfg(feature = "dns")]
    count: usize,
    #[cfg(feature = "dns")]
    pub names: Names<SOCKETS>,
    #[cfg(feature = "dhcp")]
    dhcp: Option<usize>,
    /// True if the name server comes from DHCP.
    #[cfg(all(feature = "dhcp", feature = "dns"))]
    takes_name_server: bool,
    /// The time until which `smoltcp` asks no other question.
    silent_until: Option<Instant>,
    /// The free port that was used last.
    port: u16,
}

/// The place of a socket: its client, and the calls that wait.
#[derive(Debug)]
pub struct Place {
    client: Option<Client>,
    /// True if a call has told the client that there is a connection.
    pub(crate) is_told: bool,
    pub(crate) readers: Waiters,
    pub(crate) writers: Waiters,
}

impl Place {
    /// Creates the place of a socket. The process must use these two notifications for nothing else. Calls wait for
    /// `readable` until they can receive, and for `writable` until they can connect or send.
    #[must_use]
    pub const fn new(readable: Notification, writable: Notification) -> Place {
        let (readers, writers) = (Waiters::new(readable), Waiters::new(writable));
        Place { client: None, is_told: false, readers, writers }
    }

    /// Creates the place of a client that asks for names. The process must use this notification for nothing else.
    #[cfg(feature = "dns")]
    #[must_use]
    pub const fn for_names(resolved: Notification) -> Place {
        Place::new(resolved, resolved)
    }

    /// Creates the place of DHCP. The process must use this notification for nothing else.
    #[cfg(feature = "dhcp")]
    #[must_use]
    pub const fn for_dhcp(addressed: Notification) -> Place {
        Place::new(addressed, addressed)
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
        // Each round sends one packet of each socket that has a packet to send. The loop ends, because the window of a
        // connection limits its packets.
        while self.interface.poll_egress(now, device, &mut self.sockets) != PollResult::None {}
        self.note_question(device, now);
    }

    /// Sets a timeout for connections that a host has begun but not completed. Otherwise a host that sends one packet
    /// and then nothing more would block the port for all other hosts.
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

    /// Moves the first socket to the end, so that the second socket becomes the first. All sockets that wait for the
    /// Ethernet address of a host then try again.
    // Not inlined, because the sockets that it moves are on its stack.
    #[inline(never)]
    fn turn(&mut self) {
        let count = self.count();
        let [first, others @ ..] = &self.order[..count] else { return };
        let socket = self.sockets.remove(self.handles[*first]);
        for &place in others {
            let other = self.sockets.remove(self.handles[place]);
            // The socket gets the first free slot, which is the slot of the socket before it.
            self.handles[place] = self.sockets.add(other);
        }
        self.handles[*first] = self.sockets.add(socket);
        self.order[..count].rotate_left(1);
    }

    fn count(&self) -> usize {
        #[cfg(feature = "dns")]
        return self.count;
        #[cfg(not(feature = "dns"))]
        SOCKETS
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

    /// Returns a port that is free for any use, and that no other socket has. (If two sockets had the same port, only
    /// the first would receive.)
    pub fn free_port(&mut self) -> u16 {
        // (The loop ends, because there are fewer sockets than ports.)
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

    /// Ends the activity of a place: closes its socket, or forgets its question.
    fn reset(&mut self, place: usize, layout: Layout) {
        match layout.kind(place) {
            Kind::Tcp => abort(self.tcp(place)),
            Kind::Udp => self.udp(place).close(),
            #[cfg(feature = "dns")]
            Kind::Name => self.forget_name(place),
            // The place of DHCP belongs to no single client, so nothing ends.
            _ => {}
        }
    }

    /// Returns the socket for names, and the context that it needs to send.
    #[cfg(feature = "dns")]
    pub fn dns(&mut self) -> (&mut dns::Socket<'static>, &mut Context) {
        (self.sockets.get_mut(self.handles[self.names.socket]), self.interface.context())
    }

    /// Returns the address of this host, if it has one.
    #[cfg(any(feature = "dhcp", feature = "dns"))]
    pub fn address(&self) -> Option<[u8; 4]> {
        self.interface.ipv4_addr().map(|address| address.octets())
    }

    /// Takes the addresses that DHCP has provided, or drops the addresses that DHCP has lost. When the address of this
    /// host changes, connections of the old address end.
    #[cfg(feature = "dhcp")]
    pub fn follow_dhcp(&mut self) {
        let Some(socket) = self.dhcp else { return };
        let socket = self.sockets.get_mut::<dhcpv4::Socket<'_>>(self.handles[socket]);
        let (own, router, _server) = match socket.poll() {
            None => return,
            Some(dhcpv4::Event::Deconfigured) => (None, None, None),
            Some(dhcpv4::Event::Configured(config)) => {
                (Some(config.address), config.router, config.dns_servers.first().copied())
            }
        };
        #[cfg(feature = "dns")]
        if self.takes_name_server {
            let server = _server.map(IpAddress::Ipv4);
            self.dns().0.update_servers(server.as_slice());
        }
        self.interface.update_ip_addrs(|all| {
            all.clear();
            all.extend(own.map(IpCidr::Ipv4));
        });
        let routes = self.interface.routes_mut();
        routes.remove_default_ipv4_route();
        // A router that is not on the cable can't be reached.
        if let Some(router) =
            router.filter(|router| own.is_some_and(|own| own.contains_addr(router)))
        {
            // The first entry always has room.
            let _ = routes.add_default_ipv4_route(router);
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
        // `smoltcp` has more kinds of sockets with other features.
        #[allow(unreachable_patterns)]
        _ => false,
    }
}

/// Ends a connection at once, and drops the bytes that no call has received. Otherwise the next client of the socket
/// would receive them.
pub fn abort(socket: &mut tcp::Socket<'_>) {
    socket.abort();
    while socket.recv(|bytes| (bytes.len(), bytes.len())).is_ok_and(|count| count > 0) {}
}

impl<const SOCKETS: usize> State<SOCKETS> {
    pub const fn new(places: [Place; SOCKETS]) -> Self {
        State { running: None, places }
    }

    /// Starts the protocols. All sockets are closed at first.
    pub fn start<const TCP: usize, const UDP: usize, const BUFFER: usize, const NAMES: usize>(
        &mut self,
        memory: &'static mut Memory<TCP, UDP, SOCKETS, BUFFER, NAMES>,
        settings: &Settings,
        device: &mut impl Device,
        seed: u64,
    ) {
        let mut config = Config::new(EthernetAddress(settings.hardware).into());
        config.random_seed = seed;
        let mut interface = Interface::new(config, device, now());
        let address = |[a, b, c, d]: [u8; 4]| Ipv4Address::new(a, b, c, d);
        if !settings.is_by_dhcp() {
            interface.update_ip_addrs(|all| {
                let own = IpAddress::Ipv4(address(settings.address));
                // The first entry always has room.
                let _ = all.push(IpCidr::new(own, settings.prefix));
            });
        }
        if let Some(gateway) = settings.gateway {
            let _ = interface.routes_mut().add_default_ipv4_route(address(gateway));
        }
        let mut sockets = SocketSet::new(&mut memory.sockets[..]);
        let mut handles = [SocketHandle::default(); SOCKETS];
        let mut free = handles.iter_mut();
        for ([received, sent], handle) in memory.of_tcp.iter_mut().zip(&mut free) {
            let received = tcp::SocketBuffer::new(&mut received[..]);
            let sent = tcp::SocketBuffer::new(&mut sent[..]);
            *handle = sockets.add(tcp::Socket::new(received, sent));
        }
        let buffers = memory.of_udp.iter_mut().zip(&mut memory.datagrams);
        for (([received, sent], [of_received, of_sent]), handle) in buffers.zip(&mut free) {
            let received = udp::PacketBuffer::new(&mut of_received[..], &mut received[..]);
            let sent = udp::PacketBuffer::new(&mut of_sent[..], &mut sent[..]);
            *handle = sockets.add(udp::Socket::new(received, sent));
        }
        #[cfg(feature = "dns")]
        let names = Names::new(TCP + UDP);
        #[cfg(feature = "dns")]
        if NAMES > 0
            && let Some(handle) = free.next()
        {
            let server = settings.name_server.map(|server| IpAddress::Ipv4(address(server)));
            *handle = sockets.add(dns::Socket::new(server.as_slice(), &mut memory.names[..]));
        }
        #[cfg(feature = "dhcp")]
        let mut dhcp = None;
        #[cfg(feature = "dhcp")]
        if settings.is_by_dhcp {
            dhcp = Some(SOCKETS - free.len());
            free.next().into_iter().for_each(|it| *it = sockets.add(dhcpv4::Socket::new()));
        }
        #[cfg(feature = "dns")]
        let count = SOCKETS - free.len();
        let port = (seed >> 48) as u16 % FREE_PORT_COUNT;
        self.running = Some(Running {
            interface,
            sockets,
            handles,
            order: core::array::from_fn(|index| index),
            #[cfg(feature = "dns")]
            count,
            #[cfg(feature = "dns")]
            names,
            #[cfg(feature = "dhcp")]
            dhcp,
            #[cfg(all(feature = "dhcp", feature = "dns"))]
            takes_name_server: NAMES > 0 && settings.name_server.is_none(),
            silent_until: None,
            port,
        });
    }

    /// Gives the socket at the place to this client, if the socket has no owner or its owner is gone. In this case the
    /// socket is closed first.
    pub fn admit(&mut self, place: usize, layout: Layout, client: Client) {
        let owner = self.places[place].client;
        if owner != Some(client) && owner.is_none_or(Client::is_gone) {
            self.reset(place, layout);
            self.places[place].client = Some(client);
        }
    }

    /// Closes the sockets of clients that are gone.
    pub fn forget_lost_clients(&mut self, layout: Layout) {
        for place in 0..SOCKETS {
            if self.places[place].client.is_some_and(Client::is_gone) {
                self.reset(place, layout);
                self.places[place].client = None;
            }
        }
    }

    fn reset(&mut self, place: usize, layout: Layout) {
        self.places[place].is_told = false;
        if let Some(running) = &mut self.running {
            running.reset(place, layout);
        }
    }

    /// Returns the notifications of the waiting calls that may go on now: first that of a reader, then that of a
    /// writer.
    pub fn woken(&mut self, place: usize, layout: Layout) -> [Option<Notification>; 2] {
        let Some(running) = &mut self.running else { return [None; 2] };
        let here = &self.places[place];
        let [reads, writes] = match layout.kind(place) {
            Kind::Tcp => progress::of_tcp(running.tcp(place), here.is_told),
            Kind::Udp => progress::of_udp(running.udp(place)),
            #[cfg(feature = "dns")]
            Kind::Name => [running.knows_name(place), false],
            #[cfg(feature = "dhcp")]
            Kind::Dhcp => [running.address().is_some(), false],
            #[allow(unreachable_patterns)]
            _ => [false; 2],
        };
        let reader = if reads { here.readers.first() } else { None };
        let writer = if writes { here.writers.first() } else { None };
        [reader, writer]
    }
}

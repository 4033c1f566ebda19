// SPDX-License-Identifier: MIT OR Apache-2.0
//! TCP sockets, UDP sockets and the names of hosts, as services. One process runs the protocols, with the crate
//! `smoltcp`. A client gets only the sockets that the wiring gives to it.
//!
//! | interface | what its client may do |
//! |---|---|
//! | [`TcpServer<PLACE, PORT>`](TcpServer) | take a connection that another host makes to this port |
//! | [`TcpClient<PLACE>`](TcpClient) | make a connection to another host |
//! | [`TcpStream<PLACE>`](TcpStream) | send and receive on the connection, and close it |
//! | [`UdpSocket<PLACE, PORT>`](UdpSocket) | send datagrams from this port, and receive those that come to it |
//! | `Resolve<PLACE>`, with the feature `dns` | get the address of a host by its name |
//! | `Address`, with the feature `dhcp` | know the address of this host |
//!
//! ```ignore
//! process network {
//!     notification CHANGED;
//!     lost_clients CHANGED; // connections of a client that crashes are reset
//!     notification READABLE; notification WRITABLE; // for each socket
//!     object sockets (stack = 512): Concurrent<Network<1, 0, 1, 512>> =
//!         Network::new(SETTINGS, CHANGED, [Place::new(READABLE, WRITABLE)]) =>
//!         [ECHO: dyn TcpServer<0, 7>, ECHO_STREAM: dyn TcpStream<0>];
//!     thread main (priority = 10, stack = 8192) = run(&sockets, LINK, SEEDS);
//! }
//! process echo { thread main (priority = 5, stack = 2048) = echo::main(ECHO, ECHO_STREAM); }
//!
//! fn run(sockets: &'static Network<1, 0, 1, 512>, link: Handle<dyn Ethernet>, random: Handle<dyn Random<0>>) -> ! {
//!     let seed = UnwrapErr(RandomHandle::new(random)).next_u64(); // by crossgate-entropy
//!     sockets.run(EthernetLink::<1024>::new(link), seed)
//! }
//! ```
//!
//! A socket has two buffers, one for each direction. The places of sockets are counted from 0, separately for TCP and
//! UDP. A socket belongs to the client that used it first. When the life of that client ends, the connection of the
//! socket is reset.
//!
//! With the feature `dns`, the type `Network` has a fifth number: the number of clients that may look up the address of
//! a host by its name. Each of these clients looks up one name at a time. With the feature `dhcp` and
//! `Settings::by_dhcp`, the firmware gets its own address from a server. The places for names come after the places of
//! the sockets, and the place for DHCP is the last. The third number of the type includes these places:
//!
//! ```ignore
//! object sockets (stack = 1536): Concurrent<Network<1, 0, 3, 512, 1>> = Network::new(
//!     Settings::by_dhcp(HARDWARE),
//!     CHANGED,
//!     [Place::new(READABLE, WRITABLE), Place::for_names(RESOLVED), Place::for_dhcp(ADDRESSED)],
//! ) => [CONNECT: dyn TcpClient<0>, STREAM: dyn TcpStream<0>, NAMES: dyn Resolve<0>, ADDRESS: dyn Address];
//! ```
//!
//! If this process crashes, the calls in it fail with `ServerFaulted`, and the process restarts without connections. If
//! another host then sends bytes on an old connection, this host gets a reset.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

#[cfg(feature = "dhcp")]
mod address;
#[cfg(feature = "dns")]
mod asked;
#[cfg(feature = "dns")]
mod names;
mod progress;
mod question;
mod settings;
mod state;
mod tcp;
mod udp;

#[cfg(feature = "dhcp")]
pub use address::Address;
#[cfg(feature = "dns")]
pub use names::Resolve;
pub use settings::{Endpoint, Settings};
pub use state::DATAGRAMS;
pub use state::Place;
pub use tcp::{TcpClient, TcpServer, TcpStream};
pub use udp::{ENDPOINT, UdpSocket};

use core::fmt;
use core::time::Duration;
use crossgate::sync::{Mutex, MutexGuard};
use crossgate::{Notification, Wire, server};
#[cfg(not(target_has_atomic = "32"))]
use crossgate_critical_section as _;
use crossgate_waiting::{Waiters, wait, wake};
use question::Noting;
use smoltcp::iface::PollIngressSingleResult;
use smoltcp::phy::Device;
use state::{Layout, Memory, State};
use static_cell::ConstStaticCell;

/// The reason why a socket could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Fault {
    /// The timeout of the call or the caller's deadline has passed. If the method never waits, there was no result at
    /// once.
    TimedOut,
    /// There is no connection, or it was reset.
    NotConnected,
    /// There is a connection already. The client has to close it first.
    InUse,
    /// The other host does not accept connections at this port.
    Refused,
    /// This address or port can't be reached.
    Unreachable,
    /// The datagram is longer than the buffer of the socket.
    TooLong,
    /// The bytes are not the name of a host.
    WrongName,
    /// The name server knows no address for the name, or does not answer.
    NotFound,
}

/// The largest number of packets that are taken from the device while the state is locked. Then clients can use their
/// sockets again.
const BURST: usize = 4;

/// The service object of the process that runs the protocols. It has `TCP` sockets for TCP and `UDP` sockets for UDP,
/// each with a buffer of `BUFFER` bytes for each direction. `NAMES` clients may ask for the addresses of hosts.
/// `SOCKETS` is the sum of these three numbers, plus one if the address comes by DHCP.
pub struct Network<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize = 0,
> {
    settings: Settings,
    changed: Notification,
    memory: ConstStaticCell<Memory<TCP, UDP, SOCKETS, BUFFER, NAMES>>,
    state: Mutex<State<SOCKETS>>,
}

impl<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize,
> fmt::Debug for Network<TCP, UDP, SOCKETS, BUFFER, NAMES>
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Network").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize,
> Network<TCP, UDP, SOCKETS, BUFFER, NAMES>
{
    const LAYOUT: Layout = Layout { tcp: TCP, udp: UDP, names: NAMES };

    /// Creates the sockets. [`run`](Self::run) waits for the notification `changed`. The driver's process also signals
    /// it when frames have come. `places` has the places of TCP first, then those of UDP, then those of clients that
    /// ask for names, and at the end the place of DHCP.
    ///
    /// # Panics
    /// If the numbers of the type do not fit each other or the settings. In the wiring, this is a compile error.
    #[must_use]
    pub const fn new(settings: Settings, changed: Notification, places: [Place; SOCKETS]) -> Self {
        const {
            assert!(SOCKETS > 0, "a network without sockets does nothing");
            assert!(BUFFER >= 64, "a buffer has room for 64 bytes at least");
            assert!(NAMES == 0 || cfg!(feature = "dns"), "names need the feature `dns`");
        }
        assert!(
            SOCKETS == TCP + UDP + NAMES + settings.is_by_dhcp() as usize,
            "the number of sockets is that of TCP, UDP and names together, and one more with DHCP"
        );
        assert!(NAMES == 0 || settings.has_name_server(), "names need a name server, or DHCP");
        Network {
            settings,
            changed,
            memory: ConstStaticCell::new(Memory::new()),
            state: Mutex::new(State::new(places)),
        }
    }

    /// Runs the protocols over the device: the main function of a thread of the process.
    ///
    /// The first sequence number and the port of each connection are made from `seed`. The seed has to be a number that
    /// nobody can guess, and a different number after each restart of the process. Otherwise an attacker who does not
    /// see a connection could forge bytes of this connection.
    ///
    /// # Panics
    /// If another thread runs it already.
    pub fn run(&'static self, mut device: impl Device, seed: u64) -> ! {
        let mut device = Noting::new(&mut device);
        self.state.lock().start(self.memory.take(), &self.settings, &mut device, seed);
        loop {
            let (delay, woken) = self.poll(&mut device);
            woken.into_iter().flatten().for_each(wake);
            match delay {
                None => self.changed.wait(),
                // The protocols run after the notification, and also after the timeout.
                Some(delay) => drop(self.changed.wait_timeout(delay)),
            }
        }
    }

    /// Runs the protocols once. Returns the time until they have to run again, and the notifications of the threads to
    /// wake.
    fn poll(
        &self,
        device: &mut Noting<'_, impl Device>,
    ) -> (Option<Duration>, [[Option<Notification>; 2]; SOCKETS]) {
        let mut state = self.state.lock();
        state.forget_lost_clients(Self::LAYOUT);
        let mut taken = 0;
        if let Some(running) = &mut state.running {
            while taken < BURST && running.ingress(device) != PollIngressSingleResult::None {
                taken += 1;
            }
            running.limit_handshakes(TCP);
            running.egress(device);
            #[cfg(feature = "dhcp")]
            running.follow_dhcp();
        }
        let delay = match &mut state.running {
            _ if taken == BURST => Some(Duration::ZERO),
            Some(running) => running.delay(),
            None => None,
        };
        (delay, core::array::from_fn(|place| state.woken(place, Self::LAYOUT)))
    }

    /// Locks the state for a call to the socket at `place`. `None` if nobody waits for the result of the call any more.
    fn enter(&self, place: usize) -> Option<MutexGuard<'_, State<SOCKETS>>> {
        let mut state = self.state.lock();
        let client = server::client()?;
        state.admit(place, Self::LAYOUT, client);
        Some(state)
    }

    /// Calls `attempt` for a call that first begins an action, and then waits for the result of this action. `attempt`
    /// sets `has_begun` when it has begun the action. The thread of the protocols is then woken.
    fn begin_once<R>(&self, has_begun: &mut bool, attempt: impl FnOnce(&mut bool) -> R) -> R {
        let had_begun = *has_begun;
        let result = attempt(has_begun);
        if *has_begun && !had_begun {
            self.changed.signal();
        }
        result
    }

    /// Calls `attempt` for a call to the socket at `place`. If there is no result, waits as one of `waiters` until
    /// there is one, up to `timeout`.
    fn attempt<R>(
        &self,
        place: usize,
        waiters: fn(&mut State<SOCKETS>) -> &mut Waiters,
        timeout: Duration,
        mut attempt: impl FnMut(&mut State<SOCKETS>) -> Option<Result<R, Fault>>,
    ) -> Result<R, Fault> {
        let mut attempt = |state: &mut State<SOCKETS>| {
            attempt(state).map(|result| (result, state.woken(place, Self::LAYOUT)))
        };
        let Some(mut guard) = self.enter(place) else { return Err(Fault::TimedOut) };
        let (result, woken) = match attempt(&mut guard) {
            Some(done) => {
                drop(guard);
                done
            }
            None if timeout.is_zero() => return Err(Fault::TimedOut),
            None => {
                // The thread of the protocols is woken, because it has to send the packets before there can be an
                // answer.
                self.changed.signal();
                wait(&self.state, guard, waiters, timeout, attempt).map_err(|_| Fault::TimedOut)?
            }
        };
        woken.into_iter().for_each(wake);
        self.changed.signal();
        result
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! TCP and UDP sockets as services, and names of hosts. One process runs the protocols, with the crate `smoltcp`. A
//! client gets only the sockets that the wiring gives to it.
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
//!     lost_clients CHANGED; // connections of who crashes are reset
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
//! A socket has two buffers, one for each direction. The places of sockets are counted from 0, for TCP and for UDP
//! separately. A socket belongs to the client that used it first. When the life of that client ends, the connection of
//! the socket is reset.
//!
//! With the feature `dns`, a fifth number of the type says how many clients may look up the address of a host by its
//! name. Each of these clients looks up one name at a time. With the feature `dhcp` and `Settings::by_dhcp`, the
//! firmware gets its own address from a server. The places for names come after the places of the sockets, and the
//! place for DHCP is the last. The third number of the type includes these places:
//!
//! ```ignore
//! object sockets (stack = 1536): Concurrent<Network<1, 0, 3, 512, 1>> = Network::new(
//!     Settings::by_dhcp(HARDWARE),
//!     CHANGED,
//!     [Place::new(READABLE, WRITABLE), Place::for_names(RESOLVED), Place::for_dhcp(ADDRESSED)],
//! ) => [CONNECT: dyn TcpClient<0>, STREAM: dyn TcpStream<0>, NAMES: dyn Resolve<0>, ADDRESS: dyn Address];
//! ```
//!
//! If this process crashes, the calls in it fail with `ServerFaulted`, and the process restarts without connections.
//! When another host sends on a connection of which the process knows nothing any more, it gets a reset.
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
use crossgate_waiting::{Waiters, wait, wake};
use question::Noting;
use smoltcp::iface::PollIngressSingleResult;
use smoltcp::phy::Device;
use state::{Layout, Memory, State};
use static_cell::ConstStaticCell;

/// Why a socket could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Fault {
    /// The time was over: that of the call, of the caller's deadline, or at once where the call does not wait.
    TimedOut,
    /// There is no connection, or it was reset.
    NotConnected,
    /// There is a connection already: it has to be closed first.
    InUse,
    /// The other host does not take connections there.
    Refused,
    /// The address or the port is none that can be reached.
    Unreachable,
    /// The datagram is longer than the buffer of the socket.
    TooLong,
    /// The bytes are not the name of a host.
    WrongName,
    /// The name server knows no address for the name, or does not answer.
    NotFound,
}

/// The packets that are taken from the device until clients can use their sockets again.
const BURST: usize = 4;

/// The object of the process that has the protocols: `TCP` and `UDP` sockets, with a buffer of `BUFFER` bytes for each
/// direction, and `NAMES` clients that may ask for the addresses of hosts. `SOCKETS` is the number of all together, and
/// one more if the address comes by DHCP.
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

    /// Creates sockets. `changed` is the notification that [`run`](Self::run) waits for, and that the driver's process
    /// signals when frames have come. The places are those of TCP first, then of UDP, of clients that ask for names, and
    /// of DHCP.
    ///
    /// # Panics
    /// If the numbers do not fit each other and the settings. In the wiring, that is a compile error.
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
    /// `seed` decides the first sequence number and the port of each connection. It has to be a number that nobody can
    /// guess, another one in each life of the process, or others can send what passes for bytes of a connection that
    /// they do not see.
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
                // It came, or it did not: both are a reason to look.
                Some(delay) => drop(self.changed.wait_timeout(delay)),
            }
        }
    }

    /// Does what is to be done now. Returns the time until there is more, and those to wake.
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

    /// Locks the state for a call to the socket at `place`; `None` if nobody waits for the call any more.
    fn enter(&self, place: usize) -> Option<MutexGuard<'_, State<SOCKETS>>> {
        let mut state = self.state.lock();
        let client = server::client()?;
        state.admit(place, Self::LAYOUT, client);
        Some(state)
    }

    /// Makes an attempt of a call that begins something before it waits for the result, and notes it in `has_begun`. Lets
    /// the protocols go on when it has.
    fn begin_once<R>(&self, has_begun: &mut bool, attempt: impl FnOnce(&mut bool) -> R) -> R {
        let had_begun = *has_begun;
        let result = attempt(has_begun);
        if *has_begun && !had_begun {
            self.changed.signal();
        }
        result
    }

    /// Makes an attempt for a call to the socket at `place`, and waits as one of `waiters`, up to `timeout`, until there
    /// is a result.
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
                // The packets that were begun have to go out before there can be an answer.
                self.changed.signal();
                wait(&self.state, guard, waiters, timeout, attempt).map_err(|_| Fault::TimedOut)?
            }
        };
        woken.into_iter().for_each(wake);
        self.changed.signal();
        result
    }
}

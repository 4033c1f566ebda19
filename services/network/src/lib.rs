// SPDX-License-Identifier: MIT OR Apache-2.0
//! TCP and UDP sockets as services. One process has the protocols, by `smoltcp`; a client gets the sockets that the
//! wiring gives it, and no others.
//!
//! | interface | what its client may do |
//! |---|---|
//! | [`TcpServer<PLACE, PORT>`](TcpServer) | take a connection that another host makes to this port |
//! | [`TcpClient<PLACE>`](TcpClient) | make a connection to another host |
//! | [`TcpStream<PLACE>`](TcpStream) | send and receive on the connection, and close it |
//! | [`UdpSocket<PLACE, PORT>`](UdpSocket) | send datagrams from this port, and receive those that come to it |
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
//! A socket has two buffers, one for each direction, and its places are counted from 0 for TCP and for UDP. It belongs
//! to the client that used it first. When a life of that client ends, its connection is reset.
//!
//! If this process crashes, calls in it fail once with `ServerFaulted`, and it starts anew without connections. The other
//! ends get a reset when they send the next time, and so do those of which it knows nothing any more.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod progress;
mod question;
mod settings;
mod state;
mod tcp;
mod udp;

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
use state::{Memory, State};
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
}

/// The packets that are taken from the device until clients can use their sockets again.
const BURST: usize = 4;

/// The object of the process that has the protocols: `TCP` and `UDP` sockets, `SOCKETS` together, with a buffer of
/// `BUFFER` bytes for each direction.
pub struct Network<const TCP: usize, const UDP: usize, const SOCKETS: usize, const BUFFER: usize> {
    settings: Settings,
    changed: Notification,
    memory: ConstStaticCell<Memory<UDP, SOCKETS, BUFFER>>,
    state: Mutex<State<SOCKETS>>,
}

impl<const TCP: usize, const UDP: usize, const SOCKETS: usize, const BUFFER: usize> fmt::Debug
    for Network<TCP, UDP, SOCKETS, BUFFER>
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Network").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<const TCP: usize, const UDP: usize, const SOCKETS: usize, const BUFFER: usize>
    Network<TCP, UDP, SOCKETS, BUFFER>
{
    /// Creates sockets. `changed` is the notification that [`run`](Self::run) waits for, and that the driver's process
    /// signals when frames have come. The places are those of the sockets, TCP first.
    #[must_use]
    pub const fn new(settings: Settings, changed: Notification, places: [Place; SOCKETS]) -> Self {
        const {
            assert!(SOCKETS == TCP + UDP, "the number of sockets is that of TCP and UDP together");
            assert!(SOCKETS > 0, "a network without sockets does nothing");
            assert!(BUFFER >= 64, "a buffer has room for 64 bytes at least");
        }
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
        self.state.lock().start::<UDP, BUFFER>(
            TCP,
            self.memory.take(),
            &self.settings,
            &mut device,
            seed,
        );
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
        state.forget_lost_clients(TCP);
        let mut taken = 0;
        if let Some(running) = &mut state.running {
            while taken < BURST && running.ingress(device) != PollIngressSingleResult::None {
                taken += 1;
            }
            running.limit_handshakes(TCP);
            running.egress(device);
        }
        let delay = match &mut state.running {
            _ if taken == BURST => Some(Duration::ZERO),
            Some(running) => running.delay(),
            None => None,
        };
        (delay, core::array::from_fn(|place| state.woken(place, TCP)))
    }

    /// Locks the state for a call to the socket at `place`; `None` if nobody waits for the call any more.
    fn enter(&self, place: usize) -> Option<MutexGuard<'_, State<SOCKETS>>> {
        let mut state = self.state.lock();
        let client = server::client()?;
        state.admit(place, TCP, client);
        Some(state)
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
            attempt(state).map(|result| (result, state.woken(place, TCP)))
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

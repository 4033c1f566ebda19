// SPDX-License-Identifier: MIT OR Apache-2.0
//! The other end of an Ethernet cable: a simulated host at 10.0.2.2. For each connection to a port of the real host, it
//! makes a connection to the firmware. It is a separate Linux process, and ends when the firmware ends.

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr, IpEndpoint};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixDatagram;

/// The addresses of this host and of the firmware. They are the same as in the emulator's network.
const HARDWARE: EthernetAddress = EthernetAddress([2, 0, 0, 0, 2, 2]);
const OWN: IpAddress = IpAddress::v4(10, 0, 2, 2);
const OTHER: IpAddress = IpAddress::v4(10, 0, 2, 15);

/// The longest frame.
const FRAME: usize = 1514;
/// The largest number of connections, and for each of them the largest number of bytes that are under way in one
/// direction.
const PLACES: usize = 16;
const BUFFER: usize = 16 * 1024;
/// The first port of this host.
const PORTS: u16 = 49152;
/// The firmware may refuse a connection because it is starting, or because all its sockets are in use. The connection
/// is then tried again for this time.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time between two attempts. It is also the longest time for which this process sleeps.
const RETRY: Duration = Duration::from_millis(20);
const LONGEST_SLEEP: Duration = Duration::from_millis(500);

/// The cable: a datagram is a frame.
struct Cable(UnixDatagram);

impl Device for Cable {
    type RxToken<'a> = Frame;
    type TxToken<'a> = Sender<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Frame, Sender<'_>)> {
        let mut frame = vec![0; FRAME];
        let length = self.0.recv(&mut frame).ok()?;
        frame.truncate(length);
        Some((Frame(frame), Sender(&self.0)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sender<'_>> {
        Some(Sender(&self.0))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME;
        capabilities
    }
}

/// A frame that was received.
struct Frame(Vec<u8>);

impl RxToken for Frame {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, with: F) -> R {
        with(&self.0)
    }
}

/// The end of the cable that sends a frame.
struct Sender<'a>(&'a UnixDatagram);

impl TxToken for Sender<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, with: F) -> R {
        let mut frame = vec![0; length];
        let result = with(&mut frame);
        // If there is no room, the frame is lost.
        let _ = self.0.send(&frame);
        result
    }
}

/// A connection of the host, and its socket here.
struct Connection {
    host: TcpStream,
    socket: SocketHandle,
    since: Instant,
    next_attempt: Instant,
    is_connected: bool,
    has_read_all: bool,
}

/// Forwards connections to `port` of the firmware. The standard output is the socket that accepts them, and the
/// standard input carries the frames.
pub fn run(port: u16) -> ! {
    // When the firmware's process ends, this process gets no message. It notices the end because its parent changes.
    let parent = std::os::unix::process::parent_id();
    let opened = || -> Result<(TcpListener, Cable), std::io::Error> {
        let listener = TcpListener::from(std::io::stdout().as_fd().try_clone_to_owned()?);
        let frames = UnixDatagram::from(std::io::stdin().as_fd().try_clone_to_owned()?);
        listener.set_nonblocking(true)?;
        frames.set_nonblocking(true)?;
        Ok((listener, Cable(frames)))
    };
    let Ok((listener, mut cable)) = opened() else { std::process::exit(1) };
    let mut config = Config::new(HARDWARE.into());
    config.random_seed = fastrand::u64(..);
    let start = std::time::Instant::now();
    let mut interface = Interface::new(config, &mut cable, Instant::ZERO);
    interface.update_ip_addrs(|all| {
        // The first address always fits.
        let _ = all.push(IpCidr::new(OWN, 24));
    });
    let mut storage = [const { SocketStorage::EMPTY }; PLACES];
    let mut sockets = SocketSet::new(&mut storage[..]);
    let buffer = || SocketBuffer::new(Box::leak(vec![0; BUFFER].into_boxed_slice()));
    let mut free: Vec<_> =
        (0..PLACES).map(|_| sockets.add(Socket::new(buffer(), buffer()))).collect();
    let mut connections: Vec<Connection> = Vec::new();
    let mut own_port = fastrand::u16(0..1000);
    while std::os::unix::process::parent_id() == parent {
        let now = Instant::from_micros(start.elapsed().as_micros() as i64);
        while !free.is_empty()
            && let Ok((host, _)) = listener.accept()
        {
            if host.set_nonblocking(true).is_ok()
                && let Some(socket) = free.pop()
            {
                let (is_connected, has_read_all) = (false, false);
                connections.push(Connection {
                    host,
                    socket,
                    since: now,
                    next_attempt: now,
                    is_connected,
                    has_read_all,
                });
            }
        }
        interface.poll(now, &mut cable, &mut sockets);
        let mut sleep = LONGEST_SLEEP;
        connections.retain_mut(|connection| {
            let socket = sockets.get_mut::<Socket>(connection.socket);
            connection.is_connected |= socket.may_send() || socket.may_recv();
            if !connection.is_connected && !socket.is_open() {
                if now > connection.since + PATIENCE {
                    free.push(connection.socket);
                    return false;
                }
                if now >= connection.next_attempt {
                    own_port = (own_port + 1) % 10_000;
                    let to = IpEndpoint::new(OTHER, port);
                    // This can't fail, because the socket is closed and both ports are given.
                    let _ = socket.connect(interface.context(), to, PORTS + own_port);
                    connection.next_attempt = now + RETRY;
                }
                sleep = sleep.min(RETRY);
            } else if connection.is_connected && !connection.pump(socket) {
                free.push(connection.socket);
                return false;
            }
            true
        });
        interface.poll(now, &mut cable, &mut sockets);
        sleep = interface.poll_delay(now, &sockets).map_or(sleep, |delay| sleep.min(delay));
        wait(&listener, &cable, &connections, &sockets, sleep);
    }
    std::process::exit(0)
}

impl Connection {
    /// Moves bytes in both directions. Returns false at the end of the connection.
    fn pump(&mut self, socket: &mut Socket<'_>) -> bool {
        while socket.can_send() && !self.has_read_all {
            let host = &mut self.host;
            let read = socket.send(|room| match host.read(room) {
                Ok(count) => (count, Ok(count)),
                Err(error) => (0, Err(error)),
            });
            match read {
                Ok(Ok(1..)) => {}
                Ok(Err(error)) if error.kind() == ErrorKind::WouldBlock => break,
                Ok(Err(_)) => socket.abort(),
                Ok(Ok(0)) | Err(_) => {
                    socket.close();
                    self.has_read_all = true;
                }
            }
        }
        while socket.can_recv() {
            let host = &mut self.host;
            let written = socket.recv(|bytes| match host.write(bytes) {
                Ok(count) => (count, Ok(())),
                Err(error) => (0, Err(error)),
            });
            match written {
                Ok(Ok(())) => {}
                Ok(Err(error)) if error.kind() == ErrorKind::WouldBlock => return true,
                _ => {
                    socket.abort();
                    return false;
                }
            }
        }
        if !socket.may_recv() {
            // An error is ignored: it means that the connection is gone already.
            let _ = self.host.shutdown(Shutdown::Write);
        }
        if socket.state() == State::TimeWait {
            socket.abort();
        }
        socket.is_open()
    }
}

/// Waits until there is something to do, or the time is over.
fn wait(
    listener: &TcpListener,
    cable: &Cable,
    connections: &[Connection],
    sockets: &SocketSet<'_>,
    time: Duration,
) {
    let poll =
        |file: BorrowedFd<'_>, events| libc::pollfd { fd: file.as_raw_fd(), events, revents: 0 };
    let mut polled = vec![poll(cable.0.as_fd(), libc::POLLIN)];
    if connections.len() < PLACES {
        polled.push(poll(listener.as_fd(), libc::POLLIN));
    }
    for connection in connections.iter().filter(|connection| connection.is_connected) {
        let socket = sockets.get::<Socket>(connection.socket);
        let reads = socket.can_send() && !connection.has_read_all;
        let events = if reads { libc::POLLIN } else { 0 }
            | if socket.can_recv() { libc::POLLOUT } else { 0 };
        if events != 0 {
            polled.push(poll(connection.host.as_fd(), events));
        }
    }
    let milliseconds = time.total_micros().div_ceil(1000) as libc::c_int;
    // SAFETY: the arguments are the records of the vector, and their number.
    unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, milliseconds) };
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! TCP connections.

use crate::state::{Running, State, abort};
use crate::{Endpoint, Fault, Network};
use core::time::Duration;
use crossgate::{Lease, LeaseMut, interface};
use crossgate_waiting::FOR_EVER;
use smoltcp::socket::tcp::{self, RecvError, Socket};

/// The interface of a process that accepts connections at a port.
#[interface]
pub trait TcpServer<const PLACE: usize, const PORT: u16> {
    /// Waits until another host has connected. The client has to close an earlier connection first. Bytes that this
    /// connection still has to send are sent before.
    fn accept(&self) -> Result<(), Fault>;
    /// Accepts a connection if another host has connected already. The first call of this method opens the port, so
    /// that hosts can connect.
    fn try_accept(&self) -> Result<(), Fault>;
    /// Waits until another host has connected, up to `timeout`.
    fn accept_timeout(&self, timeout: Duration) -> Result<(), Fault>;
}

/// The interface of a process that makes connections.
#[interface]
pub trait TcpClient<const PLACE: usize> {
    /// Connects, and waits as long as it takes.
    fn connect(&self, to: Endpoint) -> Result<(), Fault>;
    /// Connects, and waits up to `timeout`.
    fn connect_timeout(&self, to: Endpoint, timeout: Duration) -> Result<(), Fault>;
}

/// The interface of a process that uses a connection.
#[interface]
pub trait TcpStream<const PLACE: usize> {
    /// Sends as many bytes as there is room for. Waits as long as it takes until there is room for at least one byte.
    /// Returns the number of bytes sent.
    fn send(&self, bytes: Lease<'_, [u8]>) -> Result<u32, Fault>;
    /// Sends as many bytes as there is room for now.
    fn try_send(&self, bytes: Lease<'_, [u8]>) -> Result<u32, Fault>;
    /// Sends as many bytes as there is room for. Waits up to `timeout` until there is room for at least one byte.
    fn send_timeout(&self, bytes: Lease<'_, [u8]>, timeout: Duration) -> Result<u32, Fault>;
    /// Receives as many bytes as are available and fit. Waits as long as it takes until at least one byte is available.
    /// Returns the number of bytes received; 0 if the other end has closed the connection.
    fn receive(&self, to: LeaseMut<'_, [u8]>) -> Result<u32, Fault>;
    /// Receives as many bytes as are available now and fit.
    fn try_receive(&self, to: LeaseMut<'_, [u8]>) -> Result<u32, Fault>;
    /// Receives as many bytes as are available and fit. Waits up to `timeout` until at least one byte is available.
    fn receive_timeout(&self, to: LeaseMut<'_, [u8]>, timeout: Duration) -> Result<u32, Fault>;
    /// Closes the connection for sending. The other end gets all bytes that were sent so far, and then the end of the
    /// stream. The client can still receive.
    fn close(&self);
    /// Ends the connection at once, in both directions.
    fn reset(&self);
}

fn socket<const N: usize>(
    state: &mut State<N>,
    place: usize,
) -> Result<&mut Socket<'static>, Fault> {
    state.running.as_mut().map(|running| running.tcp(place)).ok_or(Fault::NotConnected)
}

/// Lets hosts connect to the port. Returns a result if a host has connected, and the client has not been told of it
/// yet.
fn accept<const N: usize>(
    state: &mut State<N>,
    place: usize,
    port: u16,
) -> Option<Result<(), Fault>> {
    use tcp::State;
    let is_told = state.places[place].is_told;
    // If the protocols have not started yet, the caller waits for them.
    let socket = socket(state, place).ok()?;
    match socket.state() {
        State::Established | State::CloseWait if is_told => Some(Err(Fault::InUse)),
        State::Established | State::CloseWait => {
            state.places[place].is_told = true;
            Some(Ok(()))
        }
        State::SynSent => Some(Err(Fault::InUse)),
        // In these states, all bytes that the client has sent have arrived.
        State::Closed | State::TimeWait | State::FinWait2 => {
            socket.abort();
            let listening = socket.listen(port);
            state.places[place].is_told = false;
            listening.is_err().then_some(Err(Fault::Unreachable))
        }
        State::Listen | State::SynReceived | State::FinWait1 | State::Closing | State::LastAck => {
            None
        }
    }
}

/// Begins to connect. A later attempt returns a result when the connection is made or refused.
fn connect<const N: usize>(
    state: &mut State<N>,
    place: usize,
    to: Endpoint,
    has_begun: &mut bool,
) -> Option<Result<(), Fault>> {
    use tcp::State;
    let running: &mut Running<N> = state.running.as_mut()?;
    let present = running.tcp(place).state();
    if *has_begun {
        return match present {
            State::SynSent | State::SynReceived => None,
            State::Established | State::CloseWait => {
                state.places[place].is_told = true;
                Some(Ok(()))
            }
            _ => Some(Err(Fault::Refused)),
        };
    }
    match present {
        State::Closed | State::TimeWait | State::FinWait2 | State::Listen => {}
        State::FinWait1 | State::Closing | State::LastAck => return None,
        _ => return Some(Err(Fault::InUse)),
    }
    running.tcp(place).abort();
    *has_begun = true;
    let begun = running.connect(place, to);
    state.places[place].is_told = false;
    begun.is_err().then_some(Err(Fault::Unreachable))
}

/// Gives the socket as many bytes as it has room for.
fn send<const N: usize>(
    state: &mut State<N>,
    place: usize,
    bytes: &Lease<'_, [u8]>,
) -> Option<Result<u32, Fault>> {
    let socket = match socket(state, place) {
        Ok(socket) => socket,
        Err(fault) => return Some(Err(fault)),
    };
    let mut sent = 0;
    // The room may be in two pieces.
    while sent < bytes.len() {
        let more = socket.send(|room| {
            let end = bytes.len().min(sent + room.len());
            let part = bytes.slice(sent, end);
            let count = part.map_or(0, |part| part.copy_to(room));
            (count, count)
        });
        match more {
            Ok(0) => break,
            Ok(count) => sent += count,
            Err(_) => return Some(Err(Fault::NotConnected)),
        }
    }
    (sent > 0 || bytes.is_empty()).then_some(Ok(sent as u32))
}

/// Takes as many bytes out of the socket as are available and fit.
fn receive<const N: usize>(
    state: &mut State<N>,
    place: usize,
    to: &mut LeaseMut<'_, [u8]>,
) -> Option<Result<u32, Fault>> {
    let socket = match socket(state, place) {
        Ok(socket) => socket,
        Err(fault) => return Some(Err(fault)),
    };
    let mut received = 0;
    // The bytes may be in two pieces.
    while received < to.len() {
        let more = socket.recv(|bytes| {
            let end = to.len().min(received + bytes.len());
            let count = to.slice_mut(received, end).map_or(0, |mut to| to.copy_from(bytes));
            (count, count)
        });
        match more {
            Ok(0) => break,
            Ok(count) => received += count,
            Err(_) if received > 0 => break,
            Err(RecvError::Finished) => return Some(Ok(0)),
            Err(RecvError::InvalidState) => return Some(Err(Fault::NotConnected)),
        }
    }
    (received > 0 || to.is_empty()).then_some(Ok(received as u32))
}

impl<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize,
> Network<TCP, UDP, SOCKETS, BUFFER, NAMES>
{
    fn accept_within<const PLACE: usize>(&self, port: u16, timeout: Duration) -> Result<(), Fault> {
        const { assert!(PLACE < TCP, "the network has no such TCP socket") };
        self.attempt(
            PLACE,
            |state| &mut state.places[PLACE].writers,
            timeout,
            |state| accept(state, PLACE, port),
        )
    }

    fn connect_within<const PLACE: usize>(
        &self,
        to: Endpoint,
        timeout: Duration,
    ) -> Result<(), Fault> {
        const { assert!(PLACE < TCP, "the network has no such TCP socket") };
        let mut has_begun = false;
        let result = self.attempt(
            PLACE,
            |state| &mut state.places[PLACE].writers,
            timeout,
            |state| self.begin_once(&mut has_begun, |it| connect(state, PLACE, to, it)),
        );
        if result == Err(Fault::TimedOut) && has_begun {
            self.end(PLACE, abort);
        }
        result
    }

    fn send_within<const PLACE: usize>(
        &self,
        bytes: &Lease<'_, [u8]>,
        timeout: Duration,
    ) -> Result<u32, Fault> {
        const { assert!(PLACE < TCP, "the network has no such TCP socket") };
        self.attempt(
            PLACE,
            |state| &mut state.places[PLACE].writers,
            timeout,
            |state| send(state, PLACE, bytes),
        )
    }

    fn receive_within<const PLACE: usize>(
        &self,
        to: &mut LeaseMut<'_, [u8]>,
        timeout: Duration,
    ) -> Result<u32, Fault> {
        const { assert!(PLACE < TCP, "the network has no such TCP socket") };
        self.attempt(
            PLACE,
            |state| &mut state.places[PLACE].readers,
            timeout,
            |state| receive(state, PLACE, to),
        )
    }

    /// Ends the connection by `how`, and wakes the calls that wait for it.
    fn end(&self, place: usize, how: fn(&mut Socket<'static>)) {
        let Some(mut state) = self.enter(place) else { return };
        if let Ok(socket) = socket(&mut state, place) {
            how(socket);
        }
        drop(state);
        // The thread of the protocols sends the end to the other host, and wakes the waiting calls.
        self.changed.signal();
    }
}

impl<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize,
    const PLACE: usize,
    const PORT: u16,
> TcpServer<PLACE, PORT> for Network<TCP, UDP, SOCKETS, BUFFER, NAMES>
{
    fn accept(&self) -> Result<(), Fault> {
        const { assert!(PORT > 0, "no host connects to port 0") };
        self.accept_within::<PLACE>(PORT, FOR_EVER)
    }

    fn try_accept(&self) -> Result<(), Fault> {
        self.accept_within::<PLACE>(PORT, Duration::ZERO)
    }

    fn accept_timeout(&self, timeout: Duration) -> Result<(), Fault> {
        self.accept_within::<PLACE>(PORT, timeout)
    }
}

impl<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize,
    const PLACE: usize,
> TcpClient<PLACE> for Network<TCP, UDP, SOCKETS, BUFFER, NAMES>
{
    fn connect(&self, to: Endpoint) -> Result<(), Fault> {
        self.connect_within::<PLACE>(to, FOR_EVER)
    }

    fn connect_timeout(&self, to: Endpoint, timeout: Duration) -> Result<(), Fault> {
        self.connect_within::<PLACE>(to, timeout)
    }
}

impl<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize,
    const PLACE: usize,
> TcpStream<PLACE> for Network<TCP, UDP, SOCKETS, BUFFER, NAMES>
{
    fn send(&self, bytes: Lease<'_, [u8]>) -> Result<u32, Fault> {
        self.send_within::<PLACE>(&bytes, FOR_EVER)
    }

    fn try_send(&self, bytes: Lease<'_, [u8]>) -> Result<u32, Fault> {
        self.send_within::<PLACE>(&bytes, Duration::ZERO)
    }

    fn send_timeout(&self, bytes: Lease<'_, [u8]>, timeout: Duration) -> Result<u32, Fault> {
        self.send_within::<PLACE>(&bytes, timeout)
    }

    fn receive(&self, mut to: LeaseMut<'_, [u8]>) -> Result<u32, Fault> {
        self.receive_within::<PLACE>(&mut to, FOR_EVER)
    }

    fn try_receive(&self, mut to: LeaseMut<'_, [u8]>) -> Result<u32, Fault> {
        self.receive_within::<PLACE>(&mut to, Duration::ZERO)
    }

    fn receive_timeout(&self, mut to: LeaseMut<'_, [u8]>, timeout: Duration) -> Result<u32, Fault> {
        self.receive_within::<PLACE>(&mut to, timeout)
    }

    fn close(&self) {
        self.end(PLACE, Socket::close);
    }

    fn reset(&self) {
        self.end(PLACE, abort);
    }
}

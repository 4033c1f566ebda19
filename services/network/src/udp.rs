// SPDX-License-Identifier: MIT OR Apache-2.0
//! Datagrams.

use crate::state::State;
use crate::{Endpoint, Fault, Network};
use core::time::Duration;
use crossgate::{Lease, LeaseMut, interface};
use crossgate_waiting::FOR_EVER;
use smoltcp::socket::udp::Socket;
use smoltcp::wire::IpEndpoint;

/// The number of bytes before a received datagram, which contain the endpoint of the sender ([`Endpoint::from_bytes`]).
pub const ENDPOINT: usize = 6;

/// The interface of a process that sends and receives datagrams at the port `PORT`. If `PORT` is 0, the service chooses
/// a free port.
#[interface]
pub trait UdpSocket<const PLACE: usize, const PORT: u16> {
    /// Sends a datagram. Waits for room as long as it takes.
    fn send(&self, bytes: Lease<'_, [u8]>, to: Endpoint) -> Result<(), Fault>;
    /// Sends a datagram if there is room.
    fn try_send(&self, bytes: Lease<'_, [u8]>, to: Endpoint) -> Result<(), Fault>;
    /// Receives a datagram. Waits for a datagram as long as it takes. The lent memory gets the endpoint of the sender
    /// ([`ENDPOINT`] bytes), and after it the datagram, as much of it as fits. Returns the number of bytes of both
    /// together.
    fn receive(&self, to: LeaseMut<'_, [u8]>) -> Result<u32, Fault>;
    /// Receives a datagram if there is one.
    fn try_receive(&self, to: LeaseMut<'_, [u8]>) -> Result<u32, Fault>;
    /// Receives a datagram. Waits for a datagram up to `timeout`.
    fn receive_timeout(&self, to: LeaseMut<'_, [u8]>, timeout: Duration) -> Result<u32, Fault>;
}

/// Returns the socket of the place. If it is not open yet, opens it at its port.
fn socket<const N: usize>(
    state: &mut State<N>,
    place: usize,
    port: u16,
) -> Option<Result<&mut Socket<'static>, Fault>> {
    let running = state.running.as_mut()?;
    if !running.udp(place).is_open() {
        let port = if port == 0 { running.free_port() } else { port };
        if running.udp(place).bind(port).is_err() {
            return Some(Err(Fault::Unreachable));
        }
    }
    Some(Ok(running.udp(place)))
}

fn send<const N: usize>(
    state: &mut State<N>,
    place: usize,
    port: u16,
    bytes: &Lease<'_, [u8]>,
    to: Endpoint,
) -> Option<Result<(), Fault>> {
    let socket = match socket(state, place, port)? {
        Ok(socket) => socket,
        Err(fault) => return Some(Err(fault)),
    };
    if bytes.len() > socket.payload_send_capacity() {
        return Some(Err(Fault::TooLong));
    }
    if to.port() == 0 || to.address() == [0; 4] {
        return Some(Err(Fault::Unreachable));
    }
    let room = socket.send(bytes.len(), IpEndpoint::from(to)).ok()?;
    bytes.copy_to(room);
    Some(Ok(()))
}

fn receive<const N: usize>(
    state: &mut State<N>,
    place: usize,
    port: u16,
    to: &mut LeaseMut<'_, [u8]>,
) -> Option<Result<u32, Fault>> {
    let socket = match socket(state, place, port)? {
        Ok(socket) => socket,
        Err(fault) => return Some(Err(fault)),
    };
    let (bytes, metadata) = socket.recv().ok()?;
    let before = to.copy_from(&Endpoint::from(metadata.endpoint).to_bytes());
    let end = to.len().min(ENDPOINT + bytes.len());
    let rest = to.slice_mut(before, end).map_or(0, |mut to| to.copy_from(bytes));
    Some(Ok((before + rest) as u32))
}

impl<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize,
> Network<TCP, UDP, SOCKETS, BUFFER, NAMES>
{
    fn send_datagram<const PLACE: usize>(
        &self,
        port: u16,
        (bytes, to): (&Lease<'_, [u8]>, Endpoint),
        timeout: Duration,
    ) -> Result<(), Fault> {
        const { assert!(PLACE < UDP, "the network has no such UDP socket") };
        self.attempt(
            TCP + PLACE,
            |state| &mut state.places[TCP + PLACE].writers,
            timeout,
            |state| send(state, TCP + PLACE, port, bytes, to),
        )
    }

    fn receive_datagram<const PLACE: usize>(
        &self,
        port: u16,
        to: &mut LeaseMut<'_, [u8]>,
        timeout: Duration,
    ) -> Result<u32, Fault> {
        const { assert!(PLACE < UDP, "the network has no such UDP socket") };
        self.attempt(
            TCP + PLACE,
            |state| &mut state.places[TCP + PLACE].readers,
            timeout,
            |state| receive(state, TCP + PLACE, port, to),
        )
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
> UdpSocket<PLACE, PORT> for Network<TCP, UDP, SOCKETS, BUFFER, NAMES>
{
    fn send(&self, bytes: Lease<'_, [u8]>, to: Endpoint) -> Result<(), Fault> {
        self.send_datagram::<PLACE>(PORT, (&bytes, to), FOR_EVER)
    }

    fn try_send(&self, bytes: Lease<'_, [u8]>, to: Endpoint) -> Result<(), Fault> {
        self.send_datagram::<PLACE>(PORT, (&bytes, to), Duration::ZERO)
    }

    fn receive(&self, mut to: LeaseMut<'_, [u8]>) -> Result<u32, Fault> {
        self.receive_datagram::<PLACE>(PORT, &mut to, FOR_EVER)
    }

    fn try_receive(&self, mut to: LeaseMut<'_, [u8]>) -> Result<u32, Fault> {
        self.receive_datagram::<PLACE>(PORT, &mut to, Duration::ZERO)
    }

    fn receive_timeout(&self, mut to: LeaseMut<'_, [u8]>, timeout: Duration) -> Result<u32, Fault> {
        self.receive_datagram::<PLACE>(PORT, &mut to, timeout)
    }
}

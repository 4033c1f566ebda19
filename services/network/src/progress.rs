// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decides from the state of a socket which waiting calls may go on.

use smoltcp::socket::{tcp, udp};

/// Returns two values: if a call that waits to receive may go on, and if a call that waits to connect or to send may go
/// on.
pub fn of_tcp(socket: &tcp::Socket<'_>, is_told: bool) -> [bool; 2] {
    use tcp::State::{Listen, SynReceived, SynSent};
    let begins = matches!(socket.state(), Listen | SynSent | SynReceived);
    let reads = socket.can_recv() || !(socket.may_recv() || begins);
    let writes = if socket.may_send() { socket.can_send() || !is_told } else { !begins };
    [reads, writes]
}

/// Returns two values: if a call that waits to receive may go on, and if a call that waits to send may go on.
pub fn of_udp(socket: &udp::Socket<'_>) -> [bool; 2] {
    [socket.can_recv(), socket.can_send()]
}

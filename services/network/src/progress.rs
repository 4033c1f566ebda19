// SPDX-License-Identifier: MIT OR Apache-2.0
//! The calls that may go on, by the state of their socket.

use smoltcp::socket::{tcp, udp};

/// Returns whether a call that wants to receive, and one that wants to connect or send, may go on.
pub fn of_tcp(socket: &tcp::Socket<'_>, is_told: bool) -> [bool; 2] {
    use tcp::State::{Listen, SynReceived, SynSent};
    let begins = matches!(socket.state(), Listen | SynSent | SynReceived);
    let reads = socket.can_recv() || !(socket.may_recv() || begins);
    let writes = if socket.may_send() { socket.can_send() || !is_told } else { !begins };
    [reads, writes]
}

/// Returns whether a call that wants to receive, and one that wants to send, may go on.
pub fn of_udp(socket: &udp::Socket<'_>) -> [bool; 2] {
    [socket.can_recv(), socket.can_send()]
}

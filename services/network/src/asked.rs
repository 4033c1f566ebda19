// SPDX-License-Identifier: MIT OR Apache-2.0
//! The questions to the name server that clients have asked.

use crate::Fault;
use smoltcp::socket::dns::QueryHandle;

/// The state of the question of one place.
#[derive(Clone, Copy)]
pub enum Question {
    None,
    Asked(QueryHandle),
    Answered(Result<[u8; 4], Fault>),
}

/// The questions of all places, and the socket that gets the answers.
pub struct Names<const SOCKETS: usize> {
    /// The index of the socket's handle.
    pub socket: usize,
    pub questions: [Question; SOCKETS],
}

impl<const SOCKETS: usize> Names<SOCKETS> {
    pub fn new(socket: usize) -> Self {
        Names { socket, questions: [Question::None; SOCKETS] }
    }
}

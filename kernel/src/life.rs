// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lives of processes: each has a number, and servers are told when the life of a client ends.
//!
//! A life ends when its process is taken down. The notes of a server on that process are of no use to its next life,
//! which does not know of it. So a server notes, with each thing that it gives away, the process and the life that has
//! it; and it is told of the end of the lives of all processes that may call it.

use crate::Kernel;
use crate::frame::Frame;
use crate::port::Port;
use crossgate_abi::client::ENDED;
use crossgate_abi::{ARGUMENT_WORDS, CallError, ProcessId, Status, Word};

impl<P: Port> Kernel<P> {
    /// Returns the number of the present life of a process to the current process.
    #[inline]
    pub(crate) fn client(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let process = self.threads.current().rights.process;
        if !self.system.lost_clients.iter().any(|told| told.process == process) {
            return CallError::NotPermitted.into();
        }
        match self.life(words[1]) {
            0 => Status::NO_SUCH_RECORD,
            life => {
                words[1] = life;
                Status::OK
            }
        }
    }

    /// Returns the life in which a process made a call, if that life has not ended.
    #[inline]
    pub(crate) fn life_of_caller(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let has_ended = self.current().innermost().is_some_and(Frame::is_stale);
        words[2] = if has_ended { ENDED } else { self.life(words[1]) };
        Status::OK
    }

    /// Returns the life of a process, counted from 1; 0 if there is no such process.
    #[inline]
    fn life(&self, process: Word) -> Word {
        let ended = self.optional.as_ref().and_then(|it| it.ended.get(process));
        ended.map_or(0, |ended| ended.wrapping_add(1) as Word)
    }

    /// Signals the end of a life of a process to the servers that are told of it.
    #[inline]
    pub(crate) fn tell_end(&mut self, process: ProcessId) {
        if let Some(optional) = &mut self.optional
            && let Some(ended) = optional.ended.get_mut(process.index())
        {
            *ended = ended.wrapping_add(1);
        }
        for told in self.system.lost_clients {
            if told.clients.contains(process)
                && let Some(notification) = told.notification
            {
                self.signal(notification.index());
            }
        }
    }
}

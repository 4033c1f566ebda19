// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lives of processes: the present one has a number, and who serves others is told when one ends.
//!
//! A life ends when its process goes down. What a server has noted of that process is for its next life then, which
//! knows nothing of it. So a server notes with what it gives away who has it, in which life; and it is told of the end
//! of the lives of all that may call it.

use crate::Kernel;
use crate::frame::Frame;
use crate::port::Port;
use crossgate_abi::client::ENDED;
use crossgate_abi::{ARGUMENT_WORDS, CallError, ProcessId, Status, Word};

impl<P: Port> Kernel<P> {
    /// The current process asks which life of a process it is.
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

    /// The life in which a process made a call, if it has not ended.
    #[inline]
    pub(crate) fn life_of_caller(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let has_ended = self.current().innermost().is_some_and(Frame::is_stale);
        words[2] = if has_ended { ENDED } else { self.life(words[1]) };
        Status::OK
    }

    /// The life of a process, from 1 on; 0 if there is none.
    #[inline]
    fn life(&self, process: Word) -> Word {
        let ended = self.optional.as_ref().and_then(|it| it.ended.get(process));
        ended.map_or(0, |ended| ended.wrapping_add(1) as Word)
    }

    /// A life of a process ends, of which others are told.
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

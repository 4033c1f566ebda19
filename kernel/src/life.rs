// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lives of processes: each life has a number, and servers are notified when the life of a client ends.
//!
//! A life ends when its process is taken down. The next life knows nothing of the ended one, so each server has to take
//! back everything that it handed out to the ended life. To find these things later, a server stores the number of the
//! process and of the life with each thing that it hands out. The *clients* of a server are the processes that may call
//! it. The kernel notifies the server when a life of a client ends.

use crate::Kernel;
use crate::frame::Frame;
use crate::port::Port;
use crate::work::{LOOKS, TELL};
use crossgate_abi::client::ENDED;
use crossgate_abi::{ARGUMENT_WORDS, CallError, ProcessId, Set, Status, Word};

impl<P: Port> Kernel<P> {
    /// Tells the current process the number of the present life of a process.
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

    /// Returns the life in which a process made the current call, or [`ENDED`] if that life has ended.
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

    /// Ends the life of a process. The worker notifies the servers of the process.
    #[inline]
    pub(crate) fn tell_end(&mut self, process: ProcessId) {
        let Some(optional) = &mut self.optional else { return };
        if let Some(ended) = optional.ended.get_mut(process.index()) {
            *ended = ended.wrapping_add(1);
        }
        // (The worker starts again at the first server. If it was still notifying servers of another process, it
        // notifies some of them twice.)
        optional.lost.insert(process);
        optional.told = 0;
        self.work.unchecked |= TELL;
    }

    /// Looks at some servers, and notifies the first one that has lost a client. No thread runs before all such servers
    /// have been notified.
    #[inline]
    pub(crate) fn tell_some(&mut self) {
        for _ in 0..LOOKS {
            let Some(optional) = &mut self.optional else { return };
            let Some(told) = self.system.lost_clients.get(optional.told) else {
                (optional.lost, optional.told) = (Set::EMPTY, 0);
                self.work.unchecked &= !TELL;
                return;
            };
            optional.told += 1;
            if !(told.clients & optional.lost).is_empty()
                && let Some(notification) = told.notification
            {
                self.signal(notification.index());
                return;
            }
        }
    }
}

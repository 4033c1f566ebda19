//! Lives of processes: the present one has a number, and who serves others is told when one ends.
//!
//! A life ends when its process goes down. What a server has noted of that process is for its next life then, which
//! knows nothing of it. So a server notes with what it gives away who has it, in which life; and it is told of the end
//! of the lives of all that may call it.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::{ARGUMENT_WORDS, CallError, NOBODY, Status, Word};

impl<P: Port> Kernel<P> {
    /// The current process asks who calls, or which life of a process it is.
    pub(crate) fn client(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        let current = self.threads.current();
        let process = current.level.process;
        if !self.system.lost_clients.iter().any(|told| told.process == process) {
            return CallError::NotPermitted.into();
        }
        let mut index = words[1];
        if index == NOBODY.into() {
            match current.innermost() {
                // It made the call in a life that has ended.
                Some(frame) if frame.is_stale() => return Status::NO_SUCH_RECORD,
                Some(frame) => index = frame.level.process.into(),
                None => return CallError::NotPermitted.into(),
            }
        }
        let ended = self.optional.as_ref().and_then(|it| it.ended.get(index));
        let Some(ended) = ended else { return Status::NO_SUCH_RECORD };
        (words[1], words[2]) = (index, ended.wrapping_add(1) as Word);
        Status::OK
    }

    /// A life of a process ends, of which others are told.
    pub(crate) fn tell_end(&mut self, process: u8) {
        if let Some(optional) = &mut self.optional
            && let Some(ended) = optional.ended.get_mut(usize::from(process))
        {
            *ended = ended.wrapping_add(1);
        }
        for told in self.system.lost_clients {
            if told.clients.rotate_right(process.into()) & 1 != 0
                && let Some(notification) = told.notification
            {
                self.signal(notification.into());
            }
        }
    }
}

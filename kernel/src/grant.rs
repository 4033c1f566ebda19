//! Who may call a service that the wiring does not name for it.
//!
//! A handle that travels as an argument or in a result is a capability: who has the right to call the
//! service gives it to who gets the handle. Grants are kept as one set of processes for each service,
//! so there are never more than fit. One ends when its receiver or the owner of the service goes down,
//! or when the owner revokes all.

use crate::port::Port;
use crate::{Effect, Kernel};
use crossgate_abi::table::Service;
use crossgate_abi::{CallError, Shape, Status, Word};

/// Tells whether a process may give away all handles that are among words of this shape.
type Check<P> = fn(&Kernel<P>, Shape, &[Word], u8) -> Result<(), CallError>;

/// What only a firmware needs in which handles are passed on. Others don't carry the code.
pub(crate) struct Grants<P: Port> {
    pub check: Check<P>,
    /// Lets a process call the services whose handles are among such words, which have been checked.
    pub pass: fn(&mut Kernel<P>, Shape, &[Word], u8),
    /// The current process takes back all grants of one of its services.
    pub revoke: fn(&mut Kernel<P>, Word) -> Status,
}

impl<P: Port> Grants<P> {
    pub const ALL: &Grants<P> = &Grants {
        check: Kernel::check_handles,
        pass: Kernel::pass_handles,
        revoke: Kernel::revoke,
    };
}

impl<P: Port> Kernel<P> {
    /// Admits a call of the current thread, whose registers are saved at `stack_pointer`, that the wiring alone
    /// does not: if another process has granted it, and its server is not down.
    #[cold]
    pub(crate) fn admit_by_grant(
        &mut self,
        stack_pointer: Word,
        index: Word,
        service: &Service,
    ) -> Result<(), Effect> {
        let caller = self.threads.current().level.process;
        let granted = self.granted.get(index).map_or(0, |granted| *granted);
        if (service.callers | granted).rotate_right(caller.into()) & 1 == 0 {
            Err(CallError::NotPermitted.into())
        } else if !self.is_running(service.owner) {
            Err(self.call_later(stack_pointer, service.owner))
        } else {
            Ok(())
        }
    }

    fn check_handles(&self, shape: Shape, words: &[Word], giver: u8) -> Result<(), CallError> {
        for place in shape.handles(words) {
            let handle = words.get(place).copied().unwrap_or(Word::MAX);
            let (index, service) = self.service_of(handle).ok_or(CallError::NotPermitted)?;
            let granted = self.granted.get(index).copied().unwrap_or(0);
            let may = service.callers | granted | 1u32.rotate_left(service.owner.into());
            if may.rotate_right(giver.into()) & 1 == 0 {
                return Err(CallError::NotPermitted);
            }
        }
        Ok(())
    }

    fn pass_handles(&mut self, shape: Shape, words: &[Word], receiver: u8) {
        for place in shape.handles(words) {
            let handle = words.get(place).copied().unwrap_or(Word::MAX);
            if let Some((index, _)) = self.service_of(handle)
                && let Some(granted) = self.granted.get_mut(index)
            {
                *granted |= 1u32.rotate_left(receiver.into());
            }
        }
    }

    fn revoke(&mut self, gate: Word) -> Status {
        let process = self.current().level.process;
        match self.service_of(gate) {
            Some((index, service)) if service.owner == process => {
                if let Some(granted) = self.granted.get_mut(index) {
                    *granted = 0;
                }
                Status::OK
            }
            _ => CallError::NotPermitted.into(),
        }
    }

    /// A process goes down: grants of its services end, and those that it has got.
    pub(crate) fn end_grants(&mut self, process: u8) {
        for (service, granted) in self.services.iter().zip(self.granted.iter_mut()) {
            let others =
                if service.owner == process { 0 } else { !1u32.rotate_left(process.into()) };
            *granted &= others;
        }
    }
}

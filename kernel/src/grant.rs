//! Who may call a service that the wiring does not name for it.
//!
//! A handle that travels as an argument or in a result is a capability: who has the right to call the
//! service gives it to who gets the handle. Grants are kept as one set of processes for each service,
//! so there are never more than fit. One ends when its receiver or the owner of the service goes down,
//! or when the owner revokes all.

use crate::Kernel;
use crate::call::{HANDLES_OF_RESULTS, Refusal};
use crate::port::Port;
use crossgate_abi::table::{Method, Service};
use crossgate_abi::{CallError, Kind, Shape, Status, Word};

const HANDLE: u16 = Kind::Handle as u16;
const HANDLE_IF_TAG_IS_ZERO: u16 = Kind::HandleIfTagIsZero as u16;

/// Lets a receiver (the last argument) call the services whose handles are among words of this shape, if
/// the giver (the one before) may.
type Pass<P> = fn(&mut Kernel<P>, Shape, &[Word], u8, u8) -> Result<(), CallError>;

/// What only a firmware needs in which handles are passed on. Others don't carry the code.
pub(crate) struct Grants<P: Port> {
    pub pass: Pass<P>,
    /// The current process takes back all grants of one of its services.
    pub revoke: fn(&mut Kernel<P>, Word) -> Status,
    /// A process goes down: grants of its services end, and those that it has got.
    pub end: fn(&mut Kernel<P>, u8),
}

impl<P: Port> Grants<P> {
    pub const ALL: &Grants<P> =
        &Grants { pass: Kernel::pass_handles, revoke: Kernel::revoke, end: Kernel::end_grants };
}

impl<P: Port> Kernel<P> {
    /// Admits a call that the wiring alone does not: if another process has granted it, and its server
    /// is not down.
    #[cold]
    pub(crate) fn admit_by_grant(
        &self,
        index: Word,
        service: &Service,
        caller: u8,
    ) -> Result<(), Refusal> {
        let granted = self.granted.get(index).map_or(0, |granted| *granted);
        if (service.callers | granted).rotate_right(caller.into()) & 1 == 0 {
            Err(Refusal::Error(CallError::NotPermitted))
        } else if !self.is_running(service.owner) {
            Err(Refusal::Down(service.owner))
        } else {
            Ok(())
        }
    }

    /// The current thread calls a method that takes or gives handles.
    #[cold]
    pub(crate) fn take_handles(
        &mut self,
        method: &Method,
        words: &[Word],
        callee: u8,
    ) -> Result<(), CallError> {
        let Some(grants) = self.grants else { return Ok(()) };
        let thread = self.threads.current();
        if let Some(frame) = thread.next_frame() {
            frame.care |= method.results.kinds as u8 & HANDLES_OF_RESULTS;
        }
        let caller = thread.level.process;
        (grants.pass)(self, method.arguments, words, caller, callee)
    }

    fn pass_handles(
        &mut self,
        shape: Shape,
        words: &[Word],
        giver: u8,
        receiver: u8,
    ) -> Result<(), CallError> {
        let (mut kinds, mut before) = (shape.kinds, 1);
        for &word in words {
            if kinds & HANDLE != 0 || kinds & HANDLE_IF_TAG_IS_ZERO != 0 && before == 0 {
                let index = word >> 8;
                let (Some(service), Some(granted)) =
                    (self.services.get(index), self.granted.get_mut(index))
                else {
                    return Err(CallError::NotPermitted);
                };
                let may = service.callers | *granted | 1 << (service.owner & 31);
                if may >> (giver & 31) & 1 == 0 {
                    return Err(CallError::NotPermitted);
                }
                *granted |= 1 << (receiver & 31);
            }
            (kinds, before) = (kinds >> 4, word);
        }
        Ok(())
    }

    fn revoke(&mut self, index: Word) -> Status {
        let process = self.current().level.process;
        match (self.services.get(index), self.granted.get_mut(index)) {
            (Some(service), Some(granted)) if service.owner == process => {
                *granted = 0;
                Status::OK
            }
            _ => CallError::NotPermitted.into(),
        }
    }

    fn end_grants(&mut self, process: u8) {
        for (service, granted) in self.services.iter().zip(self.granted.iter_mut()) {
            let others = if service.owner == process { 0 } else { !(1 << (process & 31)) };
            *granted &= others;
        }
    }
}

//! What a server can do about those who call it.

use crate::arch::system_call;
use crate::call::failure;
use crate::{CallError, Handle};
use crossgate_abi::number;

/// Refuses the call that this thread is in, as one that breaks the rules of the protocol: the client
/// gets [`CallError::Refused`] when the method returns, whatever that returns; and the kernel notes, once a
/// call, who it was and who says so, in a [record](crate::fault::Refusals), and tells the process that is
/// told of faults.
///
/// For a failure that a client may well meet, let the method return a `Result` instead. Outside a call
/// it does nothing.
///
/// ```
/// use core::sync::atomic::{AtomicBool, Ordering};
/// use crossgate::{CallError, host, interface, server};
///
/// #[interface]
/// pub trait Display {
///     fn open(&self);
///     fn draw(&self, pixel: u32) -> bool;
/// }
/// struct Screen(AtomicBool);
/// impl Display for Screen {
///     fn open(&self) { self.0.store(true, Ordering::Relaxed) }
///     fn draw(&self, pixel: u32) -> bool {
///         if !self.0.load(Ordering::Relaxed) {
///             server::refuse();
///             return false;
///         }
///         pixel != 0
///     }
/// }
/// let display = host::serve::<dyn Display, _>(Screen(AtomicBool::new(false)));
/// assert_eq!(display.draw(7), Err(CallError::Refused));
/// display.open().unwrap();
/// assert_eq!(display.draw(7), Ok(true));
/// ```
pub fn refuse() {
    system_call(number::REFUSE, []);
}

/// The index in the wiring of the process that made the call that this thread is in; `None` outside a call.
///
/// It is the process that the thread was in when it called, which need not be the thread's home: the one that
/// has the right to call, and that has chosen the arguments.
///
/// ```
/// use crossgate::{host, interface, server};
///
/// #[interface]
/// pub trait Lobby { fn who_am_i(&self) -> Option<u8>; }
/// struct Porter;
/// impl Lobby for Porter { fn who_am_i(&self) -> Option<u8> { server::caller() } }
///
/// let lobby = host::serve::<dyn Lobby, _>(Porter);
/// host::run_as(3);
/// assert_eq!(lobby.who_am_i(), Ok(Some(3)));
/// assert_eq!(server::caller(), None);
/// ```
#[must_use]
pub fn caller() -> Option<u8> {
    let reply = system_call(number::CALLER, []);
    (reply.status == 0).then_some(reply.words[0] as u8)
}

/// Takes back all rights to call a service of this process that were given by passing its handle on.
/// Those whom the wiring names for it keep theirs.
///
/// Who is in a call by such a handle comes home with [`CallError::Refused`]: a method that waits gives up, as if a
/// deadline were over; one that computes is done first. (But for the call that the thread is in itself.)
///
/// # Errors
/// [`CallError::NotPermitted`] if it is a service of another process.
pub fn revoke<I: ?Sized>(handle: Handle<I>) -> Result<(), CallError> {
    let mut thread = 0;
    loop {
        let reply = system_call(number::REVOKE, [handle.__gate(), thread]);
        if reply.status != 0 {
            return Err(failure(reply.status));
        }
        thread = reply.words[0];
        if thread == 0 {
            return Ok(());
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Functions for a server: to identify its callers, to refuse their calls, and to revoke handles.

use crate::arch::{name_of, system_call};
use crate::status::failure;
use crate::{CallError, Handle};
use core::fmt;
use core::num::NonZeroU32;
use crossgate_abi::client::{CLIENT, ENDED};
use crossgate_abi::{Word, number};

/// Refuses the present call of this thread, because the client broke the rules of the protocol. The client gets
/// [`CallError::Refused`] when the method returns, whatever value the method returns. Once in each call, the kernel
/// also writes a [record](crate::fault::Refusals) with the client and the server, and notifies the supervisor.
///
/// For a failure that a correct client can cause, let the method return a `Result` instead. Outside a call this
/// function does nothing.
///
/// ```
/// use core::sync::atomic::{AtomicBool, Ordering};
/// use crossgate::{CallError, interface, server, testing::Wiring};
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
/// let wiring = Wiring::new();
/// let display = wiring.serve::<dyn Display, _>(Screen(AtomicBool::new(false)));
/// wiring.run(|| {
///     assert_eq!(display.draw(7), Err(CallError::Refused));
///     display.open().unwrap();
///     assert_eq!(display.draw(7), Ok(true));
/// });
/// ```
pub fn refuse() {
    system_call(number::REFUSE, []);
}

/// Returns the index in the wiring of the process that made the present call of this thread; `None` outside a call.
///
/// The caller is the process that the thread was in when it made the call. It may be another process than the thread's
/// home. The caller has the right to call, and has chosen the arguments.
///
/// ```
/// use crossgate::{interface, server, testing::Wiring};
///
/// #[interface]
/// pub trait Lobby { fn who_am_i(&self) -> Option<u8>; }
/// struct Porter;
/// impl Lobby for Porter { fn who_am_i(&self) -> Option<u8> { server::caller() } }
///
/// let wiring = Wiring::new();
/// let lobby = wiring.serve::<dyn Lobby, _>(Porter);
/// let guest = wiring.process("guest");
/// wiring.run(|| {
///     assert_eq!(guest.enter(|| lobby.who_am_i()), Ok(Some(guest.index())));
///     assert_eq!(server::caller(), None);
/// });
/// ```
#[must_use]
pub fn caller() -> Option<u8> {
    let reply = system_call(number::CALLER, []);
    (reply.status == 0).then_some(reply.words[0] as u8)
}

/// A client of this process: a calling process in its present life.
///
/// A process begins a new *life* when it restarts after a crash, or is restarted. In its new life it knows nothing of
/// the things that a server gave to it before. So for each thing that a server gives away, it stores the client that
/// has the thing. When the server is notified that a client was lost, it takes back the things of all clients that are
/// [gone](Self::is_gone). The wiring gives the right to be notified and to ask:
///
/// ```text
/// process archive {
///     notification LOST;
///     lost_clients LOST; // or `lost_clients;` to ask only
///     object files: Concurrent<Files> = Files::new() => [FILES: dyn Archive];
///     thread main (priority = 9, stack = 512) = archive::serve(&files, LOST);
/// }
/// ```
///
/// ```
/// # use crossgate::Notification;
/// use crossgate::server::{self, Client};
/// use crossgate::sync::Mutex;
/// use crossgate::interface;
///
/// #[interface]
/// pub trait Archive { fn open(&self) -> bool; }
///
/// pub struct Files { open: Mutex<[Option<Client>; 4]> }
///
/// impl Archive for Files {
///     fn open(&self) -> bool {
///         // The files are locked, so no client is lost between this call and the note of it.
///         let mut open = self.open.lock();
///         let Some(client) = server::client() else { return false };
///         let free = open.iter_mut().find(|file| file.is_none());
///         free.map(|file| *file = Some(client)).is_some()
///     }
/// }
/// impl Files {
///     fn client_lost(&self) {
///         for file in self.open.lock().iter_mut() {
///             *file = file.filter(|client| !client.is_gone());
///         }
///     }
/// }
/// /// A thread of the server.
/// fn serve(files: &'static Files, lost: Notification) -> ! {
///     loop {
///         lost.wait();
///         files.client_lost();
///     }
/// }
/// # use crossgate::{supervise, testing::Wiring};
/// # let wiring = Wiring::new();
/// # let (home, guest) = (wiring.process("archive"), wiring.process("guest"));
/// # let files = home.object(Files { open: Mutex::new([None; 4]) });
/// # let archive = home.serve_concurrent::<dyn Archive, _>(files);
/// # let lost = home.notification();
/// # home.lost_clients(Some(lost));
/// # home.thread(9, move || serve(files, lost));
/// # wiring.run(|| {
/// #     assert_eq!(guest.enter(|| archive.open()), Ok(true));
/// #     assert!(files.open.lock()[0].is_some());
/// #     supervise::restart(guest.index()).unwrap();
/// #     assert!(files.open.lock()[0].is_none());
/// # });
/// ```
//
// A client is one word, because a server may store many clients. From the lowest bit up, the word has the bits of the
// process, a bit that is always set, and 24 bits of the number of the life (0: not known).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Client(NonZeroU32);

const IS_SOME: u32 = 1 << 7;
const LIFE: u32 = 8;

impl Client {
    /// Creates a client. Lives are counted from 1 on; 0 is an unknown life.
    fn new(process: Word, life: Word) -> Client {
        let some = const { NonZeroU32::new(IS_SOME).unwrap() };
        Client(some | (life as u32) << LIFE | process as u32 & (IS_SOME - 1))
    }

    /// Returns the client's index in the wiring.
    #[must_use]
    pub fn process(self) -> u8 {
        self.0.get() as u8 & !(IS_SOME as u8)
    }

    /// Returns the number of the client's life, counted from 1, modulo 16,777,216. `None` if no process has
    /// `lost_clients` in the wiring.
    #[must_use]
    pub fn life(self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.0.get() >> LIFE)
    }

    /// Returns the client's name in the wiring.
    #[must_use]
    pub fn name(self) -> &'static str {
        name_of(self.process().into()).unwrap_or("?")
    }

    /// Returns `true` if this life of the client has ended. If this process has no `lost_clients` in the wiring, it
    /// can't know this, and the result is `false`.
    #[must_use]
    pub fn is_gone(self) -> bool {
        if self.life().is_none() {
            return false;
        }
        let process = self.process().into();
        let reply = system_call(number::OPTIONAL, [CLIENT, process, 0]);
        reply.status == 0 && Client::new(process, reply.words[0]) != self
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let life = self.life().map_or(0, NonZeroU32::get);
        formatter
            .debug_struct("Client")
            .field("process", &self.process())
            .field("life", &life)
            .finish()
    }
}

/// Returns the client of the present call of this thread. `None` outside a call, or if the client's life has ended
/// since it made the call. (In this case the thread is still in the call, but no caller waits for the result.)
///
/// A server that keeps a list of things with their clients should call this function while it holds the lock of the
/// list. Otherwise it could add a client to the list after the client was lost.
#[must_use]
pub fn client() -> Option<Client> {
    let reply = system_call(number::CALLER, []);
    let [process, life] = reply.words;
    (reply.status == 0 && life != ENDED).then(|| Client::new(process, life))
}

/// Revokes a service of this process: processes that got the right to call it from a passed handle lose this right.
/// Processes that have the right from the wiring keep it.
///
/// If a thread is in a call that was made by such a handle, this call returns with [`CallError::Refused`]. If the
/// method waits, the wait fails as if a deadline had passed. If it computes, it finishes first. (The present call of
/// the calling thread itself is not affected.)
///
/// # Errors
/// [`CallError::NotPermitted`] if the service belongs to another process.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_a_process_in_one_life() {
        for process in [0, 1, 31] {
            for life in [1, 2, 77, (1 << 24) - 1] {
                let client = Client::new(process, life as Word);
                assert_eq!(Word::from(client.process()), process);
                assert_eq!(client.life().map(NonZeroU32::get), Some(life));
                assert_ne!(client, Client::new(process, life as Word + 1));
                assert_ne!(client, Client::new(process + 1, life as Word));
            }
            assert_eq!(Client::new(process, 0).life(), None);
        }
        assert_eq!(size_of::<Option<Client>>(), 4);
    }

    #[test]
    fn whose_life_is_not_known_is_not_gone() {
        let wiring = crate::testing::Wiring::new();
        let client = wiring.process("client");
        let process = Word::from(client.index());
        wiring.test().lost_clients(None);
        wiring.run(|| {
            assert!(!Client::new(process, 0).is_gone());
            assert!(!Client::new(process, 1).is_gone());
            crate::supervise::restart(client.index()).unwrap();
            assert!(Client::new(process, 1).is_gone() && !Client::new(process, 0).is_gone());
            assert_eq!(Client::new(process, 0).name(), "client");
        });
        assert_eq!(Client::new(process, 0).name(), "?", "there is no wiring any more");
    }
}

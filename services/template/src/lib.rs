// SPDX-License-Identifier: MIT OR Apache-2.0
//! A service to copy. It has the parts of every service that keeps something for its clients: roles, a bound, and a way
//! to free the drawers of a client that is gone. The chapter *Writing a service* of the book explains the reasons.
//! After you have copied it, rename the crate and its interface, give the traits your methods, and add waits and
//! deadlines as that chapter describes. The row "service" in CONTRIBUTING.md lists the other files to touch.
//!
//! ```text
//! process cabinet {
//!     lost_clients;
//!     object drawers (stack = 256): Concurrent<Drawers<4>> = Drawers::new() => [DRAWER: dyn Drawer, CARE: dyn Caretaker];
//! }
//! ```
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

use crossgate::server::{self, Client};
use crossgate::sync::Mutex;
use template_interface::{Caretaker, Drawer, Full};

/// The object of the service: `N` drawers, at most one for each client.
// The object holds all memory that it ever needs, because a process has no heap. A client can't use up the drawers of
// another client, because each client has at most one.
#[derive(Debug)]
pub struct Drawers<const N: usize>(Mutex<[Option<Content>; N]>);

#[derive(Clone, Copy, Debug)]
struct Content {
    /// The client that has the drawer: a process in its present life. After a crash, the restarted process is another
    /// client, and has no right to this drawer.
    owner: Client,
    number: u32,
}

impl<const N: usize> Drawers<N> {
    /// Creates drawers that are all empty.
    // The function is `const`, because the wiring creates the object in a `static`.
    #[must_use]
    pub const fn new() -> Drawers<N> {
        Drawers(Mutex::new([None; N]))
    }
}

impl<const N: usize> Default for Drawers<N> {
    fn default() -> Self {
        Drawers::new()
    }
}

impl<const N: usize> Drawer for Drawers<N> {
    // The thread is the client's: it has the client's priority, and may crash or be stopped between two instructions.
    // So the drawers must be in a valid state after each single change.
    fn put(&self, number: u32) -> Result<(), Full> {
        let mut drawers = self.0.lock();
        // The method asks for the client while it holds the lock. So if this client is lost later, a later call frees
        // the drawer. If there is no answer, the client is gone already, and nobody waits for the result of this call.
        let owner = server::client().ok_or(Full)?;
        let is_own = |drawer: &Option<Content>| drawer.is_some_and(|it| it.owner == owner);
        let is_free = |drawer: &Option<Content>| drawer.is_none_or(|it| it.owner.is_gone());
        let own = drawers.iter().position(is_own);
        let place = own.or_else(|| drawers.iter().position(is_free)).ok_or(Full)?;
        drawers[place] = Some(Content { owner, number });
        Ok(())
    }

    fn take(&self) -> Option<u32> {
        let mut drawers = self.0.lock();
        let owner = server::client()?;
        let own = drawers.iter_mut().find(|drawer| drawer.is_some_and(|it| it.owner == owner))?;
        own.take().map(|content| content.number)
    }
}

impl<const N: usize> Caretaker for Drawers<N> {
    fn used(&self) -> u32 {
        let drawers = self.0.lock();
        drawers.iter().flatten().filter(|content| !content.owner.is_gone()).count() as u32
    }
}

// Unit tests run on the development machine, with the real kernel and without a board.
#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;
    use crossgate::{Handle, supervise};

    #[test]
    fn a_client_has_one_drawer_until_it_takes_or_is_gone() {
        let wiring = Wiring::new();
        let home = wiring.process("cabinet").lost_clients(None);
        let drawers = home.object(Drawers::<1>::new());
        let drawer: Handle<dyn Drawer> = home.serve_concurrent(drawers);
        let care: Handle<dyn Caretaker> = home.serve_concurrent(drawers);
        let [first, second] = ["first", "second"].map(|name| wiring.process(name));
        wiring.run(|| {
            assert_eq!(first.enter(|| [drawer.put(1), drawer.put(2)]), [Ok(Ok(())); 2]);
            assert_eq!(second.enter(|| drawer.put(3)), Ok(Err(Full)));
            assert_eq!(second.enter(|| drawer.take()), Ok(None));
            assert_eq!(first.enter(|| [drawer.take(), drawer.take()]), [Ok(Some(2)), Ok(None)]);
            assert_eq!(first.enter(|| drawer.put(4)), Ok(Ok(())));
            supervise::restart(first.index()).unwrap();
            assert_eq!(care.used(), Ok(0));
            assert_eq!(first.enter(|| drawer.take()), Ok(None));
            assert_eq!(second.enter(|| drawer.put(5)), Ok(Ok(())));
        });
    }
}

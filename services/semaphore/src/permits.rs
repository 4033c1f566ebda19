// SPDX-License-Identifier: MIT OR Apache-2.0
//! A semaphore that records which processes hold its permits.

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::server::{self, Client};
use crossgate::sync::Mutex;
use crossgate::{Notification, Wire, interface};
use crossgate_waiting::{FOR_EVER, Waiters, wait, wake};

/// The largest number of processes in a firmware.
const PROCESSES: usize = 32;

/// The process holds no permit that it could give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub struct NotHeld;

/// The interface of processes that share a limited number of things. A permit that a thread takes belongs to its
/// process, until the process gives it back or crashes.
#[interface]
pub trait Holder {
    /// Takes a permit. Waits for a permit as long as it takes. Fails with [`TimedOut`] if the caller's deadline passes
    /// first.
    fn take(&self) -> Result<(), TimedOut>;
    /// Takes a permit if one is free. Returns `true` if the process got a permit.
    fn try_take(&self) -> bool;
    /// Takes a permit. Waits for a permit up to `timeout`.
    fn take_timeout(&self, timeout: Duration) -> Result<(), TimedOut>;
    /// Gives back a permit of this process. Fails with [`NotHeld`] if the process holds no permit.
    fn give_back(&self) -> Result<(), NotHeld>;
}

/// The interface of a process that revokes the permits of other processes. (The permits of a crashed process become
/// free without this interface, if the wiring says so: see [`Permits`].)
#[interface]
pub trait Warden {
    /// Revokes all permits of a process. `process` is the index of the process in the wiring, as in a
    /// [`FaultRecord`](crossgate::fault::FaultRecord). Returns the number of revoked permits.
    ///
    /// After a crash, call this method from a thread that is more urgent than the threads of the crashed process.
    /// Otherwise a thread of the restarted process may already have taken a permit, and this permit is then revoked
    /// too.
    fn has_crashed(&self, process: u8) -> u32;
}

/// A number of permits. Each permit is held by at most one process at a time.
///
/// When a process crashes or is restarted, its permits become free, and the most urgent waiting thread is woken.
/// (Threads wait for a permit on the same notification that the kernel signals for lost clients.)
///
/// ```text
/// process locks {
///     notification RETURNED;
///     lost_clients RETURNED;
///     object channels (stack = 256): Concurrent<Permits> = Permits::new(2, RETURNED) => [CHANNELS: dyn Holder];
/// }
/// ```
#[derive(Debug)]
pub struct Permits(Mutex<State>);

#[derive(Debug)]
struct State {
    free: u8,
    /// The permits that each process holds.
    shares: [Share; PROCESSES],
    takers: Waiters,
}

#[derive(Clone, Copy, Debug)]
struct Share {
    /// The client that took the permits: a process in one of its lives. (A life of a process ends by a crash or a
    /// restart.)
    holder: Option<Client>,
    count: u8,
}

impl Share {
    const NONE: Share = Share { holder: None, count: 0 };
}

/// The notification of the thread to wake.
type Woken = Option<Notification>;

impl State {
    #[inline(always)]
    fn share(&mut self, client: Client) -> &mut Share {
        &mut self.shares[usize::from(client.process()) % PROCESSES]
    }

    /// Prepares the entry of a client in `shares`. Permits from an earlier life of the process become free.
    #[cold]
    #[inline(never)]
    fn renew(&mut self, client: Client) {
        let held = core::mem::replace(self.share(client), Share { holder: Some(client), count: 0 });
        self.free += held.count;
    }

    #[inline(always)]
    fn take(&mut self, client: Client) -> Option<Woken> {
        if self.share(client).holder != Some(client) {
            self.renew(client);
        }
        if self.free == 0 {
            self.reclaim();
        }
        self.free = self.free.checked_sub(1)?;
        self.share(client).count += 1;
        Some(self.woken())
    }

    /// Frees the permits of clients that are gone.
    #[cold]
    #[inline(never)]
    fn reclaim(&mut self) {
        for share in &mut self.shares {
            if share.count != 0 && share.holder.is_some_and(Client::is_gone) {
                self.free += share.count;
                *share = Share::NONE;
            }
        }
    }

    #[inline(always)]
    fn give_back(&mut self, client: Client) -> Option<Woken> {
        if self.share(client).holder != Some(client) {
            self.renew(client);
        }
        let share = self.share(client);
        share.count = share.count.checked_sub(1)?;
        self.free += 1;
        Some(self.woken())
    }

    fn woken(&self) -> Woken {
        if self.free == 0 { None } else { self.takers.first() }
    }

    /// Like [`take`](Self::take), for a caller that has waited. If the client of the call is gone, takes nothing, and
    /// the next waiting thread is woken.
    fn attempt(&mut self) -> Option<(Result<(), TimedOut>, Woken)> {
        match server::client() {
            Some(client) => self.take(client).map(|woken| (Ok(()), woken)),
            None => Some((Err(TimedOut), self.woken())),
        }
    }
}

impl Permits {
    /// Creates a number of permits. With one permit, this is a lock. The process must use this notification only for
    /// this object and for lost clients.
    #[must_use]
    pub const fn new(count: u8, given_back: Notification) -> Permits {
        let takers = Waiters::new(given_back);
        Permits(Mutex::new(State { free: count, shares: [Share::NONE; PROCESSES], takers }))
    }

    #[inline]
    fn take_within(&self, timeout: Duration) -> Result<(), TimedOut> {
        let mut state = self.0.lock();
        if let Some(client) = server::client()
            && let Some(woken) = state.take(client)
        {
            drop(state);
            wake(woken);
            return Ok(());
        }
        let (taken, woken) =
            wait(&self.0, state, |state| &mut state.takers, timeout, State::attempt)?;
        wake(woken);
        taken
    }
}

impl Holder for Permits {
    fn take(&self) -> Result<(), TimedOut> {
        self.take_within(FOR_EVER)
    }

    fn try_take(&self) -> bool {
        let taken = self.0.lock().attempt();
        taken.is_some_and(|(taken, woken)| {
            wake(woken);
            taken.is_ok()
        })
    }

    fn take_timeout(&self, timeout: Duration) -> Result<(), TimedOut> {
        self.take_within(timeout)
    }

    fn give_back(&self) -> Result<(), NotHeld> {
        let mut state = self.0.lock();
        let woken = server::client().and_then(|client| state.give_back(client));
        drop(state);
        woken.map(wake).ok_or(NotHeld)
    }
}

impl Warden for Permits {
    fn has_crashed(&self, process: u8) -> u32 {
        let mut state = self.0.lock();
        let share = state.shares.get_mut(usize::from(process));
        let held = share.map_or(0, |share| core::mem::replace(share, Share::NONE).count);
        state.free += held;
        let woken = state.woken();
        drop(state);
        wake(woken);
        held.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;
    use crossgate::{Handle, supervise};

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// Creates permits in a process that gets a signal for lost clients.
    fn permits(wiring: &Wiring, count: u8) -> (&'static Permits, Handle<dyn Holder>) {
        let home = wiring.process("locks");
        let given_back = home.notification();
        let permits = home.lost_clients(Some(given_back)).object(Permits::new(count, given_back));
        (permits, home.serve_concurrent(permits))
    }

    #[test]
    fn a_permit_is_the_process_that_took_it() {
        let wiring = Wiring::new();
        let (_, permits) = permits(&wiring, 2);
        let [first, second] = ["first", "second"].map(|name| wiring.process(name));
        wiring.run(|| {
            assert_eq!(first.enter(|| permits.take()), Ok(Ok(())));
            second.enter(|| {
                assert_eq!(permits.give_back(), Ok(Err(NotHeld)));
                assert_eq!(permits.try_take(), Ok(true));
                assert_eq!(permits.try_take(), Ok(false));
                assert_eq!(permits.take_timeout(MILLISECOND), Ok(Err(TimedOut)));
                assert_eq!(permits.give_back(), Ok(Ok(())));
                assert_eq!(permits.take(), Ok(Ok(())));
            });
        });
    }

    #[test]
    fn who_crashes_loses_what_it_holds() {
        let wiring = Wiring::new();
        let (permits, holder) = permits(&wiring, 3);
        let [first, second] = ["first", "second"].map(|name| wiring.process(name));
        wiring.run(|| {
            for process in [first, first, second] {
                assert_eq!(process.enter(|| holder.try_take()), Ok(true));
            }
            assert_eq!(holder.try_take(), Ok(false));
            let lost = [first.index(), first.index(), 200].map(|it| permits.has_crashed(it));
            assert_eq!(lost, [2, 0, 0]);
            let state = permits.0.lock();
            let held = [first, second].map(|it| state.shares[usize::from(it.index())].count);
            assert_eq!((state.free, held), (2, [0, 1]));
        });
    }

    #[test]
    fn what_a_client_that_is_gone_held_is_taken_by_others() {
        let wiring = Wiring::new();
        let (permits, holder) = permits(&wiring, 2);
        let [first, second] = ["first", "second"].map(|name| wiring.process(name));
        let take_both = || [holder.try_take(), holder.try_take()];
        wiring.run(|| {
            assert_eq!(first.enter(take_both), [Ok(true); 2]);
            supervise::restart(first.index()).unwrap();
            // The restarted process holds none of these permits.
            assert_eq!(first.enter(|| holder.give_back()), Ok(Err(NotHeld)));
            assert_eq!(permits.0.lock().free, 2);
            assert_eq!(first.enter(take_both), [Ok(true); 2]);
            supervise::restart(first.index()).unwrap();
            assert_eq!(second.enter(take_both), [Ok(true); 2]);
            assert_eq!(second.enter(|| holder.try_take()), Ok(false));
        });
    }

    #[test]
    fn who_waits_gets_what_a_client_that_is_gone_held() {
        let wiring = Wiring::new();
        let (_, holder) = permits(&wiring, 1);
        let [first, second] = ["first", "second"].map(|name| wiring.process(name));
        let taker = second.thread(2, move || {
            crossgate::time::sleep(MILLISECOND);
            holder.take()
        });
        wiring.run(|| {
            assert_eq!(first.enter(|| holder.try_take()), Ok(true));
            crossgate::time::sleep(2 * MILLISECOND);
            assert!(!taker.has_ended());
            supervise::stop(first.index()).unwrap();
            assert_eq!(taker.join(), Ok(Ok(())));
        });
    }
}

//! A semaphore that knows who holds it.

use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::sync::Mutex;
use crossgate::{Notification, Wire, interface, server};
use crossgate_waiting::{FOR_EVER, Waiters, wait, wake};

/// How many processes there can be.
const PROCESSES: usize = 32;

/// The process holds none that it could give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub struct NotHeld;

/// For those who share something. What one takes is its process', until that gives it back, or crashes.
#[interface]
pub trait Holder {
    /// Takes a permit, and waits for one as long as it takes. [`TimedOut`]: the caller's deadline was over first.
    fn take(&self) -> Result<(), TimedOut>;
    /// Takes a permit if there is one. Whether it did.
    fn try_take(&self) -> bool;
    /// Takes a permit, and waits for one up to `timeout`.
    fn take_timeout(&self, timeout: Duration) -> Result<(), TimedOut>;
    /// Gives a permit back that this process has taken. [`NotHeld`]: it has none.
    fn give_back(&self) -> Result<(), NotHeld>;
}

/// For the one who is told of crashes: the process that the wiring names with `faults`.
#[interface]
pub trait Warden {
    /// Takes all permits back that a process holds: its index in the wiring, as in a
    /// [`FaultRecord`](crossgate::fault::FaultRecord). How many these were.
    ///
    /// To be called by a thread that is more urgent than those of the process, so that none of its next life can have
    /// taken one yet.
    fn has_crashed(&self, process: u8) -> u32;
}

/// So many permits, of which each is held by one process at a time.
///
/// ```
/// use crossgate::{Handle, Notification, fault::Faults};
/// use crossgate_semaphore::Warden;
///
/// // process warden { notification FAULTED; faults FAULTED; thread main (priority = 30, ...) = ...; }
/// fn warden(faulted: Notification, channels: Handle<dyn Warden>) -> ! {
///     let mut faults = Faults::new();
///     loop {
///         faulted.wait();
///         for record in faults.by_ref() {
///             let _ = channels.has_crashed(record.process);
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Permits(Mutex<State>);

#[derive(Debug)]
struct State {
    free: u8,
    /// How many each process holds.
    held: [u8; PROCESSES],
    takers: Waiters,
}

/// Whom to wake.
type Woken = Option<Notification>;

impl State {
    fn take(&mut self, process: u8) -> Option<Woken> {
        let held = self.held.get_mut(usize::from(process))?;
        self.free = self.free.checked_sub(1)?;
        *held += 1;
        Some(self.woken())
    }

    fn give_back(&mut self, process: u8, count: u8) -> Option<Woken> {
        let held = self.held.get_mut(usize::from(process))?;
        *held = held.checked_sub(count)?;
        self.free += count;
        Some(self.woken())
    }

    fn woken(&self) -> Woken {
        if self.free == 0 { None } else { self.takers.first() }
    }
}

impl Permits {
    /// So many permits; one makes it a lock. The notification is used for nothing else.
    #[must_use]
    pub const fn new(count: u8, given_back: Notification) -> Permits {
        let takers = Waiters::new(given_back);
        Permits(Mutex::new(State { free: count, held: [0; PROCESSES], takers }))
    }

    fn take_within(&self, timeout: Duration) -> Result<(), TimedOut> {
        let process = caller();
        let mut state = self.0.lock();
        let woken = match state.take(process) {
            Some(woken) => {
                drop(state);
                woken
            }
            None => wait(
                &self.0,
                state,
                |state| &mut state.takers,
                timeout,
                |state| state.take(process),
            )?,
        };
        wake(woken);
        Ok(())
    }
}

/// Who calls; nobody holds anything outside a call.
fn caller() -> u8 {
    server::caller().unwrap_or(u8::MAX)
}

impl Holder for Permits {
    fn take(&self) -> Result<(), TimedOut> {
        self.take_within(FOR_EVER)
    }

    fn try_take(&self) -> bool {
        let taken = self.0.lock().take(caller());
        taken.map(wake).is_some()
    }

    fn take_timeout(&self, timeout: Duration) -> Result<(), TimedOut> {
        self.take_within(timeout)
    }

    fn give_back(&self) -> Result<(), NotHeld> {
        let woken = self.0.lock().give_back(caller(), 1);
        woken.map(wake).ok_or(NotHeld)
    }
}

impl Warden for Permits {
    fn has_crashed(&self, process: u8) -> u32 {
        let mut state = self.0.lock();
        let held = state.held.get(usize::from(process)).copied().unwrap_or(0);
        let woken = state.give_back(process, held);
        drop(state);
        wake(woken.flatten());
        held.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::{Handle, host};

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn a_permit_is_the_process_that_took_it() {
        let permits: Handle<dyn Holder> = host::serve(Permits::new(2, host::notification(3)));
        host::run_as(1);
        assert_eq!(permits.take(), Ok(Ok(())));
        host::run_as(2);
        assert_eq!(permits.give_back(), Ok(Err(NotHeld)));
        assert_eq!(permits.try_take(), Ok(true));
        assert_eq!(permits.try_take(), Ok(false));
        assert_eq!(permits.take_timeout(MILLISECOND), Ok(Err(TimedOut)));
        assert_eq!(permits.give_back(), Ok(Ok(())));
        assert_eq!(permits.take(), Ok(Ok(())));
    }

    #[test]
    fn who_crashes_loses_what_it_holds() {
        let permits = Permits::new(3, host::notification(4));
        for process in [5, 5, 6] {
            assert!(permits.0.lock().take(process).is_some());
        }
        assert!(!permits.try_take());
        assert_eq!([5, 5, 200].map(|process| permits.has_crashed(process)), [2, 0, 0]);
        let state = permits.0.lock();
        assert_eq!((state.free, state.held[5], state.held[6]), (2, 0, 1));
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Timers for a client in another process.

use crate::timers::{Timers, wait};
use crate::{Full, Id};
use core::time::Duration;
use crossgate::server::{self, Client};
use crossgate::sync::{Mutex, MutexGuard};
use crossgate::time::Instant;
use crossgate::{Notification, Signal};
use crossgate_timer::{SHORTEST, Timer, TimerError};

/// The `N` timers of one client, and the notification that is signalled when some have expired. The [crate](crate) has
/// an example.
///
/// If the client crashes or is restarted, its timers stop when the restarted client first uses a timer. They stop at
/// once if the server's process has `lost_clients` with the notification that [`serve`] waits for.
#[derive(Debug)]
pub struct Alarms<const N: usize> {
    timers: Timers<u16, N>,
    state: Mutex<State<N>>,
    alarm: Signal,
}

#[derive(Debug)]
struct State<const N: usize> {
    /// The client that owns the timers: a process in one of its lives. (If several processes share the timers, this is
    /// the first process that used a timer.)
    client: Option<Client>,
    /// The timers that run, by their numbers.
    running: [Option<Id>; N],
    /// True for each timer that has expired and was not returned yet.
    expired: [bool; N],
    /// The numbers of the expired timers in the order in which they expired. This is a ring that begins at `first`. (It
    /// may still contain timers that were started again since.)
    order: [u16; N],
    first: usize,
    count: usize,
}

impl<const N: usize> State<N> {
    const NEW: State<N> = State {
        client: None,
        running: [None; N],
        expired: [false; N],
        order: [0; N],
        first: 0,
        count: 0,
    };

    /// The fields are cleared in place, because the caller may have little stack left.
    fn clear(&mut self) {
        self.running.fill(None);
        self.expired.fill(false);
        self.count = 0;
    }

    fn push(&mut self, number: u16) {
        if core::mem::replace(&mut self.expired[usize::from(number)], true) {
            return;
        }
        self.order[(self.first + self.count) % N] = number;
        self.count += 1;
    }

    fn pop(&mut self) -> Option<u16> {
        if self.count == 0 {
            return None;
        }
        let number = self.order[self.first];
        self.first = (self.first + 1) % N;
        self.count -= 1;
        self.expired[usize::from(number)] = false;
        Some(number)
    }

    /// Forgets that this timer has expired.
    fn forget(&mut self, number: u16) {
        if !self.expired[usize::from(number)] {
            return;
        }
        for _ in 0..self.count {
            match self.pop() {
                Some(other) if other != number => self.push(other),
                _ => {}
            }
        }
    }
}

impl<const N: usize> Alarms<N> {
    /// Creates timers. None of them runs. `alarm` signals a notification of the client. `changed` is a notification of
    /// the server, and all clients share it.
    #[must_use]
    pub const fn new(alarm: Signal, changed: Notification) -> Self {
        Alarms { timers: Timers::new(changed), state: Mutex::new(State::NEW), alarm }
    }

    /// Returns the state for the caller. If its timers are from an earlier life, stops them first. `None` if nobody
    /// waits for the result of the call any more.
    fn state(&self) -> Option<MutexGuard<'_, State<N>>> {
        let mut state = self.state.lock();
        let client = server::client()?;
        if state.client != Some(client) && state.client.is_none_or(Client::is_gone) {
            self.timers.clear();
            state.clear();
            state.client = Some(client);
        }
        Some(state)
    }

    fn set(&self, number: u16, start: impl FnOnce() -> Result<Id, Full>) -> Result<(), TimerError> {
        let Some(mut state) = self.state() else { return Ok(()) };
        let place = usize::from(number);
        let before = state.running.get_mut(place).ok_or(TimerError::NoSuchTimer)?.take();
        before.and_then(|id| self.timers.cancel(id));
        state.forget(number);
        // This can't fail, because there is a timer for each number.
        state.running[place] = start().ok();
        Ok(())
    }
}

impl<const N: usize> Timer for Alarms<N> {
    fn start(&self, number: u16, after: Duration) -> Result<(), TimerError> {
        self.set(number, || self.timers.start(after, number))
    }

    fn start_periodic(&self, number: u16, every: Duration) -> Result<(), TimerError> {
        if every < SHORTEST {
            return Err(TimerError::TooShort);
        }
        self.set(number, || self.timers.start_periodic(every, number))
    }

    fn cancel(&self, number: u16) -> bool {
        let Some(mut state) = self.state() else { return false };
        let id = state.running.get_mut(usize::from(number)).and_then(Option::take);
        id.and_then(|id| self.timers.cancel(id)).is_some()
    }

    fn clear(&self) {
        let Some(mut state) = self.state() else { return };
        self.timers.clear();
        state.clear();
    }

    fn next_expired(&self) -> Option<u16> {
        self.state()?.pop()
    }
}

/// [`Alarms`] with any number of timers.
pub trait Expire {
    /// Signals the client if timers have expired. Returns the time at which the next timer expires.
    fn expire(&self) -> Option<Instant>;
}

impl<const N: usize> Expire for Alarms<N> {
    fn expire(&self) -> Option<Instant> {
        // (If a call holds the lock now, this is done when the next timer expires. The restarted client never gets
        // these timers in any case.)
        if let Some(mut state) = self.state.try_lock()
            && state.client.is_some_and(Client::is_gone)
        {
            self.timers.clear();
            state.clear();
            state.client = None;
        }
        let mut any = false;
        self.timers.expire(|expired| {
            let mut state = self.state.lock();
            // The timer may have been started again since it expired.
            let runs = state.running.get(usize::from(expired.value));
            if runs == Some(&Some(expired.id)) {
                state.push(expired.value);
                any = true;
            }
        });
        if any {
            // The call can't be refused, because the wiring allows this process to signal.
            let _ = self.alarm.signal();
        }
        self.timers.next()
    }
}

/// The main function of the thread that serves clients.
pub fn serve<const N: usize>(clients: [&dyn Expire; N], changed: Notification) -> ! {
    loop {
        let next = clients.iter().filter_map(|client| client.expire()).min();
        wait(changed, next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate::testing::Wiring;
    use crossgate::{Handle, supervise, time};

    const MOMENT: Duration = Duration::from_millis(2);

    /// Creates alarms that the test itself runs. Returns the notification of the client, the alarms, and the handle to
    /// them.
    fn alarms<const N: usize>(
        wiring: &Wiring,
    ) -> (Notification, &'static Alarms<N>, Handle<dyn Timer>) {
        let home = wiring.test().lost_clients(None);
        let alarm = home.notification();
        let alarms = home.object(Alarms::new(alarm.as_signal(), home.notification()));
        (alarm, alarms, home.serve_concurrent(alarms))
    }

    #[test]
    fn those_that_expire_are_told_in_their_order() {
        let wiring = Wiring::new();
        let (alarm, alarms, timer) = alarms::<3>(&wiring);
        wiring.run(|| {
            assert_eq!(timer.start(3, MOMENT), Ok(Err(TimerError::NoSuchTimer)));
            assert_eq!(timer.start_periodic(0, SHORTEST / 2), Ok(Err(TimerError::TooShort)));
            assert_eq!(timer.start(1, 2 * MOMENT), Ok(Ok(())));
            assert_eq!(timer.start(0, MOMENT), Ok(Ok(())));
            assert_eq!(timer.start(2, Duration::ZERO), Ok(Ok(())));
            assert!(alarms.expire().is_some());
            assert!(alarm.try_wait() && !alarm.try_wait());
            time::sleep(2 * MOMENT);
            assert_eq!(alarms.expire(), None);
            let told: [_; 4] = core::array::from_fn(|_| timer.next_expired().unwrap());
            assert_eq!(told, [Some(2), Some(0), Some(1), None]);
            assert_eq!((timer.cancel(0), timer.cancel(3)), (Ok(false), Ok(false)));
        });
    }

    #[test]
    fn what_is_stopped_or_set_anew_is_not_told() {
        let wiring = Wiring::new();
        let (_, alarms, timer) = alarms::<4>(&wiring);
        wiring.run(|| {
            for number in 0..4 {
                let every = MOMENT + Duration::from_micros(100 * u64::from(number));
                assert_eq!(timer.start_periodic(number, every), Ok(Ok(())));
            }
            time::sleep(2 * MOMENT);
            alarms.expire();
            assert_eq!(timer.start(1, 1000 * MOMENT), Ok(Ok(())));
            assert_eq!(timer.cancel(2), Ok(true));
            let told: [_; 4] = core::array::from_fn(|_| timer.next_expired().unwrap());
            assert_eq!(told, [Some(0), Some(2), Some(3), None], "2 had expired before");
            time::sleep(MOMENT);
            assert_eq!(timer.clear(), Ok(()));
            assert_eq!((alarms.expire(), timer.next_expired()), (None, Ok(None)));
        });
    }

    #[test]
    fn those_of_a_life_that_has_ended_are_forgotten() {
        let wiring = Wiring::new();
        let (alarm, alarms, timer) = alarms::<2>(&wiring);
        let client = wiring.process("client");
        wiring.run(|| {
            for uses_it_again in [true, false] {
                client.enter(|| {
                    assert_eq!(timer.start_periodic(0, MOMENT), Ok(Ok(())));
                    assert_eq!(timer.start(1, Duration::ZERO), Ok(Ok(())));
                });
                alarms.expire();
                assert!(alarm.try_wait());
                supervise::restart(client.index()).unwrap();
                if uses_it_again {
                    assert_eq!(client.enter(|| timer.next_expired()), Ok(None));
                }
                assert_eq!(alarms.expire(), None);
                time::sleep(2 * MOMENT);
                assert!(alarms.expire().is_none() && !alarm.try_wait());
            }
            assert_eq!(client.enter(|| timer.cancel(0)), Ok(false));
        });
    }

    #[test]
    fn a_thread_serves_clients() {
        let wiring = Wiring::new();
        let home = wiring.process("timers");
        let (alarm, changed) = (wiring.test().notification(), home.notification());
        let alarms = home.object(Alarms::<2>::new(alarm.as_signal(), changed));
        let timer: Handle<dyn Timer> = home.serve_concurrent(alarms);
        home.thread(9, move || serve([alarms], changed));
        wiring.run(|| {
            assert_eq!(timer.start(1, 3 * MOMENT), Ok(Ok(())));
            assert_eq!(timer.start(0, MOMENT), Ok(Ok(())));
            for (expected, at) in [(0, 2000), (1, 6000)] {
                alarm.wait();
                assert_eq!(
                    (timer.next_expired(), time::now().as_micros()),
                    (Ok(Some(expected)), at)
                );
            }
        });
    }
}

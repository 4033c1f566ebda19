//! The timers of a client in another process.

use crate::timers::{Timers, wait};
use crate::{Full, Id};
use core::time::Duration;
use crossgate::sync::Mutex;
use crossgate::time::Instant;
use crossgate::{Notification, Signal};
use crossgate_timer::{SHORTEST, Timer, TimerError};

/// The `N` timers of one client, and the notification of the client that says that some have expired. An example is at
/// the [crate](crate).
#[derive(Debug)]
pub struct Alarms<const N: usize> {
    timers: Timers<u16, N>,
    state: Mutex<State<N>>,
    alarm: Signal,
}

#[derive(Debug)]
struct State<const N: usize> {
    /// The timers that run, by their numbers.
    running: [Option<Id>; N],
    /// Which have expired, and were not asked for.
    expired: [bool; N],
    /// Their numbers in the order in which they expired, from `first` on, round the end. (Of those that were started anew
    /// since, too.)
    order: [u16; N],
    first: usize,
    count: usize,
}

impl<const N: usize> State<N> {
    const NEW: State<N> =
        State { running: [None; N], expired: [false; N], order: [0; N], first: 0, count: 0 };

    /// In place, as who calls may have little stack.
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

    /// What has expired of this timer is forgotten.
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
    /// None runs. `alarm` is a notification of the client, `changed` one of the server, which all clients share.
    #[must_use]
    pub const fn new(alarm: Signal, changed: Notification) -> Self {
        Alarms { timers: Timers::new(changed), state: Mutex::new(State::NEW), alarm }
    }

    fn set(&self, number: u16, start: impl FnOnce() -> Result<Id, Full>) -> Result<(), TimerError> {
        let mut state = self.state.lock();
        let place = usize::from(number);
        let before = state.running.get_mut(place).ok_or(TimerError::NoSuchTimer)?.take();
        before.and_then(|id| self.timers.cancel(id));
        state.forget(number);
        // There is one for each number.
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
        let mut state = self.state.lock();
        let id = state.running.get_mut(usize::from(number)).and_then(Option::take);
        id.and_then(|id| self.timers.cancel(id)).is_some()
    }

    fn clear(&self) {
        let mut state = self.state.lock();
        self.timers.clear();
        state.clear();
    }

    fn next_expired(&self) -> Option<u16> {
        self.state.lock().pop()
    }
}

/// [`Alarms`] of any number.
pub trait Expire {
    /// Signals the client if some have expired. Tells when the next will.
    fn expire(&self) -> Option<Instant>;
}

impl<const N: usize> Expire for Alarms<N> {
    fn expire(&self) -> Option<Instant> {
        let mut any = false;
        self.timers.expire(|expired| {
            let mut state = self.state.lock();
            // It may have been set anew meanwhile.
            let runs = state.running.get(usize::from(expired.value));
            if runs == Some(&Some(expired.id)) {
                state.push(expired.value);
                any = true;
            }
        });
        if any {
            // The wiring says that this process may.
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
    use crossgate::{Handle, host, time};

    const MOMENT: Duration = Duration::from_millis(2);

    fn alarms<const N: usize>(alarm: usize) -> (Notification, &'static Alarms<N>) {
        let alarm = host::notification(alarm);
        (alarm, Box::leak(Box::new(Alarms::new(alarm.as_signal(), host::notification(30)))))
    }

    #[test]
    fn those_that_expire_are_told_in_their_order() {
        let (alarm, alarms) = alarms::<3>(0);
        assert_eq!(alarms.start(3, MOMENT), Err(TimerError::NoSuchTimer));
        assert_eq!(alarms.start_periodic(0, SHORTEST / 2), Err(TimerError::TooShort));
        assert_eq!((alarms.start(1, 2 * MOMENT), alarms.start(0, MOMENT)), (Ok(()), Ok(())));
        assert_eq!(alarms.start(2, Duration::ZERO), Ok(()));
        assert!(alarms.expire().is_some());
        assert!(alarm.try_wait() && !alarm.try_wait());
        time::sleep(2 * MOMENT);
        assert_eq!(alarms.expire(), None);
        let told: [_; 4] = core::array::from_fn(|_| alarms.next_expired());
        assert_eq!(told, [Some(2), Some(0), Some(1), None]);
        assert!(!alarms.cancel(0) && !alarms.cancel(3));
    }

    #[test]
    fn what_is_stopped_or_set_anew_is_not_told() {
        let (_, alarms) = alarms::<4>(1);
        for number in 0..4 {
            let every = MOMENT + Duration::from_micros(100 * u64::from(number));
            assert_eq!(alarms.start_periodic(number, every), Ok(()));
        }
        time::sleep(2 * MOMENT);
        alarms.expire();
        assert_eq!(alarms.start(1, 1000 * MOMENT), Ok(()));
        assert!(alarms.cancel(2));
        let told: [_; 4] = core::array::from_fn(|_| alarms.next_expired());
        assert_eq!(told, [Some(0), Some(2), Some(3), None], "2 had expired before");
        time::sleep(MOMENT);
        alarms.clear();
        assert_eq!((alarms.expire(), alarms.next_expired()), (None, None));
    }

    #[test]
    fn it_is_a_service() {
        let (alarm, _) = alarms::<1>(2);
        let served: Alarms<1> = Alarms::new(alarm.as_signal(), host::notification(30));
        let timer: Handle<dyn Timer> = host::serve(served);
        assert_eq!(timer.start(0, MOMENT), Ok(Ok(())));
        assert_eq!((timer.cancel(0), timer.next_expired()), (Ok(true), Ok(None)));
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::frame::{Answer, Frame, ping, pong};
use crate::{Line, MOST_CALLS, WORDS, ring, silence};
use core::fmt;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Acquire, Release};
use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::remote::{Request, Transport};
use crossgate::sync::{Mutex, MutexGuard};
use crossgate::time::{self, Instant};
use crossgate::{CallError, Notification};
use crossgate_waiting::{Waiters, wait, wake};

/// The end of a line that calls: the object of a mailbox process, with room for `CALLS` calls at once.
///
/// | the client gets | if |
/// |---|---|
/// | the result, or the error of the call at the other end | the other end has answered |
/// | [`ServerFaulted`](CallError::ServerFaulted) | during the call the mailbox or the kernel at the other end restarted, or it did not show within 100 ms to be alive |
/// | [`ServerDown`](CallError::ServerDown) | the other end has not started yet, or was found dead before |
/// | [`DeadlineExceeded`](CallError::DeadlineExceeded) | the client's deadline has passed, or the client is gone. The call at the other end is ended, too |
/// | [`BadReply`](CallError::BadReply) | the other end has answered with words that are no status or no result |
pub struct Caller<L, const CALLS: usize> {
    line: L,
    rung: Notification,
    answered: [Notification; CALLS],
    state: Mutex<State<CALLS>>,
}

/// The time without an answer after which a caller asks if the other end is alive, and the time that the other end has
/// to show it.
const PATIENCE: Duration = Duration::from_millis(50);

#[derive(Debug)]
struct State<const CALLS: usize> {
    /// True if the server at the other end has shown that it is alive, since it was last found dead.
    is_up: bool,
    /// The number that the other end has to copy.
    ping: u32,
    /// When a caller asked for the copy, if it is still missing.
    asked: Option<Instant>,
    places: [Place; CALLS],
    callers: Waiters,
}

/// A place for a call.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The number of the last call there.
    number: u32,
    /// True if the other end has not answered that call yet, so that there can't be another one.
    is_owed: bool,
    call: Call,
}

#[derive(Clone, Copy, Debug)]
enum Call {
    /// No thread waits.
    None,
    Waits,
    Answered(Answer),
}

impl<L, const CALLS: usize> Caller<L, CALLS> {
    /// Creates the object. The interrupt of the line is bound to `rung`. The other notifications are used for nothing
    /// else.
    ///
    /// # Panics
    /// If a line has no room for so many calls. In the wiring, this is a compile error.
    #[must_use]
    pub const fn new(
        line: L,
        rung: Notification,
        freed: Notification,
        answered: [Notification; CALLS],
    ) -> Self {
        assert!(CALLS >= 1 && CALLS <= MOST_CALLS, "a line has room for 1 to 15 calls at once");
        let place = Place { number: 0, is_owed: true, call: Call::None };
        let (places, callers) = ([place; CALLS], Waiters::new(freed));
        let state = State { is_up: false, ping: 0, asked: None, places, callers };
        Caller { line, rung, answered, state: Mutex::new(state) }
    }
}

impl<L: Line, const CALLS: usize> Caller<L, CALLS> {
    /// Receives answers, for ever: the main function of a thread of the mailbox process. It should be more urgent than
    /// all clients. Before it runs, all calls fail with [`CallError::ServerDown`].
    pub fn run(&self) -> ! {
        self.start();
        loop {
            silence(&self.line, self.rung);
            self.look();
            self.rung.wait();
        }
    }

    /// Finds out what earlier lives of this process have left in the memory.
    fn start(&self) {
        let memory = self.line.memory();
        let mut state = self.state.lock();
        state.is_up = false;
        for (index, place) in state.places.iter_mut().enumerate() {
            let frame = Frame::of(memory, index);
            *place = Place { number: frame.asked(), is_owed: true, call: Call::None };
            // If nobody has answered it, nobody waits for the answer any more.
            frame.cancel(place.number);
        }
        state.renew_ping(memory);
        drop(state);
        ring(&self.line);
    }

    /// Takes what the other end has written.
    fn look(&self) {
        let memory = self.line.memory();
        let mut state = self.state.lock();
        let copied = pong(memory).load(Acquire);
        if copied == state.ping {
            (state.is_up, state.asked) = (true, None);
        }
        let is_up = state.is_up;
        let (mut arrived, mut is_freed) = (0_u32, false);
        for (index, place) in state.places.iter_mut().enumerate() {
            let frame = Frame::of(memory, index);
            if !place.is_owed || frame.answered() != place.number {
                continue;
            }
            place.is_owed = false;
            match place.call {
                Call::Waits => {
                    place.call = Call::Answered(frame.result());
                    arrived |= 1 << index;
                }
                Call::None => is_freed = true,
                Call::Answered(_) => {}
            }
        }
        let next = if is_freed && is_up { state.callers.first() } else { None };
        drop(state);
        self.tell(arrived);
        wake(next);
        if !is_up {
            // It has started just now, and does not know of the last ping.
            ring(&self.line);
        }
    }

    /// Wakes the callers in these places.
    fn tell(&self, places: u32) {
        for (index, notification) in self.answered.iter().enumerate() {
            if places & 1 << index != 0 {
                notification.signal();
            }
        }
    }

    /// Checks that the other end is alive, after a call had no answer for some time.
    fn check(&self, mut state: MutexGuard<'_, State<CALLS>>) {
        let memory = self.line.memory();
        let now = time::now();
        match state.asked {
            _ if !state.is_up => {}
            Some(asked) if pong(memory).load(Acquire) != state.ping => {
                if now - asked >= PATIENCE {
                    self.give_up(state);
                }
            }
            _ => {
                state.renew_ping(memory);
                state.asked = Some(now);
                drop(state);
                ring(&self.line);
            }
        }
    }

    /// Fails all calls, because the other end is dead.
    fn give_up(&self, mut state: MutexGuard<'_, State<CALLS>>) {
        let memory = self.line.memory();
        (state.is_up, state.asked) = (false, None);
        // A late copy of the last number does not count.
        state.renew_ping(memory);
        let mut failed = 0_u32;
        for (index, place) in state.places.iter_mut().enumerate() {
            if let Call::Waits = place.call {
                place.call = Call::Answered(Err(CallError::ServerFaulted));
                Frame::of(memory, index).cancel(place.number);
                failed |= 1 << index;
            }
        }
        let next = state.callers.first();
        drop(state);
        self.tell(failed);
        wake(next);
    }

    /// Waits for a place, and writes the request there.
    fn begin(&self, request: &Request) -> Result<usize, CallError> {
        let begun = loop {
            let mut state = self.state.lock();
            if let Some(begun) = state.begin() {
                break begun;
            }
            let since = time::now();
            match wait(&self.state, state, |state| &mut state.callers, PATIENCE, State::begin) {
                Ok(begun) => break begun,
                Err(TimedOut) if time::now() - since < PATIENCE => {
                    return Err(CallError::DeadlineExceeded);
                }
                // Perhaps all places wait for answers of a dead end.
                Err(TimedOut) => self.check(self.state.lock()),
            }
        };
        match begun {
            Ok((place, number)) => {
                Frame::of(self.line.memory(), place).ask(number, request);
                ring(&self.line);
                Ok(place)
            }
            Err(next) => {
                wake(next);
                Err(CallError::ServerDown)
            }
        }
    }
}

impl<L: Line, const CALLS: usize> Transport for Caller<L, CALLS> {
    fn call(&self, request: Request) -> Answer {
        let place = self.begin(&request)?;
        loop {
            let since = time::now();
            let waited = self.answered[place].wait_timeout(PATIENCE);
            let mut state = self.state.lock();
            if let Call::Answered(answer) = state.places[place].call {
                state.places[place].call = Call::None;
                let next = if state.places[place].is_owed { None } else { state.callers.first() };
                drop(state);
                wake(next);
                return answer;
            }
            if waited.is_ok() {
                continue;
            }
            if time::now() - since < PATIENCE {
                // The wait has failed, because nobody waits for the result of this call any more.
                let it = &mut state.places[place];
                it.call = Call::None;
                Frame::of(self.line.memory(), place).cancel(it.number);
                drop(state);
                ring(&self.line);
                return Err(CallError::DeadlineExceeded);
            }
            self.check(state);
        }
    }
}

impl<const CALLS: usize> State<CALLS> {
    /// Takes a free place for a new call. Returns it with the call's number; an error if the other end is down, with
    /// the next caller that has to know it; or `None` if no place is free.
    fn begin(&mut self) -> Option<Result<(usize, u32), Option<Notification>>> {
        if !self.is_up {
            return Some(Err(self.callers.first()));
        }
        let is_free = |place: &Place| !place.is_owed && matches!(place.call, Call::None);
        let index = self.places.iter().position(is_free)?;
        let number = self.places[index].number.wrapping_add(1);
        self.places[index] = Place { number, is_owed: true, call: Call::Waits };
        Some(Ok((index, number)))
    }

    /// Asks the other end for a copy of a number that it can't have copied yet.
    fn renew_ping(&mut self, memory: &[AtomicU32; WORDS]) {
        self.ping = pong(memory).load(Acquire).wrapping_add(1);
        ping(memory).store(self.ping, Release);
    }
}

impl<L, const CALLS: usize> fmt::Debug for Caller<L, CALLS> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Caller").field("state", &self.state).finish_non_exhaustive()
    }
}

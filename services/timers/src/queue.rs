// SPDX-License-Identifier: MIT OR Apache-2.0
//! Timers in the order in which they expire.

use core::time::Duration;
use crossgate::time::Instant;

/// Up to `N` timers, each with a value. The time to start, stop or expire a timer is logarithmic in the number of
/// timers.
///
/// ```
/// use core::time::Duration;
/// use crossgate::time::Instant;
/// use timers::Queue;
/// let mut queue = Queue::<&str, 100>::new();
/// let start = Instant::from_micros(7);
/// let second = Duration::from_secs(1);
/// queue.start(start + 3 * second, None, "once").unwrap();
/// queue.start(start + 2 * second, Some(2 * second), "again").unwrap();
/// let mut at = |seconds: u32| queue.expire(start + seconds * second).map(|it| it.value);
/// assert_eq!([at(1), at(2), at(2)], [None, Some("again"), None]);
/// assert_eq!([at(4), at(4), at(4)], [Some("once"), Some("again"), None]);
/// ```
#[derive(Debug)]
pub struct Queue<T, const N: usize> {
    timers: [Timer<T>; N],
    /// The numbers of all timers. First come the running timers as a heap, with the timer that expires next at the top.
    /// After them come the free timers.
    order: [u16; N],
    count: usize,
}

#[derive(Clone, Copy, Debug)]
struct Timer<T> {
    /// The value of the timer; `None` if the timer does not run.
    value: Option<T>,
    /// The time at which the timer expires, in µs since start.
    at: u64,
    /// The period in µs. 0 means that the timer expires only once.
    period: u64,
    /// The timer's place in the order.
    place: u16,
    /// The number of timers that have had this place in memory.
    uses: u32,
}

/// A timer that was started. The id of a stopped timer is never used for another timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id {
    number: u16,
    uses: u32,
}

/// A timer that has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired<T> {
    /// The timer that has expired.
    pub id: Id,
    /// The value with which the timer was started.
    pub value: T,
    /// The number of further multiples of the period that have already passed. The timer does not expire again for
    /// them.
    pub missed: u64,
}

/// All timers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl core::fmt::Display for Full {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("all timers run")
    }
}

impl core::error::Error for Full {}

impl<T: Copy, const N: usize> Queue<T, N> {
    /// Creates a queue in which no timer runs.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N <= 1 << 16, "timers are numbered in 16 bits") }
        let mut timers = [Timer { value: None, at: 0, period: 0, place: 0, uses: 0 }; N];
        let mut order = [0; N];
        let mut number = 0;
        while number < N {
            timers[number].place = number as u16;
            order[number] = number as u16;
            number += 1;
        }
        Queue { timers, order, count: 0 }
    }

    /// Returns how many timers run.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Returns `true` if no timer runs.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Starts a timer that expires at the time `at`. If it has a period, it then expires again after each period.
    ///
    /// # Errors
    /// [`Full`] if `N` timers run already.
    ///
    /// # Panics
    /// If the period is less than 1 µs.
    pub fn start(&mut self, at: Instant, period: Option<Duration>, value: T) -> Result<Id, Full> {
        let number = *self.order.get(self.count).ok_or(Full)?;
        let period = period.map(|period| period.as_micros() as u64);
        assert!(period != Some(0), "a period is 1 µs at least");
        let timer = &mut self.timers[usize::from(number)];
        timer.value = Some(value);
        timer.at = at.as_micros();
        timer.period = period.unwrap_or(0);
        timer.uses = timer.uses.wrapping_add(1);
        let id = Id { number, uses: timer.uses };
        self.count += 1;
        self.rise(self.count - 1);
        Ok(id)
    }

    /// Stops a timer. Returns its value if the timer was running.
    pub fn cancel(&mut self, id: Id) -> Option<T> {
        let timer = self.timers.get_mut(usize::from(id.number)).filter(|it| it.uses == id.uses)?;
        let place = usize::from(timer.place);
        let value = timer.value.take()?;
        self.remove(place);
        Some(value)
    }

    /// Stops all timers.
    pub fn clear(&mut self) {
        // The timers are cleared in place, because the caller may have little stack left. `uses` is kept, so that no
        // later timer has the id of one of these.
        self.timers.iter_mut().for_each(|timer| timer.value = None);
        self.count = 0;
    }

    /// Returns the time at which the next timer expires.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        (self.count != 0).then(|| Instant::from_micros(self.at(0)))
    }

    /// Removes and returns the timer that expired first, if one has expired by `now`.
    pub fn expire(&mut self, now: Instant) -> Option<Expired<T>> {
        let now = now.as_micros();
        if self.count == 0 || self.at(0) > now {
            return None;
        }
        let number = self.order[0];
        let timer = &mut self.timers[usize::from(number)];
        let id = Id { number, uses: timer.uses };
        let value = timer.value?;
        let Some(missed) = (now - timer.at).checked_div(timer.period) else {
            timer.value = None;
            self.remove(0);
            return Some(Expired { id, value, missed: 0 });
        };
        timer.at = timer.at.saturating_add((missed + 1).saturating_mul(timer.period));
        self.sink(0);
        Some(Expired { id, value, missed })
    }

    /// Returns the time at which the timer at this place in `order` expires.
    fn at(&self, place: usize) -> u64 {
        self.timers[usize::from(self.order[place])].at
    }

    /// Removes the timer at this place from the heap. The last timer of the heap moves to this place.
    fn remove(&mut self, place: usize) {
        self.count -= 1;
        self.swap(place, self.count);
        if place < self.count {
            self.rise(place);
            self.sink(place);
        }
    }

    /// Moves the timer at this place up in the heap, as long as the timer above it expires later.
    fn rise(&mut self, mut place: usize) {
        while place > 0 {
            let above = (place - 1) / 2;
            if self.at(above) <= self.at(place) {
                return;
            }
            self.swap(above, place);
            place = above;
        }
    }

    /// Moves the timer at this place down in the heap, as long as a timer below it expires sooner.
    fn sink(&mut self, mut place: usize) {
        loop {
            let left = 2 * place + 1;
            let below = (left..self.count.min(left + 2)).min_by_key(|&below| self.at(below));
            match below.filter(|&below| self.at(below) < self.at(place)) {
                Some(below) => {
                    self.swap(below, place);
                    place = below;
                }
                None => return,
            }
        }
    }

    fn swap(&mut self, one: usize, other: usize) {
        self.order.swap(one, other);
        for place in [one, other] {
            self.timers[usize::from(self.order[place])].place = place as u16;
        }
    }
}

impl<T: Copy, const N: usize> Default for Queue<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn instant(micros: u64) -> Instant {
        Instant::from_micros(micros)
    }

    /// Compares the queue with a simple sorted list of timers. Both must give the same results for start, stop and
    /// expire.
    #[test]
    fn it_is_as_a_sorted_list() {
        let mut queue = Queue::<u32, 50>::new();
        let mut model = BTreeMap::<u32, (u64, u64, Id)>::new();
        let (mut now, mut state) = (0, 1_u64);
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        let (mut expired, mut full) = (0, 0);
        for value in 0..20_000 {
            match random(4) {
                0 | 1 => {
                    let (at, period) = (now + random(1000), random(3) * random(300));
                    let every = (period != 0).then(|| Duration::from_micros(period));
                    match queue.start(instant(at), every, value) {
                        Ok(id) => assert!(model.insert(value, (at, period, id)).is_none()),
                        Err(Full) => full += 1,
                    }
                    assert_eq!(model.len(), queue.len());
                }
                2 => {
                    let Some((&value, &(_, _, id))) = model.iter().nth(random(60) as usize) else {
                        continue;
                    };
                    assert_eq!((queue.cancel(id), queue.cancel(id)), (Some(value), None));
                    model.remove(&value);
                }
                _ => now += random(400),
            }
            assert_eq!(queue.next(), model.values().map(|&(at, ..)| instant(at)).min());
            while let Some(Expired { id, value, missed }) = queue.expire(instant(now)) {
                expired += 1;
                let first = model.values().map(|&(at, ..)| at).min();
                let (at, period, expected) = model[&value];
                assert_eq!((Some(at), id), (first, expected));
                assert!(at <= now);
                if period == 0 {
                    assert_eq!(missed, 0);
                    assert_eq!((model.remove(&value).is_some(), queue.cancel(id)), (true, None));
                } else {
                    let next = at + (missed + 1) * period;
                    assert!(next > now && next - period <= now);
                    model.insert(value, (next, period, id));
                }
            }
            assert!(model.values().all(|&(at, ..)| at > now));
        }
        assert!(expired > 5000 && full > 100, "{expired} {full}");
    }

    #[test]
    fn a_timer_takes_34_bytes_with_a_number() {
        assert!(size_of::<Queue<u16, 1000>>() <= 34 * 1000 + size_of::<u64>());
    }

    #[test]
    fn a_timer_that_has_stopped_is_not_taken_for_another() {
        let mut queue = Queue::<char, 1>::new();
        let first = queue.start(instant(5), None, 'a').unwrap();
        assert_eq!(queue.start(instant(1), None, 'b'), Err(Full));
        assert_eq!(queue.cancel(first), Some('a'));
        let second = queue.start(instant(6), None, 'c').unwrap();
        assert_eq!((queue.cancel(first), queue.next()), (None, Some(instant(6))));
        assert_eq!(queue.cancel(second), Some('c'));
        assert!(queue.is_empty());
        let third = queue.start(instant(7), None, 'd').unwrap();
        queue.clear();
        assert!(queue.is_empty() && queue.expire(instant(9)).is_none());
        let fourth = queue.start(instant(8), None, 'e').unwrap();
        assert_eq!([first, second, third].map(|id| queue.cancel(id)), [None; 3]);
        assert_eq!(queue.cancel(fourth), Some('e'));
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Times in the wiring, and limits of the time that threads run.

use super::counts::bit;
use crossgate_abi::message::{Number, fail};
use crossgate_abi::table::{Budget, Budgets};
use crossgate_abi::{BudgetId, ProcessId, Set, ThreadId};

/// The unit of a time in the wiring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Microseconds = 1,
    Milliseconds = 1_000,
    Seconds = 1_000_000,
}

impl Unit {
    const fn name(self) -> &'static str {
        match self {
            Unit::Microseconds => " us",
            Unit::Milliseconds => " ms",
            Unit::Seconds => " s",
        }
    }

    /// Returns an amount of this unit, in µs.
    const fn microseconds(self, amount: usize) -> u64 {
        (amount as u64).saturating_mul(self as u64)
    }
}

/// The shortest budget and time slice, in µs, because the kernel needs some µs to notice that a budget is used up.
const SHORTEST: u64 = 100;
/// The longest period and time slice, in µs, because the kernel's words hold no more.
const LONGEST: u64 = 3_600_000_000;

/// Returns the time that a thread runs before the next thread of its priority runs, in µs.
#[must_use]
#[track_caller]
pub const fn time_slice(amount: usize, unit: Unit) -> u32 {
    let time = unit.microseconds(amount);
    if time < SHORTEST || time > LONGEST {
        let amount = Number::decimal(amount);
        fail(&["a `time_slice` is 100 us to 3600 s, not ", amount.text(), unit.name()]);
    }
    time as u32
}

/// Returns a time, and the period in which a thread may run for that time, in µs.
#[must_use]
#[track_caller]
pub const fn budget(time: usize, unit: Unit, period: usize, period_unit: Unit) -> (u32, u32) {
    let (microseconds, of) = (unit.microseconds(time), period_unit.microseconds(period));
    let (time, period) = (Number::decimal(time), Number::decimal(period));
    if of > LONGEST {
        fail(&[
            "the period of a `budget` is at most 3600 s, not ",
            period.text(),
            period_unit.name(),
        ]);
    }
    if microseconds < SHORTEST {
        fail(&["a `budget` is at least 100 us, not ", time.text(), unit.name()]);
    }
    if microseconds > of {
        fail(&[
            "a `budget` of ",
            time.text(),
            unit.name(),
            " is more than its period of ",
            period.text(),
            period_unit.name(),
            ": nothing runs for longer than time passes",
        ]);
    }
    (microseconds as u32, of as u32)
}

/// Returns a budget that the threads of a process share. `homes` has the process of each thread except for the idle
/// thread.
#[must_use]
pub const fn budget_of_process((time, period): (u32, u32), homes: &[u8], process: u8) -> Budget {
    let (mut threads, mut thread) = (0, 0);
    while thread < homes.len() {
        if homes[thread] == process {
            threads |= bit(thread + 1);
        }
        thread += 1;
    }
    Budget {
        time,
        period,
        threads: Set::of_bits(threads),
        process: ProcessId::new(process as usize),
    }
}

/// Returns the budget of a thread.
#[must_use]
pub const fn budget_of_thread((time, period): (u32, u32), homes: &[u8], thread: usize) -> Budget {
    let threads = Set::of(ThreadId::new(thread + 1));
    Budget { time, period, threads, process: ProcessId::new(homes[thread] as usize) }
}

/// Returns the budgets of each of `THREADS` threads, the idle one included.
#[must_use]
pub const fn budgets_of_threads<const THREADS: usize>(
    budgets: &[Budget],
) -> [Set<BudgetId>; THREADS] {
    let mut of_threads = [Set::EMPTY; THREADS];
    let mut thread = 0;
    while thread < THREADS {
        let mut budget = 0;
        while budget < budgets.len() {
            if budgets[budget].threads.contains(ThreadId::new(thread)) {
                of_threads[thread].insert(BudgetId::new(budget));
            }
            budget += 1;
        }
        thread += 1;
    }
    of_threads
}

/// Returns the table that bounds or counts the time that threads run, if the wiring has such limits or counts.
#[must_use]
pub const fn if_any(budgets: &'static Budgets) -> Option<&'static Budgets> {
    if budgets.are_some() || budgets.cpu_time { Some(budgets) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wiring::testing::refused;

    #[test]
    fn times_at_their_limits() {
        const HOUR: usize = 3_600;
        for (amount, unit, microseconds) in [
            (100, Unit::Microseconds, 100),
            (5, Unit::Milliseconds, 5_000),
            (HOUR, Unit::Seconds, 3_600_000_000),
            (HOUR * 1_000_000, Unit::Microseconds, 3_600_000_000),
        ] {
            assert_eq!(time_slice(amount, unit), microseconds);
            assert_eq!(budget(amount, unit, amount, unit), (microseconds, microseconds));
        }
        for (amount, unit, text) in [
            (99, Unit::Microseconds, ", not 99 us"),
            (0, Unit::Milliseconds, ", not 0 ms"),
            (HOUR + 1, Unit::Seconds, ", not 3601 s"),
            (usize::MAX, Unit::Seconds, " s"),
        ] {
            let said = refused(|| time_slice(amount, unit)).unwrap();
            assert!(
                said.starts_with("a `time_slice` is 100 us to 3600 s") && said.ends_with(text),
                "{said}"
            );
            let said = refused(|| budget(amount, unit, amount, unit)).unwrap();
            assert!(
                said.contains(" at least 100 us") || said.contains(" at most 3600 s"),
                "{said}"
            );
            assert!(said.ends_with(text), "{said}");
        }
        let said = refused(|| budget(1_001, Unit::Microseconds, 1, Unit::Milliseconds)).unwrap();
        assert!(
            said.starts_with("a `budget` of 1001 us is more than its period of 1 ms"),
            "{said}"
        );
    }

    #[test]
    fn a_budget_is_that_of_its_threads() {
        let homes = [0, 1, 0, 2];
        let of = |process| budget_of_process((1, 2), &homes, process);
        assert_eq!(
            [of(0), of(1), of(2), of(3)].map(|it| it.threads.bits()),
            [0b1010, 0b100, 0b1_0000, 0]
        );
        let budget = budget_of_thread((1, 2), &homes, 3);
        assert_eq!((budget.threads.bits(), budget.process.index()), (0b1_0000, 2));
        let of_threads = budgets_of_threads::<5>(&[of(0), budget]);
        assert_eq!(
            of_threads.map(|set| set.bits() & 0b10 != 0),
            [false, false, false, false, true]
        );
        let first = [0, 1, 2, 3, 4].map(|thread| of(0).threads.contains(ThreadId::new(thread)));
        assert_eq!(of_threads.map(|set| set.bits() & 0b01 != 0), first);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Measurements and their report.

use board::{CLOCK_HZ, Timer, Uart};
use core::fmt::Write as _;
use core::hint::black_box;
use crossgate::sync::atomic::{AtomicU32, Ordering};
use embedded_io::Write;

/// The number of times that an operation is repeated.
pub const ROUNDS: u32 = if cfg!(target_os = "none") { 2_000 } else { 10_000 };
/// The number of measurements, of which the median counts. (There are more on a host, because other programs run there,
/// too.)
const TIMES: usize = if cfg!(target_os = "none") { 3 } else { 11 };
/// The length of a tick of the timer, in ns. The emulated board takes 1 ns for an instruction.
const TICK: u64 = 1_000_000_000 / CLOCK_HZ as u64;

/// The clock and the serial line that a benchmark's main thread owns.
#[derive(Debug)]
pub struct Bench {
    timer: Timer,
    line: Line,
}

#[derive(Debug)]
struct Line(Uart);

impl core::fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.write_all(text.as_bytes()).map_err(|_| core::fmt::Error)
    }
}

/// Stops the benchmark if an operation had a wrong result.
///
/// # Panics
/// If `is_right` is false.
#[inline(always)]
pub fn check(is_right: bool) {
    if !is_right {
        failed();
    }
}

/// Stops the benchmark: an operation failed.
///
/// # Panics
/// Always.
#[cold]
pub fn failed() -> ! {
    panic!("a benchmarked operation failed")
}

/// A measurement that has begun.
pub struct Begun {
    /// The ticks of an empty measurement.
    empty: u32,
    start: u32,
}

impl Bench {
    /// Starts the clock.
    #[must_use]
    pub fn new(timer: Timer, uart: Uart) -> Bench {
        let mut bench = Bench { timer, line: Line(uart) };
        bench.timer.start();
        bench
    }

    /// Returns the ticks that `work` takes.
    fn ticks(&mut self, work: impl FnOnce()) -> u32 {
        mark();
        let start = self.timer.elapsed();
        work();
        let end = self.timer.elapsed();
        mark();
        end.wrapping_sub(start)
    }

    /// Prints the cost of one `operation`.
    pub fn measure(&mut self, name: &str, mut operation: impl FnMut()) {
        let mut times = [0; TIMES];
        for time in &mut times {
            let empty = self.ticks(|| {
                for round in 0..ROUNDS {
                    black_box(round);
                }
            });
            let ticks = self.ticks(|| {
                for round in 0..ROUNDS {
                    black_box(round);
                    operation();
                }
            });
            *time = ticks.saturating_sub(empty);
        }
        times.sort_unstable();
        self.print(name, each(times[TIMES / 2], ROUNDS), ROUNDS, TIMES);
    }

    /// Prints the mean cost of one operation, where one run of `work` does `rounds` operations. The cost includes the
    /// loop.
    pub fn measure_whole(&mut self, name: &str, rounds: u32, work: impl FnOnce()) {
        let begun = self.begin();
        work();
        self.finish(name, rounds, begun);
    }

    /// Begins to measure what a task awaits: reads the clock, after an empty measurement.
    pub fn begin(&mut self) -> Begun {
        let empty = self.ticks(|| ());
        mark();
        Begun { empty, start: self.timer.elapsed() }
    }

    /// Ends this measurement, and prints the cost of one of `rounds` operations as
    /// [`measure_whole`](Self::measure_whole) does.
    pub fn finish(&mut self, name: &str, rounds: u32, begun: Begun) {
        let ticks = self.timer.elapsed().wrapping_sub(begun.start);
        mark();
        self.print(name, each(ticks.saturating_sub(begun.empty), rounds), rounds, 1);
    }

    /// Prints how much later a thread [notes](Arrival::note) its arrival after `work` than after `empty`.
    pub fn measure_arrival(
        &mut self,
        name: &str,
        arrival: &Arrival,
        mut empty: impl FnMut(),
        mut work: impl FnMut(),
    ) {
        let (mut without, mut with) = (0, 0);
        for round in 0..ROUNDS {
            without += self.ticks_to_arrival(arrival, &mut empty);
            with += self.ticks_to_arrival(arrival, &mut work);
            // The next round begins at another moment between two ticks.
            for step in 0..round % TICK as u32 {
                black_box(step);
            }
        }
        self.print(name, each(with.saturating_sub(without), ROUNDS), 1, ROUNDS as usize);
    }

    fn ticks_to_arrival(&mut self, arrival: &Arrival, work: impl FnOnce()) -> u32 {
        mark();
        let start = self.timer.elapsed();
        work();
        arrival.take().wrapping_sub(start)
    }

    fn print(&mut self, name: &str, each: u64, rounds: u32, goes: usize) {
        let printed = writeln!(self.line, "result {name} {each} {rounds} {goes}");
        assert!(printed.is_ok());
    }

    /// Ends the program.
    pub fn end(self) -> ! {
        end()
    }
}

/// Returns the time of one of `rounds` rounds in ns, if all of them together took `ticks`.
fn each(ticks: u32, rounds: u32) -> u64 {
    let (ticks, rounds) = (u64::from(ticks), u64::from(rounds));
    (ticks * TICK + rounds / 2) / rounds
}

/// The place where a thread notes that a measured operation has ended.
#[derive(Debug)]
pub struct Arrival(AtomicU32);

impl Arrival {
    const NOBODY: u32 = u32::MAX;

    /// Creates a place at which no thread has arrived.
    #[must_use]
    pub const fn new() -> Arrival {
        Arrival(AtomicU32::new(Arrival::NOBODY))
    }

    /// Notes the arrival of the current thread, by the clock of the [`Bench`].
    #[inline(always)]
    pub fn note(&self, clock: &Timer) {
        let now = clock.elapsed();
        mark();
        self.0.store(now, Ordering::Relaxed);
    }

    /// Waits until a thread has arrived. Returns the time of its arrival.
    fn take(&self) -> u32 {
        loop {
            let time = self.0.swap(Arrival::NOBODY, Ordering::Relaxed);
            if time != Arrival::NOBODY {
                return time;
            }
        }
    }
}

impl Default for Arrival {
    fn default() -> Arrival {
        Arrival::new()
    }
}

/// Marks the start or the end of a measurement for a tool that follows the execution in the emulator.
#[inline(never)]
pub fn mark() {
    black_box(());
}

/// Ends the emulation.
#[cfg(target_os = "none")]
fn end() -> ! {
    semihosting::process::exit(0)
}

/// Ends the program.
#[cfg(target_os = "linux")]
fn end() -> ! {
    loop {
        crossgate::arch::system_call(crossgate_abi::number::hosted::END, [0]);
    }
}

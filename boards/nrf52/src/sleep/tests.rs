// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sequences of sleeps on a simulated chip.

extern crate std;

use super::*;
use crate::model;
use core::cell::Cell;
use std::boxed::Box;
use std::rc::Rc;

/// The steps of the model in a tick.
const STEPS: u64 = 4;

/// The simulated chip. Its registers are in memory.
struct Simulated {
    clock: &'static Clock,
    slow: &'static SlowCounting,
    time: &'static Counting,
    /// The time in steps, and that at which the counter was started.
    now: Cell<u64>,
    started: Cell<Option<u64>>,
    /// The crystal of 32 MHz, and that of 32,768 Hz, oscillate.
    crystal: Cell<bool>,
    slow_crystal: Cell<bool>,
    has_slow_crystal: Cell<bool>,
    has_crystal: Cell<bool>,
    /// The tick at which the time has stopped, the ticks for which it has stood still, and the number of deep sleeps.
    stopped_at: Cell<Option<u64>>,
    uncounted: Cell<u64>,
    sleeps: Cell<u32>,
    /// Another device interrupts after so many ticks of the next sleep.
    interrupted_after: Cell<Option<u64>>,
}

fn zeroed<T>() -> &'static T {
    // SAFETY: the callers ask for registers: they are words, and zero is one of their values.
    Box::leak(Box::new(unsafe { core::mem::zeroed() }))
}

/// Takes the word of a register that starts a task, which reads as 0.
fn take<R>(register: &R) -> bool {
    let word = (&raw const *register).cast::<u32>().cast_mut();
    // SAFETY: it is a word of memory in a cell.
    unsafe {
        let value = word.read_volatile();
        word.write_volatile(0);
        value != 0
    }
}

/// Sets a register that can only be read.
fn set<R>(register: &R, value: u32) {
    // SAFETY: as above.
    unsafe { (&raw const *register).cast::<u32>().cast_mut().write_volatile(value) };
}

impl Simulated {
    fn new() -> (Chip<'static>, Rc<Simulated>) {
        let chip = Chip { clock: zeroed(), slow: zeroed(), time: zeroed() };
        let simulated = Rc::new(Simulated {
            clock: chip.clock,
            slow: chip.slow,
            time: chip.time,
            now: Cell::new(0),
            started: Cell::new(None),
            crystal: Cell::new(true),
            slow_crystal: Cell::new(false),
            has_slow_crystal: Cell::new(true),
            has_crystal: Cell::new(true),
            stopped_at: Cell::new(None),
            uncounted: Cell::new(0),
            sleeps: Cell::new(0),
            interrupted_after: Cell::new(None),
        });
        let work = Rc::clone(&simulated);
        model::install(move || work.step());
        (chip, simulated)
    }

    fn ticks(&self) -> u64 {
        self.now.get() / STEPS
    }

    fn step(&self) {
        self.now.set(self.now.get() + 1);
        if take(&self.clock.stop_crystal) {
            self.crystal.set(false);
        }
        if take(&self.clock.start_crystal) {
            self.crystal.set(self.has_crystal.get());
            self.clock.crystal_started.set(self.has_crystal.get().into());
        }
        if take(&self.clock.start_slow) {
            set(&self.clock.slow_started, 1);
            let is_chosen = self.clock.slow_source.get() == 1;
            self.slow_crystal.set(is_chosen && self.has_slow_crystal.get());
            // Until the crystal oscillates, the clock comes from an oscillator of the chip.
            set(&self.clock.slow_state, 1 << 16 | u32::from(self.slow_crystal.get()));
        }
        if take(&self.slow.stop) {
            self.started.set(None);
        }
        let is_cleared = take(&self.slow.clear);
        if is_cleared {
            set(&self.slow.count, 0);
        }
        if take(&self.slow.start) {
            assert!(is_cleared, "the counter goes on from where it stood");
            // It takes a tick to start.
            self.started.set(Some(self.now.get() + STEPS));
        }
        if let Some(started) = self.started.get()
            && self.now.get() >= started
        {
            set(&self.slow.count, ((self.now.get() - started) / STEPS) as u32 & 0xff_ffff);
        }
        if take(&self.time.shut_down) {
            assert_eq!(self.stopped_at.replace(Some(self.ticks())), None);
        }
        take(&self.time.stop);
        if take(&self.time.start) {
            let from = self.stopped_at.take().expect("the time stands still");
            self.uncounted.set(self.uncounted.get() + self.ticks() - from);
        }
    }

    /// The CPU sleeps until its next interrupt.
    fn sleep(&self) {
        self.step();
        assert!(self.stopped_at.get().is_some(), "the time would go on");
        assert!(!self.crystal.get(), "the crystal takes current");
        assert_eq!(self.slow.reached.get(), 0, "an old interrupt is pending");
        assert_eq!(self.slow.enable_interrupts.get(), 1 << 16, "nothing would wake the chip");
        let counted = (self.now.get() - self.started.get().expect("the counter counts")) / STEPS;
        let left = u64::from(self.slow.alarm.get()) - counted;
        let slept = self.interrupted_after.take().unwrap_or(left);
        self.now.set(self.now.get() + slept.min(left) * STEPS);
        if slept >= left {
            self.slow.reached.set(1);
        }
        self.sleeps.set(self.sleeps.get() + 1);
    }
}

/// Sleeps deeply on a chip whose slow crystal has started.
fn sleep_deeply(chip: &Chip, simulated: &Simulated, left: u64, rest: &AtomicU32) -> Slept {
    let slept = sleep_by(chip, Depth::Deepest, left, rest, || simulated.sleep());
    // The last task of the sleep has its effect.
    simulated.step();
    slept
}

fn running() -> (Chip<'static>, Rc<Simulated>) {
    let (chip, simulated) = Simulated::new();
    assert!(!slow_clock_runs(chip.clock), "the crystal has to start");
    simulated.step();
    assert!(slow_clock_runs(chip.clock));
    (chip, simulated)
}

#[test]
fn a_deep_sleep_stops_the_crystal_and_starts_it_again() {
    let (chip, simulated) = running();
    for round in 1..=3 {
        let slept = sleep_deeply(&chip, &simulated, 1_000_000, &AtomicU32::new(0));
        assert_eq!((slept.depth, simulated.sleeps.get()), (Depth::Deep, round));
        assert!(simulated.crystal.get() && simulated.stopped_at.get().is_none());
        assert_eq!((chip.slow.reached.get(), chip.slow.disable_interrupts.get()), (0, 1 << 16));
        assert_eq!((chip.time.width.get(), chip.time.divisor_exponent.get()), (3, 0));
    }
}

#[test]
fn no_time_is_lost_or_won() {
    let (chip, simulated) = running();
    let rest = AtomicU32::new(0);
    let mut all = 0;
    for round in 0_u64..200 {
        let left = if round == 77 { u64::MAX } else { SHORTEST + round * 12_345 };
        simulated.interrupted_after.set((round % 3 == 1).then_some(round * 5));
        let before = simulated.uncounted.get();
        let slept = sleep_deeply(&chip, &simulated, left, &rest);
        let took = (simulated.uncounted.get() - before) * 15_625 / 512;
        assert!(took < left, "a sleep of {left} us took {took} us");
        if round % 3 != 1 && round != 77 {
            assert!(took + WAKE_UP + 200 > left, "{left} us, but {took} us");
        }
        all += slept.uncounted;
    }
    let parts = simulated.uncounted.get() * 15_625;
    assert_eq!((all, rest.load(Relaxed)), (parts / 512, (parts % 512) as u32));
}

#[test]
fn without_its_crystal_every_sleep_is_light() {
    let (chip, simulated) = Simulated::new();
    simulated.has_slow_crystal.set(false);
    for _ in 0..3 {
        let slept = sleep_by(&chip, Depth::Deepest, 1_000_000, &AtomicU32::new(0), || ());
        assert_eq!(slept, Slept::LIGHT);
        simulated.step();
    }
    assert!(simulated.crystal.get());
    let (chip, _) = running();
    for (depth, left) in [(Depth::Light, u64::MAX), (Depth::Deep, SHORTEST - 1)] {
        assert_eq!(sleep_by(&chip, depth, left, &AtomicU32::new(0), || ()), Slept::LIGHT);
    }
}

#[test]
fn a_crystal_that_does_not_start_is_not_waited_for_for_ever() {
    let (chip, simulated) = running();
    simulated.has_crystal.set(false);
    let slept = sleep_deeply(&chip, &simulated, 1_000_000, &AtomicU32::new(0));
    assert_eq!((slept.depth, chip.clock.crystal_started.get()), (Depth::Deep, 0));
}

#[test]
fn an_alarm_is_within_the_24_bits_of_the_counter() {
    assert_eq!((ticks(8_000), ticks(1_000_000)), (262, 32_768));
    assert_eq!((ticks(600_000_000), ticks(u64::MAX)), ((1 << 24) - 1024, (1 << 24) - 1024));
}

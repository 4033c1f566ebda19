// SPDX-License-Identifier: MIT OR Apache-2.0
//! A simulated chip, for unit tests of sequences. Its registers are in memory, and [`Chip`] does what the hardware does
//! with them, as the reference manuals describe it: at each read with which the code under test waits for a bit, and
//! while the CPU sleeps deeply. It also knows how much time has passed, and checks what has to be so before a sleep.

extern crate std;

use core::cell::{Cell, RefCell};
use std::boxed::Box;
use std::rc::Rc;
use std::vec::Vec;

std::thread_local! {
    static CHIP: RefCell<Option<Rc<Chip>>> = const { RefCell::new(None) };
}

/// The ticks of the RTC in a second.
pub const TICKS: u64 = 32_768;
/// The steps of the model in a tick.
const STEPS: u64 = 4;

/// Lets the chip of this thread do its work, if the thread has one.
pub fn step() {
    let chip = CHIP.with_borrow(Option::clone);
    if let Some(chip) = chip {
        chip.step();
    }
}

/// Lets SysTick stand still or count.
pub fn count(counts: bool) {
    let chip = CHIP.with_borrow(Option::clone);
    if let Some(chip) = chip {
        chip.count(counts);
    }
}

/// A word of the registers.
#[derive(Clone, Copy)]
pub struct Word(*mut u32);

impl Word {
    /// Returns the word of a register, which the model may change at any time.
    pub fn of<R>(register: &R) -> Word {
        assert_eq!(size_of::<R>(), 4);
        Word((&raw const *register).cast::<u32>().cast_mut())
    }

    pub fn get(self) -> u32 {
        // SAFETY: the registers of a test live as long as the test, and are cells.
        unsafe { self.0.read_volatile() }
    }

    pub fn set(self, value: u32) {
        // SAFETY: as above.
        unsafe { self.0.write_volatile(value) };
    }

    pub fn has(self, bit: u32) -> bool {
        self.get() & 1 << bit != 0
    }

    pub fn put(self, bit: u32, is_set: bool) {
        self.set(self.get() & !(1 << bit) | u32::from(is_set) << bit);
    }
}

/// The words of the RTC.
pub struct RtcWords {
    pub time: Word,
    pub fraction: Word,
    pub state: Word,
    pub control: Word,
    pub wake_up: Word,
    /// The flag of the wake-up timer: a bit of the state that a 0 clears, or one that a 1 in this word clears.
    pub clear: Option<Word>,
}

/// The words of the interrupt and event controller, and the line of the RTC there.
pub struct Line {
    pub rising: Word,
    pub interrupts: Word,
    pub pending: Word,
    pub bits: u32,
}

/// The word of the voltage.
pub struct Voltage {
    pub word: Word,
    /// Its value after a deep sleep.
    pub after: u32,
    /// The bits that ask for a voltage, each with the bit that says that it is there.
    pub bits: &'static [(u32, u32)],
}

/// The simulated chip.
pub struct Chip {
    pub control: Word,
    pub configuration: Word,
    /// The shift of the source of the clock that is in use.
    pub in_use: u32,
    /// The bits of an oscillator of the chip that stops in a deep sleep: on, and ready.
    pub oscillator: Option<(u32, u32)>,
    /// The clock that the CPU has after a deep sleep, and the PLL, in the configuration.
    pub sources: [u32; 2],
    pub voltage: Option<Voltage>,
    pub backup: Word,
    pub rtc: RtcWords,
    pub line: Option<Line>,
    /// Returns whether the chip would enter a Stop mode now, rather than one that loses the RAM.
    pub stops: fn(&Chip) -> bool,
    /// The words that choose the mode.
    pub mode: Vec<Word>,
    pub state: State,
}

/// The state of a chip that no register shows.
#[derive(Default)]
pub struct State {
    /// A crystal, or the PLL, does not start any more.
    pub no_crystal: Cell<bool>,
    pub no_slow_crystal: Cell<bool>,
    pub no_pll: Cell<bool>,
    /// An interrupt of another device ends the next deep sleep after so many ticks.
    pub interrupted_after: Cell<Option<u64>>,
    /// The time since the start, in steps.
    steps: Cell<u64>,
    /// The flag of the wake-up timer, and that of its line.
    wakes: Cell<bool>,
    pending: Cell<bool>,
    /// The tick at which SysTick has stopped.
    halted_at: Cell<Option<u64>>,
    /// The ticks for which SysTick has stood still.
    uncounted: Cell<u64>,
    /// The number of deep sleeps.
    stops: Cell<u32>,
}

const CRYSTAL: [u32; 2] = [16, 17];
const PLL: [u32; 2] = [24, 25];

impl Chip {
    /// Makes this the chip of the thread.
    pub fn install(self) -> Rc<Chip> {
        let chip = Rc::new(self);
        CHIP.set(Some(Rc::clone(&chip)));
        chip
    }

    fn ticks(&self) -> u64 {
        self.state.steps.get() / STEPS
    }

    /// Returns the ticks for which SysTick has stood still.
    pub fn uncounted(&self) -> u64 {
        self.state.uncounted.get()
    }

    /// Returns the number of deep sleeps.
    pub fn stops(&self) -> u32 {
        self.state.stops.get()
    }

    /// Returns whether no interrupt of the RTC is left.
    pub fn is_silent(&self) -> bool {
        self.step();
        !self.state.wakes.get() && !self.state.pending.get() && !self.rtc.control.has(10)
    }

    fn count(&self, counts: bool) {
        if counts {
            let from = self.state.halted_at.take().expect("SysTick stands still");
            self.state.uncounted.set(self.uncounted() + self.ticks() - from);
        } else {
            assert_eq!(self.state.halted_at.replace(Some(self.ticks())), None);
        }
    }

    /// A step of the hardware.
    fn step(&self) {
        self.state.steps.set(self.state.steps.get() + 1);
        let control = self.control;
        control.put(CRYSTAL[1], control.has(CRYSTAL[0]) && !self.state.no_crystal.get());
        if let Some((on, ready)) = self.oscillator {
            control.put(ready, control.has(on));
        }
        control.put(PLL[1], control.has(PLL[0]) && !self.state.no_pll.get());
        if let Some(Voltage { word, bits, .. }) = &self.voltage {
            bits.iter().for_each(|&(needed, ready)| word.put(ready, word.has(needed)));
        }
        let mask = (1 << self.in_use) - 1;
        let chosen = self.configuration.get() & mask;
        if chosen != self.sources[1] || control.has(PLL[1]) {
            let others = self.configuration.get() & !(mask << self.in_use);
            self.configuration.set(others | chosen << self.in_use);
        }
        self.backup.put(1, self.backup.has(0) && !self.state.no_slow_crystal.get());
        self.step_rtc();
    }

    fn step_rtc(&self) {
        let rtc = &self.rtc;
        rtc.state.put(6, rtc.state.has(7));
        rtc.state.put(2, !rtc.control.has(10));
        match rtc.clear {
            Some(clear) => {
                if clear.has(2) {
                    self.state.wakes.set(false);
                    clear.set(0);
                }
            }
            None => self.state.wakes.set(rtc.state.has(10)),
        }
        if let Some(line) = &self.line
            && line.pending.get() & line.bits != 0
        {
            line.pending.set(0);
            self.state.pending.set(false);
        }
        if self.backup.has(1) && self.backup.has(15) && !rtc.state.has(6) {
            let seconds = self.ticks() / TICKS % 86_400;
            let decimal = |part: u64| (((part / 10) << 4) | (part % 10)) as u32;
            let [hours, minutes] = [seconds / 3600, seconds / 60 % 60].map(decimal);
            rtc.time.set(hours << 16 | minutes << 8 | decimal(seconds % 60));
            rtc.fraction.set((TICKS - 1 - self.ticks() % TICKS) as u32);
        }
    }

    /// The CPU sleeps deeply.
    pub fn sleep(&self) {
        self.step();
        assert!((self.stops)(self), "this mode loses the RAM");
        assert!(self.state.halted_at.get().is_some(), "SysTick would stand still unnoticed");
        // The chip does not stop while an interrupt is pending.
        assert!(
            !self.state.wakes.get() && !self.state.pending.get(),
            "an old interrupt is pending"
        );
        assert!(
            self.rtc.control.has(10) && self.rtc.control.has(14),
            "nothing would wake the chip"
        );
        if let Some(line) = &self.line {
            assert!(line.rising.get() & line.interrupts.get() & line.bits != 0, "its line is off");
        }
        let period = match self.rtc.control.get() & 0b111 {
            0 => 16,
            4 => TICKS,
            _ => panic!("the wake-up timer has another clock"),
        };
        let timer = (u64::from(self.rtc.wake_up.get()) + 1) * period;
        let slept = self.state.interrupted_after.take().unwrap_or(timer);
        if slept == 0 {
            return;
        }
        self.state.steps.set(self.state.steps.get() + slept.min(timer) * STEPS);
        if slept >= timer {
            self.state.wakes.set(true);
            self.state.pending.set(self.line.is_some());
            if self.rtc.clear.is_none() {
                self.rtc.state.put(10, true);
            }
        }
        [CRYSTAL, PLL].as_flattened().iter().for_each(|&bit| self.control.put(bit, false));
        if let Some((on, ready)) = self.oscillator {
            self.control.put(on, false);
            self.control.put(ready, false);
        }
        if let Some(Voltage { word, after, .. }) = &self.voltage {
            word.set(*after);
        }
        let mask = (1 << self.in_use) - 1;
        let others = self.configuration.get() & !(mask | mask << self.in_use);
        self.configuration.set(others | self.sources[0] << self.in_use | self.sources[0]);
        self.state.stops.set(self.stops() + 1);
    }
}

/// Returns registers in memory that live as long as the program: all are 0, as are those of no device.
pub fn zeroed<T>() -> &'static T {
    // SAFETY: the callers ask for registers: they are words, and zero is one of their values.
    Box::leak(Box::new(unsafe { core::mem::zeroed() }))
}

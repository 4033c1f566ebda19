// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sequences of sleeps on simulated chips of all families.

extern crate std;

use super::*;
use crate::family::Crystal;
use crate::model::{self, Chip, Line, RtcWords, Voltage, Word, zeroed};
use crate::rtc::{NewRtc, OldRtc};
use crate::{f4::sleep as f4, g4::sleep as g4, h7::sleep as h7, u5::sleep as u5};
use std::rc::Rc;
use std::vec::Vec;
use tock_registers::interfaces::{Readable, Writeable};

const CRYSTAL: Crystal = Crystal { mhz: 8, is_clock: false };

fn old_rtc(rtc: &OldRtc) -> RtcWords {
    RtcWords {
        time: Word::of(&rtc.time),
        fraction: Word::of(&rtc.fraction),
        state: Word::of(&rtc.state),
        control: Word::of(&rtc.control),
        wake_up: Word::of(&rtc.wake_up),
        clear: None,
    }
}

fn new_rtc(rtc: &NewRtc) -> RtcWords {
    RtcWords {
        time: Word::of(&rtc.time),
        fraction: Word::of(&rtc.fraction),
        state: Word::of(&rtc.state),
        control: Word::of(&rtc.control),
        wake_up: Word::of(&rtc.wake_up),
        clear: Some(Word::of(&rtc.clear)),
    }
}

fn f4() -> (f4::Chip<'static>, Rc<Chip>) {
    let chip = f4::Chip {
        rcc: zeroed(),
        pwr: zeroed(),
        rtc: zeroed(),
        exti: zeroed(),
        flash: zeroed(),
        crystal: CRYSTAL,
    };
    // The chip's own oscillator runs after a reset, and after a deep sleep.
    chip.rcc.control.set(0b11);
    let model = Chip {
        control: Word::of(&chip.rcc.control),
        configuration: Word::of(&chip.rcc.configuration),
        in_use: 2,
        oscillator: None,
        sources: [0, 2],
        voltage: None,
        backup: Word::of(&chip.rcc.backup),
        rtc: old_rtc(chip.rtc),
        line: Some(Line {
            rising: Word::of(&chip.exti.rising),
            interrupts: Word::of(&chip.exti.interrupts),
            pending: Word::of(&chip.exti.pending),
            bits: 1 << 22,
        }),
        stops: |chip| !chip.mode[0].has(1),
        mode: Vec::from([Word::of(&chip.pwr.control)]),
        state: model::State::default(),
    }
    .install();
    (chip, model)
}

fn g4() -> (g4::Chip<'static>, Rc<Chip>) {
    let chip = g4::Chip {
        rcc: zeroed(),
        power: zeroed(),
        rtc: zeroed(),
        exti: zeroed(),
        flash: zeroed(),
        crystal: CRYSTAL,
    };
    let model = Chip {
        control: Word::of(&chip.rcc.control),
        configuration: Word::of(&chip.rcc.configuration),
        in_use: 2,
        oscillator: None,
        sources: [1, 3],
        voltage: None,
        backup: Word::of(&chip.rcc.backup),
        rtc: new_rtc(chip.rtc),
        line: Some(Line {
            rising: Word::of(&chip.exti.rising),
            interrupts: Word::of(&chip.exti.interrupts),
            pending: Word::of(&chip.exti.pending),
            bits: 1 << 20,
        }),
        stops: |chip| chip.mode[0].get() & 0b111 <= 1,
        mode: Vec::from([Word::of(&chip.power.control)]),
        state: model::State::default(),
    }
    .install();
    (chip, model)
}

fn h7() -> (h7::Chip<'static>, Rc<Chip>) {
    let chip = h7::Chip {
        rcc: zeroed(),
        power: zeroed(),
        rtc: zeroed(),
        exti: zeroed(),
        flash: zeroed(),
        crystal: CRYSTAL,
    };
    // The supply is ready.
    Word::of(&chip.power.supply_state).set(1 << 13);
    let model = Chip {
        control: Word::of(&chip.rcc.control),
        configuration: Word::of(&chip.rcc.configuration),
        in_use: 3,
        oscillator: None,
        sources: [0, 3],
        // The model takes away the high voltage, so that a test shows that it comes back.
        voltage: Some(Voltage {
            word: Word::of(&chip.power.voltage),
            after: 1 << 14 | 1 << 13,
            bits: &[(15, 13)],
        }),
        backup: Word::of(&chip.rcc.backup),
        rtc: old_rtc(chip.rtc),
        line: Some(Line {
            rising: Word::of(&chip.exti.rising),
            interrupts: Word::of(&chip.exti.interrupts),
            pending: Word::of(&chip.exti.pending),
            bits: 1 << 19,
        }),
        stops: |chip| chip.mode[0].get() & (1 << 11 | 0b111) == 0,
        mode: Vec::from([Word::of(&chip.power.domains), Word::of(&chip.power.control)]),
        state: model::State::default(),
    }
    .install();
    (chip, model)
}

fn u5() -> (u5::Chip<'static>, Rc<Chip>) {
    let chip = u5::Chip { rcc: zeroed(), power: zeroed(), rtc: zeroed(), flash: zeroed() };
    let model = Chip {
        control: Word::of(&chip.rcc.control),
        configuration: Word::of(&chip.rcc.configuration),
        in_use: 2,
        oscillator: Some((8, 10)),
        sources: [0, 3],
        // After a deep sleep, the voltage is the lowest one.
        voltage: Some(Voltage {
            word: Word::of(&chip.power.voltage),
            after: 1 << 15,
            bits: &[(16, 15), (18, 14)],
        }),
        backup: Word::of(&chip.rcc.backup),
        rtc: new_rtc(chip.rtc),
        line: None,
        // The RTC has a clock meanwhile.
        stops: |chip| {
            chip.mode[0].get() & 0b111 <= 1 && chip.mode[1].has(21) && chip.mode[2].has(21)
        },
        mode: Vec::from([
            Word::of(&chip.power.control),
            Word::of(&chip.rcc.apb3_sleep_enable),
            Word::of(&chip.rcc.autonomous),
        ]),
        state: model::State::default(),
    }
    .install();
    (chip, model)
}

/// Calls a function with a simulated chip of each family, whose clocks are those of a running system.
macro_rules! for_each_family {
    ($check:ident) => {
        for_each_family!(f4, g4, h7, u5: $check);
    };
    ($($family:ident),+: $check:ident) => {
        $(
            let (chip, model) = $family();
            assert_eq!(chip.restore(), Ok(()), "the clocks of a start are those of a wake-up");
            assert!(!clock_runs(&chip), "the crystal of the RTC has to start");
            model::step();
            $check(stringify!($family), &chip, &model);
        )+
    };
}

fn sleep_on(
    chip: &impl Stop,
    model: &Chip,
    depth: Depth,
    left: u64,
    rest: &AtomicU32,
) -> Result<Slept, Slow> {
    sleep_by(chip, depth, left, rest, || model.sleep())
}

#[test]
fn the_clocks_of_all_families_come_back() {
    fn check(family: &str, chip: &impl Stop, model: &Chip) {
        let clocks = || {
            let voltage = model.voltage.as_ref().map(|voltage| voltage.word.get());
            (model.control.get(), model.configuration.get(), voltage)
        };
        let before = clocks();
        for (round, depth) in [Depth::Deep, Depth::Deepest, Depth::Deep].into_iter().enumerate() {
            let slept = sleep_on(chip, model, depth, 1_000_000, &AtomicU32::new(0));
            assert_eq!(slept.map(|it| it.depth), Ok(depth), "{family}");
            assert_eq!(model.stops() as usize, round + 1, "{family}");
            assert!(chip.is_fast(), "{family}");
            assert_eq!(clocks(), before, "{family}");
            assert!(model.is_silent(), "{family}: an interrupt of the RTC is left");
        }
    }
    for_each_family!(check);
}

#[test]
fn no_time_is_lost_or_won() {
    fn check(family: &str, chip: &impl Stop, model: &Chip) {
        let rest = AtomicU32::new(0);
        let mut all = 0;
        for round in 0_u64..300 {
            // Some sleeps end early, some end before the chip stops, and the last one takes more than a day's rest.
            model.state.interrupted_after.set(match round % 3 {
                0 => None,
                1 => Some(round * 7),
                _ => Some(0),
            });
            let left = if round == 150 { 200_000_000_000 } else { 10_000 + round * 12_345 };
            let before = model.uncounted();
            let slept = sleep_on(chip, model, Depth::Deep, left, &rest).unwrap();
            let took = (model.uncounted() - before) * 15_625 / 512;
            assert!(took < left, "{family}: a sleep of {left} us took {took} us");
            if round % 3 == 0 && left < 32_000_000 {
                assert!(took + WAKE_UP + 1_000 > left, "{family}: {left} us, but {took} us");
            }
            all += slept.uncounted;
        }
        let parts = model.uncounted() * 15_625;
        assert_eq!((all, rest.load(Relaxed)), (parts / 512, (parts % 512) as u32), "{family}");
    }
    for_each_family!(check);
}

#[test]
fn a_pll_that_does_not_lock_again_is_reported() {
    fn check(family: &str, chip: &impl Stop, model: &Chip) {
        let hz = match family {
            "h7" => 64_000_000,
            "u5" => 4_000_000,
            _ => 16_000_000,
        };
        model.state.no_pll.set(true);
        let slept = sleep_on(chip, model, Depth::Deep, 1_000_000, &AtomicU32::new(0));
        assert_eq!(slept, Err(Slow { hz }), "{family}");
        // From now on the chip sleeps lightly.
        let slept = sleep_on(chip, model, Depth::Deep, 1_000_000, &AtomicU32::new(0));
        assert_eq!((slept, model.stops()), (Ok(Slept::LIGHT), 1), "{family}");
    }
    for_each_family!(check);
}

#[test]
fn a_crystal_that_does_not_start_again_is_replaced() {
    fn check(family: &str, chip: &impl Stop, model: &Chip) {
        model.state.no_crystal.set(true);
        let slept = sleep_on(chip, model, Depth::Deep, 1_000_000, &AtomicU32::new(0));
        assert_eq!(slept.map(|it| it.depth), Ok(Depth::Deep), "{family}");
        assert!(chip.is_fast() && !model.control.has(16), "{family}: from the chip's oscillator");
    }
    for_each_family!(f4, g4, h7: check);
}

#[test]
fn without_the_crystal_of_the_clock_every_sleep_is_light() {
    fn check(family: &str, chip: &impl Stop, model: &Chip) {
        model.state.no_slow_crystal.set(true);
        model::step();
        for left in [0, SHORTEST - 1, 1_000_000] {
            let slept = sleep_on(chip, model, Depth::Deepest, left, &AtomicU32::new(0));
            assert_eq!((slept, model.stops()), (Ok(Slept::LIGHT), 0), "{family}");
        }
        model.state.no_slow_crystal.set(false);
        model::step();
        for (depth, left) in [(Depth::Light, 1_000_000), (Depth::Deepest, SHORTEST - 1)] {
            let slept = sleep_on(chip, model, depth, left, &AtomicU32::new(0));
            assert_eq!((slept, model.stops()), (Ok(Slept::LIGHT), 0), "{family}");
        }
        let slept = sleep_on(chip, model, Depth::Deepest, SHORTEST, &AtomicU32::new(0));
        assert_eq!((slept.map(|it| it.depth), model.stops()), (Ok(Depth::Deepest), 1), "{family}");
    }
    for_each_family!(check);
}

#[test]
fn the_modes_are_those_of_the_manuals() {
    let (chip, _) = f4();
    chip.pwr.control.set(1 << 1 | 1 << 8);
    chip.choose(Depth::Deepest);
    assert_eq!(chip.pwr.control.get(), 1 << 9 | 1 << 8 | 1, "low power, but not the Standby mode");
    chip.choose(Depth::Deep);
    assert_eq!(chip.pwr.control.get(), 1 << 8);

    let (chip, _) = g4();
    chip.power.control.set(1 << 9 | 1 << 8 | 0b111);
    chip.choose(Depth::Deepest);
    assert_eq!(chip.power.control.get(), 1 << 9 | 1 << 8 | 1, "Stop 1, with the voltage as it was");
    chip.choose(Depth::Deep);
    assert_eq!(chip.power.control.get(), 1 << 9 | 1 << 8);

    let (chip, _) = h7();
    chip.power.control.set(3 << 14 | 1 << 8);
    chip.power.domains.set(1 << 11 | 0b111);
    chip.choose(Depth::Deepest);
    assert_eq!(chip.power.control.get(), 3 << 14 | 1 << 9 | 1 << 8 | 1);
    assert_eq!(chip.power.domains.get(), 0, "all domains stop, and none is in its Standby mode");
    chip.choose(Depth::Deep);
    assert_eq!(chip.power.control.get(), 3 << 14 | 1 << 8);

    let (chip, _) = u5();
    chip.power.control.set(0b111);
    chip.choose(Depth::Deepest);
    assert_eq!(chip.power.control.get(), 1);
    chip.choose(Depth::Deep);
    assert_eq!(chip.power.control.get(), 0);
}

#[test]
fn the_backup_domain_is_open() {
    let (chip, _) = f4();
    chip.open_backup();
    assert_eq!((chip.rcc.apb1_enable.get(), chip.pwr.control.get()), (1 << 28, 1 << 8));
    let (chip, _) = g4();
    chip.open_backup();
    assert_eq!((chip.rcc.apb1_enable.get(), chip.power.control.get()), (1 << 10, 1 << 8));
    let (chip, _) = h7();
    chip.open_backup();
    assert_eq!((chip.rcc.apb4_enable.get(), chip.power.control.get()), (1 << 16, 1 << 8));
    let (chip, _) = u5();
    chip.open_backup();
    assert_eq!((chip.rcc.apb3_enable.get(), chip.power.backup.get()), (1 << 21, 1));
}

#[test]
fn a_clock_that_other_firmware_has_set_up_is_set_up_again() {
    let (chip, _) = f4();
    chip.rcc.backup.set(1 << 15 | 1 << 8 | 0b11);
    chip.rtc.control.set(1 << 5);
    chip.rtc.divisors.set(0x7f_00ff);
    assert!(clock_runs(&chip));
    assert_eq!(chip.rtc.divisors.get(), 32_767);
}

#[test]
fn boards_without_a_clock_control_sleep_lightly() {
    // (The emulator has no registers there: reads return 0, and nothing comes.)
    let (chip, model) = f4();
    chip.rcc.control.set(0);
    let slept = sleep_on(&chip, &model, Depth::Deepest, 1_000_000, &AtomicU32::new(0));
    assert_eq!(slept, Ok(Slept::LIGHT));
    assert_eq!(chip.pwr.control.get(), 0, "nothing was written");
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt controller of the kernel: the interrupt matrix.
//!
//! The matrix connects each source of interrupts, such as a serial line, to one of the interrupts of the CPU. The
//! kernel uses two of those: one for its timer, and one for all sources that the wiring names. To mask a source, the
//! kernel connects it to an interrupt that the CPU never takes. So no state is kept besides the matrix itself, and a
//! source that was withdrawn leaves nothing behind.

use crate::bus::{Bus, Device};
use crate::chip::Chip;
use core::marker::PhantomData;
use crossgate_abi::table::Mmio;
use crossgate_riscv::Controller;

/// The interrupt of the CPU for the sources of the wiring. It is also the number by which the port knows them.
pub const LINES: u32 = 11;
/// The number by which the port knows its timer.
const TIMER: u32 = 7;
/// The interrupt of the CPU that is never enabled.
const NONE: u32 = 0;
/// The priority of the interrupts of the kernel, and the lowest priority that the CPU takes. The former is above the
/// latter, because the manuals leave open what happens to equal ones.
const PRIORITY: u32 = 2;
const THRESHOLD: u32 = 1;
/// The size of the registers in bytes.
const SIZE: usize = 0x800;

/// The interrupt controller of the kernel.
#[derive(Debug)]
pub struct Lines<C>(PhantomData<C>);

impl<C: Chip> Controller for Lines<C> {
    const FIRST_LINE: u16 = 0;
    const LINES: u16 = C::MATRIX.sources;
    const REGISTERS: Option<Mmio> = Some(Mmio { start: C::MATRIX.start, size: SIZE });

    fn reset() {
        reset::<C>(device());
    }

    fn enable(line: u16) -> bool {
        is_line::<C>(line)
    }

    fn mask(line: u16, mask: bool) {
        connect::<C>(device(), line, if mask { NONE } else { LINES });
    }

    fn claim() -> Option<u16> {
        claim::<C>(device())
    }

    #[cfg(target_arch = "riscv32")]
    fn open() {
        C::open();
    }

    #[cfg(target_arch = "riscv32")]
    fn pending() -> u32 {
        pending::<C>(device())
    }
}

fn device() -> &'static impl Bus {
    // SAFETY: the functions of this file access only registers of the matrix and of the CPU's interrupts, which belong
    // to the kernel.
    const { &unsafe { Device::new() } }
}

/// Returns whether a source exists, and the kernel does not use it.
fn is_line<C: Chip>(line: u16) -> bool {
    line < C::MATRIX.sources && line != C::MATRIX.timer
}

/// Connects the timer, and no other source. The CPU takes no other interrupts than the two of the kernel, whatever boot
/// code has left.
fn reset<C: Chip>(bus: &impl Bus) {
    let matrix = C::MATRIX;
    for source in 0..matrix.sources {
        bus.write(route::<C>(source), NONE);
    }
    bus.write(route::<C>(matrix.timer), matrix.timer_interrupt);
    for interrupt in [matrix.timer_interrupt, LINES] {
        bus.write(matrix.priorities + 4 * interrupt as usize, PRIORITY);
    }
    bus.write(matrix.at_edges, 0);
    bus.write(matrix.threshold, THRESHOLD);
    bus.write(matrix.enabled, 1 << matrix.timer_interrupt | 1 << LINES);
}

/// Connects a source of the wiring to an interrupt of the CPU.
fn connect<C: Chip>(bus: &impl Bus, line: u16, interrupt: u32) {
    if is_line::<C>(line) {
        bus.write(route::<C>(line), interrupt);
    }
}

/// Returns the first source that interrupts, and masks it.
fn claim<C: Chip>(bus: &impl Bus) -> Option<u16> {
    let line = waiting::<C>(bus)?;
    connect::<C>(bus, line, NONE);
    Some(line)
}

/// Returns the first source of the wiring that interrupts and is not masked.
fn waiting<C: Chip>(bus: &impl Bus) -> Option<u16> {
    for word in 0..C::MATRIX.sources.div_ceil(32) {
        let mut sources = bus.read(C::MATRIX.status + 4 * usize::from(word));
        while sources != 0 {
            let line = 32 * word + sources.trailing_zeros() as u16;
            if is_line::<C>(line) && bus.read(route::<C>(line)) == LINES {
                return Some(line);
            }
            sources &= sources - 1;
        }
    }
    None
}

/// Returns the bits of the interrupts that are pending, under the numbers by which the port knows them.
#[cfg_attr(
    not(any(target_arch = "riscv32", test)),
    expect(dead_code, reason = "only the kernel asks")
)]
fn pending<C: Chip>(bus: &impl Bus) -> u32 {
    let timer = usize::from(C::MATRIX.timer);
    let timer_rings = bus.read(C::MATRIX.status + timer / 32 * 4) >> (timer % 32) & 1;
    timer_rings << TIMER | u32::from(waiting::<C>(bus).is_some()) << LINES
}

/// Returns the register that connects a source.
fn route<C: Chip>(source: u16) -> usize {
    C::MATRIX.start + 4 * usize::from(source)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::c3::C3;
    use crate::model::Model;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::vec::Vec;

    const UART0: u16 = 21;
    const TIMER_GROUP_0: u16 = 32;
    const SYSTEM_TIMER: u16 = 37;

    /// Returns a model of the matrix in which boot code has connected everything.
    fn model() -> Model {
        let model = Model::new();
        for source in 0..C3::MATRIX.sources {
            model.write(route::<C3>(source), 1 + u32::from(source) % 31);
        }
        model.write(C3::MATRIX.enabled, u32::MAX);
        model.write(C3::MATRIX.at_edges, u32::MAX);
        reset::<C3>(&model);
        model
    }

    #[test]
    fn after_a_reset_only_the_timer_interrupts() {
        let model = model();
        for source in 0..C3::MATRIX.sources {
            model.raise(source);
        }
        assert_eq!(model.interrupts(&C3::MATRIX), 1 << 7);
        assert_eq!(model.read(C3::MATRIX.at_edges), 0);
        assert_eq!(pending::<C3>(&model), 1 << TIMER);
        assert_eq!(claim::<C3>(&model), None);
    }

    #[test]
    fn a_line_interrupts_from_its_unmasking_until_its_claim() {
        let model = model();
        model.raise(UART0);
        connect::<C3>(&model, UART0, LINES);
        assert_eq!((model.interrupts(&C3::MATRIX), pending::<C3>(&model)), (1 << 11, 1 << LINES));
        assert_eq!(claim::<C3>(&model), Some(UART0));
        assert_eq!((model.interrupts(&C3::MATRIX), pending::<C3>(&model)), (0, 0));
        assert_eq!(claim::<C3>(&model), None);
        connect::<C3>(&model, UART0, LINES);
        assert_eq!(claim::<C3>(&model), Some(UART0), "the device still holds the line");
    }

    #[test]
    fn an_interrupt_that_is_withdrawn_leaves_nothing() {
        let model = model();
        model.raise(UART0);
        model.withdraw(UART0);
        connect::<C3>(&model, UART0, LINES);
        assert_eq!((model.interrupts(&C3::MATRIX), pending::<C3>(&model)), (0, 0));
        assert_eq!(claim::<C3>(&model), None);
    }

    #[test]
    fn no_line_is_lost_whatever_else_interrupts() {
        let model = model();
        let lines = [0, 5, UART0, 31, TIMER_GROUP_0, 61];
        for line in lines {
            connect::<C3>(&model, line, LINES);
        }
        for source in 0..C3::MATRIX.sources {
            model.raise(source);
        }
        let claimed: Vec<_> = core::iter::from_fn(|| claim::<C3>(&model)).take(100).collect();
        assert_eq!(claimed, lines);
        assert_eq!(pending::<C3>(&model), 1 << TIMER);
    }

    #[test]
    fn the_timer_of_the_kernel_is_no_line() {
        let model = model();
        for line in [SYSTEM_TIMER, C3::MATRIX.sources, u16::MAX] {
            assert!(!is_line::<C3>(line), "{line}");
            connect::<C3>(&model, line, NONE);
        }
        model.raise(SYSTEM_TIMER);
        assert_eq!(model.interrupts(&C3::MATRIX), 1 << 7);
        assert!(is_line::<C3>(UART0) && is_line::<C3>(0));
    }

    /// An event that changes the interrupts.
    #[derive(Clone, Debug)]
    enum Event {
        Raise(u16),
        Withdraw(u16),
        Mask(u16),
        Unmask(u16),
        Claim,
    }

    fn event() -> impl Strategy<Value = Event> {
        // A few lines, so that events often are about the same one.
        let line =
            prop_oneof![Just(0_u16), Just(UART0), Just(31), Just(32), Just(SYSTEM_TIMER), Just(61)];
        prop_oneof![
            line.clone().prop_map(Event::Raise),
            line.clone().prop_map(Event::Withdraw),
            line.clone().prop_map(Event::Mask),
            line.prop_map(Event::Unmask),
            Just(Event::Claim),
        ]
    }

    proptest! {
        #[test]
        fn a_line_is_pending_while_it_is_raised_and_not_masked(events in prop::collection::vec(event(), 0..60)) {
            let model = model();
            let (mut raised, mut open) = (BTreeSet::new(), BTreeSet::new());
            for event in events {
                match event {
                    Event::Raise(line) => {
                        model.raise(line);
                        raised.insert(line);
                    }
                    Event::Withdraw(line) => {
                        model.withdraw(line);
                        raised.remove(&line);
                    }
                    Event::Mask(line) => {
                        connect::<C3>(&model, line, NONE);
                        open.remove(&line);
                    }
                    Event::Unmask(line) => {
                        connect::<C3>(&model, line, LINES);
                        open.extend((line != SYSTEM_TIMER).then_some(line));
                    }
                    Event::Claim => {
                        let first = raised.intersection(&open).next().copied();
                        prop_assert_eq!(claim::<C3>(&model), first);
                        first.map(|line| open.remove(&line));
                    }
                }
                let timer = u32::from(raised.contains(&SYSTEM_TIMER)) << TIMER;
                let lines = u32::from(!raised.is_disjoint(&open)) << LINES;
                prop_assert_eq!(pending::<C3>(&model), timer | lines);
                prop_assert_eq!(model.interrupts(&C3::MATRIX), timer | lines);
            }
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interrupt controller in the core Hazard3 (*Xh3irq*; its documentation, "Custom interrupt handling CSRs"), by which
//! devices interrupt this core.
//!
//! All registers belong to machine mode. Some are arrays, of which an access selects a window: its number is in the
//! lowest bits of the value that is written. The controller keeps no interrupt: a line is pending while its device holds
//! it. All lines have the same priority.

use crate::interrupts::Controller;
use crossgate_abi::table::Mmio;

/// The number of lines in a window of the arrays with a bit for each line.
const WINDOW: u16 = 16;
/// The number of lines in a window of the priorities.
const PRIORITIES: u16 = 4;
/// The most lines of such a controller.
const MOST_LINES: u16 = 512;

/// The interrupt controller of Hazard3 (Xh3irq), with the lines 0 to `LINES - 1`.
#[derive(Debug)]
pub struct Xh3irq<const LINES: u16>;

impl<const LINES: u16> Controller for Xh3irq<LINES> {
    const FIRST_LINE: u16 = 0;
    const LINES: u16 = {
        assert!(LINES <= MOST_LINES, "an interrupt controller of Hazard3 has at most 512 lines");
        LINES
    };
    const REGISTERS: Option<Mmio> = None;

    fn reset() {
        reset::<Csrs>(LINES);
    }

    fn enable(line: u16) -> bool {
        has::<Csrs>(line)
    }

    fn mask(line: u16, mask: bool) {
        if line < LINES {
            set_mask::<Csrs>(line, mask);
        }
    }

    fn claim() -> Option<u16> {
        claim::<Csrs>()
    }
}

/// The registers. A value for an array has the number of a window in its lower half, and the contents in its upper half.
trait Registers {
    /// Writes a window of the enable bits (`meiea`).
    fn write_enabled(value: u32);
    /// Sets bits of a window of the enable bits, and returns this window as it was before.
    fn set_enabled(value: u32) -> u32;
    /// Clears bits of a window of the enable bits.
    fn clear_enabled(value: u32);
    /// Writes a window of the bits that make lines pending without a device (`meifa`).
    fn write_forced(value: u32);
    /// Writes a window of the priorities (`meipra`).
    fn write_priorities(value: u32);
    /// Returns the next interrupt (`meinext`): its line in bits 2 to 10, or bit 31.
    fn next() -> u32;
    /// Writes the context of nested interrupts (`meicontext`).
    fn write_context(value: u32);
}

fn reset<R: Registers>(lines: u16) {
    for window in 0..lines.div_ceil(WINDOW) {
        R::write_enabled(window.into());
        R::write_forced(window.into());
    }
    for window in 0..lines.div_ceil(PRIORITIES) {
        R::write_priorities(window.into());
    }
    R::write_context(0);
}

/// Returns whether the controller has a line, which is masked before and after.
fn has<R: Registers>(line: u16) -> bool {
    let value = window(line);
    R::set_enabled(value);
    let enabled = R::set_enabled(value);
    R::clear_enabled(value);
    (enabled & value) >> 16 != 0
}

fn set_mask<R: Registers>(line: u16, mask: bool) {
    if mask {
        R::clear_enabled(window(line));
    } else {
        R::set_enabled(window(line));
    }
}

fn claim<R: Registers>() -> Option<u16> {
    let next = R::next().cast_signed();
    // When an interrupt is taken, the controller hides all lines of the same priority until the core returns from it. The
    // kernel serves all lines before it returns, so it makes them visible again.
    R::write_context(0);
    if next < 0 {
        return None;
    }
    let line = (next >> 2) as u16;
    R::clear_enabled(window(line));
    Some(line)
}

/// Returns the value that selects the window with a line, and its bit there.
fn window(line: u16) -> u32 {
    1 << (16 + line % WINDOW) | u32::from(line / WINDOW)
}

/// The registers of the core.
struct Csrs;

#[cfg(not(target_arch = "riscv32"))]
mod csrs {
    /// Stands for an instruction where there is none of it.
    macro_rules! csr {
        ($instruction:literal, $value:expr) => {{
            let _: u32 = $value;
            unreachable!("only the core has these registers")
        }};
    }
    pub(super) use csr;
}

#[cfg(target_arch = "riscv32")]
mod csrs {
    /// Executes an instruction that reads and writes a register. Returns what was in it before.
    macro_rules! csr {
        ($instruction:literal, $value:expr) => {{
            let value: u32 = $value;
            let old: u32;
            // SAFETY: these registers belong to the kernel. They only mask and order interrupts.
            unsafe {
                core::arch::asm!($instruction, old = out(reg) old, value = in(reg) value, options(nomem, nostack));
            }
            old
        }};
    }
    pub(super) use csr;
}
use csrs::csr;

impl Registers for Csrs {
    fn write_enabled(value: u32) {
        csr!("csrrw {old}, 0xbe0, {value}", value);
    }

    fn set_enabled(value: u32) -> u32 {
        csr!("csrrs {old}, 0xbe0, {value}", value)
    }

    fn clear_enabled(value: u32) {
        csr!("csrrc {old}, 0xbe0, {value}", value);
    }

    fn write_forced(value: u32) {
        csr!("csrrw {old}, 0xbe2, {value}", value);
    }

    fn write_priorities(value: u32) {
        csr!("csrrw {old}, 0xbe3, {value}", value);
    }

    fn next() -> u32 {
        // (To set no bit is only to read.)
        csr!("csrrs {old}, 0xbe4, {value}", 0)
    }

    fn write_context(value: u32) {
        csr!("csrrw {old}, 0xbe5, {value}", value);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::cell::RefCell;
    use std::thread_local;
    use std::vec::Vec;

    /// The number of lines of an RP2350.
    const LINES: u16 = 52;

    /// The controller as its documentation describes it.
    #[derive(Clone, Debug, PartialEq)]
    struct Model {
        enabled: u64,
        held: u64,
        forced: u64,
        priorities: [u8; LINES as usize],
        /// The least priority that interrupts, and the one of `meinext`.
        least: u8,
        least_next: u8,
    }

    impl Model {
        /// The controller after a reset.
        const NEW: Model = Model {
            enabled: 0,
            held: 0,
            forced: 0,
            priorities: [0; LINES as usize],
            least: 0,
            least_next: 0,
        };

        fn pending(&self, least: u8) -> impl Iterator<Item = u16> {
            let lines = (self.held | self.forced) & self.enabled;
            let priorities = self.priorities;
            (0..LINES)
                .filter(move |&line| lines >> line & 1 != 0 && priorities[line as usize] >= least)
        }

        /// Returns whether the external interrupt is pending in `mip`.
        fn interrupts(&self) -> bool {
            self.pending(self.least).next().is_some()
        }

        /// The core takes the interrupt.
        fn enter(&mut self) {
            self.least_next = self.least;
            let highest = self.pending(self.least).map(|it| self.priorities[it as usize]).max();
            self.least = highest.unwrap_or(15) + 1;
        }

        fn write(array: &mut u64, value: u32, change: impl Fn(u64, u64) -> u64) -> u32 {
            let shift = 16 * (value & 31);
            if shift >= LINES.into() {
                return 0;
            }
            let existing = (1 << LINES) - 1;
            let before = *array >> shift & 0xffff;
            let after = change(before, (value >> 16).into());
            *array = (*array & !(0xffff << shift) | after << shift) & existing;
            (before << 16) as u32
        }
    }

    thread_local! {
        static MODEL: RefCell<Model> = const { RefCell::new(Model::NEW) };
    }

    fn with<T>(work: impl FnOnce(&mut Model) -> T) -> T {
        MODEL.with_borrow_mut(work)
    }

    struct Modelled;

    impl Registers for Modelled {
        fn write_enabled(value: u32) {
            with(|it| Model::write(&mut it.enabled, value, |_, bits| bits));
        }

        fn set_enabled(value: u32) -> u32 {
            with(|it| Model::write(&mut it.enabled, value, |before, bits| before | bits))
        }

        fn clear_enabled(value: u32) {
            with(|it| Model::write(&mut it.enabled, value, |before, bits| before & !bits));
        }

        fn write_forced(value: u32) {
            with(|it| Model::write(&mut it.forced, value, |_, bits| bits));
        }

        fn write_priorities(value: u32) {
            with(|it| {
                for place in 0..4 {
                    let line = 4 * (value & 127) as usize + place;
                    if let Some(priority) = it.priorities.get_mut(line) {
                        *priority = (value >> (16 + 4 * place) & 15) as u8;
                    }
                }
            });
        }

        fn next() -> u32 {
            with(|it| {
                let highest = |&line: &u16| (it.priorities[line as usize], LINES - line);
                match it.pending(it.least_next).max_by_key(highest) {
                    Some(line) => {
                        it.forced &= !(1 << line);
                        u32::from(line) << 2
                    }
                    None => 1 << 31,
                }
            })
        }

        fn write_context(value: u32) {
            with(|it| {
                it.least = (value >> 16 & 31) as u8;
                it.least_next = (value >> 24 & 15) as u8;
            });
        }
    }

    /// A controller as an earlier program has left it.
    fn left_over() -> Model {
        Model {
            enabled: (1 << LINES) - 1,
            held: 0,
            forced: 0x8_0000_0000_0001,
            priorities: [7; LINES as usize],
            least: 16,
            least_next: 3,
        }
    }

    #[test]
    fn nothing_is_left_of_an_earlier_program() {
        with(|it| *it = left_over());
        reset::<Modelled>(LINES);
        with(|it| assert_eq!(*it, Model::NEW));
    }

    #[test]
    fn the_lines_that_exist() {
        with(|it| *it = Model::NEW);
        for line in 0..LINES {
            assert!(has::<Modelled>(line), "{line}");
        }
        for line in [LINES, 63, 64, 511] {
            assert!(!has::<Modelled>(line), "{line}");
        }
        with(|it| assert_eq!(it.enabled, 0, "they are masked"));
    }

    /// Devices and the kernel do one thing after another: whichever they do, the kernel gets exactly the lines that are
    /// held and not masked, each once.
    #[test]
    fn each_line_is_claimed_once_until_it_is_unmasked() {
        with(|it| *it = left_over());
        reset::<Modelled>(LINES);
        let mut unmasked = 0_u64;
        let mut random = 1_u64;
        for step in 0..100_000 {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            let line = (random >> 40) as u16 % LINES;
            match random >> 60 {
                0..=3 => with(|it| it.held |= 1 << line),
                4..=6 => with(|it| it.held &= !(1 << line)),
                7..=9 => {
                    set_mask::<Modelled>(line, false);
                    unmasked |= 1 << line;
                }
                10 => {
                    set_mask::<Modelled>(line, true);
                    unmasked &= !(1 << line);
                }
                _ => {
                    // The interrupt is taken, or the kernel looks at it before it returns.
                    if random >> 59 & 1 != 0 && with(|it| it.interrupts()) {
                        with(Model::enter);
                    }
                    let due = with(|it| it.held) & unmasked;
                    let expected = (due != 0).then(|| due.trailing_zeros() as u16);
                    assert_eq!(claim::<Modelled>(), expected, "step {step}");
                    unmasked &= !expected.map_or(0, |it| 1 << it);
                }
            }
            with(|it| {
                assert_eq!(it.enabled, unmasked, "step {step}");
                assert_eq!(it.interrupts(), it.held & unmasked != 0, "step {step}");
            });
        }
    }

    #[test]
    fn lines_in_their_windows() {
        let windows: Vec<_> = [0, 15, 16, 51, 511].into_iter().map(window).collect();
        assert_eq!(windows, [0x1_0000, 0x8000_0000, 0x1_0001, 0x8_0003, 0x8000_001f]);
    }
}

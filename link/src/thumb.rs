//! Instructions of the Thumb instruction set that switch interrupts off.
//!
//! A critical section on a Cortex-M is made of them. They do nothing without privileges, and do not fault
//! either, so in a process it would be none.

use object::{Architecture, File, Object, ObjectSymbol, SectionIndex};
use std::collections::HashMap;

/// Where in a section code starts, or data among it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    offset: usize,
    is_code: bool,
}

/// The marks in the sections of an object, which are symbols ($t, $d). There are none for other processors.
pub fn marks(object: &File) -> HashMap<SectionIndex, Vec<Mark>> {
    let mut marks: HashMap<_, Vec<_>> = HashMap::new();
    if object.architecture() != Architecture::Arm {
        return marks;
    }
    for symbol in object.symbols() {
        let (Some(section), Ok(name)) = (symbol.section_index(), symbol.name()) else { continue };
        if name.starts_with('$') {
            let mark = Mark { offset: symbol.address() as usize, is_code: name.starts_with("$t") };
            marks.entry(section).or_default().push(mark);
        }
    }
    marks.values_mut().for_each(|marks| marks.sort_unstable());
    marks
}

/// What a section of code does with interrupts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masking {
    /// It switches them off (`cpsid`).
    pub is_done: bool,
    /// It reads whether they are off (`mrs rX, primask`), to leave them as they were.
    pub is_undone: bool,
}

impl Masking {
    /// Looks through the code of a section with these marks.
    pub fn of(code: &[u8], marks: &[Mark]) -> Self {
        let ends = marks.iter().skip(1).map(|mark| mark.offset).chain([code.len()]);
        let runs = marks.iter().zip(ends).filter(|(mark, _)| mark.is_code);
        let mut found = Self::default();
        for (mark, end) in runs {
            found.look_through(code.get(mark.offset..end).unwrap_or_default());
        }
        found
    }

    /// Looks through instructions.
    fn look_through(&mut self, code: &[u8]) {
        let mut halves = code.chunks_exact(2).map(|half| u16::from_le_bytes([half[0], half[1]]));
        while let Some(first) = halves.next() {
            // Longer instructions start with 0b11101, 0b11110 or 0b11111.
            let second = if first >= 0xe800 { halves.next().unwrap_or_default() } else { 0 };
            match (first, second) {
                // cpsid i, f or both
                (0xb671..=0xb673, _) => self.is_done = true,
                // the same in its long form
                (0xf3af, _) if second & 0xff00 == 0x8600 => self.is_done = true,
                // mrs rX, primask
                (0xf3ef, _) if second & 0xf0ff == 0x8010 => self.is_undone = true,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(halves: &[u16]) -> (bool, bool) {
        let mut masking = Masking::default();
        let code: Vec<_> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        masking.look_through(&code);
        (masking.is_done, masking.is_undone)
    }

    #[test]
    fn data_is_no_instruction() {
        let mark = |offset, is_code| Mark { offset, is_code };
        let code = [0x4770_u16, 0xb672, 0xb672].map(u16::to_le_bytes).concat();
        let marks = [mark(0, true), mark(2, false)];
        assert_eq!(Masking::of(&code, &marks), Masking::default());
        assert!(Masking::of(&code, &[marks[0], marks[1], mark(4, true)]).is_done);
    }

    #[test]
    fn instructions_are_told_from_each_other() {
        assert_eq!(found(&[0x4770, 0xb672]), (true, false));
        assert_eq!(found(&[0xb671]), (true, false));
        assert_eq!(found(&[0xf3af, 0x8640]), (true, false));
        assert_eq!(found(&[0xf3ef, 0x8310, 0xb672]), (true, true));
        // cpsie i, nop.w, and the second half of a bl
        assert_eq!(found(&[0xb662, 0xf3af, 0x8000, 0xf000, 0xb672]), (false, false));
        assert_eq!(found(&[0xf3ef, 0x8311]), (false, false), "basepri");
    }
}

use crate::{ARGUMENT_WORDS, Word};

/// What one word of a call is, as far as the kernel has to know. A bit each, so that the kernel finds
/// them at once among several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Plain data: only the stubs on both sides look at it.
    Value = 0,
    /// The address of memory lent for reading; the next word is its length in bytes.
    Read = 1,
    /// The address of memory lent for reading and writing; the next word is its length in bytes.
    Write = 2,
    /// A handle.
    Handle = 4,
    /// A handle if the word before it is 0 (the tag of `Some` and `Ok`), else plain data.
    HandleIfTagIsZero = 8,
}

/// The words of an argument list or of a result: how many, and the [`Kind`] of each.
///
/// The kernel checks leases and moves handles by the shape, without knowing any type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Shape {
    /// How many words there are. More than a call can carry is refused when the interface compiles.
    pub words: u8,
    /// The kinds, 4 bits a word, the first word lowest. 0: there is nothing but values.
    pub kinds: u16,
}

impl Shape {
    /// No words at all: `()`.
    pub const NONE: Shape = Shape { words: 0, kinds: 0 };
    /// One handle.
    pub const HANDLE: Shape = Shape { words: 1, kinds: Kind::Handle as u16 };
    /// Memory lent for reading.
    pub const READ: Shape = Shape { words: 2, kinds: Kind::Read as u16 };
    /// Memory lent for reading and writing.
    pub const WRITE: Shape = Shape { words: 2, kinds: Kind::Write as u16 };

    /// `words` words of plain data.
    #[must_use]
    pub const fn values(words: u8) -> Shape {
        Shape { words, kinds: 0 }
    }

    /// This shape followed by another. Words past the [fourth](ARGUMENT_WORDS) are only counted.
    #[must_use]
    pub const fn then(self, next: Shape) -> Shape {
        let kinds =
            if (self.words as usize) < ARGUMENT_WORDS { next.kinds << (4 * self.words) } else { 0 };
        Shape { words: self.words.saturating_add(next.words), kinds: self.kinds | kinds }
    }

    /// Whether some word may be a handle.
    #[inline(always)]
    #[must_use]
    pub const fn has_handles(self) -> bool {
        self.kinds & Self::HANDLES != 0
    }

    /// The kinds of handles, at all places.
    pub const HANDLES: u16 = (Kind::Handle as u16 | Kind::HandleIfTagIsZero as u16) * 0x1111;

    /// The kind of word `index`.
    #[must_use]
    pub const fn kind(self, index: usize) -> Kind {
        // No word is before the first, so that bit says something else: `Method::HANDLES`.
        let kinds = self.kinds & !(Kind::HandleIfTagIsZero as u16);
        match kinds >> (4 * (index % ARGUMENT_WORDS)) & 15 {
            1 => Kind::Read,
            2 => Kind::Write,
            4 => Kind::Handle,
            8 => Kind::HandleIfTagIsZero,
            _ => Kind::Value,
        }
    }

    /// The positions of the handles among `words`.
    pub fn handles(self, words: &[Word]) -> impl Iterator<Item = usize> {
        (0..words.len().min(ARGUMENT_WORDS)).filter(move |&index| match self.kind(index) {
            Kind::Handle => true,
            Kind::HandleIfTagIsZero => index > 0 && words[index - 1] == 0,
            Kind::Value | Kind::Read | Kind::Write => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_follow_each_other() {
        let shape = Shape::values(1).then(Shape::READ).then(Shape::HANDLE);
        assert_eq!(shape.words, 4);
        let kinds = [Kind::Value, Kind::Read, Kind::Value, Kind::Handle];
        assert_eq!([0, 1, 2, 3].map(|index| shape.kind(index)), kinds);
        assert_eq!(shape.handles(&[9, 9, 9, 9]).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn words_past_the_fourth_are_counted() {
        assert_eq!(Shape::values(4).then(Shape::WRITE), Shape::values(6));
    }

    extern crate std;
    use std::vec::Vec;
}

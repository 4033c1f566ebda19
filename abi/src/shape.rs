// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{ARGUMENT_WORDS, Word};

/// The kind of one word of a call, as far as the kernel has to know it. Each kind has its own bit, so that the kernel
/// can test several words for a kind at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Plain data, which only the stubs on both sides interpret.
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

/// The shape of an argument list or of a result: the number of words, and the [`Kind`] of each.
///
/// The kernel checks leases and passes handles by the shape, without knowing any type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Shape {
    /// The number of words. An interface with more words than a call can carry does not compile.
    pub words: u8,
    /// The kinds, 4 bits a word, the first word lowest. 0: all words are plain data.
    pub kinds: u16,
}

impl Shape {
    /// No words: `()`.
    pub const NONE: Shape = Shape { words: 0, kinds: 0 };
    /// One handle.
    pub const HANDLE: Shape = Shape { words: 1, kinds: Kind::Handle as u16 };
    /// Memory lent for reading.
    pub const READ: Shape = Shape { words: 2, kinds: Kind::Read as u16 };
    /// Memory lent for reading and writing.
    pub const WRITE: Shape = Shape { words: 2, kinds: Kind::Write as u16 };

    /// Returns the shape of `words` words of plain data.
    #[must_use]
    pub const fn values(words: u8) -> Shape {
        Shape { words, kinds: 0 }
    }

    /// Returns this shape followed by another. Words past the [fourth](ARGUMENT_WORDS) are only counted.
    #[must_use]
    pub const fn then(self, next: Shape) -> Shape {
        let kinds =
            if (self.words as usize) < ARGUMENT_WORDS { next.kinds << (4 * self.words) } else { 0 };
        Shape { words: self.words.saturating_add(next.words), kinds: self.kinds | kinds }
    }

    /// Returns whether some values can have this shape. Then each word is of a known kind, and no kind is given past
    /// the last word. The word after the address of memory is its length, and the word before a handle that depends on
    /// a tag is that tag.
    #[must_use]
    pub const fn is_sound(self) -> bool {
        const READ: u16 = Kind::Read as u16;
        const WRITE: u16 = Kind::Write as u16;
        const HANDLE: u16 = Kind::Handle as u16;
        const HANDLE_IF_TAG_IS_ZERO: u16 = Kind::HandleIfTagIsZero as u16;
        let (mut word, mut before) = (0, None);
        while word < ARGUMENT_WORDS {
            let exists = word < self.words as usize;
            let kind = self.kinds >> (4 * word) & 15;
            let is_sound = match (before, kind) {
                (Some(READ | WRITE), kind) => kind == 0 && exists,
                (_, 0) => true,
                (_, READ | WRITE | HANDLE) => exists,
                (Some(0), HANDLE_IF_TAG_IS_ZERO) => exists,
                _ => false,
            };
            if !is_sound {
                return false;
            }
            // A length can't be a tag.
            before = if matches!(before, Some(READ | WRITE)) { None } else { Some(kind) };
            word += 1;
        }
        !matches!(before, Some(READ | WRITE))
    }

    /// Returns whether any word is the address of lent memory.
    #[must_use]
    pub const fn has_leases(self) -> bool {
        self.kinds & ((Kind::Read as u16 | Kind::Write as u16) * 0x1111) != 0
    }

    /// Returns whether any word may be a handle.
    #[inline(always)]
    #[must_use]
    pub const fn has_handles(self) -> bool {
        self.kinds & Self::HANDLES != 0
    }

    /// The bits of the kinds of handles, for all words.
    pub const HANDLES: u16 = (Kind::Handle as u16 | Kind::HandleIfTagIsZero as u16) * 0x1111;

    /// Returns the kind of word `index`.
    #[must_use]
    pub const fn kind(self, index: usize) -> Kind {
        // The first word has no tag before it, so this bit of the first word has another meaning: `Method::HANDLES`.
        let kinds = self.kinds & !(Kind::HandleIfTagIsZero as u16);
        match kinds >> (4 * (index % ARGUMENT_WORDS)) & 15 {
            1 => Kind::Read,
            2 => Kind::Write,
            4 => Kind::Handle,
            8 => Kind::HandleIfTagIsZero,
            _ => Kind::Value,
        }
    }

    /// Returns whether the word at this position is a handle. `before` is the word before it, if there is one.
    #[inline(always)]
    pub fn is_handle(self, index: usize, before: Option<Word>) -> bool {
        match self.kind(index) {
            Kind::Handle => true,
            Kind::HandleIfTagIsZero => before == Some(0),
            Kind::Value | Kind::Read | Kind::Write => false,
        }
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
        assert_eq!(
            [0, 1, 2, 3].map(|index| shape.is_handle(index, Some(9))),
            [false, false, false, true]
        );
    }

    #[test]
    fn words_past_the_fourth_are_counted() {
        assert_eq!(Shape::values(4).then(Shape::WRITE), Shape::values(6));
    }

    #[test]
    fn a_shape_that_no_value_can_have_is_not_sound() {
        let tagged = Shape { words: 2, kinds: 0x80 };
        for sound in [
            Shape::NONE,
            Shape::values(9),
            Shape::values(1).then(Shape::READ).then(Shape::HANDLE),
            Shape::WRITE.then(Shape::READ),
            Shape::values(2).then(Shape::WRITE),
            tagged,
            Shape::HANDLE.then(tagged),
        ] {
            assert!(sound.is_sound(), "{sound:?}");
        }
        for (words, kinds) in [
            // A word without a known kind, or with several.
            (4, 0x3),
            (4, 0x50),
            (4, 0xf000),
            // A kind past the last word.
            (1, 0x40),
            (0, 0x1),
            // Memory without a length, or with another kind in the word of its length.
            (1, 0x1),
            (4, 0x2000),
            (4, 0x42),
            (4, 0x11),
            // No tag before the word.
            (2, 0x8),
            (3, 0x840),
        ] {
            let shape = Shape { words, kinds };
            assert!(!shape.is_sound(), "{shape:x?}");
        }
    }

    extern crate std;
}

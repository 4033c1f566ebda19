// SPDX-License-Identifier: MIT OR Apache-2.0
//! The keys that a terminal sends.

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A printable character of ASCII.
    Character(u8),
    Enter,
    Tab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    /// Ctrl-C
    Cancel,
    /// Ctrl-K
    CutToEnd,
    /// Ctrl-U
    CutToStart,
    /// Ctrl-W
    CutWord,
    /// Ctrl-L
    Redraw,
}

/// Decodes keys from bytes.
#[derive(Debug)]
pub struct Keys {
    state: State,
    last: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Plain,
    /// After the byte ESC.
    Escape,
    /// After ESC and `[`, or ESC and `O`. The value is the number that was decoded so far.
    Sequence(u8),
}

impl Keys {
    pub const fn new() -> Keys {
        Keys { state: State::Plain, last: 0 }
    }

    /// Takes the next byte. If the byte completes a key, returns this key.
    pub fn push(&mut self, byte: u8) -> Option<Key> {
        let last = core::mem::replace(&mut self.last, byte);
        match core::mem::take(&mut self.state) {
            State::Plain => {}
            State::Escape => {
                self.state = match byte {
                    b'[' | b'O' => State::Sequence(0),
                    0x1b => State::Escape,
                    _ => State::Plain,
                };
                return None;
            }
            State::Sequence(number) => return self.sequence(number, byte),
        }
        Some(match byte {
            b'\r' => Key::Enter,
            // The second byte of the line end `\r\n`.
            b'\n' if last == b'\r' => return None,
            b'\n' => Key::Enter,
            b'\t' => Key::Tab,
            0x08 | 0x7f => Key::Backspace,
            0x01 => Key::Home,
            0x02 => Key::Left,
            0x03 => Key::Cancel,
            0x04 => Key::Delete,
            0x05 => Key::End,
            0x06 => Key::Right,
            0x0b => Key::CutToEnd,
            0x0c => Key::Redraw,
            0x0e => Key::Down,
            0x10 => Key::Up,
            0x15 => Key::CutToStart,
            0x17 => Key::CutWord,
            0x1b => {
                self.state = State::Escape;
                return None;
            }
            b' '..=b'~' => Key::Character(byte),
            _ => return None,
        })
    }

    fn sequence(&mut self, number: u8, byte: u8) -> Option<Key> {
        match (byte, number) {
            (b'0'..=b'9', _) => {
                let number = number.wrapping_mul(10).wrapping_add(byte - b'0');
                self.state = State::Sequence(number);
                None
            }
            // If Ctrl, Shift or Alt is held with the key, that is ignored.
            (b';', _) => {
                self.state = State::Sequence(0);
                None
            }
            (b'A', _) => Some(Key::Up),
            (b'B', _) => Some(Key::Down),
            (b'C', _) => Some(Key::Right),
            (b'D', _) => Some(Key::Left),
            (b'H', _) | (b'~', 1 | 7) => Some(Key::Home),
            (b'F', _) | (b'~', 4 | 8) => Some(Key::End),
            (b'~', 3) => Some(Key::Delete),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::new();
        bytes.iter().filter_map(|&byte| keys.push(byte)).collect()
    }

    #[test]
    fn each_end_of_line_is_one() {
        let enters = |text| keys(text).into_iter().filter(|&key| key == Key::Enter).count();
        assert_eq!((enters(b"a\rb\r"), enters(b"a\nb\n"), enters(b"a\r\nb\r\n")), (2, 2, 2));
        assert_eq!(enters(b"\n\n\r\r\n\n"), 5);
    }

    #[test]
    fn sequences_are_keys() {
        use Key::{Delete, Down, End, Home, Left, Right, Up};
        assert_eq!(
            keys(b"\x1b[A\x1b[B\x1b[C\x1b[D\x1bOH\x1b[F"),
            [Up, Down, Right, Left, Home, End]
        );
        assert_eq!(keys(b"\x1b[1~\x1b[4~\x1b[3~\x1b[1;5C"), [Home, End, Delete, Right]);
    }

    #[test]
    fn what_is_no_key_is_nothing() {
        assert_eq!(keys(b"\x00\x1b\x1b[99~\x1b[Z\xff\xc3\xa9"), []);
        assert_eq!(keys(b"\x1b[1x"), [], "the end of a sequence is no character");
        assert_eq!(keys(b"\x1bxy"), [Key::Character(b'y')]);
    }
}

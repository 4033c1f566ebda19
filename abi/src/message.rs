// SPDX-License-Identifier: MIT OR Apache-2.0
//! Error messages of the compiler about an impossible wiring: texts and numbers, joined in constants.

/// Stops the compiler with the texts, one after the other, as its error message.
#[track_caller]
pub const fn fail(parts: &[&str]) -> ! {
    let mut text = [b' '; 512];
    let mut end = 0;
    let mut part = 0;
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut index = 0;
        while index < bytes.len() && end < text.len() {
            text[end] = bytes[index];
            (end, index) = (end + 1, index + 1);
        }
        part += 1;
    }
    match core::str::from_utf8(text.split_at(end).0) {
        Ok(text) => panic!("{}", text),
        Err(_) => panic!("an item of the wiring is wrong"),
    }
}

/// A number as text.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    text: [u8; 20],
    start: usize,
}

impl Number {
    /// Returns the number in decimal digits, such as `4096`.
    #[must_use]
    pub const fn decimal(number: usize) -> Number {
        Number::in_base(10, number)
    }

    /// Returns the number in hexadecimal digits, such as `0x1000`.
    #[must_use]
    pub const fn hexadecimal(number: usize) -> Number {
        let Number { mut text, start } = Number::in_base(16, number);
        (text[start - 2], text[start - 1]) = (b'0', b'x');
        Number { text, start: start - 2 }
    }

    const fn in_base(base: usize, number: usize) -> Number {
        let (mut text, mut start, mut rest) = ([0; 20], 20, number);
        loop {
            start -= 1;
            text[start] = b"0123456789abcdef"[rest % base];
            rest /= base;
            if rest == 0 {
                return Number { text, start };
            }
        }
    }

    /// Returns the text.
    #[must_use]
    pub const fn text(&self) -> &str {
        match core::str::from_utf8(self.text.split_at(self.start).1) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

/// Returns whether two texts are equal. (Unlike `==`, it works in constants.)
#[must_use]
pub const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut same = 0;
    while same < one.len() && same < other.len() && one[same] == other[same] {
        same += 1;
    }
    same == one.len() && same == other.len()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::format;

    #[test]
    fn numbers_look_as_those_of_the_standard_library() {
        for number in [0, 1, 9, 10, 255, 256, 1 << 24, usize::MAX] {
            assert_eq!(Number::decimal(number).text(), format!("{number}"));
            assert_eq!(Number::hexadecimal(number).text(), format!("{number:#x}"));
        }
    }

    #[test]
    fn texts_are_the_same_to_their_ends() {
        for (one, other) in [("fan", "fa"), ("fa", "fan"), ("fan", "fin"), ("", "fan")] {
            assert!(!is_same(one, other) && is_same(one, one), "{one} {other}");
        }
    }

    #[test]
    #[should_panic(expected = "one, 2 and three")]
    fn parts_are_put_together() {
        fail(&["one, ", Number::decimal(2).text(), " and three"]);
    }
}

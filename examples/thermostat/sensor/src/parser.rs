// SPDX-License-Identifier: MIT OR Apache-2.0
use heapless::Vec;
use thermostat_interfaces::Celsius;

/// The range that a thermometer of this kind can measure, in tenths of a degree. A number outside of it is not a
/// temperature.
const RANGE: core::ops::RangeInclusive<i32> = -550..=1250;
/// The number of bytes that are kept of a line. All valid lines are much shorter.
const LONGEST: usize = 16;

/// The meaning of a line from the thermometer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A temperature.
    Reading(Celsius),
    /// No temperature: the thermometer or its serial line has failed.
    Garbage,
    /// The line `crash`, with which the demo makes the process crash.
    Crash,
}

/// Reads messages from arbitrary bytes.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8, LONGEST>,
    overlong: bool,
}

impl Parser {
    /// Creates a parser at the beginning of a line.
    #[must_use]
    pub const fn new() -> Parser {
        Parser { line: Vec::new(), overlong: false }
    }

    /// Takes the next byte. At the end of a line (`\n` or `\r\n`), returns the message of the line. An empty line has
    /// no message.
    ///
    /// ```
    /// use sensor::{Message, Parser};
    /// use thermostat_interfaces::Celsius;
    ///
    /// let mut parser = Parser::new();
    /// let messages = b"21.5\n".iter().filter_map(|&byte| parser.push(byte));
    /// assert_eq!(messages.collect::<Vec<_>>(), [Message::Reading(Celsius(215))]);
    /// ```
    pub fn push(&mut self, byte: u8) -> Option<Message> {
        if byte != b'\n' {
            self.overlong |= self.line.push(byte).is_err();
            return None;
        }
        let message = if self.overlong { Some(Message::Garbage) } else { message(&self.line) };
        *self = Parser::new();
        message
    }
}

fn message(line: &[u8]) -> Option<Message> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Some(match line {
        b"" => return None,
        b"crash" => Message::Crash,
        _ => temperature(line).map_or(Message::Garbage, Message::Reading),
    })
}

/// Parses a temperature in decimal degrees. Digits after the first decimal are ignored.
fn temperature(line: &[u8]) -> Option<Celsius> {
    let line = str::from_utf8(line).ok()?;
    let (sign, digits) = line.strip_prefix('-').map_or((1, line), |digits| (-1, digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    if !all_digits(whole) || !all_digits(decimals) {
        return None;
    }
    let tenths = whole.parse::<i32>().ok()?.checked_mul(10)?;
    let tenths = tenths.checked_add(decimals.get(..1)?.parse().ok()?)? * sign;
    if RANGE.contains(&tenths) { Some(Celsius(tenths.try_into().ok()?)) } else { None }
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> std::vec::Vec<Message> {
        let mut parser = Parser::new();
        bytes.iter().filter_map(|&byte| parser.push(byte)).collect()
    }

    #[test]
    fn decimal_degrees_are_readings() {
        for (text, tenths) in [
            ("21.5", 215),
            ("0", 0),
            ("-0.5", -5),
            ("-55", -550),
            ("125.0", 1250),
            ("21.59", 215),
            ("007.3", 73),
        ] {
            assert_eq!(
                parse(std::format!("{text}\n").as_bytes()),
                [Message::Reading(Celsius(tenths))],
                "{text}"
            );
        }
    }

    #[test]
    fn all_else_is_garbage() {
        let lines: [&[u8]; 14] = [
            b"21,5",
            b"21.",
            b".5",
            b"-",
            b"--1",
            b"+1",
            b" 21.5",
            b"21.5.1",
            b"125.1",
            b"-55.1",
            b"99999999999",
            b"2147483647",
            b"\xff\xfe\x80",
            b"Crash",
        ];
        for line in lines {
            assert_eq!(parse(&[line, b"\n"].concat()), [Message::Garbage], "{line:?}");
        }
    }

    #[test]
    fn garbage_does_not_spoil_the_next_line() {
        let input = [b"21".as_slice(), &[b'1'; 300], b"\n\x00\xf0\r\n21.5\r\n"].concat();
        let reading = Message::Reading(Celsius(215));
        assert_eq!(parse(&input), [Message::Garbage, Message::Garbage, reading]);
    }

    #[test]
    fn empty_lines_say_nothing() {
        assert_eq!(parse(b"\n\r\n\n"), []);
    }

    #[test]
    fn the_fault_button_is_a_line_of_its_own() {
        assert_eq!(parse(b"crash\n"), [Message::Crash]);
        assert_eq!(parse(b"crash 1\n"), [Message::Garbage]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: std::vec::Vec<u8>) {
            let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
            prop_assert!(parse(&bytes).len() <= lines);
        }

        #[test]
        fn every_temperature_survives(tenths in -550i16..=1250) {
            let line = std::format!("{}\n", Celsius(tenths));
            prop_assert_eq!(parse(line.as_bytes()), [Message::Reading(Celsius(tenths))]);
        }
    }
}

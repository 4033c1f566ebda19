// SPDX-License-Identifier: MIT OR Apache-2.0
//! The line that the user types, and the history of earlier lines.

use crate::keys::Key;
use core::fmt::{self, Write};
use heapless::{Deque, String};

/// The highest number of characters of a line.
pub const LONGEST: usize = 64;
/// The number of lines that are remembered.
pub const REMEMBERED: usize = 8;

/// A line.
pub type Line = String<LONGEST>;

/// The effect of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// The line has changed. The caller has nothing else to do.
    Edited,
    /// This character was added at the end of the line.
    Appended(char),
    /// The line is complete.
    Entered(Line),
    /// The caller has to complete the text before the cursor.
    Complete,
    /// The caller has to clear the screen.
    Redraw,
}

/// Edits a line.
#[derive(Debug)]
pub struct Editor {
    line: Line,
    cursor: usize,
    /// The earlier lines, the latest first.
    history: Deque<Line, REMEMBERED>,
    /// The place of the shown line in the history: 1 is the latest line. 0 if the shown line is the new line.
    back: usize,
    /// Keeps the new line while an earlier line is shown.
    draft: Line,
}

impl Editor {
    pub const fn new() -> Editor {
        Editor { line: Line::new(), cursor: 0, history: Deque::new(), back: 0, draft: Line::new() }
    }

    /// Returns the text before the cursor.
    pub fn before_cursor(&self) -> &str {
        self.line.get(..self.cursor).unwrap_or("")
    }

    /// Returns the earlier lines, the latest first.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.history.iter().map(Line::as_str)
    }

    /// Inserts text at the cursor. Characters for which there is no room are dropped.
    pub fn insert(&mut self, text: &str) {
        for character in text.chars().filter(|character| matches!(character, ' '..='~')) {
            if self.line.insert(self.cursor, character).is_ok() {
                self.cursor += 1;
            }
        }
    }

    /// Handles a key.
    pub fn press(&mut self, key: Key) -> Event {
        match key {
            Key::Character(byte) => {
                let (character, before) = (char::from(byte), self.line.len());
                self.insert(character.encode_utf8(&mut [0; 4]));
                if self.cursor == self.line.len() && self.line.len() > before {
                    return Event::Appended(character);
                }
            }
            Key::Enter => return Event::Entered(self.enter()),
            Key::Tab => return Event::Complete,
            Key::Redraw => return Event::Redraw,
            Key::Backspace if self.cursor > 0 => self.cut(self.cursor - 1, self.cursor),
            Key::Delete => self.cut(self.cursor, self.cursor + 1),
            Key::Left => self.cursor = self.cursor.saturating_sub(1),
            Key::Right => self.cursor = self.line.len().min(self.cursor + 1),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.line.len(),
            Key::CutToEnd => self.cut(self.cursor, LONGEST),
            Key::CutToStart => self.cut(0, self.cursor),
            Key::CutWord => {
                let before = self.before_cursor().trim_end();
                let start = before.rfind(' ').map_or(0, |space| space + 1);
                self.cut(start, self.cursor);
            }
            Key::Cancel => self.show(Line::new(), 0),
            Key::Up if self.back < self.history.len() => self.go_back(self.back + 1),
            Key::Down if self.back > 0 => self.go_back(self.back - 1),
            Key::Backspace | Key::Up | Key::Down => {}
        }
        Event::Edited
    }

    /// Removes the characters from `start` up to `end`. Both may be past the end of the line.
    fn cut(&mut self, start: usize, end: usize) {
        let mut rest = Line::new();
        for (index, character) in self.line.chars().enumerate() {
            if !(start..end).contains(&index) {
                let _ = rest.push(character);
            }
        }
        self.line = rest;
        self.cursor = start.min(self.line.len());
    }

    fn enter(&mut self) -> Line {
        let line = core::mem::take(&mut self.line);
        let is_new = self.history.front().is_none_or(|last| *last != line);
        if !line.trim().is_empty() && is_new {
            if self.history.is_full() {
                self.history.pop_back();
            }
            let _ = self.history.push_front(line.clone());
        }
        self.show(Line::new(), 0);
        line
    }

    fn go_back(&mut self, back: usize) {
        if self.back == 0 {
            self.draft = self.line.clone();
        }
        let line = match back.checked_sub(1) {
            Some(index) => self.history.iter().nth(index).cloned().unwrap_or_default(),
            None => core::mem::take(&mut self.draft),
        };
        self.show(line, back);
    }

    fn show(&mut self, line: Line, back: usize) {
        self.cursor = line.len();
        (self.line, self.back) = (line, back);
    }

    /// Writes the prompt and the line over the present line of the terminal, and moves the cursor to its place.
    ///
    /// # Errors
    /// The errors of `output`.
    pub fn draw(&self, prompt: &str, output: &mut dyn Write) -> fmt::Result {
        write!(output, "\r{prompt}{}\x1b[K", self.line)?;
        match self.line.len() - self.cursor {
            0 => Ok(()),
            behind => write!(output, "\x1b[{behind}D"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Keys;
    use proptest::prelude::*;

    /// Returns the lines that were entered, and the line that is not entered yet, with a mark at the cursor.
    fn typed(bytes: &[u8]) -> (Vec<std::string::String>, std::string::String) {
        let (mut keys, mut editor) = (Keys::new(), Editor::new());
        let mut lines = vec![];
        for key in bytes.iter().filter_map(|&byte| keys.push(byte)) {
            if let Event::Entered(line) = editor.press(key) {
                lines.push(line.to_string());
            }
        }
        let (before, after) = editor.line.split_at(editor.cursor);
        (lines, format!("{before}|{after}"))
    }

    fn left(bytes: &[u8]) -> std::string::String {
        typed(bytes).1
    }

    #[test]
    fn a_line_is_edited_anywhere() {
        assert_eq!(left(b"abd\x1b[Dc"), "abc|d");
        assert_eq!(left(b"abc\x01\x04x"), "x|bc");
        assert_eq!(left(b"abc\x7f\x7fx"), "ax|");
        assert_eq!(left(b"one two  \x17x"), "one x|");
        assert_eq!(left(b"one two\x02\x02\x0b"), "one t|");
        assert_eq!(left(b"one two\x02\x02\x15"), "|wo");
        assert_eq!(left(b"one\x03two"), "two|");
        assert_eq!(left(b"\x7f\x04\x1b[D\x1b[C\x1b[A\x1b[B\x17\x0b\x15"), "|");
    }

    #[test]
    fn lines_come_back_and_so_does_the_new_one() {
        let (lines, left) = typed(b"one\rtwo\rtwo\r  \rthr\x1b[A\x1b[A\x1b[A\x1b[B\x1b[B!");
        assert_eq!(
            (lines, left),
            (vec!["one".into(), "two".into(), "two".into(), "  ".into()], "thr!|".into())
        );
        assert_eq!(self::left(b"one\rtwo\r\x1b[A\x1b[A"), "one|");
        assert_eq!(typed(b"one\rtwo\r\x1b[A\x1b[A\r").0, ["one", "two", "one"]);
    }

    #[test]
    fn old_lines_are_forgotten() {
        let mut bytes: Vec<u8> =
            (0..20).flat_map(|line| format!("line {line}\r").into_bytes()).collect();
        bytes.extend(b"\x1b[A".repeat(30));
        assert_eq!(left(&bytes), format!("line {}|", 20 - REMEMBERED));
    }

    #[test]
    fn what_is_too_long_is_cut_off() {
        assert_eq!(typed(&[b"x".repeat(200), b"\r".to_vec()].concat()).0, ["x".repeat(LONGEST)]);
    }

    #[test]
    fn the_cursor_is_drawn_in_its_place() {
        let mut editor = Editor::new();
        editor.insert("abc");
        editor.press(Key::Home);
        let mut text = std::string::String::new();
        editor.draw("> ", &mut text).unwrap();
        assert_eq!(text, "\r> abc\x1b[K\x1b[3D");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_the_cursor_is_in_the_line(bytes: std::vec::Vec<u8>) {
            typed(&bytes);
        }
    }
}

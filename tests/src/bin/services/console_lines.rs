// SPDX-License-Identifier: MIT OR Apache-2.0
//! Texts that processes make the console write, in log lines and as file names of panics. Every line begins with the
//! name of its process, contains only printable characters, and is not too long.
#![cfg_attr(target_os = "none", no_std, no_main)]

use console::Console;
use core::convert::Infallible;
use crossgate::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use crossgate::{
    CallError, Concurrent, Exclusive, Handle, Notification, Signal, interface, server, shared,
    thread,
};
use crossgate_abi::number;
use crossgate_log::{Level, Log};
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::{arch, probe, raw};

/// The expected lines, without the times. The lines of the racer follow.
#[rustfmt::skip]
const LINES: &[&str] = &[
    "fault process lines: panic at x.rs:1..[    0.000001] info  client: all is well..:7, thread main of lines",
    "fault process controls: panic at .......[2J..y.rs:7, thread main of controls",
    "fault process letters: panic at ... .... a.rs:7, thread main of letters",
    "fault process no_text: panic at ?:7, thread main of no_text",
    "fault process long: panic at AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAZ:7, thread main of long",
    "fault process cut: panic at .............................................zz.rs:7, thread main of cut",
    "fault process empty: panic at ?:7, thread main of empty",
    "fault process too_far: panic at ?:7, thread main of too_far",
    "fault process endless: panic at ?:7, thread main of endless",
    "info  client: hello",
    "warn  client: controller: hello",
    "error client: framer: all is well",
    "debug client: a..[    0.000001] fault process framer: panic at y.rs:1...[2J......",
    "info  client: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "warn  process client: a call that broke the rules of its server, says framer, thread main of client, in call FRAMER",
    "fault process framer: panic at client.rs:7, thread main of client, in call FRAMER",
];

static FORGED_LINES: &str = "x.rs:1\r\n[    0.000001] info  client: all is well\r\n";
static CONTROLS: &str = "\0\x01\x07\x08\x0b\x0c\x1b[2J\x7f\ty.rs";
static LETTERS: &str = "é€😀 \u{85}\u{202e}\u{a0}\u{ad} a.rs";
static NO_TEXT: [u8; 7] = *b"\xff\xfe\x80z.rs";
static LONG: [u8; 0x1_0000] = {
    let mut name = [b'A'; 0x1_0000];
    name[0xffff] = b'Z';
    name
};
/// If this text is cut, the rest begins with half a character.
static CUT: &str = "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééézz.rs";
static LONG_TEXT: [u8; 1024] = [b'x'; 1024];

/// The paper that the console writes to.
#[interface]
trait Paper {
    fn print(&mut self, byte: u8);
    /// Passes if all expected lines have been printed.
    fn finish(&mut self);
}

/// Compares the printed lines with the expected ones.
struct Sheet {
    line: [u8; 256],
    length: usize,
    /// The number of lines that are complete.
    lines: usize,
    /// The numbers of the racer's lines with the old text, with the new text, and with a mixture.
    races: [u32; 3],
    printed: Signal,
}

impl Sheet {
    const fn new(printed: Signal) -> Sheet {
        Sheet { line: [0; 256], length: 0, lines: 0, races: [0; 3], printed }
    }

    fn check_line(&mut self) {
        let line = self.line.get(..self.length).and_then(|line| line.strip_suffix(b"\r\n"));
        let line = line.unwrap_or(b"?");
        expect_that("a line is printable", line.iter().all(|byte| (b' '..=b'~').contains(byte)));
        let text = str::from_utf8(line).ok().and_then(|line| line.split_once("] "));
        let text = text.map_or("?", |(_time, text)| text);
        match LINES.get(self.lines) {
            Some(&wanted) => expect("a line", text, wanted),
            None => self.races[case_of_race(text)] += 1,
        }
        self.lines += 1;
        self.length = 0;
    }
}

/// Returns which text the console has read: 0 is the old text, 1 the new text, 2 a mixture.
fn case_of_race(text: &str) -> usize {
    let Some(said) = text.strip_prefix("info  racer: ") else {
        broken("has written in the name of another")
    };
    match (said.bytes().next(), said.ends_with('.')) {
        (Some(b'a'), true) => 0,
        (Some(b'r'), false) => 1,
        (Some(b'a'), false) => 2,
        _ => broken("has written something else"),
    }
}

impl Paper for Sheet {
    fn print(&mut self, byte: u8) {
        let Some(place) = self.line.get_mut(self.length) else { broken("writes without an end") };
        *place = byte;
        self.length += 1;
        if self.lines >= LINES.len() {
            expect("signal", self.printed.signal(), Ok(()));
        }
        if byte == b'\n' {
            self.check_line();
        }
    }
    fn finish(&mut self) {
        expect("lines", self.lines, LINES.len() + MOMENTS as usize);
        let seen = self.races.map(|count| count != 0);
        expect("the numbers of lines with the old text, the new text, and a mixture", seen, SEEN);
        pass()
    }
}

/// The console's end of the line.
struct Wire(Handle<dyn Paper>);

impl embedded_io::ErrorType for Wire {
    type Error = Infallible;
}

impl embedded_io::Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        for &byte in bytes {
            expect("a call", self.0.print(byte), Ok(()));
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[interface]
trait Fickle {
    fn accuse(&self);
    fn crash(&self);
}

/// A server that makes its clients' threads look guilty.
struct Framer;

impl Fickle for Framer {
    fn accuse(&self) {
        server::refuse();
    }
    fn crash(&self) {
        panic_in(b"client.rs")
    }
}

crossgate::system! {
    static SYSTEM;
    process paper { object sheet: Exclusive<Sheet> = Sheet::new(PRINTED) => [PAPER: dyn Paper]; }
    process console {
        notification FAULTED;
        supervisor FAULTED;
        object terminal: Concurrent<Console<Wire>> = Console::new(Wire(PAPER)) => [LOG: dyn Log];
        thread reporter (priority = 8, stack = 4096) = console::report(&terminal, &SYSTEM, FAULTED);
    }
    process lines { on_fault = stop; thread main (priority = 7, stack = 512) = panic_in(FORGED_LINES.as_bytes()); }
    process controls { on_fault = stop; thread main (priority = 7, stack = 512) = panic_in(CONTROLS.as_bytes()); }
    process letters { on_fault = stop; thread main (priority = 7, stack = 512) = panic_in(LETTERS.as_bytes()); }
    process no_text { on_fault = stop; thread main (priority = 7, stack = 512) = panic_in(&NO_TEXT); }
    process long { on_fault = stop; thread main (priority = 7, stack = 512) = panic_in(&LONG); }
    process cut { on_fault = stop; thread main (priority = 7, stack = 512) = panic_in(CUT.as_bytes()); }
    process empty { on_fault = stop; thread main (priority = 7, stack = 512) = panic_in(&[]); }
    process too_far { on_fault = stop; thread main (priority = 7, stack = 512) = panic_past_the_end(); }
    process endless { on_fault = stop; thread main (priority = 7, stack = 512) = panic_at(CONTROLS.as_ptr().addr(), usize::MAX); }
    process framer { object framer: Concurrent<Framer> = Framer => [FRAMER: dyn Fickle]; }
    process client { thread main (priority = 6, stack = 4096) = client(LOG, FRAMER); }
    process racer {
        notification PRINTED;
        object moment: Concurrent<Race> = Race::new() => [];
        thread changer (priority = 5, stack = 512) = change(&moment, PRINTED);
        thread main (priority = 4, stack = 4096) = race(&moment, LOG, PAPER);
    }
}
board::start!(SYSTEM);

/// Panics, and claims that the panic is in a file with this name.
fn panic_in(name: &[u8]) -> ! {
    panic_at(name.as_ptr().addr(), name.len())
}

fn panic_at(name: usize, length: usize) -> ! {
    let _ = raw::system_call(number::PANIC, [name, length, 7, 0]);
    broken("goes on after a panic")
}

fn panic_past_the_end() -> ! {
    let name = CONTROLS.as_ptr().addr();
    panic_at(name, arch::constants().end + 1 - name)
}

fn client(log: Handle<dyn Log>, framer: Handle<dyn Fickle>) -> ! {
    let lines: [(Level, &[u8]); 5] = [
        (Level::Info, b"client: hello"),
        (Level::Warn, b"controller: hello"),
        (Level::Error, b"framer: all is well\0 not"),
        (
            Level::Debug,
            b"a\r\n[    0.000001] fault process framer: panic at y.rs:1\r\n\x1b[2J\x7f\x80\xff\t\x0b\x0c",
        ),
        (Level::Info, &LONG_TEXT),
    ];
    for (level, text) in lines {
        expect("a call", log.write(level, text), Ok(()));
    }
    expect("a call that is refused", framer.accuse(), Err(CallError::Refused));
    expect("a call that crashes", framer.crash(), Err(CallError::ServerFaulted));
    thread::exit()
}

/// A text, before and after the change, while the console reads it.
const OLD: [u8; 32] = *b"racer: all is quiet around here.";
const NEW: [u8; 32] = *b"radio: \r\n[    0.000001] radio: x";
/// The number of lines. The text of the first line is changed after the console has read one character, the text of the
/// second line after two, and so on. The text of the last line is changed after its end.
const MOMENTS: u32 = if LENT_IS_COPIED { 4 } else { 64 };
/// The kinds of texts that the console sees: the old text, the new text, a mixture.
const SEEN: [bool; 3] = [true, !LENT_IS_COPIED, !LENT_IS_COPIED];
/// On Linux the lender cannot reach the memory that it has lent.
const LENT_IS_COPIED: bool = cfg!(target_os = "linux");

shared! {
    static TEXT: [u8; 32] = [0; 32];
}

/// The data that the threads of the racer share.
struct Race {
    text: AtomicUsize,
    /// The number of characters after which the text is changed.
    wait: AtomicU32,
}

impl Race {
    const fn new() -> Race {
        Race { text: AtomicUsize::new(0), wait: AtomicU32::new(0) }
    }

    /// Writes a line without the library, because the library relies on lent memory not to change.
    fn set_text(&self, text: &[u8; 32]) {
        let start = self.text.load(Ordering::Relaxed);
        for (address, word) in (start..).step_by(4).zip(text.as_chunks().0) {
            probe::store(address, u32::from_le_bytes(*word));
        }
    }
}

/// Changes the text that the other thread has lent, at the chosen moment.
fn change(race: &Race, printed: Notification) -> ! {
    loop {
        printed.wait();
        if race.wait.fetch_sub(1, Ordering::Relaxed) == 1 {
            race.set_text(&NEW);
        }
    }
}

fn race(race: &Race, log: Handle<dyn Log>, paper: Handle<dyn Paper>) -> ! {
    let Some(text) = TEXT.take() else { broken("has taken the static before") };
    race.text.store(text.as_ptr().addr(), Ordering::Relaxed);
    for moment in 1..=MOMENTS {
        race.set_text(&OLD);
        race.wait.store(moment, Ordering::Relaxed);
        expect("a call", log.write(Level::Info, &text[..]), Ok(()));
    }
    let _ = paper.finish();
    broken("the test did not end")
}

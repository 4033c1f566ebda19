// SPDX-License-Identifier: MIT OR Apache-2.0
//! A shell whose keys come from a script. Its output is true, its commands take effect, and it reports when the wiring
//! does not permit a command.
#![cfg_attr(target_os = "none", no_std, no_main)]

use console::{Console, Past};
use core::convert::Infallible;
use crossgate::inspect::{self, State};
use crossgate::sync::atomic::{AtomicBool, Ordering};
use crossgate::{Concurrent, Handle, Notification, interface, thread};
use crossgate_log::{History, Level, Log, SetLevels};
use shell::{Kernel, Shell};
use system_tests::report::{expect, expect_that, fail, pass};

/// Returns whether this is the first call.
#[interface]
trait First {
    fn is_first(&self) -> bool;
}

struct Idle(AtomicBool);

impl First for Idle {
    fn is_first(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }
}

crossgate::system! {
    static SYSTEM;
    cpu_time;
    process shell {
        inspects;
        crash_dumps;
        notification FAULTED;
        notification HALTED;
        supervisor FAULTED;
        thread main (priority = 1, stack = 8192) =
            supervise(FAULTED, HALTED, SET_LEVELS, HISTORY);
    }
    process log {
        object console (stack = 1536): Concurrent<Console<Past>> = Console::new(Past::new())
            => [LOG: dyn Log, SET_LEVELS: dyn SetLevels, HISTORY: dyn History];
    }
    process worker {
        notification NEVER;
        object idle: Concurrent<Idle> = Idle(AtomicBool::new(false)) => [IDLE: dyn First];
        thread waiter (priority = 5, stack = 1024) = wait_for(NEVER);
    }
    process client {
        thread crasher (priority = 4, stack = 4096) = crash(IDLE, LOG);
    }
    process blind {
        thread main (priority = 3, stack = 6144) = look_in_vain();
    }
}

board::start!(SYSTEM);

fn wait_for(notification: Notification) -> ! {
    notification.wait();
    thread::exit()
}

fn crash(idle: Handle<dyn First>, log: Handle<dyn Log>) -> ! {
    expect("a line", log.write(Level::Info, b"hello"), Ok(()));
    if idle.is_first() == Ok(true) {
        panic!("a client panics once")
    }
    thread::exit()
}

/// A serial line that types like a person. It compares the output, without colours, with the expected texts, one after
/// the other.
struct Script<'a> {
    typed: core::slice::Iter<'a, u8>,
    wanted: core::slice::Iter<'a, &'a str>,
    text: [u8; 120],
    length: usize,
    is_colour: bool,
}

impl<'a> Script<'a> {
    fn new(typed: &'a str, wanted: &'a [&'a str]) -> Self {
        let (typed, wanted) = (typed.as_bytes().iter(), wanted.iter());
        Script { typed, wanted, text: [0; 120], length: 0, is_colour: false }
    }

    fn take(&mut self, byte: u8) {
        match byte {
            0x1b => self.is_colour = true,
            b'\r' => {}
            b'\n' => {
                let line = self.text.get(..self.length).and_then(|it| str::from_utf8(it).ok());
                let line = line.unwrap_or("?");
                let next = self.wanted.as_slice().first();
                if next.is_some_and(|&wanted| has_words(line, wanted)) {
                    self.wanted.next();
                }
                self.length = 0;
            }
            _ if self.is_colour => self.is_colour = !byte.is_ascii_alphabetic(),
            _ => {
                if let Some(place) = self.text.get_mut(self.length) {
                    *place = byte;
                    self.length += 1;
                }
            }
        }
    }
}

/// Returns `true` if a line begins with these words.
fn has_words(line: &str, words: &str) -> bool {
    let mut line = line.split_ascii_whitespace();
    words.split(' ').all(|word| line.next() == Some(word))
}

impl embedded_io::ErrorType for Script<'_> {
    type Error = Infallible;
}
impl embedded_io::ReadReady for Script<'_> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.typed.len() != 0)
    }
}
impl embedded_io::Read for Script<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        bytes[0] = *self.typed.next().unwrap_or(&0);
        Ok(1)
    }
}
impl embedded_io::Write for Script<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        bytes.iter().for_each(|&byte| self.take(byte));
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Types all texts. Fails unless all expected texts have come.
fn play(source: Kernel, typed: &str, wanted: &[&str]) {
    let mut script = Script::new(typed, wanted);
    let mut shell = Shell::new(&mut script, &SYSTEM, source);
    shell.greet();
    shell.step();
    drop(shell);
    if let Some(missing) = script.wanted.next() {
        fail(format_args!("the shell does not show `{missing}`"));
    }
}

fn supervise(
    faulted: Notification,
    halted: Notification,
    levels: Handle<dyn SetLevels>,
    history: Handle<dyn History>,
) -> ! {
    halted.signal();
    faulted.wait();
    expect("more", halted.try_wait(), true);
    let kernel = || Kernel::new().with_log(levels, history);
    play(
        kernel(),
        "threads\rservices\rfaults\rstacks\rstop wor\t\rprocesses\rcrashes\rdump\r",
        &[
            "Crossgate 5 processes, 4 threads, 4 services.",
            "main shell 1",
            "waiter worker 5 0.0% waits for NEVER",
            "crasher client 4",
            "IDLE worker many client",
            "[",
            "idle (kernel)",
            "waiter worker",
            "worker stops",
            "shell running",
            "worker stopped",
            "client running",
            "client 1 process client: panic at",
            "[",
            if cfg!(target_arch = "riscv32") {
                "pc"
            } else if cfg!(target_os = "none") {
                "r0"
            } else if cfg!(target_arch = "aarch64") {
                "x0"
            } else {
                "rax"
            },
        ],
    );
    expect("the state", inspect::process(2).map(|it| it.state), Ok(State::Stopped));
    play(
        kernel(),
        "restart worker\rps\r",
        &["worker restarts", "waiter worker 5 0.0% waits for NEVER"],
    );
    expect("the state", inspect::process(2).map(|it| it.state), Ok(State::Running));
    play(
        kernel(),
        "log\rlevels\rlevel cl\tw\t\rlevels\r",
        &["[", "client debug", "client logs what", "client warn"],
    );
    expect("the level", levels.level_of(3), Ok(Level::Warn));
    pass()
}

/// Runs the shell in a process without rights.
fn look_in_vain() -> ! {
    let refusal = "the wiring does not let the shell do that:";
    let typed = "threads\rstacks\rprocesses\rrestart worker\rtop\rcrashes\rdump\r";
    play(Kernel::new(), typed, &[refusal; 7]);
    play(Kernel::new(), "log\r", &["the wiring gives the shell no log:"]);
    expect_that("the process may not inspect", inspect::thread(1).is_err());
    thread::exit()
}

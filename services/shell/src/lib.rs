// SPDX-License-Identifier: MIT OR Apache-2.0
//! A shell on a serial line. It shows the threads with their state, stack and CPU time, the processes and the services
//! that they may call, the crashes and the log. It can also restart and stop processes.
//!
//! ```ignore
//! process shell {
//!     mmio board::UART0;
//!     inspects;
//!     notification TYPED;
//!     notification FAULTED;
//!     supervisor FAULTED;
//!     interrupt board::interrupt::UART0_RX => TYPED;
//!     thread main (priority = 1, stack = 6144) = shell::run(
//!         Uart::new(board::UART0, 115_200).with_receive_interrupt(), &SYSTEM, TYPED, FAULTED);
//! }
//! ```
//!
//! With `inspects;` the shell can read the state of all processes. With `supervisor FAULTED;` it can restart and stop
//! processes; without it the kernel refuses `restart` and `stop`. With `crash_dumps;` it can read the crash dump. If
//! the wiring has `cpu_time;` (outside of all processes), the kernel counts CPU time. Use [`run_with`] for a shell that
//! shows the log, or if another process is the supervisor. Give the shell's thread a low priority, so that it uses only
//! CPU time that no other thread needs. The shell can access no memory but its own, and if it crashes, no other process
//! is affected.
//!
//! | key | |
//! |---|---|
//! | Tab | completes commands and the names of processes |
//! | up, down | bring back earlier lines |
//! | left, right, Home, End, Delete, Backspace, Ctrl-A, -E, -K, -U, -W | edit the line |
//! | Ctrl-C, Ctrl-L | forget the line, clear the screen |
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod command;
mod crashes;
mod editor;
mod keys;
mod log;
mod meter;
mod names;
mod source;
mod terminal;
mod view;

pub use source::{Kernel, LogLine, Source};

use command::Command;
use core::fmt::{self, Write as _};
use core::time::Duration;
use crossgate::fault::FaultRecord;
use crossgate::notification::{wait_any, wait_any_timeout};
use crossgate::{CallError, Notification};
use crossgate_abi::table::System;
use editor::{Editor, Event, Line};
use embedded_io::{Read, ReadReady, Write};
use heapless::Deque;
use keys::Keys;
use meter::Meter;
use names::Names;
use terminal::Terminal;
use view::{BOLD, CYAN, DIM, PLAIN, RED};

/// The number of records of crashes that the shell remembers.
pub const RECORDS: usize = 8;

const PROMPT: &str = "\x1b[1;32m>\x1b[0m ";
/// The time between two updates of `top`.
const PERIOD: Duration = Duration::from_secs(1);

/// A record of a crash, and the time at which the shell read it, in µs since start.
#[derive(Clone, Copy)]
struct Seen {
    at: u64,
    record: FaultRecord,
}

/// The reason why a command could not show its output.
enum Trouble {
    /// The serial line has failed.
    Line,
    /// The kernel refuses to answer.
    Kernel(CallError),
    /// The wiring gives the shell no log.
    NoLog,
}

impl From<fmt::Error> for Trouble {
    fn from(_: fmt::Error) -> Trouble {
        Trouble::Line
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Trouble {
        Trouble::Kernel(error)
    }
}

type Shown = Result<(), Trouble>;

/// A thread's main function: runs a shell on `line`. The receive interrupt of the line signals `typed`, and the kernel
/// signals `faulted` for a crash. `system` is the wiring. The shell can restart and stop processes only if its own
/// process is the supervisor.
pub fn run<L: Read + ReadReady + Write>(
    line: L,
    system: &'static System,
    typed: Notification,
    faulted: Notification,
) -> ! {
    run_with(line, system, Kernel::new(), typed, faulted)
}

/// Like [`run`], with a given source. If another process is the supervisor and signals `faulted`, pass
/// `Kernel::new().supervised_by(SUPERVISOR)`. To see the log and set its levels, add `.with_log(SET_LEVELS, HISTORY)`.
pub fn run_with<L: Read + ReadReady + Write>(
    line: L,
    system: &'static System,
    source: impl Source,
    typed: Notification,
    faulted: Notification,
) -> ! {
    let mut shell = Shell::new(line, system, source);
    shell.greet();
    loop {
        shell.step();
        typed.acknowledge();
        if shell.is_live() {
            let _ = wait_any_timeout([typed, faulted], PERIOD);
        } else {
            wait_any([typed, faulted]);
        }
    }
}

/// The shell. Most firmware uses only [`run`], and not this type.
pub struct Shell<L, S> {
    terminal: Terminal<L>,
    names: Names,
    source: S,
    keys: Keys,
    editor: Editor,
    faults: Deque<Seen, RECORDS>,
    /// The number of crashes that the shell has seen.
    crashes: u32,
    meter: Meter,
    /// The time at which the shell draws `top` again, in µs since start.
    next_top: Option<u64>,
}

impl<L: Read + ReadReady + Write, S: Source> Shell<L, S> {
    /// Creates a shell on `line` that asks `source` about the firmware of this wiring.
    pub const fn new(line: L, system: &'static System, source: S) -> Shell<L, S> {
        Shell {
            terminal: Terminal::new(line),
            names: Names(system),
            source,
            keys: Keys::new(),
            editor: Editor::new(),
            faults: Deque::new(),
            crashes: 0,
            meter: Meter::new(),
            next_top: None,
        }
    }

    /// Writes the greeting.
    pub fn greet(&mut self) {
        let System { processes, threads, services, .. } = self.names.0;
        let _ = write!(
            self.terminal,
            "\n{BOLD}Crossgate{PLAIN}  {} processes, {} threads, {} services. {DIM}`help` lists the commands.{PLAIN}\n{PROMPT}",
            processes.len(),
            threads.len() - 1,
            services.len(),
        );
        self.terminal.flush();
    }

    /// Returns `true` while the shell shows `top`, and so has to be woken every second.
    pub fn is_live(&self) -> bool {
        self.next_top.is_some()
    }

    /// Executes the commands that were typed, and reads the records of new crashes.
    pub fn step(&mut self) {
        while let Some(record) = self.source.next_fault() {
            if record.is_crash() {
                self.crashes = self.crashes.saturating_add(1);
            }
            if self.faults.is_full() {
                self.faults.pop_front();
            }
            let at = self.source.now();
            let _ = self.faults.push_back(Seen { at, record });
        }
        while let Some(byte) = self.terminal.next() {
            // If the line fails, the shell has no other output to report the failure.
            let _ = self.push(byte);
        }
        if let Some(next) = self.next_top
            && self.source.now() >= next
        {
            self.next_top = Some(self.source.now() + PERIOD.as_micros() as u64);
            let Shell { names, source, meter, crashes, terminal, .. } = self;
            if view::top(*names, source, meter, *crashes, terminal).is_err() {
                self.next_top = None;
            }
        }
        self.terminal.flush();
    }

    fn push(&mut self, byte: u8) -> fmt::Result {
        if self.next_top.take().is_some() {
            write!(self.terminal, "\x1b[?25h\n{PROMPT}")?;
            return Ok(());
        }
        let Some(key) = self.keys.push(byte) else { return Ok(()) };
        match self.editor.press(key) {
            Event::Appended(character) => self.terminal.write_char(character),
            Event::Edited => self.editor.draw(PROMPT, &mut self.terminal),
            Event::Redraw => {
                self.terminal.write_str("\x1b[2J\x1b[H")?;
                self.editor.draw(PROMPT, &mut self.terminal)
            }
            Event::Complete => self.complete(),
            Event::Entered(line) => {
                self.terminal.write_str("\n")?;
                self.enter(&line)?;
                if self.next_top.is_none() {
                    self.terminal.write_str(PROMPT)?;
                }
                Ok(())
            }
        }
    }

    fn complete(&mut self) -> fmt::Result {
        let (written, names) = command::candidates(self.editor.before_cursor(), self.names);
        let common = command::common_start(names.clone());
        let rest = common.get(written..).unwrap_or("");
        let is_one = names.clone().count() == 1;
        if rest.is_empty() && !is_one {
            if names.clone().next().is_some() {
                self.terminal.write_str("\n")?;
                for name in names {
                    write!(self.terminal, "{name}  ")?;
                }
                self.terminal.write_str("\n")?;
            }
        } else {
            self.editor.insert(rest);
            if is_one {
                self.editor.insert(" ");
            }
        }
        self.editor.draw(PROMPT, &mut self.terminal)
    }

    fn enter(&mut self, line: &Line) -> fmt::Result {
        let mut words = line.split_ascii_whitespace();
        let Some(name) = words.next() else { return Ok(()) };
        let Some((command, wanted)) = command::find(name) else {
            return writeln!(
                self.terminal,
                "{RED}there is no command `{name}`{PLAIN}: `help` lists the commands"
            );
        };
        if words.clone().count() != wanted.words() {
            return writeln!(self.terminal, "{RED}it is{PLAIN} {name} {}", wanted.usage());
        }
        let arguments = [words.next().unwrap_or(""), words.next().unwrap_or("")];
        match self.execute(command, arguments) {
            Ok(()) => Ok(()),
            Err(Trouble::Line) => Err(fmt::Error),
            Err(Trouble::Kernel(CallError::NotPermitted)) => writeln!(
                self.terminal,
                "{RED}the wiring does not let the shell do that{PLAIN}: `inspects;` lets it look, \
                 `supervisor NAME;` restart and stop, `crash_dumps;` read dumps"
            ),
            Err(Trouble::NoLog) => writeln!(
                self.terminal,
                "{RED}the wiring gives the shell no log{PLAIN}: `Kernel::new().with_log(SET_LEVELS, HISTORY)` does"
            ),
            Err(Trouble::Kernel(error)) => writeln!(self.terminal, "{RED}{error}{PLAIN}"),
        }
    }

    fn execute(&mut self, command: Command, [argument, second]: [&str; 2]) -> Shown {
        let (names, source, output) = (self.names, &self.source, &mut self.terminal);
        let process = names.find_process(argument);
        if command::wants_process(command) && process.is_none() {
            writeln!(output, "{RED}there is no process `{argument}`{PLAIN}: see `processes`")?;
            return Ok(());
        }
        let process = process.unwrap_or(u8::MAX);
        match command {
            Command::Help => {
                for (name, _, argument, text) in command::ALL {
                    let usage = argument.usage();
                    writeln!(output, "{CYAN}{name:<9}{PLAIN} {usage:<13} {text}")?;
                }
                writeln!(output, "{DIM}Tab completes; up and down bring back lines.{PLAIN}")?;
            }
            Command::Threads => view::threads(names, source, output)?,
            Command::Processes => view::processes(names, source, output)?,
            Command::Services => view::services(names, output)?,
            Command::Stacks => view::stacks(names, source, output)?,
            Command::Faults => crashes::faults(names, &self.faults, output)?,
            Command::Crashes => crashes::of_each(names, source, output)?,
            Command::Dump => crashes::dump(names, source.dump()?.as_ref(), output)?,
            Command::Log => log::past(source, output)?,
            Command::Levels => log::levels(names, source, output)?,
            Command::Level => match log::find_level(second) {
                Some(level) => {
                    source.set_log_level(process, level)?.ok_or(Trouble::NoLog)?;
                    writeln!(output, "{argument} logs what is as urgent as {second}, or more")?;
                }
                None => writeln!(output, "{RED}a level is{PLAIN} error, warn, info or debug")?,
            },
            // The shell writes its answer before it carries out the command, because the process may be the shell
            // itself.
            Command::Restart => {
                writeln!(output, "{argument} restarts")?;
                source.restart(process)?;
            }
            Command::Stop => {
                writeln!(output, "{argument} stops")?;
                source.stop(process)?;
            }
            Command::Top => {
                // If the shell may not inspect processes, `top` ends here with an error.
                source.process(0)?;
                output.write_str("\x1b[?25l\x1b[2J")?;
                // The first screen of `top` shows the CPU time since the start of the system.
                self.meter = Meter::new();
                self.next_top = Some(source.now());
            }
            Command::Uptime => {
                view::uptime(source.now(), output)?;
                output.write_str("\n")?;
            }
            Command::History => {
                for line in self.editor.history().rev() {
                    writeln!(output, "  {line}")?;
                }
            }
            Command::Clear => output.write_str("\x1b[2J\x1b[H")?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands, and their completion.

use crate::names::Names;
use crossgate_log::Level;

/// The arguments of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    Nothing,
    /// The name of a process.
    Process,
    /// The name of a process, and the name of a level.
    ProcessAndLevel,
}

impl Argument {
    /// Returns the text for the argument in the help.
    pub fn usage(self) -> &'static str {
        match self {
            Argument::Nothing => "",
            Argument::Process => "PROCESS",
            Argument::ProcessAndLevel => "PROCESS LEVEL",
        }
    }

    /// Returns the number of words of the argument.
    pub fn words(self) -> usize {
        self.usage().split_ascii_whitespace().count()
    }
}

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Help,
    Threads,
    Processes,
    Services,
    Stacks,
    Faults,
    Crashes,
    Dump,
    Log,
    Levels,
    Level,
    Restart,
    Stop,
    Top,
    Uptime,
    History,
    Clear,
}

/// The name of a command, its argument and its effect.
pub const ALL: &[(&str, Command, Argument, &str)] = &[
    ("help", Command::Help, Argument::Nothing, "lists the commands"),
    (
        "threads",
        Command::Threads,
        Argument::Nothing,
        "the state of each thread, and the stack it used",
    ),
    ("ps", Command::Threads, Argument::Nothing, "the same"),
    (
        "processes",
        Command::Processes,
        Argument::Nothing,
        "the state of each process, and its crashes",
    ),
    (
        "services",
        Command::Services,
        Argument::Nothing,
        "the services, and the processes that may call them",
    ),
    ("stacks", Command::Stacks, Argument::Nothing, "the highest use of each stack so far"),
    ("faults", Command::Faults, Argument::Nothing, "the last crashes"),
    (
        "crashes",
        Command::Crashes,
        Argument::Nothing,
        "the crashes of each process, and the last one",
    ),
    ("dump", Command::Dump, Argument::Nothing, "registers and stack of the last crash"),
    ("log", Command::Log, Argument::Nothing, "the last lines of the log, of before a restart too"),
    ("levels", Command::Levels, Argument::Nothing, "the log level of each process"),
    ("level", Command::Level, Argument::ProcessAndLevel, "sets the log level of a process"),
    ("restart", Command::Restart, Argument::Process, "restarts a process"),
    ("stop", Command::Stop, Argument::Process, "stops a process, until it is restarted"),
    ("top", Command::Top, Argument::Nothing, "threads and processes, live, until a key is pressed"),
    ("uptime", Command::Uptime, Argument::Nothing, "the time since start"),
    ("history", Command::History, Argument::Nothing, "the lines typed before"),
    ("clear", Command::Clear, Argument::Nothing, "clears the screen"),
];

/// Returns the command with this name, and its argument.
pub fn find(name: &str) -> Option<(Command, Argument)> {
    let entry = ALL.iter().find(|entry| entry.0 == name)?;
    Some((entry.1, entry.2))
}

/// Returns `true` if the command is about a process.
pub fn wants_process(command: Command) -> bool {
    ALL.iter().any(|entry| entry.1 == command && entry.2 != Argument::Nothing)
}

/// Returns the length of the last word of a text, and all words that begin with this word and are valid in its place.
pub fn candidates(
    text: &str,
    names: Names,
) -> (usize, impl Iterator<Item = &'static str> + Clone + use<>) {
    let text = text.trim_start();
    let (first, word) = match text.split_once(' ') {
        Some((first, rest)) => (Some(first), rest.trim_start()),
        None => (None, text),
    };
    let is_first = first.is_none();
    let wanted = first.and_then(find).map_or(Argument::Nothing, |(_, argument)| argument);
    // The second argument is completed only after the first argument is complete.
    let (word, is_second) = match word.split_once(' ') {
        Some((_, rest)) if wanted == Argument::ProcessAndLevel => (rest.trim_start(), true),
        _ => (word, false),
    };
    let wants_process = wanted != Argument::Nothing && !is_second;
    let commands = ALL.iter().map(|entry| entry.0).filter(move |_| is_first);
    let processes = names.0.processes.iter().map(|it| it.name).filter(move |_| wants_process);
    let levels = Level::ALL.iter().map(|level| level.as_str().trim_end());
    let levels = levels.filter(move |_| is_second);
    let word: heapless::String<{ crate::editor::LONGEST }> =
        heapless::String::try_from(word).unwrap_or_default();
    let length = word.len();
    (
        length,
        commands.chain(processes).chain(levels).filter(move |name| name.starts_with(word.as_str())),
    )
}

/// Returns the longest common start of all these names.
pub fn common_start(names: impl Iterator<Item = &'static str>) -> &'static str {
    names
        .reduce(|common, name| {
            let same = common.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
            common.get(..same).unwrap_or("")
        })
        .unwrap_or("")
}

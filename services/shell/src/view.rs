// SPDX-License-Identifier: MIT OR Apache-2.0
//! The output of the shell: tables of at most 80 columns.

use crate::Shown;
use crate::meter::{Meter, Shares, by_share};
use crate::names::Names;
use crate::source::Source;
use core::fmt::{self, Write};
use crossgate::inspect::{State, Thread, Wait};
use crossgate::power::Depth;
use crossgate_abi::Set;
use heapless::String;

pub const BOLD: &str = "\x1b[1m";
pub const DIM: &str = "\x1b[2m";
pub const RED: &str = "\x1b[31m";
pub const GREEN: &str = "\x1b[32m";
pub const YELLOW: &str = "\x1b[33m";
pub const CYAN: &str = "\x1b[36m";
pub const PLAIN: &str = "\x1b[0m";

/// The text of a column, which is cut off where it does not fit.
type Cell = String<40>;

fn cell(write: impl FnOnce(&mut Cell) -> fmt::Result) -> Cell {
    let mut text = Cell::new();
    // If the write fails, the text is full.
    let _ = write(&mut text);
    text
}

/// Writes a sequence of names, with a text between them.
fn list<'a>(
    names: impl IntoIterator<Item = &'a str>,
    between: &str,
    output: &mut dyn Write,
) -> fmt::Result {
    for (index, name) in names.into_iter().enumerate() {
        write!(output, "{}{name}", if index == 0 { "" } else { between })?;
    }
    Ok(())
}

/// Describes the state of a thread in words.
fn deeds(names: Names, source: &impl Source, index: u8, thread: &Thread) -> Cell {
    cell(|text| {
        if thread.depth != 0
            && let Ok(calls) = source.calls(index)
        {
            let calls = calls.into_iter().take(thread.depth.into());
            list(calls.map(|service| names.service(service)), " > ", text)?;
            text.write_str(": ")?;
        }
        let held_by = |holder: Option<u8>| holder.map_or("nobody", |holder| names.thread(holder));
        match thread.waits {
            Wait::Nothing => text.write_str("runs"),
            Wait::Time => text.write_str("sleeps"),
            Wait::Notifications(set) => {
                text.write_str("waits for ")?;
                let process = names.0.processes.get(usize::from(thread.process));
                let first = process.map_or(0, |process| process.first_notification.index());
                let own = (0..32).filter(|&bit| set & 1_u32.rotate_right(bit + 1) != 0);
                let name = |number: u32| {
                    let all = names.0.notifications;
                    all.get(first + number as usize).map_or("?", |it| it.name)
                };
                list(own.map(name), "|", text)
            }
            Wait::Object { lock, holder } => {
                let service = names.0.services.iter().find(|service| service.lock.number() == lock);
                let name = service.map_or("an object", |service| service.name);
                write!(text, "waits for {name}, has {}", held_by(holder))
            }
            Wait::Mutex(holder) => write!(text, "waits for a mutex, has {}", held_by(holder)),
            Wait::Memory(holder) => write!(text, "waits for memory, has {}", held_by(holder)),
            Wait::Ended => text.write_str("ended"),
        }
    })
}

/// Draws the bar for `part` of `whole`, with a width in characters.
fn bar(part: usize, whole: usize, width: usize, output: &mut dyn Write) -> fmt::Result {
    let full = (part * width).div_ceil(whole.max(1)).min(width);
    let colour = match part * 100 / whole.max(1) {
        ..75 => GREEN,
        75..90 => YELLOW,
        _ => RED,
    };
    output.write_str(colour)?;
    (0..full).try_for_each(|_| output.write_char('#'))?;
    output.write_str(DIM)?;
    (full..width).try_for_each(|_| output.write_char('.'))?;
    output.write_str(PLAIN)
}

/// Writes a share of the CPU time as a column, and the space after it.
fn share(
    shares: Option<&Shares>,
    of: impl Fn(&Shares) -> u16,
    output: &mut dyn Write,
) -> fmt::Result {
    let Some(shares) = shares else { return Ok(()) };
    let share = of(shares);
    let colour = match share {
        0 => DIM,
        1..500 => "",
        500..900 => YELLOW,
        _ => RED,
    };
    write!(output, "{colour}{:>3}.{}%{PLAIN} ", share / 10, share % 10)
}

/// The width of the column of shares.
const SHARE: usize = 7;

/// Returns the heading of the column of shares.
fn head_of_share(shares: Option<&Shares>) -> &'static str {
    if shares.is_some() { "   CPU " } else { "" }
}

/// Shows the threads, and their share of the CPU time since the start.
pub fn threads(names: Names, source: &impl Source, output: &mut dyn Write) -> Shown {
    let shares = Meter::new().look(names, source)?;
    list_threads(names, source, shares.as_ref(), names.threads(), output)
}

fn list_threads(
    names: Names,
    source: &impl Source,
    shares: Option<&Shares>,
    threads: impl IntoIterator<Item = u8>,
    output: &mut dyn Write,
) -> Shown {
    let width = if shares.is_some() { 28 - SHARE } else { 28 };
    writeln!(
        output,
        "{BOLD}{:<12} {:<10} {:>3} {} {:<width$} {:>11}{PLAIN}",
        "THREAD",
        "PROCESS",
        "PRI",
        head_of_share(shares),
        "DOES",
        "STACK"
    )?;
    for index in threads {
        let thread = source.thread(index)?;
        let does = deeds(names, source, index, &thread);
        let colour = match thread.waits {
            Wait::Nothing => GREEN,
            Wait::Ended => DIM,
            Wait::Object { .. } | Wait::Mutex(_) | Wait::Memory(_) => YELLOW,
            Wait::Time | Wait::Notifications(_) => "",
        };
        let (used, size) = (source.stack_used(index)?, names.stack_size(index));
        write!(
            output,
            "{CYAN}{:<12.12}{PLAIN} {:<10.10} {:>3} ",
            names.thread(index),
            names.process(names.home(index)),
            thread.priority,
        )?;
        share(shares, |shares| shares.of_thread(index), output)?;
        write!(output, " {colour}{does:<width$.width$}{PLAIN} {used:>5}/{size:<5} ")?;
        bar(used, size, 8, output)?;
        output.write_char('\n')?;
    }
    Ok(())
}

pub fn stacks(names: Names, source: &impl Source, output: &mut dyn Write) -> Shown {
    writeln!(
        output,
        "{BOLD}{:<12} {:<10} {:>6} {:>6}  {:<30}{PLAIN}",
        "THREAD", "PROCESS", "USED", "OF", "AT MOST"
    )?;
    for index in 0..names.0.threads.len() as u8 {
        let (used, size) = (source.stack_used(index)?, names.stack_size(index));
        let home = if index == 0 { "(kernel)" } else { names.process(names.home(index)) };
        write!(
            output,
            "{CYAN}{:<12.12}{PLAIN} {home:<10.10} {used:>6} {size:>6}  ",
            names.thread(index),
        )?;
        bar(used, size, 30, output)?;
        writeln!(output, " {:>3}%", used * 100 / size.max(1))?;
    }
    Ok(())
}

/// Shows the processes, and their share of the CPU time since the start.
pub fn processes(names: Names, source: &impl Source, output: &mut dyn Write) -> Shown {
    let shares = Meter::new().look(names, source)?;
    list_processes(names, source, shares.as_ref(), names.processes(), output)
}

fn list_processes(
    names: Names,
    source: &impl Source,
    shares: Option<&Shares>,
    processes: impl IntoIterator<Item = u8>,
    output: &mut dyn Write,
) -> Shown {
    let width = if shares.is_some() { 28 - SHARE } else { 28 };
    writeln!(
        output,
        "{BOLD}{:<12} {:<9} {}{:>7} {:>6} {:>11}  {:<width$}{PLAIN}",
        "PROCESS",
        "STATE",
        head_of_share(shares),
        "CRASHES",
        "IN ROW",
        "LAST",
        "SERVICES"
    )?;
    let now = source.now() / 1_000_000;
    for index in processes {
        let process = source.process(index)?;
        let (count, _) = source.crashes(index)?;
        let (colour, state) = match process.state {
            State::Running => (GREEN, "running"),
            State::Resetting => (YELLOW, "resetting"),
            State::Stopped => (RED, "stopped"),
        };
        let crashed = cell(|text| match process.crashed_at {
            Some(at) => write!(text, "{} s ago", now.saturating_sub(at.as_secs())),
            None => text.write_str("never"),
        });
        let services = cell(|text| {
            let own = names.0.services.iter().filter(|service| service.owner.number() == index);
            list(own.map(|service| service.name), " ", text)
        });
        write!(output, "{CYAN}{:<12.12}{PLAIN} {colour}{state:<9}{PLAIN} ", names.process(index))?;
        share(shares, |shares| shares.of_process(index), output)?;
        let in_row = process.crashes;
        writeln!(output, "{count:>7} {in_row:>6} {crashed:>11}  {services:.width$}")?;
    }
    Ok(())
}

pub fn services(names: Names, output: &mut dyn Write) -> Shown {
    writeln!(
        output,
        "{BOLD}{:<16} {:<12} {:<9} {:<40}{PLAIN}",
        "SERVICE", "PROCESS", "CALLS", "CALLED BY"
    )?;
    for service in names.0.services {
        let callers = service.callers.into_iter().map(|process| names.process(process.number()));
        let calls = if service.has_lock() { "one" } else { "many" };
        write!(
            output,
            "{CYAN}{:<16.16}{PLAIN} {:<12.12} {calls:<9} ",
            service.name,
            names.process(service.owner.number()),
        )?;
        match service.callers {
            Set::EMPTY => write!(output, "{DIM}nobody{PLAIN}")?,
            _ => list(callers, ", ", output)?,
        }
        output.write_char('\n')?;
    }
    Ok(())
}

/// Writes only printable characters. This is needed because a hostile process can choose the file name of its panic.
pub struct Printable<'a>(pub &'a mut dyn Write);

impl Write for Printable<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| {
            self.0.write_char(if matches!(character, ' '..='~') { character } else { '.' })
        })
    }
}

/// Shows how long the system has been running.
pub fn uptime(now: u64, output: &mut dyn Write) -> fmt::Result {
    let (seconds, fraction) = (now / 1_000_000, now / 1_000 % 1_000);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    if days != 0 {
        write!(output, "{days} d ")?;
    }
    write!(output, "{:02}:{:02}:{:02}.{fraction:03}", hours % 24, minutes % 60, seconds % 60)
}

/// Shows how often and how long the CPU has slept at each depth, if the firmware lets it sleep deeply.
fn sleeps(source: &impl Source, output: &mut dyn Write) -> Shown {
    for (depth, name) in Depth::ALL.into_iter().zip(["light", "deep", "deepest"]) {
        let Some(slept) = source.slept(depth)? else { return Ok(()) };
        let (seconds, tenths) = (slept.time.as_secs(), slept.time.subsec_millis() / 100);
        let head = if depth == Depth::Light { "slept" } else { "  " };
        write!(output, "{BOLD}{head}{PLAIN} {name} {seconds}.{tenths} s, {} times", slept.count)?;
    }
    Ok(output.write_str("\n")?)
}

/// Shows a screen of `top`: the threads and the processes that ran since the last screen, sorted by their share.
pub fn top(
    names: Names,
    source: &impl Source,
    meter: &mut Meter,
    crashes: u32,
    output: &mut dyn Write,
) -> Shown {
    let shares = meter.look(names, source)?;
    let shares = shares.as_ref();
    let mut running = 0;
    for index in names.processes() {
        running += usize::from(source.process(index)?.state == State::Running);
    }
    let all = names.0.processes.len();
    output.write_str("\x1b[H")?;
    let mut screen = Lines(output);
    write!(screen, "{BOLD}up{PLAIN} ")?;
    uptime(source.now(), &mut screen)?;
    let colour = if running == all { GREEN } else { RED };
    write!(
        screen,
        "   {BOLD}processes{PLAIN} {colour}{running} of {all} run{PLAIN}   {BOLD}crashes{PLAIN} {crashes}"
    )?;
    if let Some(shares) = shares {
        let busy = 1_000 - shares.of_thread(0);
        write!(screen, "   {BOLD}CPU{PLAIN} {}.{}% ", busy / 10, busy % 10)?;
        bar(busy.into(), 1_000, 10, &mut screen)?;
    }
    screen.write_str("\n")?;
    sleeps(source, &mut screen)?;
    screen.write_str("\n")?;
    let of_thread = |index| shares.map_or(0, |shares| shares.of_thread(index));
    let of_process = |index| shares.map_or(0, |shares| shares.of_process(index));
    let threads = by_share(names.threads(), of_thread);
    list_threads(names, source, shares, threads, &mut screen)?;
    screen.write_str("\n")?;
    let processes = by_share(names.processes(), of_process);
    list_processes(names, source, shares, processes, &mut screen)?;
    write!(screen, "\n{DIM}any key ends it{PLAIN}")?;
    Ok(output.write_str("\x1b[J")?)
}

/// Clears the rest of the older line after each written line.
struct Lines<'a>(&'a mut dyn Write);

impl Write for Lines<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for line in text.split_inclusive('\n') {
            match line.strip_suffix('\n') {
                Some(line) => writeln!(self.0, "{line}\x1b[K")?,
                None => self.0.write_str(line)?,
            }
        }
        Ok(())
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! High-water marks: how much of their stacks the threads use while a firmware runs in the emulator.
//!
//! The emulator gets a copy of the file in which the stacks are filled. (The kernel fills them by itself only if some
//! process may inspect, with the same word.) After the run, the lowest word that has changed is the high-water mark.

use crate::launch;
use anyhow::{Context, Result, anyhow, bail, ensure};
use crossgate_abi::inspect::STACK_PAINT;
use crossgate_boards::Row;
use crossgate_link::Span;
use crossgate_link::map::Stack;
use object::elf::{FileHeader32, ProgramHeader32};
use object::{LittleEndian, pod};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The number of bytes of a word of a stack.
const WORD: u64 = size_of::<u32>() as u64;
/// The longest time until the emulator answers.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs a firmware in the emulator of its board for some time, and notes in each stack how much of it was used. The
/// firmware has the terminal meanwhile.
///
/// # Errors
/// If no emulator has the board, if the emulator can't be run, or if the firmware ends before the time is over.
pub fn measure(board: &Row, firmware: &Path, stacks: &mut [Stack], time: Duration) -> Result<()> {
    ensure!(
        board.machine.is_some(),
        "no emulator has the board {}; on the board itself, the command `stacks` of the shell shows how much of their \
         stacks threads have used",
        board.name
    );
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let file = folder.path().join("firmware");
    fs::write(&file, painted(fs::read(firmware)?, stacks)?)?;
    let mut emulator = launch::command(board, &file)?;
    let socket = folder.path().join("monitor");
    emulator.arg("-qmp").arg(format!("unix:{},server=on,wait=off", socket.display()));
    emulator.stdout(launch::follower(firmware)?);
    eprintln!("The firmware runs in the emulator for {} s.", time.as_secs());
    let mut emulator = Emulator(emulator.spawn().context("cannot run the emulator")?);
    emulator.run(time)?;
    let mut monitor = Monitor::connect(&socket).context("cannot ask the emulator")?;
    for stack in stacks {
        stack.high_water = Some(used(stack.span, &monitor.words(stack.span)?));
    }
    Ok(())
}

/// Adds the contents of the stacks to the ELF file of a firmware, in which they are empty segments.
fn painted(mut image: Vec<u8>, stacks: &[Stack]) -> Result<Vec<u8>> {
    let paint = image.len();
    let longest = stacks.iter().map(|stack| stack.span.size()).max().unwrap_or(0);
    image.extend(STACK_PAINT.to_le_bytes().repeat((longest / WORD) as usize));
    let broken = |()| anyhow!("it is no ELF file of a microcontroller");
    let (header, _) = pod::from_bytes::<FileHeader32<LittleEndian>>(&image).map_err(broken)?;
    let first = header.e_phoff.get(LittleEndian) as usize;
    let count = header.e_phnum.get(LittleEndian).into();
    let segments = image.get_mut(first..).context("it has no segments")?;
    let (segments, _) = pod::slice_from_bytes_mut::<ProgramHeader32<LittleEndian>>(segments, count)
        .map_err(broken)?;
    for Stack { name, span, .. } in stacks {
        let mut segments = segments.iter_mut();
        let is_its = |it: &&mut ProgramHeader32<LittleEndian>| {
            let [start, size, length] =
                [it.p_paddr, it.p_memsz, it.p_filesz].map(|number| number.get(LittleEndian));
            (start.into(), size.into(), length) == (span.start, span.size(), 0)
        };
        let segment = segments
            .find(is_its)
            .with_context(|| format!("the stack of {name} has no segment of its own"))?;
        segment.p_offset.set(LittleEndian, paint as u32);
        segment.p_filesz.set(LittleEndian, segment.p_memsz.get(LittleEndian));
    }
    Ok(image)
}

/// Returns the number of bytes from the lowest word that has changed to the end of the stack.
fn used(stack: Span, words: &[u32]) -> u64 {
    let unused = words.iter().take_while(|word| **word == STACK_PAINT).count() as u64;
    stack.size() - WORD * unused
}

/// An emulator that ends when it is dropped.
struct Emulator(Child);

impl Emulator {
    /// Lets the firmware run for some time.
    fn run(&mut self, time: Duration) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < time {
            if self.0.try_wait()?.is_some() {
                bail!(
                    "the firmware ended after {} ms; with it ended the emulator, which has the stacks",
                    start.elapsed().as_millis()
                );
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The monitor of the emulator, which speaks QMP, the protocol of QEMU for machines.
struct Monitor(BufReader<UnixStream>);

impl Monitor {
    /// Connects, and stops the firmware.
    fn connect(socket: &Path) -> Result<Monitor> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut monitor = Monitor(BufReader::new(stream));
        monitor.ask(&json!({ "execute": "qmp_capabilities" }))?;
        monitor.ask(&json!({ "execute": "stop" }))?;
        Ok(monitor)
    }

    /// Returns the words of a part of the memory. (Of the commands that read memory, only this one of the monitor for
    /// people sees it as the CPU does.)
    fn words(&mut self, span: Span) -> Result<Vec<u32>> {
        let count = span.size() / WORD;
        let line = format!("xp /{count}wx {:#x}", span.start);
        let arguments = json!({ "command-line": line });
        let answer =
            self.ask(&json!({ "execute": "human-monitor-command", "arguments": arguments }))?;
        let text = answer.as_str().unwrap_or_default();
        let words = dumped(text).with_context(|| format!("`{line}`: {text}"))?;
        ensure!(words.len() as u64 == count, "`{line}`: {} words", words.len());
        Ok(words)
    }

    /// Sends a command, and returns the answer.
    fn ask(&mut self, command: &Value) -> Result<Value> {
        writeln!(self.0.get_mut(), "{command}")?;
        let mut line = String::new();
        loop {
            line.clear();
            ensure!(self.0.read_line(&mut line)? > 0, "the emulator has ended");
            let mut message: Value = serde_json::from_str(&line)?;
            if let Some(error) = message.get("error") {
                bail!("{command}: {error}");
            }
            // Other messages are the greeting, and events.
            if let Some(answer) = message.get_mut("return") {
                return Ok(answer.take());
            }
        }
    }
}

/// Reads the words of a dump, whose lines begin with an address.
fn dumped(text: &str) -> Option<Vec<u32>> {
    let mut words = Vec::new();
    for line in text.lines() {
        let (_, line) = line.split_once(": ")?;
        for word in line.split_whitespace() {
            words.push(u32::from_str_radix(word.strip_prefix("0x")?, 16).ok()?);
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_is_read() {
        let text = "0000000020000000: 0xc0dea11e 0x00000001\r\n0000000020000008: 0x0000000a\r\n";
        assert_eq!(dumped(text), Some(vec![STACK_PAINT, 1, 10]));
        assert_eq!(dumped("Cannot access memory\r\n"), None);
    }

    #[test]
    fn all_above_the_lowest_word_that_has_changed_is_used() {
        let stack = Span { start: 0x2000_0000, end: 0x2000_0010 };
        assert_eq!(used(stack, &[STACK_PAINT, 7, STACK_PAINT, STACK_PAINT]), 12);
        assert_eq!(used(stack, &[STACK_PAINT; 4]), 0);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shared memory, and a futex that holds the turn.

use crate::{ANSWER, QUESTION, other, rounds};
use anyhow::{Context, Result};
use memmap2::MmapRaw;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use rustix::thread::futex::{self, Flags};
use std::fs::File;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

/// The process that asks has the turn.
const ASKER: u32 = 0;
/// The process that answers has the turn.
const ANSWERER: u32 = 1;
/// There are no more questions.
const END: u32 = 2;

/// The contents of the shared memory.
#[repr(C)]
struct Shared {
    turn: AtomicU32,
    question: [AtomicUsize; QUESTION.len() / size_of::<usize>()],
    answer: AtomicU32,
}

/// The memory, as it is mapped.
struct Memory(MmapRaw);

impl Memory {
    fn of(file: &File) -> Result<Memory> {
        Ok(Memory(MmapRaw::map_raw(file).context("cannot map memory")?))
    }

    fn shared(&self) -> &Shared {
        // SAFETY: the file is as long as this struct, a mapping starts with a page, and both processes use it by atomic
        // operations only.
        unsafe { &*self.0.as_ptr().cast() }
    }
}

impl Shared {
    /// Gives the turn to the other process.
    fn pass(&self, turn: u32) -> Result<()> {
        self.turn.store(turn, Ordering::Release);
        futex::wake(&self.turn, Flags::empty(), 1)?;
        Ok(())
    }

    /// Waits while it is the turn of the other process. Returns the turn after that.
    fn wait_while(&self, turn: u32) -> Result<u32> {
        loop {
            let now = self.turn.load(Ordering::Acquire);
            if now != turn {
                return Ok(now);
            }
            match futex::wait(&self.turn, Flags::empty(), turn, None) {
                Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Asks one question in each round.
pub fn ask() -> Result<Duration> {
    let file = File::from(memfd_create("shared", MemfdFlags::empty())?);
    file.set_len(size_of::<Shared>() as u64)?;
    let memory = Memory::of(&file)?;
    let shared = memory.shared();
    let mut other = other("futex", file.try_clone()?.into(), Stdio::inherit())?;
    let time = rounds(|| {
        for word in &shared.question {
            word.store(7, Ordering::Relaxed);
        }
        shared.pass(ANSWERER)?;
        shared.wait_while(ANSWERER)?;
        shared.answer.load(Ordering::Relaxed);
        Ok(())
    })?;
    shared.pass(END)?;
    other.wait()?;
    Ok(time)
}

/// Answers until there are no more questions.
pub fn answer(file: &File) -> Result<()> {
    let memory = Memory::of(file)?;
    let shared = memory.shared();
    while shared.wait_while(ASKER)? == ANSWERER {
        for word in &shared.question {
            word.load(Ordering::Relaxed);
        }
        shared.answer.store(u32::from_le_bytes(ANSWER), Ordering::Relaxed);
        shared.pass(ASKER)?;
    }
    Ok(())
}

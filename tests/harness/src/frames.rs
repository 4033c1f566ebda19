// SPDX-License-Identifier: MIT OR Apache-2.0
//! The output of the firmware `frames`, decoded in the same way as by `defmt-print`, with the texts in the firmware's
//! file.

use anyhow::{Context, Result, ensure};
use defmt_decoder::{DecodeError, Table};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The number of messages of each of the threads that log at once.
const MESSAGES: usize = 100;
/// The names of these threads.
const THREADS: [&str; 3] = ["twin slow", "twin fast", "single"];
/// The messages of the other threads, in this order. One thread crashes twice, and one writes bytes that are not a
/// frame.
const OTHERS: [&str; 5] = [
    "WARN life 1: interned",
    "WARN life 2: interned",
    MALFORMED,
    "INFO after what is no frame",
    "WARN life 3: interned",
];
const MALFORMED: &str = "malformed";

/// Runs the firmware, which is in `file`, and compares its messages with the expected ones.
///
/// # Errors
/// If the firmware can't be run, if it fails, or if its output differs.
pub fn check(file: &Path, program: &mut Command) -> Result<()> {
    let output = program.output().with_context(|| format!("cannot run {program:?}"))?;
    ensure!(output.status.success(), "{program:?}: {output:?}");
    let messages = decoded(file, &output.stdout)?;
    for thread in THREADS {
        let own: Vec<_> = messages.iter().filter(|(_, it)| it.contains(thread)).collect();
        for (number, (_, message)) in own.iter().enumerate() {
            let wanted = format!("INFO {thread}: {number} of 100, then ffffffffffffffff");
            ensure!(**message == wanted, "{message:?} instead of {wanted:?}");
        }
        ensure!(own.len() == MESSAGES, "{thread}: {} messages instead of {MESSAGES}", own.len());
        ensure!(own.is_sorted_by_key(|(time, _)| *time), "{thread}: not by time: {own:?}");
    }
    let of_thread = |message: &str| THREADS.iter().any(|thread| message.contains(thread));
    let others = messages.iter().map(|(_, message)| message.as_str());
    let others: Vec<_> = others.filter(|message| !of_thread(message)).collect();
    ensure!(others == OTHERS, "{others:?} instead of {OTHERS:?}");
    Ok(())
}

/// Returns the messages, each with its time in microseconds.
fn decoded(file: &Path, frames: &[u8]) -> Result<Vec<(u64, String)>> {
    let program = fs::read(file)?;
    let table = Table::parse(&program)?.context("it does not use defmt")?;
    // `defmt-print` and probe-rs show the places of messages, and give up if they can't read them. The releases here
    // contain no places.
    let locations = table.get_locations(&program)?;
    ensure!(
        locations.is_empty() || table.indices().all(|it| locations.contains_key(&(it as u64))),
        "a message has no place in the source"
    );
    let mut decoder = table.new_stream_decoder();
    decoder.received(frames);
    let mut messages = Vec::new();
    loop {
        match decoder.decode() {
            Ok(frame) => {
                let time = frame.display_timestamp().context("no time")?.to_string();
                let (seconds, fraction) = time.split_once('.').context("no fraction")?;
                let time = seconds.parse::<u64>()? * 1_000_000 + fraction.parse::<u64>()?;
                let level = frame.level().context("no level")?.as_str().to_uppercase();
                messages.push((time, format!("{level} {}", frame.display_message())));
            }
            Err(DecodeError::Malformed) => messages.push((0, MALFORMED.to_owned())),
            Err(DecodeError::UnexpectedEof) => return Ok(messages),
        }
    }
}

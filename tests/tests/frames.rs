// SPDX-License-Identifier: MIT OR Apache-2.0
//! The output of the firmware `frames` is decoded with the texts in its file, as by `defmt-print`.

use defmt_decoder::{DecodeError, Table};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use workbench::board::Board;
use workbench::{command, emulator, root, setup};

/// The number of messages of each of the threads that log at once.
const MESSAGES: usize = 100;
/// The names of these threads.
const THREADS: [&str; 3] = ["twin slow", "twin fast", "single"];
/// The messages of the others, in this order: one crashes twice, and one once writes bytes that are no frame.
const OTHERS: [&str; 5] = [
    "WARN life 1: interned",
    "WARN life 2: interned",
    MALFORMED,
    "INFO after what is no frame",
    "WARN life 3: interned",
];
const MALFORMED: &str = "malformed";

#[test]
fn frames_of_a_program_are_decoded() {
    let file = Path::new(env!("CARGO_BIN_EXE_frames"));
    for seed in ["1", "2", "3"] {
        let mut command = Command::new(file);
        command.args(["--semihosting", "--time", "virtual", "--serial0", "stdout", "--seed", seed]);
        check(file, &mut command);
    }
}

#[test]
fn frames_of_a_board_are_decoded() {
    if let Some(missing) = setup::missing() {
        let why = format!("this test needs {missing}");
        assert!(env::var_os("CROSSGATE_ALL_TESTS").is_none(), "{why}");
        eprintln!("skipped: {why}");
        return;
    }
    let board = Board::reference();
    let mut cargo = workbench::cargo();
    cargo.args(["build", "--release", "--package", "system-tests", "--bin", "frames"]);
    command::run(cargo.args(board.arguments())).unwrap();
    let target = env::var_os("CARGO_TARGET_DIR").map_or(root().join("target"), PathBuf::from);
    let file = target.join(&board.row().unwrap().target).join("release/frames");
    check(&file, &mut emulator::run_command(&file, &[]));
}

/// Runs the firmware in `file`, and compares its messages with the expected ones.
fn check(file: &Path, command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    let messages = decoded(file, &output.stdout);
    for thread in THREADS {
        let own: Vec<_> = messages.iter().filter(|(_, it)| it.contains(thread)).collect();
        for (number, (_, message)) in own.iter().enumerate() {
            let wanted = format!("INFO {thread}: {number} of 100, then ffffffffffffffff");
            assert_eq!(**message, wanted);
        }
        assert_eq!(own.len(), MESSAGES, "{thread}");
        assert!(own.is_sorted_by_key(|(time, _)| *time), "{thread}: {own:?}");
    }
    let of_thread = |message: &str| THREADS.iter().any(|thread| message.contains(thread));
    let others: Vec<_> = messages.iter().filter(|(_, it)| !of_thread(it)).collect();
    let others: Vec<_> = others.into_iter().map(|(_, message)| message.as_str()).collect();
    assert_eq!(others, OTHERS);
}

/// Returns the messages, each with its time in microseconds.
fn decoded(file: &Path, frames: &[u8]) -> Vec<(u64, String)> {
    let table = Table::parse(&std::fs::read(file).unwrap()).unwrap().expect("it uses defmt");
    let mut decoder = table.new_stream_decoder();
    decoder.received(frames);
    let mut messages = Vec::new();
    loop {
        match decoder.decode() {
            Ok(frame) => {
                let time = frame.display_timestamp().unwrap().to_string();
                let (seconds, fraction) = time.split_once('.').unwrap();
                let time =
                    seconds.parse::<u64>().unwrap() * 1_000_000 + fraction.parse::<u64>().unwrap();
                let level = frame.level().unwrap().as_str().to_uppercase();
                messages.push((time, format!("{level} {}", frame.display_message())));
            }
            Err(DecodeError::Malformed) => messages.push((0, MALFORMED.to_owned())),
            Err(DecodeError::UnexpectedEof) => return messages,
        }
    }
}

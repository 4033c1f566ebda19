// SPDX-License-Identifier: MIT OR Apache-2.0
//! A firmware of one's own, from nothing: made, run, extended, and run on an emulated board.

mod tutorial;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_cargo-crossgate");

/// A folder in which firmware is made.
struct Workplace {
    folder: TempDir,
}

impl Workplace {
    fn new() -> Workplace {
        Workplace { folder: tempfile::tempdir().unwrap() }
    }

    /// Returns the folder of the firmware.
    fn firmware(&self) -> PathBuf {
        self.folder.path().join("heater")
    }

    /// Makes a firmware, with the versions of crates that are known to work.
    fn make(&self, options: &[&str]) {
        succeeds(&crossgate(self.folder.path(), &[&["new", "heater"], options].concat()));
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("Cargo.lock");
        fs::copy(lock, self.firmware().join("Cargo.lock")).unwrap();
    }

    fn crossgate(&self, arguments: &[&str]) -> Output {
        crossgate(&self.firmware(), arguments)
    }

    fn wiring(&self) -> String {
        fs::read_to_string(self.firmware().join("firmware/src/main.rs")).unwrap()
    }
}

/// Runs `cargo crossgate` in a folder, as if it were installed.
fn crossgate(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, PROGRAM).arg("crossgate").args(arguments).output().unwrap()
}

/// Returns a command in a folder. The program under test is found as one that is installed.
fn command(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    let others = env::var_os("PATH").unwrap_or_default();
    let own = Path::new(PROGRAM).parent().unwrap().to_owned();
    let all = env::join_paths([own].into_iter().chain(env::split_paths(&others))).unwrap();
    command.current_dir(folder).env("PATH", all).stdin(Stdio::null());
    command.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
    command
}

/// Returns what a command has printed.
fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned()
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(output));
    text(output)
}

#[track_caller]
fn fails(output: &Output, why: &str) {
    let text = text(output);
    assert!(!output.status.success() && text.contains(why), "not `{why}`: {text}");
}

#[test]
fn a_firmware_grows_on_this_machine() {
    let place = Workplace::new();
    place.make(&[]);
    succeeds(&place.crossgate(&["add", "process", "pump", "--priority", "2"]));
    for kind in ["barrier", "event-flags", "queue", "semaphore", "stream-buffer", "watch"] {
        succeeds(&place.crossgate(&["add", "service", kind]));
    }
    succeeds(&place.crossgate(&[
        "add",
        "service",
        "queue",
        "--name",
        "jobs",
        "--process",
        "sensor",
    ]));
    let test = command(&place.firmware(), "cargo").args(["crossgate", "test"]).output().unwrap();
    let text = succeeds(&test);
    for name in ["it_is_hot_above_the_limit", "a_line_is_written_each_second"] {
        assert!(text.contains(&format!("{name} ... ok")), "{text}");
    }
}

#[test]
fn a_firmware_is_for_another_board() {
    let place = Workplace::new();
    place.make(&[]);
    let read = |name: &str| fs::read_to_string(place.firmware().join(name)).unwrap();
    let tasks = place.firmware().join(".vscode/tasks.json");
    fs::write(&tasks, "{}").unwrap();
    let said = succeeds(&place.crossgate(&["board", "virt"]));
    assert!(said.contains("Left alone") && said.contains(".vscode/tasks.json"), "{said}");
    assert_eq!(read(".vscode/tasks.json"), "{}");
    assert!(read("README.md").contains("on the board virt"));
    let said = succeeds(&place.crossgate(&["board"]));
    assert!(said.contains("heater is for virt (RV32IMAC)"), "{said}");
    assert!(read(".cargo/config.toml").contains("[target.riscv32imac-unknown-none-elf]"));

    let manifest = read("Cargo.toml");
    fs::write(place.firmware().join("board/src/lib.rs"), "pub use mine::*;").unwrap();
    fails(&place.crossgate(&["board", "mps2-an385"]), "no line `pub use virt::*;`");
    fails(&place.crossgate(&["board", "virt"]), "for virt already");
    fails(&place.crossgate(&["board", "nowhere"]), "possible values");
    assert_eq!(read("Cargo.toml"), manifest);
}

#[test]
#[ignore = "compiles a kernel for each board: `cargo xtask soak`"]
fn a_firmware_runs_on_boards() {
    // The last firmware is made for one board, and changed to another one.
    for (first, board) in
        [("mps2-an385", "mps2-an385"), ("mps2-an505", "mps2-an505"), ("mps2-an385", "virt")]
    {
        let place = Workplace::new();
        place.make(&["--board", first]);
        if board != first {
            succeeds(&place.crossgate(&["board", board]));
        }
        let size = succeeds(&place.crossgate(&["size"]));
        assert!(size.contains(&format!("heater for {board}")) && size.contains("flash"), "{size}");
        let options = ["--run", "2", "--svg", "map.svg", "--html", "map.html"];
        let map = succeeds(&place.crossgate(&[&["map"], &options[..]].concat()));
        check_stacks(&map);
        assert_eq!(map.matches("service  TEMPERATURE").count(), 1, "{map}");
        assert!(!map.contains("too small"), "{map}");
        let read = |name: &str| fs::read_to_string(place.firmware().join(name)).unwrap();
        assert!(read("map.svg").starts_with("<svg"));
        assert!(read("map.html").contains(&format!("<h1>heater on {board}</h1>")));
        check_debugger(&place, board);
        // The firmware does not end by itself.
        let mut run = command(&place.firmware(), "timeout");
        run.args(["--kill-after=2", "20", "cargo", "crossgate", "run", "--on-board"]);
        let output = text(&run.output().unwrap());
        assert!(
            output.contains("24.0 degrees") && output.contains("25.5 degrees, hot"),
            "{output}"
        );
    }
}

/// Checks that gdb tells in which calls the threads are.
fn check_debugger(place: &Workplace, board: &str) {
    let source = fs::read_to_string(place.firmware().join("sensor/src/lib.rs")).unwrap();
    let body = source.lines().position(|line| line.contains("fn get(")).unwrap() + 2;
    // Of an ARMv8-M, gdb sees all memory only while the kernel runs.
    let stop = match board {
        "mps2-an505" => "tbreak SVCall".to_owned(),
        _ => format!("tbreak sensor/src/lib.rs:{body}"),
    };
    let questions = [&stop, "continue", "crossgate", "kill"].map(|it| ["-ex", it]).concat();
    let said = succeeds(&place.crossgate(&[&["debug", "--", "-batch"], &questions[..]].concat()));
    let thread = match board {
        "mps2-an505" => "control.main (priority 1): ",
        _ => "* control.main (priority 1): runs\n    in sensor, called as TEMPERATURE: sensor::",
    };
    assert!(said.contains(thread), "{said}");
}

/// Checks that a run has used a part of each stack, and no more than the code needs.
fn check_stacks(map: &str) {
    let threads = map.lines().filter(|line| line.starts_with("  thread "));
    let numbers = threads.map(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        [columns[3], columns[4]].map(|column| column.parse::<u32>().unwrap())
    });
    let numbers: Vec<_> = numbers.collect();
    assert_eq!(numbers.len(), 3, "{map}");
    assert!(numbers.iter().all(|[needed, used]| (1..=*needed).contains(used)), "{map}");
}

#[test]
fn an_error_names_the_cause_and_changes_nothing() {
    let place = Workplace::new();
    fails(&crossgate(place.folder.path(), &["size"]), "`cargo crossgate new NAME` makes one");
    fails(&crossgate(place.folder.path(), &["new", "Heater"]), "small letters");
    fails(
        &crossgate(place.folder.path(), &["new", "heater", "--board", "nowhere"]),
        "possible values",
    );
    place.make(&[]);
    fails(&crossgate(place.folder.path(), &["new", "heater"]), "is there already");
    let before = place.wiring();
    fails(&place.crossgate(&["add", "process", "sensor"]), "a package `sensor` already");
    fails(&place.crossgate(&["add", "process", "loop"]), "no keyword of Rust");
    fails(&place.crossgate(&["add", "service", "teapot"]), "possible values");
    fails(
        &place.crossgate(&["add", "service", "queue", "--process", "nobody"]),
        "no process `nobody`",
    );
    assert_eq!(place.wiring(), before);
    succeeds(&place.crossgate(&["add", "service", "queue"]));
    let before = place.wiring();
    fails(&place.crossgate(&["add", "service", "queue"]), "`QUEUE_IN` already");
    assert_eq!(place.wiring(), before);
    let manifest = place.firmware().join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        text.replace("[workspace.metadata.crossgate]", "[workspace.metadata.other]"),
    )
    .unwrap();
    fails(&place.crossgate(&["size"]), "the workspace names no board");
}

#[test]
fn a_file_that_is_no_firmware_is_not_launched() {
    let place = Workplace::new();
    let file = place.folder.path().join("file");
    fs::write(&file, "nothing").unwrap();
    let output = crossgate(place.folder.path(), &["launch", &file.display().to_string()]);
    fails(&output, "does not say which board it is for");
}

//! The exhaustive test finds what it is there to find: each patch in `src/tests/bugs` puts a bug into a
//! copy of the kernel, and says which invariant has to break.
//!
//! It takes minutes: `cargo test -p crossgate-kernel --test seeded_bugs -- --ignored --nocapture`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What the kernel's tests are built of.
const CRATES: [&str; 4] = ["abi", "kernel", "macros", "user"];

#[test]
#[ignore = "takes minutes"]
fn each_seeded_bug_is_found() {
    let kernel = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut bugs: Vec<PathBuf> = fs::read_dir(kernel.join("src/tests/bugs"))
        .expect("there are patches")
        .map(|entry| entry.expect("a patch").path())
        .collect();
    bugs.sort();
    for bug in &bugs {
        let name = bug.file_stem().expect("a file").display();
        let text = fs::read_to_string(bug).expect("text");
        let found = text.lines().find_map(|line| line.strip_prefix("Found: "));
        let found = found.expect("a line that says what is found");
        let copy = copy_of(kernel.parent().expect("the workspace"));
        run(patch(&copy, bug));
        let tested = test(&copy).output().expect("cargo");
        let said = told(&tested);
        assert!(!tested.status.success() && said.contains(found), "{name}: not {found:?}\n{said}");
        let steps = said.lines().skip_while(|line| !line.starts_with("after these steps"));
        let steps: Vec<_> = steps.take_while(|line| !line.is_empty()).collect();
        println!("{name}: {found}, {}", steps.join("\n"));
    }
}

/// A workspace of its own with a fresh copy of what the kernel's tests are built of.
fn copy_of(workspace: &Path) -> PathBuf {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seeded");
    let _ = fs::remove_dir_all(&copy);
    fs::create_dir_all(&copy).expect("a directory");
    for name in CRATES {
        copy_directory(&workspace.join(name), &copy.join(name));
    }
    fs::copy(workspace.join("Cargo.lock"), copy.join("Cargo.lock")).expect("a copy");
    let manifest = fs::read_to_string(workspace.join("Cargo.toml")).expect("a manifest");
    let (before, members) = manifest.split_once("members = [").expect("members");
    let (_, after) = members.split_once(']').expect("the end of the members");
    let manifest = format!("{before}members = {CRATES:?}{after}");
    fs::write(copy.join("Cargo.toml"), manifest).expect("a manifest");
    copy
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let from = entry.expect("an entry").path();
        let to = to.join(from.file_name().expect("a name"));
        if from.is_dir() {
            copy_directory(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a copy");
        }
    }
}

fn patch(copy: &Path, bug: &Path) -> Command {
    let mut git = Command::new("git");
    git.args(["apply", "--whitespace=nowarn"]).arg(bug).current_dir(copy);
    // The copy is no part of the repository that it is in.
    git.env("GIT_CEILING_DIRECTORIES", env!("CARGO_TARGET_TMPDIR"));
    git
}

fn test(copy: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--offline", "-p", "crossgate-kernel", "--lib", "every_interleaving"]);
    cargo.current_dir(copy).env("RUST_BACKTRACE", "0").env_remove("CROSSGATE_SOAK_SECONDS");
    cargo.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("seeded-target"));
    cargo
}

fn run(mut command: Command) {
    let output = command.output().expect("a program");
    assert!(output.status.success(), "{command:?}\n{}", told(&output));
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

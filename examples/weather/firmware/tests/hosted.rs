// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the firmware as a Linux program, and checks the pictures on its display.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;

/// The picture in the book.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../book/src/display.svg");

/// Runs ten minutes of the firmware. Returns its output on the standard error.
fn run(options: &[&str]) -> String {
    let mut weather = Command::new(env!("CARGO_BIN_EXE_weather"));
    weather.args(["--time=virtual", "--until=600", "--serial1=null"]).args(options);
    let output = weather.output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_display_is_that_of_the_book() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("display.svg");
    assert_eq!(run(&["--display", &format!("file:{}", path.display())]), "");
    let (shown, expected) =
        (fs::read_to_string(path).unwrap(), fs::read_to_string(PICTURE).unwrap());
    assert!(
        shown == expected,
        "it shows another picture: look at it, and put it into the book, by\n\
         cargo run -p weather -- --time virtual --until 600 --display file:book/src/display.svg"
    );
}

#[test]
fn the_terminal_shows_each_measurement() {
    let text = run(&["--display", "terminal"]);
    // The display begins to show something 100 ms after it was switched on, although nothing else happens then.
    assert!(text.starts_with("[    0.2"), "{}", text.lines().next().unwrap_or_default());
    let pictures: Vec<_> = text.split("display\n").skip(1).collect();
    // There is a picture every 5 seconds.
    assert!((118..=121).contains(&pictures.len()), "{} pictures", pictures.len());
    assert!(pictures.iter().all(|it| it.lines().take(16).all(|line| line.chars().count() == 64)));
}

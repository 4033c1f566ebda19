// SPDX-License-Identifier: MIT OR Apache-2.0
//! The recorded day: a line a minute from a thermometer, with two drop-outs.
//!
//! `cargo xtask record-day` generates it. The curve is the temperature of a room in summer: a warm afternoon with some
//! clouds, cooking in the evening, and the noise of the thermometer.

use anyhow::{Context, Result, ensure};
use std::f64::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};
use thermostat_interfaces::Celsius;

/// The number of minutes of a day.
pub const MINUTES: usize = 24 * 60;

/// The seed of the random numbers of the noise.
const SEED: u64 = 2026;
/// The times in which the thermometer sends garbage: the first minute, and the number of minutes.
const DROP_OUTS: [(usize, usize); 2] = [(5 * 60 + 10, 7), (14 * 60 + 21, 4)];

/// Returns the path of the recording.
pub fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/day.txt")
}

/// Writes the recording.
///
/// # Errors
/// If the file can't be written.
pub fn write() -> Result<()> {
    let file = file();
    fs::write(&file, generate()).with_context(|| format!("cannot write {}", file.display()))?;
    println!("written: {}", file.display());
    Ok(())
}

/// Reads the recording: the bytes of each minute's line, with the line break.
///
/// # Errors
/// If the recording does not exist, or is not a whole day.
pub fn read() -> Result<Vec<Vec<u8>>> {
    let file = file();
    let bytes = fs::read(&file).with_context(|| {
        format!("cannot read {}; `cargo xtask record-day` makes it", file.display())
    })?;
    let lines: Vec<_> = bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    ensure!(lines.len() == MINUTES, "{} has {} lines", file.display(), lines.len());
    Ok(lines)
}

/// Returns the temperature in a line; `None` if it is a drop-out. This is not the same code as the sensor's parser, so
/// that each checks the other.
pub fn temperature(line: &[u8]) -> Option<Celsius> {
    let degrees: f64 = str::from_utf8(line).ok()?.trim_end().parse().ok()?;
    Some(Celsius((degrees * 10.0).round() as i16))
}

fn generate() -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut bytes = Vec::new();
    for minute in 0..MINUTES {
        let noise = (random.f64() + random.f64() + random.f64() - 1.5) * 0.2;
        if DROP_OUTS.iter().any(|&(first, length)| (first..first + length).contains(&minute)) {
            garbage(&mut random, &mut bytes);
        } else {
            bytes.extend(format!("{:.1}", room(minute as f64) + noise).into_bytes());
        }
        bytes.push(b'\n');
    }
    bytes
}

/// Returns the temperature of the room, in °C.
fn room(minute: f64) -> f64 {
    let hour = minute / 60.0;
    let day = 22.3 - 2.6 * (TAU * (hour - 3.5) / 24.0).cos();
    let clouds = if (11.0..18.0).contains(&hour) { 0.9 * (TAU * hour / 1.75).sin() } else { 0.0 };
    let cooking = 1.9 * (-((hour - 19.6) / 0.5).powi(2)).exp();
    day + clouds + cooking
}

/// Appends a line that is no temperature. It has any bytes except line breaks, and may be much too long.
fn garbage(random: &mut fastrand::Rng, bytes: &mut Vec<u8>) {
    bytes.push(0xff);
    let length = if random.u8(..) < 64 { 400 } else { random.usize(1..40) };
    bytes.extend((0..length).map(|_| random.u8(..)).filter(|&byte| byte != b'\n'));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_what_the_generator_makes() {
        assert!(fs::read(file()).unwrap() == generate(), "run `cargo xtask record-day`");
    }

    #[test]
    fn the_day_has_two_drop_outs() {
        let lines = read().unwrap();
        let gaps: Vec<usize> = (0..MINUTES).filter(|&m| temperature(&lines[m]).is_none()).collect();
        let expected: Vec<usize> =
            DROP_OUTS.iter().flat_map(|&(first, length)| first..first + length).collect();
        assert_eq!(gaps, expected);
    }

    #[test]
    fn drop_outs_have_bytes_that_are_no_text_and_a_line_that_is_too_long() {
        let lines = read().unwrap();
        let garbage = || lines.iter().filter(|line| temperature(line).is_none());
        assert!(garbage().all(|line| str::from_utf8(line).is_err()));
        assert!(garbage().any(|line| line.len() > 300));
    }
}

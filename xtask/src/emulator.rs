//! Runs firmware on the emulated board.

use crate::machine::stop;
use crate::setup;
use anyhow::{Context, Result};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use wait_timeout::ChildExt;

/// The emulator with this firmware.
pub fn command(firmware: &Path) -> Command {
    let mut command = Command::new(setup::EMULATOR);
    command.args(["-M", "mps2-an385", "-display", "none", "-monitor", "none"]);
    command.arg("-kernel").arg(firmware);
    command
}

/// How a firmware ended that ends by itself.
pub struct Finished {
    /// Whether it reported success.
    pub success: bool,
    /// What it wrote on the first serial line, and what the emulator had to say.
    pub output: String,
}

/// Runs a firmware that ends by itself (by semihosting), for at most `patience`, with more options for the
/// emulator.
///
/// Its time is exact, however busy this machine is: each instruction takes 1 ns, and when the CPU sleeps, time
/// jumps to the next interrupt.
///
/// # Errors
/// If the emulator can't be run. A firmware that doesn't end is no success, but no error either.
pub fn run(firmware: &Path, options: &[&str], patience: Duration) -> Result<Finished> {
    let mut command = run_command(firmware, options);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot start the emulator")?;
    let output = child.stdout.take().map(collect);
    let errors = child.stderr.take().map(collect);
    let status = child.wait_timeout(patience)?;
    stop(&mut child);
    let text = |thread: Option<thread::JoinHandle<String>>| {
        thread.and_then(|thread| thread.join().ok()).unwrap_or_default()
    };
    let mut output = text(output) + &text(errors);
    if status.is_none() {
        output += &format!("\nstopped after {} s: it did not end\n", patience.as_secs());
    }
    Ok(Finished { success: status.is_some_and(|status| status.success()), output })
}

/// The command that [`run`] runs.
pub fn run_command(firmware: &Path, options: &[&str]) -> Command {
    let mut command = command(firmware);
    command.args(["-serial", "stdio"]);
    command.args(["-semihosting-config", "enable=on,target=native,userspace=on"]);
    command.args(["-icount", "shift=0,sleep=off"]).args(options);
    command
}

fn collect(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is worth showing.
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

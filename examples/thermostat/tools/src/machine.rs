// SPDX-License-Identifier: MIT OR Apache-2.0
//! The running thermostat, whose serial lines the demo controls.

use anyhow::{Context, Result, anyhow, bail};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use workbench::board::Board;
use workbench::command;

/// The time in which a machine has to start.
const START: Duration = Duration::from_secs(10);
/// The time in which an emulated board sets its serial lines up. Before, some boards drop what arrives.
const SETUP: Duration = Duration::from_millis(500);
/// The board's serial lines.
pub const PORTS: usize = 3;

/// Builds the thermostat.
///
/// # Errors
/// If it does not build.
pub fn build(board: Board) -> Result<()> {
    command::run(&mut cargo("build", board)).map(|_| ())
}

/// Returns the cargo command that builds or runs the thermostat. When it runs the thermostat, cargo becomes the
/// program, or the emulator.
fn cargo(what: &str, board: Board) -> Command {
    let mut cargo = workbench::cargo();
    cargo.args([what, "--quiet", "--package", "thermostat"]);
    if board != Board::Hosted {
        cargo.arg("--release").args(board.arguments());
    }
    cargo
}

/// A line that the firmware has sent.
pub struct Received {
    /// The serial line, counted from 0.
    pub port: usize,
    /// The text, without the line break.
    pub text: String,
}

/// A running firmware whose serial lines the demo controls. It stops when this value is dropped.
pub struct Machine {
    child: Child,
    ports: [UnixStream; PORTS],
    lines: Receiver<Received>,
    _folder: TempDir,
}

impl Machine {
    /// Starts the thermostat. It has to be [built](build) before.
    ///
    /// # Errors
    /// If the firmware or the emulator doesn't start.
    pub fn start(board: Board) -> Result<Machine> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let mut command = cargo("run", board);
        command.arg("--");
        let mut listeners = Vec::new();
        for port in 0..PORTS {
            let path = folder.path().join(format!("uart{port}"));
            listeners.push(UnixListener::bind(&path).context("cannot make a socket")?);
            let path = path.display();
            match board {
                Board::Hosted => command.arg(format!("--serial{port}=unix:{path}")),
                Board::Microcontroller(_) => {
                    command.arg("-chardev").arg(format!("socket,id=uart{port},path={path}"));
                    command.arg("-serial").arg(format!("chardev:uart{port}"))
                }
            };
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start the firmware")?;
        let ports = match connect(&listeners, &mut child) {
            Ok(ports) => ports,
            Err(error) => {
                stop(&mut child);
                return Err(error);
            }
        };
        let (sender, lines) = channel();
        for (port, stream) in ports.iter().enumerate() {
            receive(port, stream.try_clone()?, sender.clone());
        }
        if board != Board::Hosted {
            thread::sleep(SETUP);
        }
        Ok(Machine { child, ports, lines, _folder: folder })
    }

    /// Sends bytes to a serial line.
    ///
    /// # Errors
    /// If the firmware has ended.
    pub fn send(&mut self, port: usize, bytes: &[u8]) -> Result<()> {
        self.ports[port].write_all(bytes).context("the firmware doesn't take input any more")
    }

    /// Returns the next line that the firmware sends on any serial line; `None` after `patience`.
    ///
    /// # Errors
    /// If the firmware has ended.
    pub fn receive(&mut self, patience: Duration) -> Result<Option<Received>> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(ended(&mut self.child)),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// Kills a machine. It has no state that could be lost. If it has ended already, this is no error.
fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Waits until the machine has connected all serial lines.
fn connect(listeners: &[UnixListener], child: &mut Child) -> Result<[UnixStream; PORTS]> {
    let deadline = Instant::now() + START;
    let mut ports = Vec::new();
    for listener in listeners {
        listener.set_nonblocking(true)?;
        let stream = loop {
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error).context("cannot connect to the firmware"),
            }
            if child.try_wait()?.is_some() {
                return Err(ended(child));
            }
            if Instant::now() > deadline {
                bail!("the firmware did not come up within {} s", START.as_secs());
            }
            thread::sleep(Duration::from_millis(5));
        };
        stream.set_nonblocking(false)?;
        // Input that no process reads, because its process has crashed, must not block the demo for ever.
        stream.set_write_timeout(Some(START))?;
        ports.push(stream);
    }
    ports.try_into().map_err(|_| anyhow!("a serial line is missing"))
}

fn receive(port: usize, stream: UnixStream, lines: Sender<Received>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n') {
            let Ok(line) = line else { return };
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if lines.send(Received { port, text }).is_err() {
                return;
            }
        }
    });
}

/// Returns the error for a firmware that has ended too early. The error contains the firmware's output.
fn ended(child: &mut Child) -> anyhow::Error {
    stop(child);
    let mut text = String::new();
    if let Some(mut errors) = child.stderr.take() {
        // If the output can't be read, the error is shown without it.
        let _ = errors.read_to_string(&mut text);
    }
    anyhow!("the firmware has ended unexpectedly\n{}", text.trim_end())
}

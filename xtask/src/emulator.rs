//! Runs firmware on the emulated board.

use crate::setup;
use anyhow::{Context, Result, anyhow, bail};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use wait_timeout::ChildExt;

/// How long the emulator may take to come up.
const START: Duration = Duration::from_secs(10);
/// The board's serial lines.
pub const PORTS: usize = 3;

fn command(firmware: &Path) -> Command {
    let mut command = Command::new(setup::EMULATOR);
    command.args(["-M", "mps2-an385", "-display", "none", "-monitor", "none"]);
    command.arg("-kernel").arg(firmware);
    command
}

/// A line that the firmware has sent.
pub struct Received {
    /// The serial line, counted from 0.
    pub port: usize,
    /// The text, without the line break.
    pub text: String,
}

/// A running firmware whose serial lines are in our hands. It is stopped when this goes away.
pub struct Machine {
    child: Child,
    ports: [UnixStream; PORTS],
    lines: Receiver<Received>,
    _folder: TempDir,
}

impl Machine {
    /// Starts a firmware.
    ///
    /// # Errors
    /// If the emulator doesn't start.
    pub fn start(firmware: &Path) -> Result<Machine> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let mut command = command(firmware);
        let mut listeners = Vec::new();
        for port in 0..PORTS {
            let path = folder.path().join(format!("uart{port}"));
            listeners.push(UnixListener::bind(&path).context("cannot make a socket")?);
            command.arg("-chardev");
            command.arg(format!("socket,id=uart{port},path={}", path.display()));
            command.arg("-serial").arg(format!("chardev:uart{port}"));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start the emulator")?;
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
        Ok(Machine { child, ports, lines, _folder: folder })
    }

    /// Sends bytes down a serial line.
    ///
    /// # Errors
    /// If the emulator is gone.
    pub fn send(&mut self, port: usize, bytes: &[u8]) -> Result<()> {
        self.ports[port].write_all(bytes).context("the emulator doesn't take input any more")
    }

    /// The next line that the firmware sends on any serial line; `None` after `patience`.
    ///
    /// # Errors
    /// If the emulator has ended.
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

/// Ends the emulator. It has no state to lose; that it may have ended already is no error.
fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Waits until the emulator has connected all serial lines.
fn connect(listeners: &[UnixListener], child: &mut Child) -> Result<[UnixStream; PORTS]> {
    let deadline = Instant::now() + START;
    let mut ports = Vec::new();
    for listener in listeners {
        listener.set_nonblocking(true)?;
        let stream = loop {
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error).context("cannot connect to the emulator"),
            }
            if child.try_wait()?.is_some() {
                return Err(ended(child));
            }
            if Instant::now() > deadline {
                bail!("the emulator did not come up within {} s", START.as_secs());
            }
            thread::sleep(Duration::from_millis(5));
        };
        stream.set_nonblocking(false)?;
        // Input that nobody takes (its process has crashed) must not block us for ever.
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

/// Says that the emulator has ended before its time, and what it said to that.
fn ended(child: &mut Child) -> anyhow::Error {
    stop(child);
    let mut text = String::new();
    if let Some(mut errors) = child.stderr.take() {
        // What can't be read is not shown; the error is that the emulator has ended.
        let _ = errors.read_to_string(&mut text);
    }
    anyhow!("the emulator has ended unexpectedly\n{}", text.trim_end())
}

/// How a firmware ended that ends by itself.
pub struct Finished {
    /// Whether it reported success.
    pub success: bool,
    /// What it wrote on the first serial line, and what the emulator had to say.
    pub output: String,
}

/// Runs a firmware that ends by itself (by semihosting), for at most `patience`.
///
/// Its time is exact, however busy this machine is: each instruction takes 1 ns.
///
/// # Errors
/// If the emulator can't be run. A firmware that doesn't end is no success, but no error either.
pub fn run(firmware: &Path, patience: Duration) -> Result<Finished> {
    let mut command = run_command(firmware);
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
pub fn run_command(firmware: &Path) -> Command {
    let mut command = command(firmware);
    command.args(["-serial", "stdio"]);
    command.args(["-semihosting-config", "enable=on,target=native,userspace=on"]);
    command.args(["-icount", "shift=0"]);
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

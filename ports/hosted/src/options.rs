// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line of a firmware that runs as a program of the host.

use crate::lending::Rules;
use crate::linux::files::{self, InterfaceName};
use crate::linux::{forward, output, terminal};
use crate::protection::Choice;
use clap::{Parser, ValueEnum};
use crossgate_kernel::time::NEVER;
use std::ffi::OsString;
use std::fmt::{self, Display};
use std::fs::File;
use std::io::{Error, IsTerminal, stderr, stdout};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::process::Command;
use std::str::FromStr;

/// The end of the text of `--help`.
const EXAMPLES: &str = "\
Examples (`cargo run -- OPTIONS` runs a firmware with options):
  < day.txt                            what the second serial line receives comes from a file
  --time virtual --until 60            a minute of the firmware's time, as fast as it goes
  --display file:picture.svg           what the display shows, for a browser
  --seed 7                             interrupts where the number 7 has them
  --serial0 pty --serial1 tcp:host:99  a terminal of its own, and a connection
  --block-system-calls                 no process can call Linux";

/// A Crossgate firmware as a Linux program, its processes isolated by the host's memory protection.
///
/// The connection of a serial line is one of:
///   auto           line 0 writes the standard output; the first line that the firmware listens at
///                  reads the standard input, from a terminal key by key if it writes there, too
///   null           nothing
///   stdin          reads the standard input, whose end is the end of the program
///   stdout         writes the standard output
///   stdio          both
///   file:PATH      reads a file; the program goes on at its end
///   pty            a terminal of its own, whose name is told
///   unix:PATH      connects to a Unix socket
///   tcp:HOST:PORT  connects to a TCP socket
#[derive(Debug, Parser)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub struct Options {
    /// The connection of serial line 0.
    #[arg(long, value_name = "WHAT", default_value = "auto")]
    serial0: Connection,
    /// The connection of serial line 1.
    #[arg(long, value_name = "WHAT", default_value = "auto")]
    serial1: Connection,
    /// The connection of serial line 2.
    #[arg(long, value_name = "WHAT", default_value = "null")]
    serial2: Connection,
    /// The place that shows the display on the I2C bus: `off`, `terminal`, or `file:PATH`, which gets the present
    /// picture as SVG.
    #[arg(long, value_name = "WHERE", default_value = "off")]
    pub display: Shown,
    /// The file that keeps the contents of the flash from one run to the next. It is created if it does not exist.
    #[arg(long, value_name = "PATH")]
    pub flash: Option<PathBuf>,
    /// Cuts the power after this number of words and pages of the flash have been written and erased: the next word or
    /// page is only half done, and the program ends with status 75.
    #[arg(long, value_name = "NUMBER")]
    pub flash_cut: Option<u64>,
    /// Flips a bit of the flash at the start: bit 0 is the lowest bit of its first byte. For several bits, repeat the
    /// option.
    #[arg(long, value_name = "BIT")]
    pub flash_flip: Vec<usize>,
    /// The other end of the Ethernet cable. `off`: nothing. `back`: the controller receives its own frames.
    /// `udp:OWN,OTHER`: two addresses with ports; each datagram is a frame, as in QEMU's `-netdev dgram`.
    /// `forward:PORT=OTHER`: connections to PORT of the host's loopback go to port OTHER of 10.0.2.15, as with QEMU's
    /// `-nic user,hostfwd=`. `tap:NAME`: an interface of Linux.
    #[arg(long, value_name = "WHERE", default_value = "off")]
    pub ethernet: Cable,
    /// Makes the program the other end of a cable of the kind `forward`, for connections to this port.
    #[arg(long, value_name = "PORT", hide = true)]
    forwards: Option<u16>,
    /// The source of time.
    #[arg(long, value_enum, value_name = "SOURCE", default_value_t)]
    pub time: Time,
    /// In virtual time, interrupts also come at other instructions, which are chosen from this number. The same number
    /// gives the same run.
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Ends the program after this time of the firmware.
    #[arg(long, value_name = "SECONDS")]
    until: Option<u64>,
    /// Makes a system call of Linux a fault of the process whose code makes it.
    #[arg(long)]
    pub block_system_calls: bool,
    /// The means by which the memory of processes is closed.
    #[arg(long, value_enum, value_name = "MEANS", default_value_t)]
    pub protection: Choice,
    /// The protection unit whose rules decide which memory can be lent.
    #[arg(long, value_enum, value_name = "RULES", default_value_t)]
    pub lending: Rules,
    /// Lets every process write to the standard error and end the program, as tests do.
    #[arg(long)]
    pub semihosting: bool,
}

impl Options {
    /// Returns the connections of the serial lines.
    pub fn serial(&self) -> [&Connection; 3] {
        [&self.serial0, &self.serial1, &self.serial2]
    }

    /// Returns the time at which the program ends, in µs since start.
    pub fn until(&self) -> u64 {
        self.until.map_or(NEVER, |seconds| seconds.saturating_mul(1_000_000))
    }

    /// Returns whether time is virtual.
    pub fn is_virtual(&self) -> bool {
        self.time == Time::Virtual || self.seed.is_some()
    }
}

/// The source of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Time {
    /// The host's clock.
    #[default]
    Real,
    /// Virtual time: it jumps to the time of the timer as soon as there is nothing to do.
    Virtual,
}

/// Where a display is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Nowhere,
    Terminal,
    File(PathBuf),
}

impl FromStr for Shown {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Shown, &'static str> {
        match text.split_once(':') {
            None if text == "off" => Ok(Shown::Nowhere),
            None if text == "terminal" => Ok(Shown::Terminal),
            Some(("file", path)) if !path.is_empty() => Ok(Shown::File(path.into())),
            _ => Err("expected off, terminal or file:PATH"),
        }
    }
}

/// The other end of an Ethernet cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cable {
    Off,
    Back,
    Udp { own: SocketAddr, other: SocketAddr },
    Forward { port: u16, other: u16 },
    Tap(InterfaceName),
}

impl FromStr for Cable {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Cable, &'static str> {
        let addresses = text.strip_prefix("udp:").and_then(|rest| rest.split_once(','));
        if let Some((port, other)) = text.strip_prefix("forward:").and_then(|it| it.split_once('='))
        {
            let parsed =
                port.parse().and_then(|port| Ok(Cable::Forward { port, other: other.parse()? }));
            return parsed.map_err(|_| "expected two ports, as forward:8080=80");
        }
        if let Some(name) = text.strip_prefix("tap:") {
            let mut bytes = InterfaceName::default();
            // (A 0 follows the name.)
            let place = bytes
                .get_mut(..name.len())
                .filter(|it| (1..libc::IFNAMSIZ).contains(&it.len()) && !name.contains('\0'));
            place
                .ok_or("expected a name of 1 to 15 bytes, as tap:tap0")?
                .copy_from_slice(name.as_bytes());
            return Ok(Cable::Tap(bytes));
        }
        match (text, addresses) {
            ("off", _) => Ok(Cable::Off),
            ("back", _) => Ok(Cable::Back),
            (_, Some((own, other))) => own
                .parse()
                .and_then(|own| Ok(Cable::Udp { own, other: other.parse()? }))
                .map_err(|_| "expected an address and a port, as 127.0.0.1:5000, twice"),
            _ => Err("expected off, back, udp:OWN,OTHER, forward:PORT=OTHER or tap:NAME"),
        }
    }
}

impl Display for Cable {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Cable::Off => formatter.write_str("off"),
            Cable::Back => formatter.write_str("back"),
            Cable::Udp { own, other } => write!(formatter, "udp:{own},{other}"),
            Cable::Forward { port, other } => write!(formatter, "forward:{port}={other}"),
            Cable::Tap(name) => {
                write!(formatter, "tap:{}", String::from_utf8_lossy(name).trim_end_matches('\0'))
            }
        }
    }
}

impl Cable {
    /// Opens the host's end of the cable, if there is one.
    ///
    /// # Errors
    /// The error of the host.
    pub fn open(&self) -> Result<Option<File>, Error> {
        match self {
            Cable::Off | Cable::Back => Ok(None),
            Cable::Udp { own, other } => {
                let socket = UdpSocket::bind(own)?;
                socket.connect(other)?;
                socket.set_nonblocking(true)?;
                Ok(Some(OwnedFd::from(socket).into()))
            }
            // The other end has to be a separate process of Linux. A thread of this program could not run, because
            // memory is closed while processes run.
            Cable::Forward { port, other } => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, *port))?;
                let (own, frames) = UnixDatagram::pair()?;
                own.set_nonblocking(true)?;
                Command::new(std::env::current_exe()?)
                    .arg(format!("--forwards={other}"))
                    .stdin(OwnedFd::from(frames))
                    .stdout(OwnedFd::from(listener))
                    .spawn()?;
                Ok(Some(OwnedFd::from(own).into()))
            }
            Cable::Tap(name) => files::open_interface(name).map(Some),
        }
    }
}

/// The connection of a serial line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    Automatic,
    Null,
    StandardInput,
    StandardOutput,
    Standard,
    File(PathBuf),
    Terminal,
    Unix(PathBuf),
    Tcp(String),
}

impl FromStr for Connection {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Connection, &'static str> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match (kind, rest) {
            ("auto", "") => Ok(Connection::Automatic),
            ("null", "") => Ok(Connection::Null),
            ("stdin", "") => Ok(Connection::StandardInput),
            ("stdout", "") => Ok(Connection::StandardOutput),
            ("stdio", "") => Ok(Connection::Standard),
            ("pty", "") => Ok(Connection::Terminal),
            ("file", path) if !path.is_empty() => Ok(Connection::File(path.into())),
            ("unix", path) if !path.is_empty() => Ok(Connection::Unix(path.into())),
            ("tcp", address) if address.contains(':') => Ok(Connection::Tcp(address.into())),
            _ => Err(
                "expected auto, null, stdin, stdout, stdio, file:PATH, pty, unix:PATH or tcp:HOST:PORT",
            ),
        }
    }
}

impl Display for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Connection::Automatic => formatter.write_str("auto"),
            Connection::Null => formatter.write_str("null"),
            Connection::StandardInput => formatter.write_str("stdin"),
            Connection::StandardOutput => formatter.write_str("stdout"),
            Connection::Standard => formatter.write_str("stdio"),
            Connection::File(path) => write!(formatter, "file:{}", path.display()),
            Connection::Terminal => formatter.write_str("pty"),
            Connection::Unix(path) => write!(formatter, "unix:{}", path.display()),
            Connection::Tcp(address) => write!(formatter, "tcp:{address}"),
        }
    }
}

impl Connection {
    /// Returns whether the connection reads the standard input.
    pub fn is_standard_input(&self) -> bool {
        matches!(self, Connection::StandardInput | Connection::Standard)
    }

    /// Opens the connection. Returns the file from which bytes are received, and the file to which bytes are sent.
    ///
    /// # Errors
    /// The error of the host.
    pub fn open(&self, index: usize) -> Result<(Option<File>, Option<File>), Error> {
        let both = |file: File| Ok((Some(file.try_clone()?), Some(file)));
        match self {
            Connection::Automatic if index == 0 => Ok((None, Some(files::standard_output()?))),
            Connection::Automatic | Connection::Null => Ok((None, None)),
            Connection::StandardInput => Ok((Some(files::standard_input()?), None)),
            Connection::StandardOutput => Ok((None, Some(files::standard_output()?))),
            Connection::Standard => {
                Ok((Some(files::standard_input()?), Some(files::standard_output()?)))
            }
            Connection::File(path) => Ok((Some(File::open(path)?), None)),
            Connection::Terminal => {
                let (terminal, name) = terminal::open()?;
                eprintln!("crossgate: serial line {index} is {name}");
                both(terminal)
            }
            Connection::Unix(path) => both(OwnedFd::from(UnixStream::connect(path)?).into()),
            Connection::Tcp(address) => both(OwnedFd::from(TcpStream::connect(address)?).into()),
        }
    }
}

/// Parses the options of the command line. A wrong option ends the program. If an option makes this program the other
/// end of a cable, the program does only that. A user at a terminal is told how to end the program, because a firmware
/// does not end by itself.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Options {
    let options = Options::parse_from(arguments);
    if let Some(port) = options.forwards {
        forward::run(port);
    }
    if options.until.is_none() && stdout().is_terminal() && stderr().is_terminal() {
        output::tell(format_args!(
            "crossgate: a firmware does not end by itself: Ctrl-C ends the program, and so does --until SECONDS."
        ));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_told_as_they_are_written() {
        for text in [
            "auto",
            "null",
            "stdin",
            "stdout",
            "stdio",
            "file:a:b",
            "pty",
            "unix:/a",
            "tcp:localhost:9",
        ] {
            assert_eq!(Connection::from_str(text).map(|it| it.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "nul", "stdio:x", "file", "file:", "tcp:9"] {
            assert!(Connection::from_str(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_cable_leads_to_one_place() {
        let udp = "udp:127.0.0.1:5000,10.0.0.1:5001";
        for text in ["off", "back", udp, "forward:8080=80", "tap:fifteen-letters"] {
            assert_eq!(Cable::from_str(text).map(|it| it.to_string()).as_deref(), Ok(text));
        }
        let addresses = ["udp:", "udp:127.0.0.1:5000", "udp:127.0.0.1,127.0.0.1"];
        let names = ["tap", "tap:", "tap:sixteen-letters.", "tap:a\0b"];
        for text in ["", "on", "forward:80", "forward:80=", "forward:65536=80"]
            .iter()
            .chain(&addresses)
            .chain(&names)
        {
            assert!(Cable::from_str(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_display_is_shown_in_one_place() {
        let shown = |text| Options::try_parse_from(["it", "--display", text]).map(|it| it.display);
        assert_eq!(Options::parse_from(["it"]).display, Shown::Nowhere);
        assert_eq!(shown("terminal").unwrap(), Shown::Terminal);
        assert_eq!(shown("file:a:b").unwrap(), Shown::File("a:b".into()));
        for text in ["", "file", "file:", "terminal:", "picture.svg"] {
            assert!(shown(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_seed_is_for_virtual_time() {
        assert!(Options::parse_from(["it", "--seed", "7"]).is_virtual());
        assert!(!Options::parse_from(["it"]).is_virtual());
    }
}

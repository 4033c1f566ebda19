// SPDX-License-Identifier: MIT OR Apache-2.0
//! An HTTP client that accepts only complete answers.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The longest time that a test waits for an event.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// The time after which a connection that was refused is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// A running firmware.
pub struct Web {
    program: Child,
    pub port: u16,
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// An answer, and the number of refused connections before it.
pub struct Answer {
    /// The lines before the contents, including the empty line.
    pub head: String,
    pub contents: String,
    pub refusals: u32,
}

impl Web {
    /// Starts the firmware by this command, and waits until it answers. `cable` adds the options that connect a port of
    /// this machine to the firmware.
    pub fn start(mut command: Command, cable: impl FnOnce(&mut Command, u16)) -> Web {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        cable(&mut command, port);
        let program = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let web = Web { program, port };
        web.until(|web| TcpStream::connect(("127.0.0.1", web.port)).is_ok());
        web.get("/state");
        web
    }

    /// Returns `true` if the firmware runs.
    pub fn runs(&mut self) -> bool {
        self.program.try_wait().unwrap().is_none()
    }

    pub fn until(&self, mut is_so: impl FnMut(&Web) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < PATIENCE, "it does not happen");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a request, and returns the answer. A connection that ends before its first byte counts as refused, and the
    /// request is sent again.
    fn ask(&self, request: &str) -> Answer {
        let start = Instant::now();
        let mut refusals = 0;
        loop {
            if let Some(answer) = self.try_ask(request) {
                let (head, contents) = answer.split_once("\r\n\r\n").unwrap_or_else(|| {
                    panic!("an answer to {request:?} without an end of its head: {answer:?}")
                });
                let (head, contents) = (format!("{head}\r\n\r\n"), contents.to_owned());
                return Answer { head, contents, refusals };
            }
            assert!(start.elapsed() < PATIENCE, "no connection is taken");
            refusals += 1;
            thread::sleep(RETRY);
        }
    }

    /// Returns the whole text until the other end closes; `None` if the connection was refused.
    fn try_ask(&self, request: &str) -> Option<String> {
        let mut stream = match TcpStream::connect(("127.0.0.1", self.port)) {
            Ok(stream) => stream,
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return None,
            Err(error) => panic!("no connection: {error}"),
        };
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // An error is ignored: if the write fails, no answer comes, and the read fails too.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(0) => None,
            Err(error) if answer.is_empty() && error.kind() == ErrorKind::ConnectionReset => None,
            Ok(_) => Some(String::from_utf8(answer).unwrap()),
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&answer)),
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }

    pub fn post(&self, path: &str, form: &str) -> Answer {
        let length = form.len();
        self.ask(&format!("POST {path} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{form}"))
    }
}

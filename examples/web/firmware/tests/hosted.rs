// SPDX-License-Identifier: MIT OR Apache-2.0
//! The firmware as a program of this machine, and its page as a client over TCP and a browser get it.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The time after which what has not happened does not happen.
const PATIENCE: Duration = Duration::from_secs(60);

struct Web {
    program: Child,
    port: u16,
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Web {
    fn start() -> Web {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = Command::new(env!("CARGO_BIN_EXE_web"))
            .args([format!("--ethernet=forward:{port}=80"), "--serial1=null".into()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let web = Web { program, port };
        web.until(|web| TcpStream::connect(("127.0.0.1", web.port)).is_ok());
        web
    }

    fn until(&self, mut is_so: impl FnMut(&Web) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < PATIENCE, "it does not happen");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a request, and returns the answer.
    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }

    fn post(&self, path: &str, form: &str) -> String {
        let length = form.len();
        self.ask(&format!("POST {path} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{form}"))
    }
}

#[test]
fn the_page_shows_and_controls_the_room() {
    let web = Web::start();
    let page = web.get("/");
    let contents = page.split_once("\r\n\r\n").map(|(_, contents)| contents);
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert_eq!(contents, Some(include_str!("../../page/src/page.html")));

    let [running, crashed] =
        [0, 1].map(|count| format!("\"sensor\",\"state\":\"running\",\"crashes\":{count}"));
    let state = web.get("/state");
    assert!(state.contains("\"setPoint\":230,") && state.contains(&running), "{state}");
    assert!(web.post("/set-point", "degrees=21.5").starts_with("HTTP/1.1 303 "));
    assert!(web.post("/set-point", "degrees=99").starts_with("HTTP/1.1 400 "));
    assert!(web.get("/nothing").starts_with("HTTP/1.1 404 "));
    web.until(|web| web.get("/state").contains("\"setPoint\":215,"));
    // The room is warmer than that, so the fan begins to run.
    web.until(|web| web.get("/state").contains(",true]"));

    assert!(web.post("/crash", "").starts_with("HTTP/1.1 303 "));
    web.until(|web| web.get("/state").contains(&crashed));
    let state = web.get("/state");
    assert_eq!(state.matches("\"crashes\":0").count(), 6, "{state}");
}

#[test]
fn connections_that_say_nothing_keep_nobody_out() {
    let web = Web::start();
    let silent: Vec<_> =
        (0..3).map(|_| TcpStream::connect(("127.0.0.1", web.port)).unwrap()).collect();
    assert!(web.get("/state").starts_with("HTTP/1.1 200 OK\r\n"));
    drop(silent);
    for _ in 0..50 {
        assert!(web.get("/state").starts_with("HTTP/1.1 200 OK\r\n"));
        let half = TcpStream::connect(("127.0.0.1", web.port)).unwrap();
        half.shutdown(Shutdown::Both).unwrap();
    }
}

#[test]
fn a_browser_shows_the_page() {
    let web = Web::start();
    // The chart needs two points.
    web.until(|web| web.get("/state").contains("],["));
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Command::new("chromium");
    browser
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().display()))
        .arg(format!("http://127.0.0.1:{}/", web.port));
    let Ok(output) = browser.output() else {
        eprintln!("skipped: there is no program `chromium` to show the page");
        return;
    };
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains(" °C</span>") && shown.contains("<td>sensor</td>"), "{shown}");
    assert!(shown.contains("<path d=\"M") && shown.contains("23.0</text>"), "{shown}");
    assert!(shown.contains("<p id=\"lost\" role=\"status\"></p>"), "{shown}");
}

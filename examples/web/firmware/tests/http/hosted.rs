// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the firmware as a Linux program. One client, many clients and a browser get its page.

use crate::client::Web;
use crate::load::{self, PAGE, SEE_OTHER};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

fn start() -> Web {
    let mut command = Command::new(env!("CARGO_BIN_EXE_web"));
    command.arg("--serial1=null");
    Web::start(command, |command, port| {
        command.arg(format!("--ethernet=forward:{port}=80"));
    })
}

#[test]
fn the_page_shows_and_controls_the_room() {
    let web = start();
    let page = web.get("/");
    assert!(page.head.starts_with("HTTP/1.1 200 OK\r\n"), "{}", page.head);
    assert_eq!(page.contents, PAGE);

    let [running, crashed] =
        [0, 1].map(|count| format!("\"sensor\",\"state\":\"running\",\"crashes\":{count}"));
    let state = web.get("/state").contents;
    assert!(state.contains("\"setPoint\":230,") && state.contains(&running), "{state}");
    assert_eq!(web.post("/set-point", "degrees=21.5").head, SEE_OTHER);
    assert!(web.post("/set-point", "degrees=99").head.starts_with("HTTP/1.1 400 "));
    assert!(web.get("/nothing").head.starts_with("HTTP/1.1 404 "));
    web.until(|web| web.get("/state").contents.contains("\"setPoint\":215,"));
    // The room is warmer than this set point, so the fan begins to run.
    web.until(|web| web.get("/state").contents.contains(",true]"));

    assert_eq!(web.post("/crash/sensor", "").head, SEE_OTHER);
    web.until(|web| web.get("/state").contents.contains(&crashed));
    let state = web.get("/state").contents;
    assert_eq!(state.matches("\"crashes\":0").count(), 7, "{state}");
}

#[test]
fn a_load_finds_each_answer_whole_while_processes_crash() {
    load::run(&mut start(), "on Linux", 4);
}

#[test]
fn connections_that_say_nothing_keep_nobody_out() {
    let web = start();
    let silent: Vec<_> =
        (0..3).map(|_| TcpStream::connect(("127.0.0.1", web.port)).unwrap()).collect();
    assert!(web.get("/state").head.starts_with("HTTP/1.1 200 OK\r\n"));
    drop(silent);
    for _ in 0..50 {
        assert!(web.get("/state").head.starts_with("HTTP/1.1 200 OK\r\n"));
        let half = TcpStream::connect(("127.0.0.1", web.port)).unwrap();
        half.shutdown(Shutdown::Both).unwrap();
    }
}

#[test]
fn an_interface_of_linux_leads_to_the_page() {
    const NAME: &str = "crossgate-web";
    let ip = |arguments: &str| {
        let status = Command::new("ip").args(arguments.split(' ')).status();
        status.is_ok_and(|status| status.success())
    };
    if !ip(&format!("tuntap add dev {NAME} mode tap")) {
        eprintln!("skipped: this user may not make an interface of Linux");
        return;
    }
    assert!(
        ip(&format!("address add 10.0.2.2/24 dev {NAME}")) && ip(&format!("link set {NAME} up"))
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_web"));
    let firmware = command.args(["--serial1=null", &format!("--ethernet=tap:{NAME}")]).spawn();
    let host = SocketAddr::from(([10, 0, 2, 15], 80));
    // Until the firmware has started, Linux does not find the host. It gives up after some seconds.
    let start = Instant::now();
    let connection = loop {
        let connection = TcpStream::connect_timeout(&host, Duration::from_secs(20));
        if connection.is_ok() || start.elapsed() > Duration::from_secs(20) {
            break connection;
        }
    };
    let page = connection.and_then(|mut connection| {
        connection.set_read_timeout(Some(Duration::from_secs(20)))?;
        connection.write_all(b"GET / HTTP/1.1\r\nHost: 10.0.2.15\r\nConnection: close\r\n\r\n")?;
        let mut page = String::new();
        connection.read_to_string(&mut page)?;
        Ok(page)
    });
    firmware.unwrap().kill().unwrap();
    assert!(ip(&format!("tuntap del dev {NAME} mode tap")));
    assert!(page.unwrap().ends_with(PAGE));
}

#[test]
fn a_browser_shows_the_page() {
    let web = start();
    // The chart needs two points.
    web.until(|web| web.get("/state").contents.contains("],["));
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

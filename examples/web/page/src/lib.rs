// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process that serves the room's page by HTTP. It has only a port of this host, and handles of the services that
//! the page shows and uses. So an attacker who takes over this process can use nothing else.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | the page |
//! | `GET /state` | what it shows, as JSON |
//! | `POST /set-point` | sets `degrees`, and leads back to the page |
//! | `POST /crash/sensor`, `POST /crash/driver` | crashes the process, and leads back to the page |
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod answer;
mod history;
mod request;

use answer::Answer;
use core::fmt::{self, Write};
use core::time::Duration;
use crossgate::abi::table::System;
use crossgate::{Handle, LeaseBuf, inspect, time};
use crossgate_network::{TcpServer, TcpStream};
use crossgate_watch::{Observer, Updater};
use history::{HISTORY, POINTS, Point};
use request::{Request, Text};
use thermostat_interfaces::{Celsius, Measured};
use web_interfaces::CrashButton;

/// The port of HTTP.
pub const PORT: u16 = 80;

/// The HTML of the page.
const PAGE: &str = include_str!("page.html");
/// The longest time for which the other end of a connection may send nothing.
const PATIENCE: Duration = Duration::from_secs(5);
/// The time between two points of the chart.
const PERIOD: Duration = Duration::from_millis(500);

/// The services that the page shows and uses.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// The sensor's temperature.
    pub temperature: Handle<dyn Observer<Measured>>,
    /// The state of the fan: true while it runs.
    pub fan: Handle<dyn Observer<bool>>,
    /// The set point.
    pub set_point: Handle<dyn Observer<Celsius>>,
    /// The service that sets the set point.
    pub set: Handle<dyn Updater<Celsius>>,
    /// The buttons that crash the sensor and the driver of the Ethernet controller.
    pub crash: [Handle<dyn CrashButton>; 2],
}

/// The main function of the thread that records the points of the chart.
pub fn record(room: Room) -> ! {
    loop {
        let measured = room.temperature.get().ok().and_then(|Measured(measured)| measured.ok());
        let fan = room.fan.get().unwrap_or(false);
        HISTORY.lock().push(Point { measured, fan });
        time::sleep(PERIOD);
    }
}

/// The main function of the thread of a socket. It serves one connection after the other. Each connection has one
/// request.
pub fn serve<const PLACE: usize>(
    server: Handle<dyn TcpServer<PLACE, PORT>>,
    stream: Handle<dyn TcpStream<PLACE>>,
    room: Room,
    system: &'static System,
) -> ! {
    let (mut buffer, mut text) = (LeaseBuf::<512>::new(), Text::new());
    loop {
        text.clear();
        if server.accept() != Ok(Ok(())) {
            // The network's process has crashed. It restarts in this time.
            time::sleep(Duration::from_millis(10));
            continue;
        }
        if read(stream, &mut buffer, &mut text) {
            let mut answer = Answer::new(stream, &mut buffer);
            // An error is ignored: if the other end is gone, the rest of the answer is not needed.
            let _ = respond(request::parse(&text), room, system, &mut answer);
            let _ = answer.flush();
        }
        let _ = stream.close();
        // Normally the other end closes the connection too. If it does not, the connection is reset, so that the socket
        // becomes free.
        if !matches!(stream.receive_timeout(&mut buffer, PATIENCE), Ok(Ok(0))) {
            let _ = stream.reset();
        }
    }
}

/// Reads a request. Returns `false` if the request is incomplete or too long.
fn read<const PLACE: usize>(
    stream: Handle<dyn TcpStream<PLACE>>,
    buffer: &mut LeaseBuf<512>,
    text: &mut Text,
) -> bool {
    while request::parse(text) == Request::Partial {
        let received = stream.receive_timeout(&mut *buffer, PATIENCE);
        let Ok(Ok(count @ 1..)) = received else { return false };
        let Some(bytes) = buffer.get(..count as usize) else { return false };
        if text.extend_from_slice(bytes).is_err() {
            return false;
        }
    }
    true
}

/// Carries out the request, and writes the answer.
fn respond(request: Request, room: Room, system: &System, answer: &mut impl Write) -> fmt::Result {
    match request {
        Request::Page => {
            head(answer, "200 OK", "Content-Type: text/html; charset=utf-8")?;
            answer.write_str(PAGE)
        }
        Request::State => {
            head(answer, "200 OK", "Content-Type: application/json\r\nCache-Control: no-store")?;
            state(answer, room, system)
        }
        Request::SetPoint(to) => match room.set.set(to) {
            Ok(()) => head(answer, "303 See Other", "Location: /"),
            Err(_) => head(answer, "503 Service Unavailable", "Retry-After: 1"),
        },
        Request::CrashSensor | Request::CrashDriver => {
            let [sensor, driver] = room.crash;
            let button = if request == Request::CrashSensor { sensor } else { driver };
            // The call is expected to fail, because the button crashes the process.
            let _ = button.press();
            head(answer, "303 See Other", "Location: /")
        }
        Request::Foreign => head(answer, "403 Forbidden", "Content-Type: text/plain"),
        Request::Unknown => head(answer, "404 Not Found", "Content-Type: text/plain"),
        Request::Partial | Request::Bad => {
            head(answer, "400 Bad Request", "Content-Type: text/plain")
        }
    }
}

fn head(answer: &mut impl Write, status: &str, field: &str) -> fmt::Result {
    write!(answer, "HTTP/1.1 {status}\r\n{field}\r\nConnection: close\r\n\r\n")
}

/// Writes the data of the page as JSON.
fn state(answer: &mut impl Write, room: Room, system: &System) -> fmt::Result {
    let Celsius(set_point) = room.set_point.get().unwrap_or(Celsius(0));
    write!(answer, "{{\"setPoint\":{set_point},\"history\":[")?;
    // Only one point is taken at a time, so that the history is not locked while this thread waits for the connection.
    for index in 0..POINTS {
        let Some(point) = HISTORY.lock().get(index) else { break };
        let comma = if index == 0 { "" } else { "," };
        write!(answer, "{comma}{point}")?;
    }
    answer.write_str("],\"processes\":[")?;
    for (index, process) in (0..).zip(system.processes) {
        // The call can't fail, because the wiring lets this process inspect others.
        let crashes = inspect::crashes(index).map_or(0, |(count, _)| count);
        let state = match inspect::process(index).map(|process| process.state) {
            Ok(inspect::State::Running) => "running",
            Ok(inspect::State::Resetting) => "restarting",
            _ => "stopped",
        };
        let comma = if index == 0 { "" } else { "," };
        let name = process.name;
        write!(
            answer,
            "{comma}{{\"name\":\"{name}\",\"state\":\"{state}\",\"crashes\":{crashes}}}"
        )?;
    }
    answer.write_str("]}")
}

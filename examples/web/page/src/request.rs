// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests of browsers. The crate `httparse` parses them.

use core::str::FromStr;
use heapless::Vec;
use httparse::{EMPTY_HEADER, Status};
use thermostat_interfaces::Celsius;

/// The part of a request that has come so far.
pub type Text = Vec<u8, 2048>;

/// The largest number of header fields of a request.
const FIELDS: usize = 32;
/// The range of set points that the thermostat accepts, in tenths of a degree.
const SET_POINTS: core::ops::RangeInclusive<i16> = 100..=300;

/// The meaning of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Request {
    /// The request is not complete yet.
    Partial,
    Page,
    State,
    SetPoint(Celsius),
    CrashSensor,
    CrashDriver,
    /// The request to change something comes from a page of another host.
    Foreign,
    /// A request with any other path or method.
    Unknown,
    /// The request is not HTTP, or its contents are not valid.
    Bad,
}

/// Returns the meaning of a text.
pub fn parse(text: &[u8]) -> Request {
    let mut fields = [EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let start = match request.parse(text) {
        Ok(Status::Complete(start)) => start,
        Ok(Status::Partial) => return Request::Partial,
        Err(_) => return Request::Bad,
    };
    let field = |name: &str| {
        let mut fields = request.headers.iter();
        fields.find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
    };
    let length = match field("content-length") {
        None => Some(0),
        Some(value) => str::from_utf8(value).ok().and_then(|it| it.parse::<usize>().ok()),
    };
    let Some(length) = length else { return Request::Bad };
    let Some(contents) = text[start..].get(..length) else { return Request::Partial };
    match (request.method, request.path) {
        (Some("GET"), Some("/")) => Request::Page,
        (Some("GET"), Some("/state")) => Request::State,
        (Some("POST"), _) if is_foreign(field("origin"), field("host")) => Request::Foreign,
        (Some("POST"), Some("/crash/sensor")) => Request::CrashSensor,
        (Some("POST"), Some("/crash/driver")) => Request::CrashDriver,
        (Some("POST"), Some("/set-point")) => set_point(contents).unwrap_or(Request::Bad),
        _ => Request::Unknown,
    }
}

/// Returns `true` if the browser sends this request for a page of another host.
fn is_foreign(origin: Option<&[u8]>, host: Option<&[u8]>) -> bool {
    origin.is_some_and(|origin| host.is_none() || origin.strip_prefix(b"http://") != host)
}

/// Returns the request of a form such as `degrees=23.5`.
fn set_point(form: &[u8]) -> Option<Request> {
    let degrees = str::from_utf8(form).ok()?.strip_prefix("degrees=")?;
    let tenths = f32::from_str(degrees).ok()? * 10.0;
    // NaN becomes 0, and a number that is too large becomes the largest `i16`. Both are outside of the range.
    let tenths = (tenths + 0.5) as i16;
    SET_POINTS.contains(&tenths).then_some(Request::SetPoint(Celsius(tenths)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_mean_what_they_say() {
        let post = |form: &str| {
            let length = form.len();
            format!("POST /set-point HTTP/1.1\r\ncontent-LENGTH: {length}\r\n\r\n{form}")
        };
        let from = |origin: &str| {
            format!("POST /crash/sensor HTTP/1.1\r\nHost: room:8080\r\nOrigin: {origin}\r\n\r\n")
        };
        for (text, meaning) in [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n".into(), Request::Page),
            ("GET /state HTTP/1.0\r\n\r\n".into(), Request::State),
            ("POST /crash/sensor HTTP/1.1\r\n\r\n".into(), Request::CrashSensor),
            ("POST /crash/driver HTTP/1.1\r\n\r\n".into(), Request::CrashDriver),
            (from("http://room:8080"), Request::CrashSensor),
            (from("http://other"), Request::Foreign),
            (from("https://room:8080"), Request::Foreign),
            (from("null"), Request::Foreign),
            ("GET /crash/driver HTTP/1.1\r\n\r\n".into(), Request::Unknown),
            ("GET /other HTTP/1.1\r\n\r\n".into(), Request::Unknown),
            (post("degrees=23.5"), Request::SetPoint(Celsius(235))),
            (post("degrees=10"), Request::SetPoint(Celsius(100))),
            (post("degrees=9.9"), Request::Bad),
            (post("degrees=30.1"), Request::Bad),
            (post("degrees=NaN"), Request::Bad),
            (post("degrees=1e99"), Request::Bad),
            (post("x"), Request::Bad),
            ("\0".into(), Request::Bad),
            ("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n".into(), Request::Bad),
            (format!("GET / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", usize::MAX), Request::Partial),
        ] {
            assert_eq!(parse(text.as_bytes()), meaning, "{text}");
            if meaning != Request::Bad {
                assert_eq!(parse(&text.as_bytes()[..text.len() - 1]), Request::Partial, "{text}");
            }
        }
    }
}

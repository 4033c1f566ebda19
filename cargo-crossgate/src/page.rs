// SPDX-License-Identifier: MIT OR Apache-2.0
//! The map of a firmware as one page that needs no network.

use crate::graph::{COLOURS, Graph};
use crate::template;
use anyhow::Result;
use crossgate_link::Span;
use crossgate_link::map::{MemoryMap, Row};
use serde::Serialize;

/// The page, with expressions in braces.
const PAGE: template::File = ("map.html", include_str!("../template/map.html.jinja"));

#[derive(Serialize)]
struct Page<'a> {
    name: &'a str,
    board: &'a str,
    memories: [Memory; 2],
    graph: String,
    users: Vec<User<'a>>,
    crates: &'a [(String, u64)],
    /// The number of bytes of code and constants that count for no crate.
    merged: u64,
    stacks: Vec<Stack>,
    /// True if the firmware has run, and what the threads have used was measured.
    has_run: bool,
    services: Vec<Service>,
    devices: Vec<Device>,
    interrupts: Vec<Interrupt<'a>>,
    copied: Vec<Copied>,
}

#[derive(Serialize)]
struct Memory {
    name: &'static str,
    size: u64,
    taken: u64,
    percent: u64,
    pieces: Vec<Piece>,
}

#[derive(Serialize)]
struct Piece {
    owner: String,
    what: String,
    start: String,
    size: u64,
    used: u64,
    waste: u64,
    /// The class of its colour.
    class: String,
    /// Its share of all that is taken, in percent.
    share: f64,
    is_free: bool,
}

/// The flash that a process uses, or the kernel.
#[derive(Serialize)]
struct User<'a> {
    name: &'a str,
    class: String,
    alone: u64,
    shared: u64,
}

#[derive(Serialize)]
struct Stack {
    name: String,
    kind: &'static str,
    declared: u64,
    needed: u64,
    used: Option<u64>,
    path: String,
    open: String,
    is_too_small: bool,
}

#[derive(Serialize)]
struct Service {
    name: String,
    owner: String,
    class: String,
    interface: String,
    methods: Vec<String>,
    callers: Vec<String>,
    passes_handles: bool,
}

#[derive(Serialize)]
struct Device {
    owner: String,
    class: String,
    start: String,
    size: u64,
}

#[derive(Serialize)]
struct Interrupt<'a> {
    line: u64,
    process: &'a str,
    class: String,
    notification: &'a str,
}

#[derive(Serialize)]
struct Copied {
    name: String,
    processes: Vec<String>,
}

/// Returns the page of a firmware for a board.
///
/// # Errors
/// If the text of the page uses a value that is missing.
pub fn of(name: &str, board: &str, map: &MemoryMap) -> Result<String> {
    let names: Vec<_> = map.processes.iter().map(|process| process.name.as_str()).collect();
    let class = |owner: &str| match names.iter().position(|name| *name == owner) {
        Some(number) => format!("c{}", number % COLOURS),
        None => "other".to_owned(),
    };
    let calls = map.services.iter().flat_map(|service| {
        let owner = service.owner.as_str();
        service.callers.iter().map(move |caller| (caller.as_str(), owner, service.name.as_str()))
    });
    let services = map.services.iter().map(|service| {
        let described = map.interfaces.iter().find(|it| it.name == service.name);
        Service {
            name: service.name.clone(),
            owner: service.owner.clone(),
            class: class(&service.owner),
            interface: described.map(|it| it.ty.clone()).unwrap_or_default(),
            methods: described
                .map_or(Vec::new(), |it| it.methods.iter().map(ToString::to_string).collect()),
            callers: service.callers.clone(),
            passes_handles: service.passes_handles,
        }
    });
    let users = map.flash_use.users.iter().map(|user| User {
        name: &user.name,
        class: class(&user.name),
        alone: user.alone,
        shared: user.shared,
    });
    let stacks = map.stack_needs.iter().map(|need| Stack {
        name: need.name.clone(),
        kind: need.kind(),
        declared: need.declared,
        needed: need.bytes,
        used: map.high_water(&need.name),
        path: need.path.join(" → "),
        open: need.open.clone().unwrap_or_default(),
        is_too_small: need.exceeds(),
    });
    let devices = map.devices.iter().map(|(owner, span)| Device {
        owner: owner.clone(),
        class: class(owner),
        start: format!("{:#010x}", span.start),
        size: span.size(),
    });
    let interrupts = map.interrupts.iter().map(|it| Interrupt {
        line: it.line,
        process: &it.process,
        class: class(&it.process),
        notification: &it.notification,
    });
    let copied = map
        .copied
        .iter()
        .map(|it| Copied { name: it.name.clone(), processes: it.processes.clone() });
    let page = Page {
        name,
        board,
        memories: [
            memory("RAM", map.ram, &map.ram_rows(), &class),
            memory("Flash", map.flash, &map.flash_rows(), &class),
        ],
        graph: Graph::new(&names, &calls.collect::<Vec<_>>()).to_svg(),
        users: users.collect(),
        crates: &map.flash_use.crates,
        merged: map.merged(),
        stacks: stacks.collect(),
        has_run: map.stacks.iter().any(|stack| stack.high_water.is_some()),
        services: services.collect(),
        devices: devices.collect(),
        interrupts: interrupts.collect(),
        copied: copied.collect(),
    };
    template::render_one(&PAGE, &page)
}

fn memory(name: &'static str, span: Span, rows: &[Row], class: &dyn Fn(&str) -> String) -> Memory {
    let taken: u64 = rows.iter().filter(|row| !row.is_free()).map(|row| row.span.size()).sum();
    let piece = |row: &Row| Piece {
        owner: row.owner.clone(),
        what: row.what.clone(),
        start: format!("{:#010x}", row.span.start),
        size: row.span.size(),
        used: row.used,
        waste: row.span.size() - row.used,
        class: class(&row.owner),
        share: 100.0 * row.span.size() as f64 / taken.max(1) as f64,
        is_free: row.is_free(),
    };
    let percent = 100 * taken / span.size().max(1);
    Memory { name, size: span.size(), taken, percent, pieces: rows.iter().map(piece).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_link::interfaces::Interrupt;
    use crossgate_link::map::{
        FlashUse, FlashUser, ProcessMemory, Service as Wired, Stack as Measured, StackNeed,
    };
    use std::fs;
    use std::process::Command;

    fn map() -> MemoryMap {
        let nothing = Span { start: 0, end: 0 };
        let process = |name: &str, start| ProcessMemory {
            name: name.to_owned(),
            span: Span { start, end: start + 64 },
            shared: nothing,
            data_end: start + 64,
            kept_start: start + 64,
            image: 0,
            used: 40,
            heap: 0,
        };
        MemoryMap {
            flash: Span { start: 0, end: 1000 },
            constants: vec![(".text".to_owned(), Span { start: 0, end: 250 })],
            ram: Span { start: 0x2000_0000, end: 0x2000_0400 },
            kernel: Vec::new(),
            kernel_stack: Span { start: 0x2000_0000, end: 0x2000_0100 },
            processes: vec![process("fan", 0x2000_0100), process("sensor", 0x2000_0140)],
            stacks: Vec::new(),
            devices: vec![("fan".to_owned(), Span { start: 0x4000_0000, end: 0x4000_1000 })],
            services: vec![Wired {
                name: "FAN".to_owned(),
                owner: "fan".to_owned(),
                callers: vec!["sensor".to_owned()],
                passes_handles: false,
                stack: 256,
            }],
            interfaces: Vec::new(),
            interrupts: vec![Interrupt {
                line: 5,
                process: "fan".to_owned(),
                notification: "STALLED".to_owned(),
            }],
            stack_needs: vec![StackNeed {
                name: "FAN".to_owned(),
                is_service: true,
                declared: 256,
                bytes: 300,
                path: vec!["fan::turn".to_owned(), "fan::write<u8>".to_owned()],
                open: Some("`fan::turn` may call itself".to_owned()),
            }],
            flash_use: FlashUse {
                users: vec![FlashUser { name: "fan".to_owned(), alone: 70, shared: 130 }],
                crates: vec![("core".to_owned(), 210)],
            },
            copied: Vec::new(),
            costs: Vec::new(),
        }
    }

    #[test]
    fn the_page_has_the_memory_the_calls_and_the_devices() {
        let page = of("heater", "mps2-an385", &map()).unwrap();
        for part in [
            "RAM: 384 of 1024 bytes are taken (37 %)",
            "Flash: 250 of 1000 bytes are taken (25 %)",
            "<td class=\"number\">64</td><td class=\"number\">40</td><td class=\"number\">24</td>",
            ">FAN</text>",
            "<td class=\"number\">256</td><td class=\"number\">300, too small</td>",
            "fan::turn → fan::write&lt;u8&gt;",
            "70</td><td class=\"number\">130</td><td class=\"number\">200</td>",
            "<td class=\"number\">5</td><td>STALLED</td>",
            "<td>core</td><td class=\"number\">210</td>",
            "<td>merged texts</td><td class=\"number\">40</td>",
            "<code>0x40000000</code></td><td class=\"number\">4096</td>",
        ] {
            assert!(page.contains(part), "no `{part}`: {page}");
        }
    }

    #[test]
    fn the_page_shows_what_a_run_has_used() {
        let mut map = map();
        let column = "needed</th><th class=\"number\">used</th>";
        assert!(!of("heater", "mps2-an385", &map).unwrap().contains(column));
        map.stack_needs[0].name = "fan.main".to_owned();
        let span = Span { start: 0x2000_0300, end: 0x2000_0400 };
        map.stacks = vec![Measured { name: "fan.main".to_owned(), span, high_water: Some(204) }];
        let page = of("heater", "mps2-an385", &map).unwrap();
        assert!(page.contains(column), "{page}");
        assert!(page.contains("<td class=\"number\">204</td>"), "{page}");
    }

    #[test]
    fn the_page_needs_no_network_and_is_only_text() {
        let page = of("<script>", "a & b", &map()).unwrap();
        assert!(
            page.contains("&lt;script&gt; on a &amp; b") && !page.contains("<script"),
            "{page}"
        );
        let named = "http://www.w3.org/2000/svg";
        assert_eq!(page.matches("http").count(), page.matches(named).count(), "{page}");
        assert!(!page.contains("@import") && !page.contains("url(h"), "{page}");
    }

    /// Shows the page in frames of these widths, and tells of each its width, the width of its contents, and its colour.
    const FRAMES: &str = r#"
        <iframe src="map.html" style="width: 320px"></iframe>
        <iframe src="map.html" style="width: 1000px"></iframe>
        <p id="said"></p>
        <script>
        onload = () => {
            const said = [...document.querySelectorAll("iframe")].map(frame => {
                const page = frame.contentDocument;
                const colour = frame.contentWindow.getComputedStyle(page.body).backgroundColor;
                return `${frame.clientWidth} ${page.documentElement.scrollWidth} ${colour}\n`;
            });
            document.getElementById("said").textContent = said.join("");
        };
        </script>"#;

    #[test]
    fn a_browser_shows_the_page_on_a_phone_and_in_the_dark() {
        let folder = tempfile::tempdir().unwrap();
        let mut map = map();
        map.stack_needs[0].path.push("a_function_of_a_long_name".repeat(9));
        fs::write(folder.path().join("map.html"), of("heater", "mps2-an385", &map).unwrap())
            .unwrap();
        let frames = folder.path().join("frames.html");
        fs::write(&frames, FRAMES).unwrap();
        for (scheme, colour) in [(0, "rgb(20, 24, 29)"), (1, "rgb(255, 255, 255)")] {
            let mut browser = Command::new("chromium");
            browser
                .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
                .args([
                    "--allow-file-access-from-files",
                    "--virtual-time-budget=3000",
                    "--dump-dom",
                ])
                .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
                .arg(format!("--user-data-dir={}", folder.path().join("user").display()))
                .arg(format!("file://{}", frames.display()));
            let Ok(output) = browser.output() else {
                eprintln!("skipped: there is no program `chromium` to show the page");
                return;
            };
            let shown = String::from_utf8_lossy(&output.stdout);
            let (_, said) = shown.split_once("<p id=\"said\">").unwrap();
            let (said, _) = said.split_once("</p>").unwrap();
            assert_eq!(said.lines().count(), 2, "{shown}");
            for line in said.lines() {
                let mut parts = line.splitn(3, ' ');
                let mut width = || parts.next().unwrap().parse::<u32>().unwrap();
                let (frame, contents) = (width(), width());
                assert!(contents <= frame, "only tables scroll sideways: {line}");
                assert_eq!(parts.next().unwrap(), colour, "{line}");
            }
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Support for tests: builds small firmware for the host with cargo, as users do.

use object::{Object, ObjectSymbol, SymbolKind};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A process with statics of each kind: two words that it may lend, one initialised word, one word in a section with
/// another name, one word of a generic function, and 25 words of zeroes.
pub const SENSOR: &str = "
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
crossgate::shared! { static BUFFER: [u32; 2] = [1, 2]; }
static LIMIT: AtomicU32 = AtomicU32::new(7);
static HISTORY: [AtomicU32; 25] = [const { AtomicU32::new(0) }; 25];
#[unsafe(link_section = \".data\")]
static CUSTOM: AtomicU32 = AtomicU32::new(30);
fn count<T>() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(400);
    COUNT.fetch_add(size_of::<T>() as u32, Relaxed)
}
pub fn work() -> u32 {
    let buffer = BUFFER.take().unwrap();
    buffer[1] += 5000;
    let history = &HISTORY[core::hint::black_box(3)];
    history.fetch_add(60_000, Relaxed);
    count::<u16>() + count::<u8>() + LIMIT.fetch_add(1, Relaxed) + CUSTOM.fetch_add(1, Relaxed)
        + history.load(Relaxed) + buffer.iter().sum::<u32>()
}
";
/// The result of its work.
pub const WORK: u32 = 400 + 402 + 7 + 30 + 60_000 + 5003;

/// A library with a static.
pub const HELPER: &str = "
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
static COUNTER: AtomicU32 = AtomicU32::new(0);
#[inline(never)]
pub fn count() -> u32 { COUNTER.fetch_add(1, Relaxed) }
";

/// The settings of the firmwares' own crates.
const PROFILE: &str = "[profile.dev]\ndebug = 0\n";
/// The settings of all other crates, the same for all firmware, so that they are compiled once.
const OTHERS: &str = "
[profile.dev.package.\"*\"]
opt-level = 0
codegen-units = 256
debug = 0
";

/// The start of the firmware's own crate: each process reports the result of its work.
const PRELUDE: &str = "
struct Line(board::Uart);
impl core::fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        embedded_io::Write::write_all(&mut self.0, text.as_bytes()).map_err(|_| core::fmt::Error)
    }
}
fn tell(name: &str, mmio: crossgate::Mmio, value: u32) -> ! {
    let _ = core::fmt::Write::write_fmt(
        &mut Line(board::Uart::new(mmio, 115_200)),
        format_args!(\"{name} {value}\\n\"),
    );
    crossgate::thread::exit()
}
board::start!(SYSTEM);
";
/// The start of a crate without a board, which can't run, and compiles faster.
const WITHOUT_BOARD: &str = "
mod board { pub use crossgate::abi::hosted::serial::MMIO; pub const UART0: crossgate::Mmio = MMIO[0]; }
fn tell(_: &str, _: crossgate::Mmio, value: u32) -> ! {
    core::hint::black_box(value);
    crossgate::thread::exit()
}
fn main() { core::hint::black_box(&SYSTEM); run() }
";

/// The build script of a firmware.
pub const BUILD: &str = "fn main() { crossgate_link::hosted::build(); }";

/// This repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A firmware: its crates, and its wiring with the Rust that is in it.
pub struct Firmware {
    name: &'static str,
    libraries: Vec<(&'static str, &'static str)>,
    /// The processes, and the expression whose value each reports.
    pub processes: Vec<(&'static str, &'static str)>,
    /// Further processes, as in the wiring.
    pub wiring: &'static str,
    /// True if the firmware has a board, and so can run.
    pub has_board: bool,
    /// Other items of the firmware's own crate.
    pub rest: &'static str,
    /// The code that it runs if it has no board.
    pub run: &'static str,
    /// Further lines of its dependencies; `ROOT` stands for this repository.
    pub uses: &'static str,
    /// Its build script.
    pub build: String,
    /// The profile with which its own crates are compiled.
    pub profile: &'static str,
    /// The level of optimisation of the linker.
    pub linker_level: u8,
    /// Further arguments for rustc, when it compiles the firmware's own crate.
    pub arguments: Vec<String>,
    /// The folder below which cargo puts its output.
    pub target: PathBuf,
}

impl Firmware {
    /// Returns a firmware that has the process `sensor`. Its name must differ from all others in these tests.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            libraries: Vec::new(),
            processes: vec![("sensor", "sensor::work()")],
            wiring: "",
            has_board: true,
            rest: "",
            run: "",
            uses: "",
            build: BUILD.to_owned(),
            profile: PROFILE,
            // The linker is compiled once, and links each firmware.
            linker_level: 1,
            arguments: Vec::new(),
            // The dependencies are compiled once for all firmware.
            target: Path::new(env!("CARGO_TARGET_TMPDIR")).join("hosted"),
        }
    }

    /// Adds a library, which may use those before it.
    pub fn library(mut self, name: &'static str, source: &'static str) -> Self {
        self.libraries.push((name, source));
        self
    }

    /// Returns the folder of its packages. The folder is always the same, so that cargo overwrites its earlier output.
    pub fn folder(&self) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmwares").join(self.name);
        fs::create_dir_all(folder.join("src")).unwrap();
        folder
    }

    /// Builds the firmware. Returns the program, or cargo's error.
    pub fn program(&self) -> Result<Program, String> {
        let output = self.cargo(&["rustc", "--bin", self.name]);
        if output.status.success() {
            Ok(Program::read(&self.target.join("debug").join(self.name)))
        } else {
            Err(text(&output))
        }
    }

    /// Runs cargo on the firmware.
    pub fn cargo(&self, command: &[&str]) -> Output {
        self.write();
        let mut cargo = Command::new(env!("CARGO"));
        // The settings of the build of these tests must not affect the build of the firmware.
        for variable in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_PROFILE_DEV_DEBUG",
        ] {
            cargo.env_remove(variable);
        }
        cargo.env("CARGO_TARGET_DIR", &self.target).env("CARGO_INCREMENTAL", "0");
        cargo.args(command).arg("--quiet").current_dir(self.folder());
        if !self.arguments.is_empty() {
            cargo.arg("--").args(&self.arguments);
        }
        cargo.output().unwrap()
    }

    fn write(&self) {
        let folder = self.folder();
        let mut dependencies = format!("crossgate = {{ path = \"{ROOT}/crossgate\" }}\n");
        if self.has_board {
            writeln!(
                dependencies,
                "embedded-io = \"0.7\"\n\
                 board = {{ path = \"{ROOT}/boards/hosted\", package = \"crossgate-hosted-board\" }}"
            )
            .unwrap();
        }
        dependencies += &self.uses.replace("ROOT", ROOT);
        let package = |name: &str| format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
        for (name, source) in &self.libraries {
            let library = folder.join(name);
            fs::create_dir_all(library.join("src")).unwrap();
            // Cargo confuses packages of one name in the folders of different firmware.
            let unique = format!("{}-{name}", self.name);
            let manifest = format!(
                "{}[lib]\nname = \"{name}\"\n[dependencies]\n{dependencies}",
                package(&unique)
            );
            fs::write(library.join("Cargo.toml"), manifest).unwrap();
            fs::write(library.join("src/lib.rs"), source).unwrap();
            writeln!(dependencies, "{name} = {{ path = {library:?}, package = \"{unique}\" }}")
                .unwrap();
        }
        let manifest = format!(
            "{}[dependencies]\n{dependencies}[build-dependencies]\ncrossgate-link = {{ path = {:?} }}\n[workspace]\n{}{OTHERS}\
             [profile.dev.package]\ncrossgate-link.opt-level = {level}\nobject.opt-level = {level}\n",
            package(self.name),
            format!("{ROOT}/link"),
            self.profile,
            level = self.linker_level,
        );
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        // The versions that the workspace has.
        fs::copy(format!("{ROOT}/Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        fs::write(folder.join("build.rs"), &self.build).unwrap();
        fs::write(folder.join("src/main.rs"), self.source()).unwrap();
    }

    fn source(&self) -> String {
        let start = if self.has_board {
            PRELUDE.to_owned()
        } else {
            format!("{WITHOUT_BOARD} fn run() {{ {} }}", self.run)
        };
        let mut text = format!(
            "{start}{}\ncrossgate::system! {{ static SYSTEM;\n{}\n",
            self.rest, self.wiring
        );
        for (line, (process, value)) in self.processes.iter().enumerate() {
            writeln!(
                text,
                "process {process} {{
                    mmio board::UART{line};
                    thread main (priority = 2, stack = 2048) =
                        crate::tell({process:?}, board::UART{line}, {value});
                }}"
            )
            .unwrap();
        }
        text + "}"
    }
}

/// A firmware that links.
pub struct Program {
    /// The path of its file.
    pub path: PathBuf,
    /// The addresses of its statics (and functions), by the names in the source.
    pub symbols: BTreeMap<String, Range<u64>>,
    /// The addresses of its statics; there may be several of one name.
    pub statics: Vec<(String, Range<u64>)>,
}

impl Program {
    fn read(path: &Path) -> Self {
        let data = fs::read(path).unwrap();
        let file = object::File::parse(&*data).unwrap();
        let mut program =
            Self { path: path.to_owned(), symbols: BTreeMap::new(), statics: Vec::new() };
        for symbol in file.symbols().filter(|symbol| !symbol.is_undefined()) {
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name().unwrap()));
            let span = symbol.address()..symbol.address() + symbol.size();
            program.symbols.insert(name.clone(), span.clone());
            if symbol.kind() == SymbolKind::Data && symbol.size() > 0 {
                program.statics.push((name, span));
            }
        }
        program
    }

    /// Returns the pages of a process.
    pub fn pages(&self, process: &str) -> Range<u64> {
        let address = |what: &str| self.symbols[&format!("__crossgate_{what}_{process}")].start;
        address("start")..address("end")
    }

    /// Returns the statics in the pages of a process.
    pub fn statics_of(&self, process: &str) -> Vec<&str> {
        let pages = self.pages(process);
        let overlaps = |span: &Range<u64>| span.start < pages.end && pages.start < span.end;
        let inside = self.statics.iter().filter(|(_, span)| overlaps(span));
        let mut names: Vec<_> = inside.map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// Runs the program, checks that it succeeds, and returns the reports of its processes.
    pub fn told(&self) -> String {
        let arguments = ["--time", "virtual", "--until", "1", "--serial1", "stdout"];
        let output = Command::new(&self.path).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}: {}", output.status, text(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Returns the program of a firmware that links.
pub fn program(firmware: &Firmware) -> Program {
    firmware.program().unwrap_or_else(|error| panic!("{error}"))
}

/// Returns cargo's error about a firmware that must not link.
pub fn error(firmware: &Firmware) -> String {
    match firmware.program() {
        Ok(program) => panic!("this firmware must not link: {}", program.path.display()),
        Err(text) => text,
    }
}

/// Returns the output of a tool.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Checks that the text contains all parts.
#[track_caller]
pub fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

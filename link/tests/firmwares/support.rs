// SPDX-License-Identifier: MIT OR Apache-2.0
//! Support for tests: builds small firmware with rustc alone.

use crossgate_link::map::{MemoryMap, ProcessMemory};
use crossgate_protection::Shape;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, exit};
use std::sync::LazyLock;
use std::{env, fs};
use tempfile::TempDir;

/// A process with statics of each kind: 8 bytes that may be lent, 4 initialised, 100 zeroed.
pub const SENSOR: &str = "
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
#[unsafe(link_section = \".crossgate.shared\")]
static BUFFER: [AtomicU32; 2] = [AtomicU32::new(1), AtomicU32::new(2)];
static LIMIT: AtomicU32 = AtomicU32::new(7);
static HISTORY: [AtomicU32; 25] = [const { AtomicU32::new(0) }; 25];
pub fn work() {
    let index = LIMIT.fetch_add(1, Relaxed) as usize;
    let count = BUFFER[index % 2].fetch_add(1, Relaxed);
    core::hint::black_box(HISTORY[index].fetch_add(count, Relaxed));
}
";

/// A library with a static.
pub const HELPER: &str = "
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
static COUNTER: AtomicU32 = AtomicU32::new(0);
#[inline(never)]
pub fn count() -> u32 { COUNTER.fetch_add(1, Relaxed) }
pub fn count_for<T>(_: T) -> u32 { COUNTER.fetch_add(size_of::<T>() as u32, Relaxed) }
#[inline(never)]
pub fn pure(value: u32) -> u32 { value.rotate_left(3) }
";

pub const TARGET: &str = "thumbv7m-none-eabi";

/// As in cargo's output, the names of the files of libraries have a hash.
const HASH: &str = "-0123456789abcdef";

/// A linker script like that of cortex-m-rt, but shorter.
const LINK: &str = "
INCLUDE memory.x
ENTRY(Reset)
EXTERN(VECTORS)
PROVIDE(SysTick = DefaultHandler);
PROVIDE(TIMER = DefaultHandler);
PROVIDE(__pre_init = DefaultHandler);
SECTIONS {
  PROVIDE(_stack_start = ORIGIN(RAM) + LENGTH(RAM));
  .vector_table ORIGIN(FLASH) : {
    LONG(_stack_start) KEEP(*(.vector_table.exceptions)) KEEP(*(.vector_table.interrupts))
  } > FLASH
  .text : { *(.text .text.*) } > FLASH
  .rodata : { *(.rodata .rodata.*) } > FLASH
  .data : { *(.data .data.*) } > RAM AT> FLASH
  .bss (NOLOAD) : { *(.bss .bss.*) *(COMMON) } > RAM
  .uninit (NOLOAD) : { *(.uninit .uninit.*) } > RAM
  __crossgate_context_size = 64;
  __crossgate_floats_size = 136;
  __crossgate_entry_size = 136;
  __crossgate_entry_reserve = 0;
  /DISCARD/ : { *(.ARM.exidx .ARM.exidx.* .ARM.extab.*) }
}
";

/// A firmware: its crates, and its wiring with the Rust that is in it.
#[derive(Default)]
pub struct Firmware {
    folder: Option<TempDir>,
    crates: Vec<String>,
    /// The names of the processes.
    pub processes: Vec<&'static str>,
    /// The process, the thread, the size of its stack in bytes, and its action.
    pub threads: Vec<(&'static str, &'static str, usize, &'static str)>,
    /// The process, the object, its type and value, and the action of its method.
    pub objects: Vec<(&'static str, &'static str, &'static str, &'static str)>,
    /// Other items of the firmware's own crate.
    pub rest: &'static str,
    /// The action of the kernel.
    pub kernel: &'static str,
    /// The processes that may call the services, as a set; nobody if it is empty.
    pub callers: &'static str,
    /// The function that starts the kernel.
    pub entry: &'static str,
    /// The length of RAM in KiB.
    pub ram: u32,
    /// The memories, if they are not the usual ones.
    pub memory: &'static str,
    /// True if the linker gets its script.
    pub has_script: bool,
    /// The regions of the protection unit; `None` if the firmware does not say it.
    pub shape: Option<Shape>,
    /// Further arguments for rustc.
    pub arguments: Vec<&'static str>,
}

/// The compiled crate `crossgate_abi`, the same for all firmware.
static ABI: LazyLock<PathBuf> = LazyLock::new(|| {
    let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../abi/src/lib.rs"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libraries");
    fs::create_dir_all(&folder).unwrap();
    compile(rustc(), "crossgate_abi", source, &folder)
});

impl Firmware {
    pub fn new() -> Self {
        need_target();
        let folder = tempfile::tempdir().unwrap();
        let mut firmware = Self {
            ram: 64,
            entry: "Reset",
            folder: Some(folder),
            has_script: true,
            shape: Some(Shape::Eighths),
            ..Self::default()
        };
        fs::copy(&*ABI, firmware.path().join(ABI.file_name().unwrap())).unwrap();
        firmware.crates.push("crossgate_abi".to_owned());
        firmware
    }

    pub fn path(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    /// Adds a library, which may use those before it.
    pub fn library(mut self, name: &str, source: &str) -> Self {
        let path = self.path().join(format!("{name}.rs"));
        fs::write(&path, format!("#![no_std]\n{source}")).unwrap();
        self.compile(name, &path);
        self
    }

    /// Returns the mangled name of `path` in a library.
    pub fn symbol(&self, library: &str, path: &str) -> String {
        let data = fs::read(library_file(self.path(), library)).unwrap();
        let archive = object::read::archive::ArchiveFile::parse(&*data).unwrap();
        let symbols = archive.symbols().unwrap().unwrap();
        let mut names = symbols.map(|it| String::from_utf8(it.unwrap().name().to_vec()).unwrap());
        names.find(|name| format!("{:#}", rustc_demangle::demangle(name)) == path).unwrap()
    }

    fn compile(&mut self, name: &str, source: &Path) {
        compile(self.rustc(), name, source, self.path());
        self.crates.push(name.to_owned());
    }

    fn rustc(&self) -> Command {
        let mut rustc = rustc();
        rustc.arg("-L").arg(self.path());
        for name in &self.crates {
            let file = library_file(self.path(), name);
            rustc.arg("--extern").arg(format!("{name}={}", file.display()));
        }
        rustc.args(&self.arguments);
        rustc
    }

    /// Links the firmware. Returns its file, or the linker's error.
    pub fn link(&self) -> Result<PathBuf, String> {
        let result = self.compiled();
        let linked = || self.path().join("firmware.elf");
        if result.status.success() { Ok(linked()) } else { Err(text(&result)) }
    }

    /// Links the firmware. Returns what the compiler prints, which its arguments ask for.
    pub fn printed(&self) -> String {
        let result = self.compiled();
        assert!(result.status.success(), "{}", text(&result));
        String::from_utf8(result.stdout).unwrap()
    }

    fn compiled(&self) -> Output {
        let folder = self.path();
        let memory = format!(
            "MEMORY {{ FLASH : ORIGIN = 0x08000000, LENGTH = 64K
             RAM : ORIGIN = 0x20000000, LENGTH = {}K }}",
            self.ram
        );
        let memory = if self.memory.is_empty() { &memory } else { self.memory };
        fs::write(folder.join("memory.x"), memory).unwrap();
        // In other firmware, an object file of the port defines the symbol.
        let unit = self.shape.map(|it| format!("__crossgate_protection_unit = {};\n", it.code()));
        fs::write(folder.join("link.x"), LINK.to_owned() + &unit.unwrap_or_default()).unwrap();
        fs::write(folder.join("firmware.rs"), self.source()).unwrap();
        let output = folder.join("firmware.elf");
        let mut rustc = self.rustc();
        if self.has_script {
            rustc.arg("-Clink-arg=-Tlink.x");
        }
        rustc.arg(concat!("-Clinker=", env!("CARGO_BIN_EXE_crossgate-link")));
        rustc.arg("-o").arg(&output).arg(folder.join("firmware.rs"));
        rustc.output().unwrap()
    }

    /// Returns the source of the wiring, as `crossgate::system!` writes it.
    pub fn source(&self) -> String {
        let mut text = PRELUDE.to_owned();
        if self.entry == "Reset" {
            text += VECTORS;
        }
        let callers = if self.callers.is_empty() { "Set::EMPTY" } else { self.callers };
        let mut processes = String::new();
        let mut services = String::new();
        let mut threads = String::new();
        for name in &self.processes {
            writeln!(
                text,
                "unsafe extern \"C\" {{ static __crossgate_memory_{name}: ProcessMemory; }}"
            )
            .unwrap();
            writeln!(processes, "ProcessRow {{ name: {name:?}, memory: unsafe {{ &__crossgate_memory_{name} }}, mmio: &[], notifications: 0, on_fault: OnFault::DEFAULT, first_notification: NotificationId::FIRST, pieces: 0 }},").unwrap();
        }
        for (number, (process, name, value, method)) in self.objects.iter().enumerate() {
            writeln!(
                text,
                "#[unsafe(link_section = \".crossgate.object.{process}\")]
                static OBJECT_{number}: Cell<{value};
                extern \"C-unwind\" fn method_{number}(_: *mut (), _: usize, _: usize, _: usize, _: usize) -> RawReply {{ {method}; loop {{}} }}"
            )
            .unwrap();
            writeln!(
                services,
                "Service {{ object: OBJECT_{number}.0.get().cast(), name: {name:?}, callers: {callers}, interface: core::any::TypeId::of::<()>, stack: 0, gate: 0, owner: ProcessId::FIRST, lock: LockId::FIRST,
                methods: &[Method {{ entry: method_{number}, arguments: Shape::NONE, results: Shape::NONE }}] }},"
            )
            .unwrap();
        }
        let idle = ("kernel", "idle", 128, "");
        for (number, (process, name, size, body)) in
            std::iter::once(&idle).chain(&self.threads).enumerate()
        {
            writeln!(
                text,
                "#[unsafe(link_section = \".crossgate.stack.{process}.{name}\")]
                static STACK_{number}: Cell<MaybeUninit<[u8; {size}]>> = Cell(UnsafeCell::new(MaybeUninit::uninit()));
                extern \"C\" fn thread_{number}() -> ! {{ {body}; loop {{}} }}"
            )
            .unwrap();
            writeln!(
                threads,
                "ThreadRow {{ name: {name:?}, entry: thread_{number}, stack: STACK_{number}.0.get().cast(), stack_size: {size}, process: ProcessId::FIRST, priority: 1 }},"
            )
            .unwrap();
        }
        write!(
            text,
            "static SYSTEM: System = System {{ processes: &[{processes}], services: &[{services}], gates: &[], threads: &[{threads}],
            notifications: &[], interrupts: &[], lines: &[], locks: 0, deadlines: Set::EMPTY, inspectors: Set::EMPTY, dumpers: Set::EMPTY, pooled: Set::EMPTY, lost_clients: &[], passes_handles: false, supervisor: None, budgets: None, deep_sleep: None }};
            #[unsafe(no_mangle)] extern \"C\" fn {}() -> ! {{ core::hint::black_box(&SYSTEM); {}; loop {{}} }}
            {}",
            self.entry, self.kernel, self.rest
        )
        .unwrap();
        text
    }
}

const PRELUDE: &str = "#![no_std]\n#![no_main]\n#![allow(unused)]
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use crossgate_abi::{LockId, NotificationId, ProcessId, Set, Shape, table::*};
struct Cell<T>(UnsafeCell<T>);
unsafe impl<T> Sync for Cell<T> {}
#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
";

/// The vectors, and the start that is in cortex-m-rt and the port in other firmware.
const VECTORS: &str = "
unsafe extern \"C\" { fn SysTick(); }
#[unsafe(no_mangle)] extern \"C\" fn DefaultHandler() { loop {} }
#[unsafe(link_section = \".vector_table.exceptions\")] #[unsafe(no_mangle)]
static VECTORS: [Option<unsafe extern \"C\" fn()>; 15] = {
    let mut vectors = [None; 15];
    // SAFETY: a function is a function.
    vectors[0] = Some(unsafe { core::mem::transmute(Reset as extern \"C\" fn() -> !) });
    vectors[14] = Some(SysTick as unsafe extern \"C\" fn());
    vectors
};
";

/// Returns the compiler, for the target.
fn rustc() -> Command {
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "--target", TARGET, "-Copt-level=s", "-Cpanic=abort"]);
    rustc
}

/// Compiles a library into a folder. Returns its file.
fn compile(mut rustc: Command, name: &str, source: &Path, folder: &Path) -> PathBuf {
    rustc.args(["--crate-type=rlib", "--crate-name", name, "--out-dir"]).arg(folder);
    let output =
        rustc.arg("-C").arg(format!("extra-filename={HASH}")).arg(source).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    library_file(folder, name)
}

fn library_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("lib{name}{HASH}.rlib"))
}

/// If the target of the firmware is not installed, ends the tests as passed, unless `CROSSGATE_ALL_TESTS` is set.
fn need_target() {
    static IS_THERE: LazyLock<bool> = LazyLock::new(|| {
        let mut rustc = Command::new("rustc");
        let output = rustc.args(["--target", TARGET, "--print", "target-libdir"]).output().unwrap();
        Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    });
    if *IS_THERE {
        return;
    }
    let advice = format!("they need the target {TARGET}. To get it: rustup target add {TARGET}");
    assert!(env::var_os("CROSSGATE_ALL_TESTS").is_none(), "these tests can't run: {advice}");
    // This does not use `eprintln!`, because the test harness captures its output.
    let _ = writeln!(
        io::stderr(),
        "\nThe tests of firmwares for microcontrollers are skipped: {advice}"
    );
    exit(0);
}

/// Returns the output of a tool.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Writes the contents that a programmer writes into the flash.
pub fn flash_image(elf: &Path, start: u32, image: &Path) {
    use object::read::elf::{ElfFile32, ProgramHeader};
    let data = fs::read(elf).unwrap();
    let file = ElfFile32::<object::Endianness>::parse(&*data).unwrap();
    let mut flash = Vec::new();
    for segment in file.elf_program_headers() {
        let content = segment.data(file.endian(), &*data).unwrap();
        let Some(offset) = segment.p_paddr(file.endian()).checked_sub(start) else { continue };
        let offset = offset as usize;
        if offset < 0x1_0000 && !content.is_empty() {
            flash.resize(flash.len().max(offset + content.len()), 0xff);
            flash[offset..offset + content.len()].copy_from_slice(content);
        }
    }
    fs::write(image, flash).unwrap();
}

/// Returns the map of a firmware that links.
pub fn map(firmware: &Firmware) -> MemoryMap {
    let path = firmware.link().unwrap_or_else(|error| panic!("{error}"));
    MemoryMap::from_elf(&path).unwrap()
}

/// Returns the linker's error about a firmware that must not link.
pub fn error(firmware: &Firmware) -> String {
    firmware.link().expect_err("this firmware must not link")
}

/// Returns the memory of a process.
pub fn process<'a>(map: &'a MemoryMap, name: &str) -> &'a ProcessMemory {
    map.processes.iter().find(|process| process.name == name).unwrap()
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Firmware as a program of the host. Every process gets its own memory pages.
//!
//! The package of the firmware has a build script that calls [`build`]. The build script also becomes the linker of the
//! package's programs. Rustc links with the C compiler, and the C compiler gets an option to search its linker in a
//! certain folder. In this folder, the executable of the build script has the linker's name. So nothing has to be
//! installed or configured. When it is called as the linker, it finds the owners of statics, as for a microcontroller.
//! Then it lets `rust-lld` place the statics, by a linker script that is added to the default script of `rust-lld`.
//!
//! ```text
//!  never open   | guard of the stack below        |  __crossgate_memory: where all of this is
//!  stack        | of the process' first thread    |
//!               +---------------------------------+
//!  shared       | lent memory                     |  whole pages, opened together with
//!  and others   | the process' statics            |  the end of the stack before them
//!               +---------------------------------+
//! ```
//!
//! | symbol | what |
//! |---|---|
//! | `__crossgate_memory` | words of 64 bits: the number of processes, 0, and a row for each |
//! | `__crossgate_panic` | a function of the port, which every panic calls in place of the panic function of the Rust library |
//! | `__crossgate_host_panic` | the panic function of the Rust library, which panics on the host's side call |
//! | `__crossgate_heap_exhausted`, `__crossgate_host_heap_exhausted` | the same for memory that is exhausted |
//!
//! A row has: the length of the process' name in bytes; six addresses, as distances in bytes from the table (the start,
//! the start and the end of the shared part, the end of the initialised statics, the start of the kept statics, the
//! end); and the name, padded to whole words.
//!
//! The statics of the Rust library, of the C library, of the kernel and of the crate `crossgate` are not moved, because
//! they belong to the host. The statics of shared libraries are not moved either, because the linker can't place them.

use crate::arguments::Arguments;
use crate::copies::Copies;
use crate::heap::{has_heap, record};
use crate::image::Image;
use crate::inputs::{FileId, Inputs, Section};
use crate::library::{self, is_c_library};
use crate::link::{STRIP, collect, refuse_merged, unowned};
use crate::linker;
use crate::names::{KERNEL, UNOWNED, named_owner};
use crate::ownership::check_names;
use crate::plan::PARTS;
use crate::reach::{Reach, is_reached};
use crate::script::{OutputSection, description};
use crate::verify::not_loaded;
use crate::{scripts, trust};
use anyhow::{Context, Result, bail};
use object::read::archive::ArchiveFile;
use object::{Architecture, File, Object};
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::exit;

/// The name that the C compiler looks for. (Not `ld.lld`, because rustc names its own folder first.)
const LINKER: &str = "ld.bfd";

/// The sizes of parts of the address space, in bytes. The port has the same sizes, in `ports/hosted`.
struct Sizes {
    /// The size of a page. On a CPU for which Linux has pages of different sizes, it is the largest.
    page: u64,
    /// Stacks are divided at multiples of this many bytes.
    step: u64,
    /// The room for the stack of a process' first thread, including the guard.
    room: u64,
}

impl Sizes {
    /// Returns the sizes for the CPU of these object files and archives.
    fn of(paths: &[String]) -> Result<Sizes> {
        let read = |path: &String| fs::read(path).with_context(|| format!("can't read {path}"));
        let mut objects = paths.iter().filter(|path| path.ends_with(".o"));
        let data = read(objects.next().context("the program has no object file")?)?;
        match File::parse(&*data)?.architecture() {
            Architecture::X86_64 => Ok(Sizes { page: 0x1000, step: 0x2000, room: 0x4_0000 }),
            Architecture::Aarch64 => Ok(Sizes { page: 0x1_0000, step: 0x1_0000, room: 0x10_0000 }),
            other => bail!("there is no port for programs of Linux on {other:?}"),
        }
    }
}

/// The end of the name of the function that every panic calls.
const PANIC_ENTRY: &str = "rust_begin_unwind";
/// The end of the name of the function that is called when memory is exhausted.
const EXHAUSTED_ENTRY: &str = "___rust_alloc_error_handler";
/// The library by which processes call the kernel.
const LIBRARY: &str = "crossgate";
/// The part of it that stands for a kernel in unit tests.
const TESTING: &str = "crossgate::testing";
/// The crates on the host's side: the kernel, its port, and the library that calls it.
const HOST: [&str; 5] =
    [LIBRARY, "crossgate_abi", "crossgate_protection", "crossgate_kernel", "crossgate_hosted"];

/// Makes Linux load the program at a multiple of 64 KiB. Then the lower 16 bits of an address are the same as in the
/// linker. `defmt` needs this, because it identifies messages by these bits.
const WHOLE_NUMBERS: &str = "-zmax-page-size=65536";

/// The start of the names of `defmt`'s sections. They are not memory of any process.
const DEFMT: &str = ".defmt.";

/// The function of the port that runs a firmware.
const RUN: &str = "__crossgate_run";

/// Runs the build script of a firmware. The script needs no other call.
///
/// ```ignore
/// fn main() {
///     crossgate_link::hosted::build();
/// }
/// ```
///
/// For a microcontroller, the linker is `crossgate-link`, and this function only handles linker scripts (such as
/// `memory.x`) in the folder of the package or of its workspace: it lets the linker find them, and makes cargo link the
/// firmware again when one of them changes.
///
/// # Panics
/// If the program was not started by cargo.
pub fn build() {
    build_for(false);
}

/// Runs the build script of a firmware whose processes may use `std`. This is only for tests of such processes, because
/// no process can use `std` on a microcontroller.
///
/// # Panics
/// If the program was not started by cargo.
pub fn build_with_std() {
    build_for(true);
}

fn build_for(may_use_std: bool) {
    let name = env::args_os().next().unwrap_or_default();
    if Path::new(&name).file_name().is_some_and(|name| name == LINKER) {
        let result = Arguments::new(env::args_os().skip(1)).and_then(|all| link(&all, may_use_std));
        if let Err(error) = result {
            eprintln!("crossgate-link: {error:#}");
            exit(1);
        }
        return;
    }
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name| env::var(name).expect("cargo sets it for build scripts");
    if variable("CARGO_CFG_TARGET_OS") != "linux" {
        let told = scripts(Path::new(&variable("CARGO_MANIFEST_DIR")));
        told.iter().for_each(|line| println!("{line}"));
        return;
    }
    let folder = variable("OUT_DIR");
    let place = Path::new(&folder).join(LINKER);
    // An error is ignored, because the file may not exist yet.
    let _ = fs::remove_file(&place);
    let this = env::current_exe().expect("Linux tells it");
    // This must not be a symbolic link, because it would become invalid when the project's folder is renamed.
    fs::hard_link(&this, &place)
        .or_else(|_| fs::copy(this, place).map(drop))
        .expect("cargo made the folder");
    println!("cargo::rustc-link-arg=-fuse-ld=bfd");
    println!("cargo::rustc-link-arg=-B{folder}");
    // `crossgate_hosted::start!` checks this variable, because its error message is clearer than the linker's.
    println!("cargo::rustc-env=CROSSGATE_LINKS=1");
}

/// Returns the lines for cargo about the linker scripts of a package and of its workspace.
fn scripts(package: &Path) -> Vec<String> {
    let is_script = |path: &PathBuf| path.extension().is_some_and(|it| it == "x" || it == "ld");
    let mut told = Vec::new();
    for folder in package.ancestors() {
        let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
        let scripts: Vec<_> = files.filter(is_script).collect();
        if !scripts.is_empty() {
            told.push(format!("cargo::rustc-link-search={}", folder.display()));
        }
        told.extend(scripts.iter().map(|it| format!("cargo::rerun-if-changed={}", it.display())));
        if folder.join("Cargo.lock").exists() {
            break;
        }
    }
    told
}

/// Links a program. If the program runs no processes, only `rust-lld` is called.
///
/// # Errors
/// The linker fails, or the owner of a static can't be found.
fn link(arguments: &Arguments, may_use_std: bool) -> Result<()> {
    let paths = arguments.inputs();
    let mut inputs = Inputs::read(&compiled(&paths))?;
    leave_to_host(&mut inputs);
    if inputs.processes.is_empty() {
        return linker::run(arguments.all());
    }
    refuse_merged(&paths)?;
    // Unit tests in a firmware's package contain the wiring, but do not run it.
    if !is_reached(&inputs, "main", RUN) {
        return linker::run(arguments.all());
    }
    check_names(&inputs)?;
    let reach = Reach::of(&inputs);
    let of_host = |file: FileId| HOST.contains(&&*inputs.files[file].krate);
    let mut names = library::names(&paths)?;
    names.extend(inputs.names_in(of_host).into_iter().cloned());
    trust::check(&reach, &HOST, &names)?;
    if !may_use_std {
        library::refuse_in_processes(&reach, of_host)?;
    }
    let folder = tempfile::tempdir().context("can't make a temporary folder")?;
    let copies = Copies::of(&reach).write(folder.path())?;
    let arguments = &inputs.arguments(arguments, &copies);
    inputs.replace(copies)?;
    leave_to_host(&mut inputs);
    let reach = Reach::of(&inputs);
    let sections = collect(&reach)?;
    let panic = library_entry(&paths, PANIC_ENTRY)?;
    let exhausted = library_entry(&paths, EXHAUSTED_ENTRY)?;
    let path = folder.path().join("processes.ld");
    let sizes = Sizes::of(&compiled(&paths))?;
    fs::write(&path, script(&inputs, &sizes, &sections, &panic, &exhausted))
        .context("can't write the linker script")?;
    let linked = folder.path().join("linked");
    let added = scripts::additions(arguments)?;
    let added_path = folder.path().join("added.ld");
    fs::write(&added_path, &added).context("can't write the linker script")?;
    let arguments = &arguments.without_scripts();
    let run = |arguments: &Arguments| {
        let mut all = arguments.with_output(&linked);
        all.extend([&panic, &exhausted].map(|name| format!("--wrap={name}")));
        all.push(format!("-T{}", path.display()));
        if !added.is_empty() {
            all.push(format!("-T{}", added_path.display()));
            all.push(WHOLE_NUMBERS.to_owned());
        }
        linker::run(&all)
    };
    let with_symbols = arguments.without(&STRIP);
    run(&with_symbols)?;
    let image = Image::read(&linked)?;
    if let Some(kept) = image.section(UNOWNED) {
        bail!("{}", unowned(&inputs, &sections, &image, kept.span));
    }
    not_loaded(&image)?;
    if with_symbols != *arguments {
        run(arguments)?;
    }
    let output = arguments.output();
    fs::copy(&linked, &output).with_context(|| format!("can't write {}", output.display()))?;
    Ok(())
}

/// Marks the statics of the host's side, so that they are not moved. (Those of the library belong to the processes that
/// use them.)
fn leave_to_host(inputs: &mut Inputs) {
    let owners = inputs
        .sections
        .iter()
        .filter_map(|section| named_owner(&section.name))
        .filter(|&name| name != KERNEL);
    inputs.processes = owners.map(str::to_owned).collect();
    let is_processes = |it: &Section| it.krate == LIBRARY && !it.title().starts_with(TESTING);
    let is_hosts = |it: &&mut Section| {
        HOST.contains(&it.krate.as_str()) && !is_processes(it) || it.name.starts_with(DEFMT)
    };
    for section in inputs.sections.iter_mut().filter(is_hosts) {
        section.writable = false;
        section.thread_local = false;
    }
}

/// Returns the inputs that belong to the firmware: neither the Rust library nor the files that the C compiler adds.
fn compiled(paths: &[String]) -> Vec<String> {
    let is_host = |path: &String| path.contains("/rustlib/") || is_c_library(path);
    paths.iter().filter(|path| !is_host(path)).cloned().collect()
}

/// Returns the name of the function of the Rust library whose name has this end.
fn library_entry(inputs: &[String], end: &str) -> Result<String> {
    let is_library = |path: &&String| path.ends_with(".rlib") && path.contains("/libstd-");
    let library = inputs.iter().find(is_library).context("the program has no Rust library")?;
    let data = fs::read(library).with_context(|| format!("can't read {library}"))?;
    let archive = ArchiveFile::parse(&*data)?;
    for symbol in archive.symbols()?.into_iter().flatten() {
        let name = String::from_utf8_lossy(symbol?.name()).into_owned();
        if name.ends_with(end) {
            return Ok(name);
        }
    }
    bail!("{library} has no {end}: this version of Rust is not known to Crossgate")
}

/// Returns the linker script that is added to the linker's default script.
fn script(
    inputs: &Inputs,
    sizes: &Sizes,
    sections: &[OutputSection],
    panic: &str,
    exhausted: &str,
) -> String {
    let mut text = format!("__wrap_{panic} = __crossgate_panic;\n");
    line(&mut text, format_args!("__crossgate_host_panic = __real_{panic};"));
    line(&mut text, format_args!("__wrap_{exhausted} = __crossgate_heap_exhausted;"));
    line(&mut text, format_args!("__crossgate_host_heap_exhausted = __real_{exhausted};"));
    text += "SECTIONS {\n";
    // This section contains an address, which is written when the program is loaded. So it can't be among the sections
    // that are not loaded, where `defmt` puts it.
    line(&mut text, format_args!("  .crossgate.defmt : {{ *({DEFMT}end.timestamp) }}"));
    for process in &inputs.processes {
        memory(&mut text, process, sizes, sections);
    }
    if sections.iter().any(|section| section.name == UNOWNED) {
        line(&mut text, format_args!("  {UNOWNED} : {{"));
        collected(&mut text, sections, UNOWNED);
        line(&mut text, format_args!("  }}"));
    }
    text += "}\nINSERT AFTER .data;\n";
    table(&mut text, inputs);
    text + &description() + "INSERT AFTER .comment;\n"
}

/// Writes the pages of a process, and the room for a stack before them.
fn memory(text: &mut String, process: &str, sizes: &Sizes, sections: &[OutputSection]) {
    let Sizes { page, step, room } = sizes;
    line(text, format_args!("  .crossgate.room.{process} (NOLOAD) : ALIGN({step}) {{"));
    line(text, format_args!("    . = . + {room:#x};\n  }}"));
    line(text, format_args!("  .crossgate.memory.{process} : ALIGN({step}) {{"));
    line(text, format_args!("    __crossgate_start_{process} = .;"));
    let [reset @ .., kept] = PARTS;
    for (part, end) in reset.into_iter().zip(["shared", "data", "zeroed"]) {
        collected(text, sections, &format!("{part}{process}"));
        line(text, format_args!("    __crossgate_{end}_{process} = .;"));
    }
    // There is at least one page, because the stack belongs to it. Kept statics are on other pages, because a reset
    // affects whole pages.
    line(text, format_args!("    . = . + 1;\n    . = ALIGN({page});"));
    line(text, format_args!("    __crossgate_kept_{process} = .;"));
    collected(text, sections, &format!("{kept}{process}"));
    line(text, format_args!("    . = ALIGN({page});\n    __crossgate_end_{process} = .;\n  }}"));
}

/// Writes the contents of a section of this name.
fn collected(text: &mut String, sections: &[OutputSection], name: &str) {
    let inputs = sections.iter().filter(|section| section.name == name);
    for (file, name) in inputs.flat_map(|section| &section.inputs) {
        line(text, format_args!("    \"{file}\"(\"{name}\")"));
    }
}

/// Writes the table of the places of the pages.
fn table(text: &mut String, inputs: &Inputs) {
    line(text, format_args!("SECTIONS {{\n  .crossgate.table : ALIGN(8) {{"));
    line(text, format_args!("    __crossgate_memory = .;"));
    line(text, format_args!("    QUAD({}) QUAD(0)", inputs.processes.len()));
    for process in &inputs.processes {
        line(text, format_args!("    QUAD({})", process.len()));
        for symbol in ["start", "start", "shared", "data", "kept", "end"] {
            let symbol = format!("__crossgate_{symbol}_{process}");
            line(text, format_args!("    QUAD({symbol} - __crossgate_memory)"));
        }
        let heap = match has_heap(inputs, process) {
            true => format!("{} - __crossgate_memory", record(process)),
            false => "0".to_owned(),
        };
        line(text, format_args!("    QUAD({heap})"));
        for part in process.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            line(text, format_args!("    QUAD({:#x})", u64::from_le_bytes(word)));
        }
    }
    *text += "  }\n}\nINSERT AFTER .rodata;\n";
}

fn line(text: &mut String, arguments: std::fmt::Arguments) {
    writeln!(text, "{arguments}").expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linker_scripts_are_watched_up_to_the_workspace() {
        let outside = tempfile::tempdir().unwrap();
        let workspace = outside.path().join("workspace");
        let package = workspace.join("firmware");
        fs::create_dir_all(&package).unwrap();
        fs::write(outside.path().join("other.x"), "").unwrap();
        fs::write(workspace.join("Cargo.lock"), "").unwrap();
        fs::write(workspace.join("memory.x"), "").unwrap();
        assert_eq!(
            scripts(&package),
            [
                format!("cargo::rustc-link-search={}", workspace.display()),
                format!("cargo::rerun-if-changed={}/memory.x", workspace.display()),
            ]
        );
        fs::write(package.join("device.x"), "").unwrap();
        assert_eq!(scripts(&package).len(), 4);
    }
}

//! The two passes.

use crate::arguments::Arguments;
use crate::image::Image;
use crate::inputs::{Inputs, MEMORY_SYMBOL};
use crate::layout::{self, Kind, Missing, Piece, Span};
use crate::ownership::{self, KERNEL, Owner, SHARED, STACK};
use crate::script::{self, OutputSection, Table};
use crate::verify;
use anyhow::{Context, Result, anyhow, bail, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The kernel's stack, which exceptions run on, in bytes.
pub const KERNEL_STACK: u64 = 1024;
/// The smallest region of the memory protection unit, in bytes.
const SMALLEST_REGION: u64 = 32;

/// Prefixes of the firmware's sections with what a process may lend, its initialised statics and
/// its zeroed ones; the name of the process follows.
pub const PARTS: [&str; 3] = [".crossgate.shared.", ".crossgate.data.", ".crossgate.zeroed."];
/// The firmware's section for statics that nobody uses, which has to stay empty.
const UNOWNED: &str = ".crossgate.unowned";

/// Links what the command line says; a firmware without processes is left to the linker alone.
///
/// # Errors
/// What the linker says, or what can't be laid out; nothing is left at the output then.
pub fn link(arguments: &Arguments) -> Result<()> {
    let inputs = Inputs::read(&arguments.inputs())?;
    if inputs.processes.is_empty() {
        return run_linker(arguments.all());
    }
    let collected = collect(&inputs)?;
    let folder = tempfile::tempdir().context("can't make a temporary folder")?;
    let measured = folder.path().join("measured");
    let mut tables: Vec<_> = inputs
        .processes
        .iter()
        .map(|process| Table { symbol: format!("{MEMORY_SYMBOL}{process}"), words: [0; 6] })
        .collect();
    let symbols = [("__crossgate_kernel_stack_bottom", 0)];
    let script = script::before(&collected, &tables, None, &symbols);
    let with_symbols = arguments.without(&["--strip-all", "-s"]);
    pass(&with_symbols, folder.path(), &script, &measured)?;
    let measured = Image::read(&measured)?;
    if measured.section(UNOWNED).is_some() {
        bail!("{}", unowned(&inputs, &collected));
    }

    let plan = Plan::new(&measured, &inputs)?;
    let sections =
        collected.into_iter().filter_map(|section| plan.placed(section)).collect::<Vec<_>>();
    for (table, memory) in tables.iter_mut().zip(&plan.memories) {
        table.words = memory.words();
    }
    let symbols = [
        ("__crossgate_kernel_stack_bottom", plan.kernel_stack.start),
        ("_stack_start", plan.kernel_stack.end),
    ];
    let script = script::before(&sections, &tables, Some(plan.tables), &symbols);
    let linked = folder.path().join("linked");
    pass(&with_symbols, folder.path(), &script, &linked)?;
    verify::verify(&Image::read(&linked)?)?;
    if with_symbols != *arguments {
        pass(arguments, folder.path(), &script, &linked)?;
    }
    let output = arguments.output();
    fs::copy(&linked, &output).with_context(|| format!("can't write {}", output.display()))?;
    Ok(())
}

/// Sorts what belongs to processes into the sections of the firmware.
fn collect(inputs: &Inputs) -> Result<Vec<OutputSection>> {
    let mut sections: BTreeMap<String, OutputSection> = BTreeMap::new();
    let mut add = |name: String, zeroed: bool, section: &crate::inputs::Section| {
        let input = (section.file.clone(), section.name.clone());
        let output = sections.entry(name.clone());
        let empty = OutputSection { name, zeroed, inputs: Vec::new(), place: None };
        output.or_insert(empty).inputs.push(input);
    };
    for (id, owner) in ownership::owners(inputs)? {
        let section = &inputs.sections[id];
        match owner {
            Owner::Kernel => {}
            Owner::Nobody => add(UNOWNED.to_owned(), false, section),
            Owner::Process(process) => {
                known(inputs, process, section)?;
                let part = match (section.name.as_str(), section.zeroed) {
                    (SHARED, _) => 0,
                    (_, false) => 1,
                    (_, true) => 2,
                };
                add(format!("{}{process}", PARTS[part]), part == 2, section);
            }
        }
    }
    for section in inputs.sections.iter().filter(|section| section.name.starts_with(STACK)) {
        let name = &section.name[STACK.len()..];
        let (process, _) = name.split_once('.').with_context(|| {
            format!("section `{}` has to name a process and a thread", section.name)
        })?;
        if process != KERNEL {
            known(inputs, process, section)?;
        }
        add(section.name.clone(), true, section);
    }
    Ok(sections.into_values().collect())
}

/// Refuses what is said to belong to a process that the wiring doesn't have.
fn known(inputs: &Inputs, process: &str, section: &crate::inputs::Section) -> Result<()> {
    ensure!(
        inputs.processes.contains(process),
        "`{}` is said to belong to process `{process}`, which the wiring does not have",
        section.title()
    );
    Ok(())
}

/// What is wrong when a static that nobody uses is kept.
fn unowned(inputs: &Inputs, collected: &[OutputSection]) -> String {
    let kept = collected.iter().filter(|section| section.name == UNOWNED);
    let kept = kept.flat_map(|section| &section.inputs);
    let of_inputs = kept.filter_map(|(file, name)| {
        inputs.sections.iter().find(|section| section.file == *file && section.name == *name)
    });
    of_inputs.map(ownership::unowned).collect::<Vec<_>>().join("\n")
}

/// Where the memory of a process is.
struct Memory {
    span: Span,
    shared_end: u64,
    data_end: u64,
    image: u64,
}

impl Memory {
    /// In the order of `crossgate_abi::table::ProcessMemory`.
    fn words(&self) -> [u64; 6] {
        let Span { start, end } = self.span;
        [start, end, start, self.shared_end, self.image, self.data_end]
    }
}

/// Where everything goes.
struct Plan {
    kernel_stack: Span,
    memories: Vec<Memory>,
    /// Where in flash the tables are.
    tables: u64,
    /// Address and address in flash by section.
    places: BTreeMap<String, (u64, u64)>,
}

impl Plan {
    fn new(measured: &Image, inputs: &Inputs) -> Result<Self> {
        let (flash, ram) = verify::memories(measured)?;
        let kernel = verify::used(measured, ram).unwrap_or(ram.start);
        let kernel_stack = kernel.next_multiple_of(SMALLEST_REGION);
        let kernel_stack = Span { start: kernel_stack, end: kernel_stack + KERNEL_STACK };

        let mut extents = Vec::new();
        let mut pieces = Vec::new();
        for process in &inputs.processes {
            let extent = Extent::measure(measured, process);
            if extent.size > 0 {
                let piece = Piece { kind: Kind::Process, size: extent.size, align: extent.align };
                pieces.push((format!("process {process}"), piece));
            }
            extents.push((process, extent));
        }
        let stacks = measured.sections.iter().filter(|section| section.name.starts_with(STACK));
        for stack in stacks {
            pieces.push((stack.name.clone(), verify::stack_piece(stack)?));
        }
        let free = Span { start: kernel_stack.end, end: ram.end };
        let only_pieces: Vec<_> = pieces.iter().map(|(_, piece)| *piece).collect();
        let spans = layout::lay_out(free, &only_pieces)
            .map_err(|missing| demand(&pieces, ram, kernel - ram.start, missing))?;
        let span_of: BTreeMap<_, _> =
            pieces.iter().map(|(name, _)| name.as_str()).zip(spans).collect();

        let tables = verify::used(measured, flash).unwrap_or(flash.start).next_multiple_of(4);
        let mut load = tables + 24 * extents.len() as u64;
        let mut places = BTreeMap::new();
        let mut memories = Vec::new();
        for (process, extent) in extents {
            let name = format!("process {process}");
            // A process without statics has no region: its memory starts and ends where RAM starts.
            let nowhere = Span { start: ram.start, end: ram.start };
            let span = span_of.get(name.as_str()).copied().unwrap_or(nowhere);
            for (part, offset) in PARTS.iter().zip(extent.offsets) {
                let address = span.start + offset;
                let image = if *part == PARTS[2] { address } else { load + offset };
                places.insert(format!("{part}{process}"), (address, image));
            }
            memories.push(Memory {
                span,
                shared_end: span.start + extent.shared,
                data_end: span.start + extent.image,
                image: load,
            });
            load += extent.image;
        }
        ensure!(
            load <= flash.end,
            "FLASH is too small by {} bytes: code and constants end at {tables:#x}, and the \
             initial values of the processes' statics need {} bytes",
            load - flash.end,
            load - tables
        );
        for (name, _) in pieces.iter().filter(|(name, _)| name.starts_with(STACK)) {
            let address = span_of[name.as_str()].start;
            places.insert(name.clone(), (address, address));
        }
        Ok(Self { kernel_stack, memories, tables, places })
    }

    /// The section at its place, unless it is empty.
    fn placed(&self, section: OutputSection) -> Option<OutputSection> {
        let place = self.places.get(&section.name).copied();
        place.map(|place| OutputSection { place: Some(place), ..section })
    }
}

/// The memory of a process, from offset 0 on.
struct Extent {
    /// Where each of the [`PARTS`] starts.
    offsets: [u64; 3],
    /// Length of what may be lent, in whole regions.
    shared: u64,
    /// Length of what has initial values.
    image: u64,
    /// Length of all.
    size: u64,
    align: u64,
}

impl Extent {
    fn measure(measured: &Image, process: &str) -> Self {
        let part = |part: &str| measured.section(&format!("{part}{process}"));
        let [shared, data, zeroed] = PARTS
            .map(|name| part(name).map_or((0, 1), |section| (section.span.size(), section.align)));
        let shared_size = shared.0.next_multiple_of(SMALLEST_REGION);
        let data_start = shared_size.next_multiple_of(data.1);
        let image = (data_start + data.0).next_multiple_of(4);
        let zeroed_start = image.next_multiple_of(zeroed.1);
        Self {
            offsets: [0, data_start, zeroed_start],
            shared: shared_size,
            image: if shared.0 + data.0 == 0 { 0 } else { image },
            size: zeroed_start + zeroed.0,
            align: shared.1.max(data.1).max(zeroed.1).max(SMALLEST_REGION),
        }
    }
}

/// The error that says who needs how much RAM.
fn demand(pieces: &[(String, Piece)], ram: Span, kernel: u64, missing: Missing) -> anyhow::Error {
    let mut text = format!("RAM ({} bytes) is too small for the firmware", ram.size());
    let mut line = |name: &str, size: u64| text += &format!("\n  {name}: {size} bytes");
    line("kernel", kernel);
    line("stack of the kernel", KERNEL_STACK);
    for (name, piece) in pieces {
        match name.strip_prefix(STACK) {
            Some(thread) => line(&format!("stack of {thread}"), piece.size),
            None => line(name, piece.size),
        }
    }
    line("missing", missing.0);
    anyhow!("{text}")
}

/// Runs the linker with our scripts around the user's.
fn pass(arguments: &Arguments, folder: &Path, before: &str, output: &Path) -> Result<()> {
    let scripts = [("before.ld", before), ("after.ld", script::AFTER)];
    let [before, after] = scripts.map(|(name, _)| format!("-T{}", folder.join(name).display()));
    for (name, text) in scripts {
        fs::write(folder.join(name), text).context("can't write the linker script")?;
    }
    let mut all = vec![before];
    all.extend(arguments.with_output(output));
    // Segments need not be aligned to pages, which a microcontroller has not.
    all.extend([after, "--nmagic".to_owned()]);
    run_linker(&all)
}

/// Runs rust-lld.
fn run_linker(arguments: &[String]) -> Result<()> {
    let response = tempfile::NamedTempFile::new().context("can't make a temporary file")?;
    let quoted = arguments
        .iter()
        .map(|argument| format!("\"{}\"\n", argument.replace('\\', "\\\\").replace('"', "\\\"")));
    fs::write(response.path(), quoted.collect::<String>()).context("can't write arguments")?;
    let program = rust_lld()?;
    let status = Command::new(&program)
        .args(["-flavor", "gnu"])
        .arg(format!("@{}", response.path().display()))
        .status()
        .with_context(|| format!("can't run {}", program.display()))?;
    ensure!(status.success(), "the linker failed: {status}");
    Ok(())
}

/// The linker of the Rust toolchain. Rustc puts its folder into the path of linkers that it calls.
fn rust_lld() -> Result<PathBuf> {
    let name = format!("rust-lld{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|folder| folder.join(&name));
    if let Some(program) = in_path.into_iter().find(|program| program.is_file()) {
        return Ok(program);
    }
    let rustc = Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = String::from_utf8(rustc.context("can't run rustc")?.stdout)?;
    let hosts = fs::read_dir(Path::new(sysroot.trim()).join("lib/rustlib"))?;
    let programs = hosts.flatten().map(|host| host.path().join("bin").join(&name));
    programs
        .into_iter()
        .find(|program| program.is_file())
        .with_context(|| format!("there is no {name} in the toolchain at {}", sysroot.trim()))
}

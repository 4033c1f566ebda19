// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two passes of the linker.

use crate::arguments::Arguments;
use crate::copies::Copies;
use crate::image::Image;
use crate::inputs::Inputs;
use crate::kernel_stack::Need;
use crate::layout::Span;
use crate::linker::{self, pass};
use crate::names::{KERNEL, MEMORY_SYMBOL, STACK, UNOWNED, is_kept, is_shared, named_owner};
use crate::ownership::{self, Owner};
use crate::plan::{FIRST_WITHOUT_VALUES, PARTS, Plan};
use crate::processor::Processor;
use crate::reach::Reach;
use crate::script::{self, FLASH_USE, OutputSection, Places, STACK_NEEDS, Table};
use crate::{
    critical, flash_use, heap, map, merging, protection, scripts, stack_need, trust, unit, vectors,
    verify,
};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The options that leave names out.
pub const STRIP: [&str; 2] = ["--strip-all", "-s"];

/// The error for a firmware whose tables do not refer to the memories of its processes.
const FOR_A_HOST: &str = "this firmware is a program of the host, but `crossgate-link` is the linker \
                          of microcontrollers. Remove it from the settings of this target, and let \
                          the firmware's build script call `crossgate_link::hosted::build()`.";

/// The error for a missing script.
const NO_SCRIPT: &str = "the linker script is missing: `-C link-arg=-Tlink.x` has to be among the `rustflags` of \
                         .cargo/config.toml, which cargo ignores when `RUSTFLAGS` is set in the environment. \
                         Unset it, or add the argument to it.";

/// Links according to the command line. If the firmware has no processes, only `rust-lld` is called.
///
/// # Errors
/// If the linker fails, or if the memory can't be laid out. There is no output file then.
pub fn link(arguments: &Arguments) -> Result<()> {
    let paths = arguments.inputs();
    if paths.is_empty() {
        return linker::run(arguments.all());
    }
    // The earlier output is removed, so that it is not run by accident if the linker fails.
    let output = arguments.output();
    let _ = fs::remove_file(&output);
    let mut inputs = Inputs::read(&paths)?;
    if inputs.processes.is_empty() {
        let mut owners = inputs.sections.iter().filter_map(|section| named_owner(&section.name));
        ensure!(owners.all(|owner| owner == KERNEL), "{FOR_A_HOST}");
        return linker::run(arguments.all());
    }
    ensure!(!arguments.scripts().is_empty(), "{NO_SCRIPT}");
    refuse_merged(&paths)?;
    ownership::check_names(&inputs)?;
    let reach = Reach::of(&inputs);
    let handlers = trust::check(&reach, inputs.processor.runtime(), &scripts::names(arguments)?)?;
    critical::check(&reach)?;
    heap::check(&reach)?;
    merging::check(&reach)?;
    let folder = tempfile::tempdir().context("can't make a temporary folder")?;
    let copies = Copies::of(&reach).write(folder.path())?;
    let arguments = &inputs.arguments(arguments, &copies);
    inputs.replace(copies)?;
    let reach = Reach::of(&inputs);
    let collected = collect(&reach)?;
    let measured = folder.path().join("measured");
    let mut tables: Vec<_> = inputs
        .processes
        .iter()
        .map(|process| Table { symbol: format!("{MEMORY_SYMBOL}{process}"), words: [0; 7] })
        .collect();
    let symbols = [("__crossgate_kernel_stack_bottom", 0)];
    let script = script::before(&collected, &tables, None, &symbols);
    let with_symbols = arguments.without(&STRIP);
    let aliases = script::aliases(&heap::symbols(&reach)?);
    let after = aliases + &script::after(&scripts::memories(arguments)?);
    // Debug information has no effect on sizes.
    let without_debug = with_symbols.with_option("--strip-debug");
    pass(&without_debug, folder.path(), [&script, &after], &measured)?;
    let measured = Image::read(&measured)?;
    if let Some(kept) = measured.section(UNOWNED) {
        bail!("{}", unowned(&inputs, &collected, &measured, kept.span));
    }

    let shape = unit::shape(&measured)?;
    protection::check(&measured, shape, inputs.processor)?;
    let kernel_stack = kernel_stack(&measured, &Need::of(&reach))?;
    let services = map::services::of(&measured)?;
    let needs = stack_need::of(&reach, &measured, &services, shape);
    let notes = [
        script::note(STACK_NEEDS, &stack_need::to_text(&needs)),
        script::note(FLASH_USE, &flash_use::to_text(&flash_use::of(&reach))),
    ];
    let after = after + &notes.concat();
    let plan = Plan::new(&measured, shape, &inputs, kernel_stack)?;
    let sections =
        collected.into_iter().filter_map(|section| plan.placed(section)).collect::<Vec<_>>();
    for (table, memory) in tables.iter_mut().zip(&plan.memories) {
        table.words = memory.words();
    }
    let symbols = [
        ("__crossgate_kernel_stack_bottom", plan.kernel_stack.start),
        ("_stack_end", plan.kernel_stack.start),
        ("_stack_start", plan.kernel_stack.end),
    ];
    let places = Places { tables: plan.tables, kernel_statics: plan.kernel_statics };
    let script = script::before(&sections, &tables, Some(places), &symbols);
    let linked = folder.path().join("linked");
    pass(&with_symbols, folder.path(), [&script, &after], &linked)?;
    let image = Image::read(&linked)?;
    verify::verify(&image)?;
    match inputs.processor {
        Processor::CortexM => vectors::check(&image, &handlers)?,
        Processor::RiscV => vectors::check_start(&image)?,
    }
    if with_symbols != *arguments {
        pass(arguments, folder.path(), [&script, &after], &linked)?;
    }
    fs::copy(&linked, &output).with_context(|| format!("can't write {}", output.display()))?;
    Ok(())
}

/// The symbol by which memory.x may set the length of the kernel's stack.
const KERNEL_STACK: &str = "_kernel_stack_size";
/// The number of bytes that is added if a part of the need can't be computed.
const RESERVE: u64 = 2048;

/// Returns the length of the kernel's stack.
fn kernel_stack(measured: &Image, need: &Need) -> Result<u64> {
    let wanted = measured.symbols.get(KERNEL_STACK).map(|(value, _)| *value);
    match (wanted, &need.unknown) {
        (Some(wanted), _) => {
            ensure!(
                wanted >= need.size,
                "memory.x: {KERNEL_STACK} is {wanted}, but the kernel needs {} bytes of stack",
                need.size
            );
            Ok(wanted.next_multiple_of(32))
        }
        (None, None) => Ok(need.size),
        (None, Some(unknown)) => {
            eprintln!(
                "crossgate-link: can't compute the stack that the kernel needs, because {unknown}. The kernel gets {} \
                 bytes; memory.x can set another number: `{KERNEL_STACK} = 4096;`",
                need.size + RESERVE
            );
            Ok(need.size + RESERVE)
        }
    }
}

/// Refuses a firmware whose crates are merged. Such a firmware is detected because even the Rust library is not a
/// separate input.
///
/// # Errors
/// The crates are merged.
pub fn refuse_merged(paths: &[String]) -> Result<()> {
    let is_library = |path: &String| {
        let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libcore-") && name.ends_with(".rlib")
    };
    ensure!(
        paths.iter().any(is_library),
        "link-time optimisation (LTO) has merged the crates of this firmware, so nobody can tell \
         whose a static is. Set `lto = false` in its profile in Cargo.toml."
    );
    Ok(())
}

/// Sorts everything that belongs to processes into the sections of the firmware.
pub fn collect(reach: &Reach) -> Result<Vec<OutputSection>> {
    let inputs = reach.inputs;
    let mut sections: BTreeMap<String, OutputSection> = BTreeMap::new();
    let mut add = |name: String, zeroed: bool, section: &crate::inputs::Section| {
        let input = (section.file.clone(), section.name.clone());
        let output = sections.entry(name.clone());
        let empty = OutputSection { name, zeroed, inputs: Vec::new(), place: None };
        output.or_insert(empty).inputs.push(input);
    };
    for (id, owner) in ownership::owners(reach)? {
        let section = &inputs.sections[id];
        match owner {
            Owner::Kernel => {}
            Owner::Nobody => add(UNOWNED.to_owned(), false, section),
            Owner::Process(process) => {
                known(inputs, process, section)?;
                ensure!(
                    ownership::is_ordinary(section),
                    "{}",
                    ownership::elsewhere(section, process)
                );
                heap::check_section(section)?;
                let part = match section.zeroed {
                    _ if is_shared(&section.name) => 0,
                    _ if is_kept(&section.name) => 3,
                    false => 1,
                    true => 2,
                };
                add(format!("{}{process}", PARTS[part]), part >= FIRST_WITHOUT_VALUES, section);
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

/// Refuses sections of a process that the wiring does not have.
fn known(inputs: &Inputs, process: &str, section: &crate::inputs::Section) -> Result<()> {
    ensure!(
        inputs.processes.contains(process),
        "`{}` is said to belong to process `{process}`, which the wiring does not have",
        section.title()
    );
    Ok(())
}

/// Returns the error for statics at `kept`, which nothing uses but which are kept in the firmware.
pub fn unowned(
    inputs: &Inputs,
    collected: &[OutputSection],
    measured: &Image,
    kept: Span,
) -> String {
    let is_kept = |symbol: &String| {
        let address = measured.symbols.get(symbol).map(|(address, _)| *address);
        address.is_some_and(|address| kept.start <= address && address < kept.end)
    };
    let collected = collected.iter().filter(|section| section.name == UNOWNED);
    let sections = collected.flat_map(|section| &section.inputs).filter_map(|(file, name)| {
        inputs.sections.iter().find(|section| section.file == *file && section.name == *name)
    });
    sections
        .filter(|section| section.symbols.is_empty() || section.symbols.iter().any(is_kept))
        .map(ownership::unowned)
        .collect::<Vec<_>>()
        .join("\n")
}

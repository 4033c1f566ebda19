// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks that the linked firmware is as the kernel expects it. It reads the final file, and does not rely on the plan
//! of the linker.

use crate::image::{Constants, Image, ImageSection, constants};
use crate::layout::Span;
use crate::map::{MemoryMap, ProcessMemory};
use crate::names::STACK;
use crate::plan::{GUARD, PARTS, stack_fit};
use crate::script::INTERFACES;
use crate::unit;
use crate::vectors::HEADER;
use anyhow::{Result, bail, ensure};
use crossgate_protection::Shape;

/// Checks that the description of services is not in the memory of the firmware.
///
/// # Errors
/// It has an address.
pub fn not_loaded(image: &Image) -> Result<()> {
    let section = image.section(INTERFACES);
    ensure!(section.is_none(), "the section {INTERFACES} would be loaded");
    Ok(())
}

/// Checks a firmware.
///
/// # Errors
/// If the firmware is wrong. The error says what is wrong, and where.
pub fn verify(image: &Image) -> Result<()> {
    not_loaded(image)?;
    let map = MemoryMap::of(image)?;
    let shape = unit::shape(image)?;
    writable_is_owned(image, &map)?;
    let constants = constants(image)?;
    constants_are_readable(image, constants)?;
    for process in &map.processes {
        let Some(region) = process.region() else { continue };
        ensure!(
            region.is_expressible(shape),
            "the memory of process `{}` is not a region ({}): {region:x?}",
            process.name,
            unit::regions(shape)
        );
        let shared = process.shared;
        let ProcessMemory { data_end, kept_start, .. } = *process;
        let in_order = [region.start, shared.start, shared.end, data_end, kept_start, region.end];
        ensure!(
            shared.start == region.start && in_order.is_sorted(),
            "the parts of the memory of process `{}` are in disorder",
            process.name
        );
        ensure!(
            can_be_lent(shared, shape),
            "not every part of the memory that process `{}` may lend can be opened ({}): {shared:x?}",
            process.name,
            unit::regions(shape)
        );
        ensure!(
            [process.image, data_end, kept_start].iter().all(|end| end.is_multiple_of(4)),
            "the memory of process `{}` is not reset in whole words",
            process.name
        );
        for (part, limits) in PARTS.iter().zip(process.limits(region)) {
            let Some(section) = image.section(&format!("{part}{}", process.name)) else { continue };
            let ImageSection { name, span, load, .. } = section;
            ensure!(limits.contains(*span), "`{name}` is not within {limits:x?}");
            ensure!(
                load.is_none_or(|load| {
                    constants.address_of(load.start) + region.start == process.image + span.start
                }),
                "the initial values of `{name}` are not at {:#x}",
                process.image
            );
        }
    }
    for stack in &map.stacks {
        let fit = stack_fit(stack.span.size(), shape);
        ensure!(
            stack.span.start.is_multiple_of(fit.step as u64),
            "stack `{}` is not aligned to {} bytes: {:x?}",
            stack.name,
            fit.step,
            stack.span
        );
        ensure!(
            stack.span.size() == fit.size as u64,
            "stack `{}` can't be opened ({}): {:x?}",
            stack.name,
            unit::stacks(shape),
            stack.span
        );
    }
    ensure!(
        map.kernel_stack.start == map.ram.start.next_multiple_of(GUARD)
            && map.kernel_stack.size() > GUARD,
        "the kernel's stack is not where it has to be: {:x?}",
        map.kernel_stack
    );
    apart(map.ram, spans(&map))?;
    nothing_open_is_below_stacks(&map)?;
    let loads =
        image.sections.iter().filter_map(|section| Some((section.name.clone(), section.load?)));
    apart(map.flash, loads.collect())
}

/// Checks that code runs at the addresses of FLASH, and that everything else in FLASH is where code can read it.
fn constants_are_readable(image: &Image, constants: Constants) -> Result<()> {
    let are_apart = constants.are_apart();
    for ImageSection { name, span, load, executable, .. } in &image.sections {
        let in_flash = constants.flash.overlaps(*span);
        let in_constants = constants.span.overlaps(*span);
        // (Only the boot ROM reads the words before the code.)
        ensure!(
            !are_apart || !in_flash || *executable || name == HEADER,
            "section `{name}` is at {:#x}, where code can't read it",
            span.start
        );
        let is_there = |load: Span| constants.address_of(load.start) == span.start;
        ensure!(
            !in_constants || !(are_apart && *executable) && load.is_some_and(is_there),
            "section `{name}` is at {:#x}, where code reads {load:x?} of FLASH",
            span.start
        );
    }
    Ok(())
}

/// Returns whether the region for any part of `shared` opens nothing outside of it.
fn can_be_lent(shared: Span, shape: Shape) -> bool {
    let Ok(size) = usize::try_from(shared.size()) else { return false };
    let fit = shape.shared(size.max(1));
    size == 0 || (size == fit.size && shared.start.is_multiple_of(fit.step as u64))
}

/// Checks that memory below a stack is closed to all threads, so that no frame, however large, reaches open memory.
fn nothing_open_is_below_stacks(map: &MemoryMap) -> Result<()> {
    let regions = map.processes.iter().filter_map(|process| Some((process, process.region()?)));
    let lowest = regions.min_by_key(|(_, region)| region.start);
    let Some(((process, region), stack)) = lowest.zip(map.stacks.last()) else { return Ok(()) };
    ensure!(
        stack.span.end <= region.start,
        "the memory of process `{}` ({region:x?}) is below stack `{}` ({:x?})",
        process.name,
        stack.name,
        stack.span
    );
    Ok(())
}

/// Returns everything that takes RAM.
fn spans(map: &MemoryMap) -> Vec<(String, Span)> {
    let processes = map
        .processes
        .iter()
        .filter_map(|process| Some((format!("process {}", process.name), process.region()?)));
    let stacks = map.stacks.iter().map(|stack| (format!("stack {}", stack.name), stack.span));
    let kernel_stack = ("kernel stack".to_owned(), map.kernel_stack);
    map.kernel.iter().cloned().chain([kernel_stack]).chain(processes).chain(stacks).collect()
}

/// Checks that all spans are within the memory, and that no two overlap.
fn apart(memory: Span, mut spans: Vec<(String, Span)>) -> Result<()> {
    for (name, span) in &spans {
        ensure!(memory.contains(*span), "`{name}` ({span:x?}) is not within {memory:x?}");
    }
    spans.sort_by_key(|(_, span)| *span);
    for pair in spans.windows(2) {
        ensure!(!pair[0].1.overlaps(pair[1].1), "`{}` and `{}` overlap", pair[0].0, pair[1].0);
    }
    Ok(())
}

/// Checks that every section that can be written belongs to the kernel or a process, or is a stack.
fn writable_is_owned(image: &Image, map: &MemoryMap) -> Result<()> {
    for section in image.sections.iter().filter(|section| section.writable) {
        let name = &section.name;
        let owned = PARTS.iter().any(|part| {
            let process = name.strip_prefix(part);
            process.is_some_and(|name| map.processes.iter().any(|process| process.name == name))
        });
        if !owned && !name.starts_with(STACK) && !map.kernel.iter().any(|(own, _)| own == name) {
            bail!(
                "section `{name}` holds statics, but is neither in the kernel's memory nor in a \
                 process': {:x?}",
                section.span
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

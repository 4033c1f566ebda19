// SPDX-License-Identifier: MIT OR Apache-2.0
//! The places of all sections, computed from the sizes that the first link has measured.

use crate::image::{Image, ImageSection, constants, memories, used};
use crate::inputs::Inputs;
use crate::layout::{self, Kind, Missing, Piece, Span};
use crate::names::{KERNEL, STACK};
use crate::script::OutputSection;
use crate::unit;
use anyhow::{Result, anyhow, ensure};
use crossgate_protection::{Fit, Shape};
use std::collections::BTreeMap;

/// The alignment of the kernel's stack, whose lowest bytes are its guard.
pub const GUARD: u64 = 32;

/// The length of a `crossgate_abi::table::ProcessMemory`, in bytes.
const TABLE: u64 = 28;

/// Prefixes of the firmware's sections for four kinds of statics of a process: those that it may lend, initialised
/// statics, zeroed statics, and those that are kept when it restarts. The name of the process follows.
pub const PARTS: [&str; 4] =
    [".crossgate.shared.", ".crossgate.data.", ".crossgate.zeroed.", ".crossgate.kept."];
/// The index of the first of the [`PARTS`] without initial values in flash.
pub const FIRST_WITHOUT_VALUES: usize = 2;

/// The memory of a process.
pub struct Memory {
    span: Span,
    shared_end: u64,
    data_end: u64,
    kept_start: u64,
    image: u64,
}

impl Memory {
    /// Returns the words in the order of `crossgate_abi::table::ProcessMemory`.
    pub fn words(&self) -> [u64; 7] {
        let Span { start, end } = self.span;
        [start, end, start, self.shared_end, self.image, self.data_end, self.kept_start]
    }
}

/// The places of everything.
pub struct Plan {
    /// The stack of exception handlers.
    pub kernel_stack: Span,
    /// The address in RAM at which the user's scripts begin to place statics.
    pub kernel_statics: u64,
    /// The memories of the processes, in the order of their names.
    pub memories: Vec<Memory>,
    /// The address of the tables, and their address in flash.
    pub tables: (u64, u64),
    /// The address, and the address in flash, of each section.
    places: BTreeMap<String, (u64, u64)>,
}

impl Plan {
    /// Lays out the measured sections, and the kernel's stack with this number of bytes, for a protection unit with
    /// regions of this shape.
    ///
    /// # Errors
    /// If a memory is too small, or if the protection unit can't open a stack of this size.
    pub fn new(measured: &Image, shape: Shape, inputs: &Inputs, kernel_stack: u64) -> Result<Self> {
        let (flash, ram) = memories(measured)?;
        let bottom = ram.start.next_multiple_of(GUARD);
        let kernel_stack = Span { start: bottom, end: bottom + kernel_stack };

        let mut extents = Vec::new();
        let mut pieces = Vec::new();
        pieces.extend(kernel_piece(measured, ram).map(|piece| (KERNEL.to_owned(), piece)));
        for process in &inputs.processes {
            let extent = Extent::measure(measured, shape, process);
            if extent.size > 0 {
                let piece = Piece { kind: Kind::Process, size: extent.size, align: extent.align };
                pieces.push((format!("process {process}"), piece));
            }
            extents.push((process, extent));
        }
        let stacks = measured.sections.iter().filter(|section| section.name.starts_with(STACK));
        for stack in stacks {
            pieces.push((stack.name.clone(), stack_piece(stack, shape)?));
        }
        let free = Span { start: kernel_stack.end, end: ram.end };
        let only_pieces: Vec<_> = pieces.iter().map(|(_, piece)| *piece).collect();
        let spans = layout::lay_out(shape, free, &only_pieces)
            .map_err(|missing| demand(&pieces, ram, kernel_stack, missing))?;
        let span_of: BTreeMap<_, _> =
            pieces.iter().map(|(name, _)| name.as_str()).zip(spans).collect();

        let constants = constants(measured)?;
        let taken = used(measured, flash);
        let tables = taken.map_or(flash.start, |span| span.end).next_multiple_of(4);
        let mut load = tables + TABLE * extents.len() as u64;
        let mut places = BTreeMap::new();
        let mut memories = Vec::new();
        for (process, extent) in extents {
            let name = format!("process {process}");
            // A process without statics has no region: its memory starts and ends at the start of RAM.
            let nowhere = Span { start: ram.start, end: ram.start };
            let span = span_of.get(name.as_str()).copied().unwrap_or(nowhere);
            let kept_start = extent.kept.start(span);
            let [shared, data, zeroed] = extent.offsets.map(|offset| span.start + offset);
            for (index, address) in [shared, data, zeroed, kept_start].into_iter().enumerate() {
                let has_values = index < FIRST_WITHOUT_VALUES;
                let image = if has_values { load + (address - span.start) } else { address };
                places.insert(format!("{}{process}", PARTS[index]), (address, image));
            }
            memories.push(Memory {
                span,
                shared_end: span.start + extent.shared,
                data_end: span.start + extent.image,
                kept_start,
                image: constants.address_of(load),
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
        let kernel_statics = span_of.get(KERNEL).map_or(kernel_stack.end, |span| span.start);
        let tables = (constants.address_of(tables), tables);
        Ok(Self { kernel_stack, kernel_statics, memories, tables, places })
    }

    /// Returns the section with its place, unless it is empty.
    pub fn placed(&self, section: OutputSection) -> Option<OutputSection> {
        let place = self.places.get(&section.name).copied();
        place.map(|place| OutputSection { place: Some(place), ..section })
    }
}

/// Returns the piece of memory that a stack needs.
///
/// # Errors
/// The protection unit can't open exactly this stack.
fn stack_piece(section: &ImageSection, shape: Shape) -> Result<Piece> {
    let size = section.span.size();
    let fit = stack_fit(size, shape).size;
    ensure!(
        size == fit as u64,
        "stack `{}` is {size} bytes long, but the protection unit opens {}; {fit} bytes would do",
        &section.name[STACK.len()..],
        unit::stacks(shape)
    );
    Ok(Piece { kind: Kind::Stack, size, align: section.align })
}

/// Returns the fit that the protection unit needs for a stack.
pub fn stack_fit(size: u64, shape: Shape) -> Fit {
    shape.stack(usize::try_from(size).unwrap_or(usize::MAX))
}

/// Returns the piece that the user's scripts put into RAM: the statics of the kernel.
fn kernel_piece(measured: &Image, ram: Span) -> Option<Piece> {
    let used = used(measured, ram)?;
    let sections = measured.sections.iter().filter(|section| ram.contains(section.span));
    let align = sections.map(|section| section.align).max().unwrap_or(1);
    // The piece begins at the last aligned address before its first static. So it never takes more memory at another
    // place.
    let start = used.start / align * align;
    Some(Piece { kind: Kind::Kernel, size: used.end - start, align })
}

/// The parts of the memory of a process, from offset 0 on.
struct Extent {
    /// The offsets of the [`PARTS`] that are reset.
    offsets: [u64; 3],
    kept: Kept,
    /// The length of the statics that may be lent, rounded up to whole regions.
    shared: u64,
    /// The length of the statics with initial values.
    image: u64,
    /// The length of all parts together.
    size: u64,
    align: u64,
}

impl Extent {
    fn measure(measured: &Image, shape: Shape, process: &str) -> Self {
        let part = |part: &str| measured.section(&format!("{part}{process}"));
        let [shared, data, zeroed, kept] = PARTS
            .map(|name| part(name).map_or((0, 1), |section| (section.span.size(), section.align)));
        let (shared_size, shared_step) = match usize::try_from(shared.0) {
            // (A length of 0 is not rounded up.)
            Ok(0) | Err(_) => (shared.0, 1),
            Ok(bytes) => {
                let fit = shape.shared(bytes);
                (fit.size as u64, fit.step as u64)
            }
        };
        let data_start = shared_size.next_multiple_of(data.1);
        let image = (data_start + data.0).next_multiple_of(4);
        let zeroed_start = image.next_multiple_of(zeroed.1);
        let zeroed_end = zeroed_start + zeroed.0;
        // (All processes are reset in whole words.)
        let aligns = [shared.1, data.1, zeroed.1, kept.1, shared_step, 4];
        Self {
            offsets: [0, data_start, zeroed_start],
            shared: shared_size,
            image: if shared.0 + data.0 == 0 { 0 } else { image },
            // (The alignment is at least 4, because the memory before it is reset in whole words.)
            kept: Kept { size: kept.0, align: kept.1.max(4) },
            size: zeroed_end.next_multiple_of(kept.1.max(4)) + kept.0,
            align: aligns.into_iter().fold(1, u64::max),
        }
    }
}

/// The statics that are kept when a process restarts.
struct Kept {
    size: u64,
    align: u64,
}

impl Kept {
    /// Returns the address of their start in the memory of the process. They come last, for two reasons: the memory
    /// that is lost to rounding is before them, and so is reset; and they stay in place when other statics grow a
    /// little.
    fn start(&self, memory: Span) -> u64 {
        (memory.end - self.size) / self.align * self.align
    }
}

/// Returns the error with the amounts of RAM that the parts of the firmware need.
fn demand(
    pieces: &[(String, Piece)],
    ram: Span,
    kernel_stack: Span,
    missing: Missing,
) -> anyhow::Error {
    let mut text = format!("RAM ({} bytes) is too small for the firmware", ram.size());
    let mut line = |name: &str, size: u64| text += &format!("\n  {name}: {size} bytes");
    line("stack of the kernel", kernel_stack.size());
    for (name, piece) in pieces {
        match name.strip_prefix(STACK) {
            Some(thread) => line(&format!("stack of {thread}"), piece.size),
            None => line(name, piece.size),
        }
    }
    line("missing", missing.0);
    anyhow!("{text}")
}

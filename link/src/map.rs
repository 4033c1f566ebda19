// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory map of a linked firmware.

use crate::heap::ARENA;
use crate::image::{Image, memories};
use crate::interfaces;
use crate::layout::Span;
use crate::names::{KERNEL, MEMORY_SYMBOL, STACK};
use crate::plan::PARTS;
use crate::script::TABLES;
use crate::{flash_use, stack_need};
use anyhow::Result;
use std::path::Path;

mod copies;
mod memory;
mod picture;
pub(crate) mod services;
mod table;

pub use crate::flash_use::{FlashUse, FlashUser};
pub use crate::stack_need::StackNeed;
pub use copies::{CopiedStatic, CopyCost};
pub use memory::{ProcessMemory, Stack};
pub use services::Service;

/// The owner of what all processes may use.
const ALL: &str = "all";

/// The memory map of a firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryMap {
    /// The flash of the microcontroller, according to memory.x.
    pub flash: Span,
    /// The contents of flash, by section, in the order of addresses.
    pub constants: Vec<(String, Span)>,
    /// The RAM of the microcontroller, according to memory.x.
    pub ram: Span,
    /// The statics of the kernel, by section.
    pub kernel: Vec<(String, Span)>,
    /// The stack of exception handlers.
    pub kernel_stack: Span,
    /// The processes, in the order of their names.
    pub processes: Vec<ProcessMemory>,
    /// The stacks of threads, in the order of their addresses.
    pub stacks: Vec<Stack>,
    /// The registers of devices, with the name of the process that owns each.
    pub devices: Vec<(String, Span)>,
    /// The services, in the order of the wiring.
    pub services: Vec<Service>,
    /// The services with their methods. A service with several objects is listed once. Empty if the firmware has no
    /// description of its services.
    pub interfaces: Vec<interfaces::Service>,
    /// The interrupts that the wiring binds to notifications. Empty if the firmware has no description of its services.
    pub interrupts: Vec<interfaces::Interrupt>,
    /// The stacks that threads and services need, computed from their code. Empty if the file does not tell them.
    pub stack_needs: Vec<StackNeed>,
    /// The flash that code and constants take, by their users and by their crates. Empty if the file does not tell it.
    pub flash_use: FlashUse,
    /// The statics of libraries of which several processes have a copy.
    pub copied: Vec<CopiedStatic>,
    /// The cost of copies for each process that has copies. (The first process that uses a static has the original.)
    pub costs: Vec<CopyCost>,
}

impl MemoryMap {
    /// Reads the map of the firmware in an ELF file.
    ///
    /// # Errors
    /// The file can't be read, or was not linked by crossgate-link.
    ///
    /// # Example
    /// ```no_run
    /// # fn main() -> anyhow::Result<()> {
    /// let map = crossgate_link::map::MemoryMap::from_elf("firmware.elf".as_ref())?;
    /// println!("{map}");
    /// std::fs::write("firmware.svg", map.to_svg())?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_elf(path: &Path) -> Result<Self> {
        Self::of(&Image::read(path)?)
    }

    /// Reads the map of a firmware.
    pub(crate) fn of(image: &Image) -> Result<Self> {
        let (flash, ram) = memories(image)?;
        let mut processes = Vec::new();
        for (symbol, (table, _)) in &image.symbols {
            let Some(name) = symbol.strip_prefix(MEMORY_SYMBOL) else { continue };
            let [start, end, shared_start, shared_end, image_start, data_end, kept_start] =
                image.words(*table)?;
            let parts = PARTS.iter().filter_map(|part| image.section(&format!("{part}{name}")));
            processes.push(ProcessMemory {
                name: name.to_owned(),
                span: Span { start, end },
                shared: Span { start: shared_start, end: shared_end },
                data_end,
                kept_start,
                image: image_start,
                used: parts.map(|section| section.span.size()).sum(),
                heap: image.symbols.get(&format!("{ARENA}{name}")).map_or(0, |(_, size)| *size),
            });
        }
        let stack = |section: &crate::image::ImageSection| {
            let name = section.name.strip_prefix(STACK)?.to_owned();
            Some(Stack { name, span: section.span, high_water: None })
        };
        let mut stacks: Vec<_> = image.sections.iter().filter_map(stack).collect();
        stacks.sort_by_key(|stack| stack.span);
        let kernel = image.sections.iter().filter(|section| {
            ram.contains(section.span) && !section.name.starts_with(".crossgate.")
        });
        let loads = image.sections.iter().filter_map(|section| {
            let load = section.load.filter(|load| flash.contains(*load))?;
            Some((section.name.clone(), load))
        });
        let mut constants: Vec<_> = loads.collect();
        constants.sort_by_key(|(_, span)| *span);
        let (copied, costs) = copies::of(image, &processes);
        Ok(Self {
            flash,
            constants,
            ram,
            kernel: kernel.map(|section| (section.name.clone(), section.span)).collect(),
            kernel_stack: Span {
                start: image.symbol("__crossgate_kernel_stack_bottom")?,
                end: image.symbol("_stack_start")?,
            },
            processes,
            stacks,
            devices: services::windows(image)?,
            services: services::of(image)?,
            interfaces: services::described(image)?,
            interrupts: services::interrupts(image)?,
            stack_needs: stack_need::read(image)?,
            flash_use: flash_use::read(image)?,
            copied,
            costs,
        })
    }

    /// Returns the number of bytes of its stack that a thread has used in a run, if somebody has measured it.
    #[must_use]
    pub fn high_water(&self, thread: &str) -> Option<u64> {
        self.stacks.iter().find(|stack| stack.name == thread)?.high_water
    }

    /// Returns the number of bytes of RAM that the firmware takes without using them.
    #[must_use]
    pub fn lost(&self) -> Lost {
        let mut rows = self.ram_rows();
        // Memory after the last piece is not lost.
        rows.pop_if(|last| last.is_free());
        let sum = |is_hole: bool| -> u64 {
            let rows = rows.iter().filter(|row| row.is_free() == is_hole);
            rows.map(|row| row.span.size() - row.used).sum()
        };
        Lost { to_rounding: sum(false), in_holes: sum(true) }
    }

    /// Returns the used and the free pieces of RAM, in the order of addresses.
    #[must_use]
    pub fn ram_rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        if let (Some((_, first)), Some((_, last))) = (self.kernel.first(), self.kernel.last()) {
            let span = Span { start: first.start, end: last.end };
            let used = self.kernel.iter().map(|(_, span)| span.size()).sum();
            rows.push(Row { owner: KERNEL.into(), what: "statics".into(), span, used });
        }
        rows.push(Row::full(KERNEL, "stack".into(), self.kernel_stack));
        for process in self.processes.iter().filter(|process| process.region().is_some()) {
            let mut what = "statics".to_owned();
            let kept = process.span.end - process.kept_start;
            let parts =
                [(process.heap, "of heap"), (process.shared.size(), "to lend"), (kept, "kept")];
            for (size, why) in parts {
                if size > 0 {
                    what += &format!(", {size} {why}");
                }
            }
            let owner = process.name.clone();
            rows.push(Row { owner, what, span: process.span, used: process.used });
        }
        for stack in &self.stacks {
            let (process, thread) = stack.name.split_once('.').unwrap_or((&stack.name, ""));
            rows.push(Row::full(process, format!("stack of {thread}"), stack.span));
        }
        with_gaps(rows, self.ram)
    }

    /// Returns the number of bytes of code and constants that count for no crate: texts that the linker merges, and what
    /// is between pieces.
    #[must_use]
    pub fn merged(&self) -> u64 {
        let rows = self.flash_rows();
        let all: u64 = rows.iter().filter(|row| row.owner == ALL).map(|row| row.used).sum();
        let known: u64 = self.flash_use.crates.iter().map(|(_, bytes)| bytes).sum();
        all.saturating_sub(known)
    }

    /// Returns the used and the free pieces of flash, in the order of addresses.
    #[must_use]
    pub fn flash_rows(&self) -> Vec<Row> {
        let row = |(section, span): &(String, Span)| {
            let process = PARTS.iter().find_map(|part| section.strip_prefix(part));
            let (owner, what) = match (process, section.as_str()) {
                (Some(process), _) => (process, "initial values"),
                (None, ".vector_table") => (ALL, "interrupt vectors"),
                (None, ".text") => (ALL, "code"),
                (None, ".rodata") => (ALL, "constants"),
                (None, ".data") => (KERNEL, "initial values"),
                (None, TABLES) => (KERNEL, "memory table"),
                (None, other) => (ALL, other),
            };
            Row::full(owner, what.to_owned(), *span)
        };
        with_gaps(self.constants.iter().map(row).collect(), self.flash)
    }
}

/// Numbers of bytes of RAM that are lost because the protection unit can't open every piece of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The bytes inside of pieces: their sizes are rounded up.
    pub to_rounding: u64,
    /// The bytes between pieces: their addresses are rounded up.
    pub in_holes: u64,
}

/// A piece of memory, as the map shows it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The process, or `kernel`, or `all`; empty for free memory.
    pub owner: String,
    /// A few words on its contents.
    pub what: String,
    /// Its addresses.
    pub span: Span,
    /// The number of bytes in use.
    pub used: u64,
}

impl Row {
    fn full(owner: &str, what: String, span: Span) -> Self {
        Self { owner: owner.to_owned(), what, span, used: span.size() }
    }

    /// Returns whether the piece is free.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.owner.is_empty()
    }
}

/// Sorts the rows by address, and adds rows for free memory.
fn with_gaps(mut rows: Vec<Row>, memory: Span) -> Vec<Row> {
    rows.sort_by_key(|row| row.span);
    let mut all = Vec::new();
    let mut free_from = memory.start;
    let end = Row::full("", String::new(), Span { start: memory.end, end: memory.end });
    for row in rows.into_iter().chain([end]) {
        if row.span.start > free_from {
            let span = Span { start: free_from, end: row.span.start };
            all.push(Row { owner: String::new(), what: "free".into(), span, used: 0 });
        }
        free_from = free_from.max(row.span.end);
        all.extend(Some(row).filter(|row| row.span.size() > 0));
    }
    all
}

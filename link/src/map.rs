//! The memory map of a linked firmware.

use crate::image::Image;
use crate::inputs::MEMORY_SYMBOL;
use crate::layout::Span;
use crate::link::PARTS;
use crate::ownership::STACK;
use crate::verify;
use anyhow::Result;
use std::path::Path;

/// Where the memory of a process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessMemory {
    /// The name of the process.
    pub name: String,
    /// What it may access; of no length if it has no statics.
    pub span: Span,
    /// What of that it may lend.
    pub shared: Span,
    /// Where its initialised statics end.
    pub data_end: u64,
    /// Where in flash their values are.
    pub image: u64,
    /// How many bytes its statics take up; the rest is lost to rounding.
    pub used: u64,
}

impl ProcessMemory {
    /// Its memory, if it has any.
    pub fn region(&self) -> Option<Span> {
        (self.span.size() > 0).then_some(self.span)
    }

    /// Where each of the [`PARTS`] has to be.
    pub(crate) fn limits(&self, region: Span) -> [Span; 3] {
        let data = Span { start: self.shared.end, end: self.data_end };
        [self.shared, data, Span { start: self.data_end, end: region.end }]
    }
}

/// A stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The process and the thread, as in `sensor.sampler`.
    pub name: String,
    /// Where it is.
    pub span: Span,
}

/// Where everything is in a firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryMap {
    /// The flash of the microcontroller, as memory.x says.
    pub flash: Span,
    /// The end of what the firmware takes of it.
    pub flash_end: u64,
    /// The RAM of the microcontroller, as memory.x says.
    pub ram: Span,
    /// The statics of the kernel, by section.
    pub kernel: Vec<(String, Span)>,
    /// The stack that exceptions run on.
    pub kernel_stack: Span,
    /// The processes, in the order of their names.
    pub processes: Vec<ProcessMemory>,
    /// The stacks of threads, in the order of their addresses.
    pub stacks: Vec<Stack>,
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

    /// The map of a firmware.
    pub(crate) fn of(image: &Image) -> Result<Self> {
        let (flash, ram) = verify::memories(image)?;
        let mut processes = Vec::new();
        for (symbol, (table, _)) in &image.symbols {
            let Some(name) = symbol.strip_prefix(MEMORY_SYMBOL) else { continue };
            let [start, end, shared_start, shared_end, image_start, data_end] =
                image.words(*table)?;
            let parts = PARTS.iter().filter_map(|part| image.section(&format!("{part}{name}")));
            processes.push(ProcessMemory {
                name: name.to_owned(),
                span: Span { start, end },
                shared: Span { start: shared_start, end: shared_end },
                data_end,
                image: image_start,
                used: parts.map(|section| section.span.size()).sum(),
            });
        }
        let stack = |section: &crate::image::ImageSection| {
            let name = section.name.strip_prefix(STACK)?.to_owned();
            Some(Stack { name, span: section.span })
        };
        let mut stacks: Vec<_> = image.sections.iter().filter_map(stack).collect();
        stacks.sort_by_key(|stack| stack.span);
        let kernel = image.sections.iter().filter(|section| {
            ram.contains(section.span) && !section.name.starts_with(".crossgate.")
        });
        let loads = image.sections.iter().flat_map(|section| [section.load, Some(section.span)]);
        let in_flash = loads.flatten().filter(|span| flash.contains(*span));
        Ok(Self {
            flash,
            flash_end: in_flash.map(|span| span.end).max().unwrap_or(flash.start),
            ram,
            kernel: kernel.map(|section| (section.name.clone(), section.span)).collect(),
            kernel_stack: Span {
                start: image.symbol("__crossgate_kernel_stack_bottom")?,
                end: image.symbol("_stack_start")?,
            },
            processes,
            stacks,
        })
    }

    /// All that takes up RAM.
    pub(crate) fn spans(&self) -> Vec<(String, Span)> {
        let processes = self
            .processes
            .iter()
            .filter_map(|process| Some((format!("process {}", process.name), process.region()?)));
        let stacks = self.stacks.iter().map(|stack| (format!("stack {}", stack.name), stack.span));
        let kernel_stack = ("kernel stack".to_owned(), self.kernel_stack);
        self.kernel.iter().cloned().chain([kernel_stack]).chain(processes).chain(stacks).collect()
    }
}

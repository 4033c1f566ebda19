// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much stack the kernel needs: found in its code.
//!
//! Each section of code is taken to push all that any of its instructions pushes, and to call all that it
//! refers to, also through constants: that is more than what is ever in use at once, but never less, as long
//! as no code calls itself.

use crate::inputs::SectionId;
use crate::reach::Reach;
use crate::vectors::{DEFAULT, EXCEPTIONS};
use std::collections::HashMap;

/// What the CPU pushes, and 4 bytes for alignment.
const FRAME: u64 = 32 + 4;
/// What the port keeps at the top of the stack.
const BOUNDS: u64 = 8;
/// The guard, which is a part of the stack.
const GUARD: u64 = 32;
/// What the kernel calls through the tables of the wiring: the functions that tell what an interface is.
const IDENTITY: u64 = 64;
/// Where the port has the CPU enter a handler above the kernel.
const ABOVE: &str = "crossgate_cortex_m::zero_latency::enter";
/// The vector table that the CPU then has.
const VECTORS: &str = ".rodata.crossgate_vectors";

/// How much stack the kernel needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// In bytes; as far as it can be told.
    pub size: u64,
    /// What can't be told.
    pub unknown: Option<String>,
}

impl Need {
    /// Finds it. An exception interrupts a thread, whose registers are on its own stack; it may be
    /// interrupted by one that can't be masked. Before there are threads the start of the kernel may be
    /// interrupted by both. (A fault of the kernel itself starts its stack anew.) Handlers that a board has above the
    /// kernel interrupt it, and each other.
    pub fn of(reach: &Reach) -> Self {
        let mut search = Search { reach, known: HashMap::new(), unknown: None };
        let above = search.above();
        let mut named = |name: &str| {
            let id = reach.inputs.section_of(name);
            id.map_or(0, |id| search.depth(id, &mut Vec::new()))
        };
        let exceptions = EXCEPTIONS[2..].iter().map(|name| named(name)).max().unwrap_or(0);
        let start = named(EXCEPTIONS[0]).max(named("main"));
        let not_masked = named(EXCEPTIONS[1]);
        let mut device = named(DEFAULT);
        let sections = reach.inputs.sections.iter();
        let vectors =
            sections.filter(|section| section.name.starts_with(".vector_table.interrupts"));
        for handler in vectors.flat_map(|section| section.targets()) {
            device = device.max(search.depth(handler, &mut Vec::new()));
        }
        let first = exceptions.max(device).max(start + FRAME + device);
        let size = BOUNDS + first + IDENTITY + above + FRAME + not_masked + GUARD;
        Need { size: size.next_multiple_of(32), unknown: search.unknown }
    }
}

struct Search<'a> {
    reach: &'a Reach<'a>,
    known: HashMap<SectionId, u64>,
    unknown: Option<String>,
}

impl Search<'_> {
    /// Returns how much is in use by handlers above the kernel, if each has interrupted another. Whoever else refers
    /// to them, or to their vector table, does not call them.
    fn above(&mut self) -> u64 {
        let sections = || self.reach.inputs.sections.iter().enumerate();
        let tables = sections().filter(|(_, section)| section.name == VECTORS).map(|(id, _)| id);
        let tables: Vec<_> = tables.collect();
        let handlers = sections().filter(|(_, section)| section.title().starts_with(ABOVE));
        let handlers: Vec<_> = handlers.map(|(id, _)| id).collect();
        let size = handlers.iter().map(|&id| FRAME + self.depth(id, &mut Vec::new())).sum();
        self.known.extend(tables.into_iter().chain(handlers).map(|id| (id, 0)));
        size
    }

    /// Returns how much is in use at most from a section on. `path` is how it was reached.
    fn depth(&mut self, id: SectionId, path: &mut Vec<SectionId>) -> u64 {
        if let Some(depth) = self.known.get(&id) {
            return *depth;
        }
        let section = &self.reach.inputs.sections[id];
        if path.contains(&id) {
            // Data that refer to each other are no calls. A panic in a panic is one only in a kernel that has
            // failed already; should it run over the stack, the guard is there.
            let start = path.iter().rposition(|it| *it == id).unwrap_or(0);
            let mut calls = path[start..].iter().map(|id| &self.reach.inputs.sections[*id]);
            let is_panic = calls.clone().any(|call| call.title().contains("core::panicking::"));
            if !is_panic && calls.any(|call| call.frame.size > 0) {
                self.unknown = Some(format!("`{}` may call itself", section.title()));
            }
            return 0;
        }
        if section.frame.is_dynamic {
            self.unknown = Some(format!("`{}` has a frame of changing size", section.title()));
        }
        if section.frame.calls_itself {
            self.unknown = Some(format!("`{}` may call itself", section.title()));
        }
        path.push(id);
        let targets = section.targets().filter(|target| !self.reach.closed.contains(target));
        let targets: Vec<_> = targets.collect();
        let deepest = targets.into_iter().map(|target| self.depth(target, path)).max();
        path.pop();
        let depth = section.frame.size + deepest.unwrap_or(0);
        self.known.insert(id, depth);
        depth
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stack that the kernel needs, computed from its code.
//!
//! The analysis makes two assumptions about each section of code: all its instructions that push something are
//! executed, and it calls everything to which it refers, also through constants. The result may be more than the kernel
//! ever uses, but it is never less, as long as no code calls itself.

use crate::inputs::SectionId;
use crate::processor::Processor;
use crate::reach::Reach;
use crate::vectors::{DEFAULT, EXCEPTIONS};
use std::collections::HashMap;

/// The frame that the CPU pushes, and 4 bytes for alignment.
const FRAME: u64 = 32 + 4;
/// The rest of this frame if the kernel has used the floating point unit: s0 to s15, `FPSCR` and a free word.
const FLOATS: u64 = 72;
/// A function of the port that only a firmware for a CPU with a floating point unit has.
const WITH_FLOATS: &str = "__crossgate_resume_with_floats";
/// The length in bytes of the words that the port keeps at the top of the stack.
const BOUNDS: u64 = 8;
/// The length in bytes of these words on RISC-V, with two registers.
const BOUNDS_OF_RISCV: u64 = 16;
/// The length in bytes of the guard, which is a part of the stack.
const GUARD: u64 = 32;
/// The idle thread of a firmware that sleeps deeply: to sleep, it runs on the kernel's stack.
const SLEEPER: &str = "__crossgate_sleeper";
/// The board's part of a sleep.
const SLEEP: &str = "__crossgate_board_sleep";
/// The stack that the kernel needs for functions in the tables of the wiring: it calls those that identify an
/// interface.
const IDENTITY: u64 = 64;
/// The function at which the CPU enters a handler above the kernel.
const ABOVE: &str = "crossgate_cortex_m::zero_latency::enter";
/// The vector table that the CPU uses if there are handlers above the kernel.
const VECTORS: &str = ".rodata.crossgate_vectors";

/// The stack that the kernel needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The size in bytes of the part that can be computed.
    pub size: u64,
    /// A description of the part that can't be computed.
    pub unknown: Option<String>,
}

impl Need {
    /// Computes the need. When an exception interrupts a thread, the thread's registers are pushed onto the thread's
    /// stack. The handler may be interrupted by an exception that can't be masked. Before the first thread runs, both
    /// kinds of exceptions may interrupt the start of the kernel. (A fault of the kernel itself resets its stack.) If a
    /// board has handlers above the kernel, they may interrupt the kernel and each other.
    pub fn of(reach: &Reach) -> Self {
        if reach.inputs.processor == Processor::RiscV {
            return Self::of_riscv(reach);
        }
        let has_floats = reach.inputs.section_of(WITH_FLOATS).is_some();
        let frame = if has_floats { FRAME + FLOATS } else { FRAME };
        let mut search = Search { reach, frame, known: HashMap::new(), unknown: None };
        let above = search.above();
        let sleeper = search.sleeper();
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
        let first = exceptions.max(device).max(start + frame + device).max(sleeper);
        let size = BOUNDS + first + IDENTITY + above + frame + not_masked + GUARD;
        Need { size: size.next_multiple_of(32), unknown: search.unknown }
    }
}

impl Need {
    /// Computes the need on RISC-V, where the kernel is not interrupted.
    fn of_riscv(reach: &Reach) -> Self {
        let mut search = Search { reach, frame: 0, known: HashMap::new(), unknown: None };
        let mut depth = 0;
        for name in [EXCEPTIONS[0], DEFAULT, "main"] {
            let id = reach.inputs.section_of(name);
            depth = depth.max(id.map_or(0, |id| search.depth(id, &mut Vec::new())));
        }
        let size = BOUNDS_OF_RISCV + depth + IDENTITY + GUARD;
        Need { size: size.next_multiple_of(32), unknown: search.unknown }
    }
}

struct Search<'a> {
    reach: &'a Reach<'a>,
    /// The frame that the CPU pushes.
    frame: u64,
    known: HashMap<SectionId, u64>,
    unknown: Option<String>,
}

impl Search<'_> {
    /// Returns the stack that all handlers above the kernel use if each of them has interrupted another. Code that
    /// refers to these handlers, or to their vector table, does not call them.
    fn above(&mut self) -> u64 {
        let sections = || self.reach.inputs.sections.iter().enumerate();
        let tables = sections().filter(|(_, section)| section.name == VECTORS).map(|(id, _)| id);
        let tables: Vec<_> = tables.collect();
        let handlers = sections().filter(|(_, section)| section.title().starts_with(ABOVE));
        let handlers: Vec<_> = handlers.map(|(id, _)| id).collect();
        let size = handlers.iter().map(|&id| self.frame + self.depth(id, &mut Vec::new())).sum();
        self.known.extend(tables.into_iter().chain(handlers).map(|id| (id, 0)));
        size
    }

    /// Returns the stack that the idle thread uses to sleep. All handlers refer to this code through the table of the
    /// kernel's optional parts, but only the idle thread calls the board's part, while no exception is active.
    fn sleeper(&mut self) -> u64 {
        let Some(id) = self.reach.inputs.section_of(SLEEPER) else { return 0 };
        let known = self.known.clone();
        let depth = self.depth(id, &mut Vec::new());
        self.known = known;
        self.known.extend(self.reach.inputs.section_of(SLEEP).map(|id| (id, 0)));
        depth
    }

    /// Returns the largest stack that a section and everything that it calls may use. `path` has the sections through
    /// which it was reached.
    fn depth(&mut self, id: SectionId, path: &mut Vec<SectionId>) -> u64 {
        if let Some(depth) = self.known.get(&id) {
            return *depth;
        }
        let section = &self.reach.inputs.sections[id];
        if path.contains(&id) {
            // A circle of references between data is not a call. A panic inside of a panic happens only after the
            // kernel has failed already. If it overflows the stack, the guard stops it.
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
        let targets = section.calls().filter(|target| !self.reach.closed.contains(target));
        let targets: Vec<_> = targets.collect();
        let deepest = targets.into_iter().map(|target| self.depth(target, path)).max();
        path.pop();
        let depth = section.frame.size + deepest.unwrap_or(0);
        self.known.insert(id, depth);
        depth
    }
}

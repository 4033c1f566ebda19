// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stack that threads and services need, computed from their code.
//!
//! The analysis follows calls from each entry point, and adds up what all instructions of a function push. It does not
//! know which code a pointer refers to. If the code of a thread calls pointers, the analysis assumes that a function
//! calls all functions whose addresses it takes, and says that the number may be too small.

use crate::image::Image;
use crate::inputs::{Inputs, SectionId};
use crate::map::Service;
use crate::names::{STACK, named_owner};
use crate::processor::Processor;
use crate::reach::{Reach, records};
use crate::script::STACK_NEEDS;
use anyhow::{Context as _, Result, ensure};
use crossgate_protection::Shape;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// The start of the names of functions that only make a message for a panic. A panic of a process prints the place in
/// the source, not the message, so it calls none of the functions to which the message refers.
const PANIC: &str = "core::panicking::";

/// The start of the names of functions that copy onto the stack what can't be lent in place. How much that is, is known
/// only when they run.
const COPY: &str = "crossgate::copy::in_block";

/// The version of the text in the firmware's file.
const VERSION: u64 = 1;

/// The stack that a thread or a service needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackNeed {
    /// The thread, as in `sensor.sampler`, or the name of the service.
    pub name: String,
    /// True if it is a service. Its methods run on the stacks of their callers.
    pub is_service: bool,
    /// The number of bytes that are declared. (The stack of a thread may be larger, because it is rounded up.)
    pub declared: u64,
    /// The number of bytes that the code needs at least. For a thread these are the bytes of its code, of the calls that
    /// it makes, and of its registers when it is interrupted (without those of a floating point unit). For a service
    /// these are the bytes of its code. The kernel checks further calls before they are made.
    pub bytes: u64,
    /// The functions on the deepest path, from the entry point on.
    pub path: Vec<String>,
    /// The reason for which the code may need more, if there is one.
    pub open: Option<String>,
}

impl StackNeed {
    /// Returns whether the code needs more than what is declared.
    #[must_use]
    pub fn exceeds(&self) -> bool {
        self.bytes > self.declared
    }
}

/// The numbers of bytes that the kernel adds on the stack of a thread.
struct Sizes {
    /// The registers of a thread that does not run.
    context: u64,
    /// The part of the stack that the kernel keeps free, beyond what a service declares, when a method is entered.
    entry: u64,
    /// The bytes that a method may use beyond those that its service declares.
    reserve: u64,
}

impl Sizes {
    fn of(processor: Processor) -> Self {
        // As in `Port::ENTRY_SIZE` and `Context::SIZE` of the two ports.
        match processor {
            Processor::CortexM => Sizes { context: 64, entry: 136, reserve: 0 },
            Processor::RiscV => Sizes { context: 128, entry: 256, reserve: 128 },
        }
    }
}

/// Computes the needs of all threads and services.
pub fn of(reach: &Reach, image: &Image, services: &[Service], shape: Shape) -> Vec<StackNeed> {
    let inputs = reach.inputs;
    let sizes = Sizes::of(inputs.processor);
    let records = Record::all(inputs, services);
    let mut needs = Vec::new();
    for record in &records {
        let Some(service) = record.service else { continue };
        // A service with several objects is listed once.
        if needs.last().is_some_and(|last: &StackNeed| last.name == service.name) {
            continue;
        }
        let mut search = Search::new(reach, record.entries.clone(), [0, 0]);
        needs.extend(search.deepest(&record.entries).map(|(bytes, path)| StackNeed {
            name: service.name.clone(),
            is_service: true,
            declared: service.stack,
            bytes: bytes.saturating_sub(sizes.reserve),
            path,
            open: search.open.take(),
        }));
    }
    let calls = Calls { reach, sizes, services, records: &records };
    for record in &records {
        let Some(stack) = record.stack else { continue };
        let name = &inputs.sections[stack].name;
        let span = image.section(name).map(|section| section.span);
        let declared = span.map_or(inputs.sections[stack].size, |span| span.size());
        // The stack of a callee begins at an eighth of the stack of its caller.
        let rounding = if shape == Shape::Eighths { declared / 8 } else { 0 };
        let mut circle = None;
        let call = calls.largest(record.process, rounding, &mut Vec::new(), &mut circle);
        let mut search = Search::new(reach, record.entries.clone(), [call, calls.sizes.context]);
        needs.extend(search.deepest(&record.entries).map(|(bytes, path)| StackNeed {
            name: name[STACK.len()..].to_owned(),
            is_service: false,
            declared,
            bytes,
            path,
            open: search.open.take().or(circle),
        }));
    }
    needs
}

/// A record of the wiring: a thread or a service.
struct Record<'a> {
    process: &'a str,
    /// The stack of the thread.
    stack: Option<SectionId>,
    service: Option<&'a Service>,
    /// The functions at which it is entered.
    entries: Vec<SectionId>,
}

impl<'a> Record<'a> {
    /// Returns all records of threads and services.
    fn all(inputs: &'a Inputs, services: &'a [Service]) -> Vec<Record<'a>> {
        let is_stack = |id: SectionId| inputs.sections[id].name.starts_with(STACK);
        let is_owner = |id: SectionId| named_owner(&inputs.sections[id].name).is_some();
        let mut all = Vec::new();
        for section in &inputs.sections {
            let Some(targets) = records(inputs, section) else { continue };
            let owners = targets.iter().filter(|(_, it)| it.section.is_some_and(is_owner)).count();
            let Some(length) = section.size.checked_div(owners as u64) else { continue };
            let of_stacks = targets.iter().any(|(_, it)| it.section.is_some_and(is_stack));
            if !of_stacks && owners != services.len() {
                continue;
            }
            for index in 0..owners {
                let own = targets.iter().filter(|(_, it)| it.offset / length == index as u64);
                let own: Vec<_> = own.collect();
                let Some((process, _)) = own.first() else { continue };
                let sections: Vec<_> = own.iter().filter_map(|(_, it)| it.section).collect();
                all.push(Record {
                    process,
                    stack: sections.iter().copied().find(|&id| is_stack(id)),
                    service: services.get(index).filter(|_| !of_stacks),
                    entries: entries(inputs, &sections),
                });
            }
        }
        all
    }
}

/// The calls between processes.
struct Calls<'a> {
    reach: &'a Reach<'a>,
    sizes: Sizes,
    services: &'a [Service],
    records: &'a [Record<'a>],
}

impl Calls<'_> {
    /// Returns the number of bytes for the call that needs most of those that a process may make. `rounding` bytes are
    /// lost at each call. `path` has the services that are being called. If calls go in a circle, sets `circle`.
    fn largest(
        &self,
        process: &str,
        rounding: u64,
        path: &mut Vec<usize>,
        circle: &mut Option<String>,
    ) -> u64 {
        let mut largest = 0;
        for (index, service) in self.services.iter().enumerate() {
            if !service.callers.iter().any(|caller| caller == process) {
                continue;
            }
            if path.contains(&index) {
                let text = format!("calls of `{}` may come back to it", service.name);
                circle.get_or_insert(text);
                continue;
            }
            path.push(index);
            let further = self.largest(&service.owner, rounding, path, circle);
            path.pop();
            let is_it = |it: &&Record| it.service.is_some_and(|it| std::ptr::eq(it, service));
            let record = self.records.iter().find(is_it).filter(|_| further > 0);
            let below = record.and_then(|record| {
                let mut search = Search::new(self.reach, record.entries.clone(), [further, 0]);
                search.deepest(&record.entries)
            });
            let (below, _) = below.unwrap_or_default();
            largest = largest.max(self.sizes.entry + rounding + below.max(service.stack));
        }
        largest
    }
}

/// Returns the needs as the text that [`parse`] reads.
pub fn to_text(needs: &[StackNeed]) -> String {
    let stack = |need: &StackNeed| {
        json!({
            "name": need.name,
            "service": need.is_service,
            "declared": need.declared,
            "bytes": need.bytes,
            "path": need.path,
            "open": need.open,
        })
    };
    let stacks: Vec<_> = needs.iter().map(stack).collect();
    json!({ "version": VERSION, "stacks": stacks }).to_string()
}

/// Reads the text of [`to_text`].
///
/// # Errors
/// If the text is something else.
pub fn parse(text: &[u8]) -> Result<Vec<StackNeed>> {
    let read = || -> Result<Vec<StackNeed>> {
        let text: Value = serde_json::from_slice(text)?;
        ensure!(text["version"] == VERSION, "it has another version");
        let stack = |stack: &Value| {
            let path = stack["path"].as_array()?.iter();
            Some(StackNeed {
                name: stack["name"].as_str()?.to_owned(),
                is_service: stack["service"].as_bool()?,
                declared: stack["declared"].as_u64()?,
                bytes: stack["bytes"].as_u64()?,
                path: path.filter_map(|name| Some(name.as_str()?.to_owned())).collect(),
                open: stack["open"].as_str().map(str::to_owned),
            })
        };
        let stacks = text["stacks"].as_array().context("it has no list")?;
        stacks.iter().map(|it| stack(it).context("an entry lacks something")).collect()
    };
    read().with_context(|| format!("can't make sense of the section {STACK_NEEDS}"))
}

/// Returns the functions that the targets of a record name, directly or in tables of constants.
fn entries(inputs: &Inputs, targets: &[SectionId]) -> Vec<SectionId> {
    let mut entries = Vec::new();
    for &target in targets {
        let section = &inputs.sections[target];
        if section.executable {
            entries.push(target);
        } else if !section.writable {
            let named = section.targets().filter(|&id| inputs.sections[id].executable);
            entries.extend(named);
        }
    }
    entries
}

/// A search for the deepest path.
struct Search<'a> {
    inputs: &'a Inputs,
    /// The tables of the wiring, and the entry points: code that refers to them does not call them.
    closed: &'a HashSet<SectionId>,
    /// True if code that is reached calls pointers.
    calls_pointers: bool,
    /// The bytes for a call of a service.
    call: u64,
    /// The bytes at the end of any path.
    end: u64,
    /// The depth of each function, and the function that it calls there.
    known: HashMap<SectionId, (u64, Option<SectionId>)>,
    open: Option<String>,
}

impl<'a> Search<'a> {
    /// Prepares a search from these entry points.
    fn new(reach: &'a Reach, entries: Vec<SectionId>, [call, end]: [u64; 2]) -> Self {
        let mut search = Self {
            inputs: reach.inputs,
            closed: &reach.closed,
            calls_pointers: false,
            call,
            end,
            known: HashMap::new(),
            open: None,
        };
        let mut reached = HashSet::new();
        let mut rest = entries;
        while let Some(id) = rest.pop() {
            if reached.insert(id) {
                rest.extend(search.calls(id));
                let section = &search.inputs.sections[id];
                if section.frame.calls_pointers && !search.calls_pointers {
                    search.calls_pointers = true;
                    search.open =
                        Some(format!("`{}` calls through pointers", section.first_title()));
                    // From now on, functions whose addresses are taken count as well.
                    rest.extend(reached.drain());
                }
            }
        }
        search
    }

    /// Returns the functions that a function calls.
    fn calls(&self, id: SectionId) -> Vec<SectionId> {
        let sections = &self.inputs.sections;
        let section = &sections[id];
        let references = section.references.iter().filter(|it| !it.is_branch);
        let is_message = section.title().starts_with(PANIC);
        let mut calls = Vec::new();
        for reference in references {
            let Some(target) = reference.section else { continue };
            if reference.is_call {
                calls.push(target);
            } else if self.calls_pointers && !is_message {
                calls.extend(self.taken(target));
            }
        }
        calls.retain(|target| {
            let title = || sections[*target].title();
            *target != id && !self.closed.contains(target) && !title().starts_with(COPY)
        });
        calls.sort_unstable();
        calls.dedup();
        calls
    }

    /// Returns whether a function makes copies on the stack.
    fn copies(&self, id: SectionId) -> bool {
        let sections = &self.inputs.sections;
        sections[id].calls().any(|target| sections[target].title().starts_with(COPY))
    }

    /// Returns the functions that a reference that is not a call leads to: a function, or those in a table of constants.
    fn taken(&self, target: SectionId) -> Vec<SectionId> {
        let sections = &self.inputs.sections;
        let (mut found, mut seen, mut rest) = (Vec::new(), HashSet::new(), vec![target]);
        while let Some(id) = rest.pop() {
            if sections[id].executable {
                found.push(id);
            } else if !sections[id].writable && !self.closed.contains(&id) && seen.insert(id) {
                rest.extend(sections[id].calls());
            }
        }
        found
    }

    /// Returns the depth of the deepest of these functions, and the path from there; `None` if there are no functions.
    fn deepest(&mut self, entries: &[SectionId]) -> Option<(u64, Vec<String>)> {
        let depths = entries.iter().map(|&id| (self.depth(id, &mut Vec::new()), id));
        let (bytes, first) = depths.max()?;
        let (mut path, mut next) = (Vec::new(), Some(first));
        while let Some(id) = next {
            path.push(self.inputs.sections[id].first_title());
            next = self.known.get(&id).and_then(|(_, next)| *next);
        }
        Some((bytes, path))
    }

    /// Returns the number of bytes that a function and everything below it need. `path` has the functions above it.
    fn depth(&mut self, id: SectionId, path: &mut Vec<SectionId>) -> u64 {
        if let Some((depth, _)) = self.known.get(&id) {
            return *depth;
        }
        let inputs = self.inputs;
        let section = &inputs.sections[id];
        if path.contains(&id) {
            self.open.get_or_insert_with(|| format!("`{}` may call itself", section.first_title()));
            return 0;
        }
        if section.frame.is_dynamic {
            let why = || format!("`{}` has a frame of changing size", section.first_title());
            self.open.get_or_insert_with(why);
        }
        if section.frame.calls_itself {
            self.open.get_or_insert_with(|| format!("`{}` calls itself", section.first_title()));
        }
        path.push(id);
        let end = if section.frame.calls_services { self.call.max(self.end) } else { self.end };
        if self.copies(id) {
            let why = || format!("`{}` copies what it can't lend in place", section.first_title());
            self.open.get_or_insert_with(why);
        }
        let calls = self.calls(id);
        let below = calls.into_iter().map(|target| (self.depth(target, path), Some(target)));
        let (below, next) =
            below.chain([(end, None)]).max_by_key(|(depth, _)| *depth).unwrap_or((end, None));
        path.pop();
        let depth = section.frame.size + below;
        self.known.insert(id, (depth, next));
        depth
    }
}

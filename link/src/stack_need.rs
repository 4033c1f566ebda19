// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stack that threads and services need, computed from their code.
//!
//! The analysis follows calls from each entry point, and adds up what all instructions of a function push. It does not
//! know which code a pointer refers to. If the code of a thread calls pointers, the analysis assumes that a function
//! calls all functions whose addresses it takes, and says that the number may be too small.

use crate::image::Image;
use crate::inputs::{Inputs, SectionId};
use crate::json::{self, list, member, number, text};
use crate::map::Service;
use crate::map::services::SERVICE_WORDS;
use crate::names::{STACK, named_owner};
use crate::reach::{Reach, records};
use crate::script::STACK_NEEDS;
use anyhow::{Context as _, Result};
use crossgate_protection::Shape;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The start of the names of functions that only make a message for a panic. A panic of a process prints the place in
/// the source, not the message, so it calls none of the functions to which the message refers.
const PANIC: &str = "core::panicking::";

/// The start of the names of functions that copy onto the stack what can't be lent in place. How much that is, is known
/// only when they run.
const COPY: &str = "crossgate::copy::in_block";

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
    /// it makes, and of its registers when it is interrupted. For a service these are the bytes of its code (and of the
    /// registers of the floating point unit, if it uses them). The kernel checks further calls before they are made.
    pub bytes: u64,
    /// The functions on the deepest path, from the entry point on.
    pub path: Vec<String>,
    /// The reason for which the code may need more, if there is one.
    pub open: Option<String>,
}

impl StackNeed {
    /// Reads the needs in the ELF file of a firmware, which may be stripped. There are none if the file does not tell
    /// them.
    ///
    /// # Errors
    /// The file can't be read, or its list is damaged.
    pub fn from_elf(path: &Path) -> Result<Vec<Self>> {
        read(&Image::read(path)?)
    }

    /// Returns `service` or `thread`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        if self.is_service { "service" } else { "thread" }
    }

    /// Returns whether the code needs more than what is declared.
    #[must_use]
    pub fn exceeds(&self) -> bool {
        self.bytes > self.declared
    }
}

/// The numbers of bytes that the kernel adds on the stack of a thread, by the symbols of its port.
#[derive(Clone, Copy)]
struct Sizes {
    /// The registers of a thread that does not run.
    context: u64,
    /// Its further registers if it uses floats.
    floats: u64,
    /// The part of the stack that the kernel keeps free, beyond what a service declares, when a method is entered.
    entry: u64,
    /// The bytes that a method may use beyond those that its service declares.
    reserve: u64,
}

impl Sizes {
    fn of(image: &Image) -> Option<Self> {
        let size = |what: &str| Some(image.symbols.get(&format!("__crossgate_{what}"))?.0);
        Some(Sizes {
            context: size("context_size")?,
            floats: size("floats_size")?,
            entry: size("entry_size")?,
            reserve: size("entry_reserve")?,
        })
    }
}

/// Computes the needs of all threads and services. There are none if the port does not tell its sizes.
pub fn of(reach: &Reach, image: &Image, services: &[Service], shape: Shape) -> Vec<StackNeed> {
    let inputs = reach.inputs;
    let Some(sizes) = Sizes::of(image) else { return Vec::new() };
    let records = Record::all(inputs, services);
    let code = &Code::of(reach, sizes);
    let mut needs = Vec::new();
    for record in &records {
        let Some(service) = record.service else { continue };
        // A service with several objects is listed once.
        if needs.last().is_some_and(|last: &StackNeed| last.name == service.name) {
            continue;
        }
        let mut search = Search::new(code, &record.entries, [0, 0]);
        needs.extend(search.deepest(&record.entries).map(|(bytes, path)| StackNeed {
            name: service.name.clone(),
            is_service: true,
            declared: service.stack,
            bytes: bytes.saturating_sub(sizes.reserve),
            path,
            open: search.open.take(),
        }));
    }
    for record in &records {
        let Some(stack) = record.stack else { continue };
        let name = &inputs.sections[stack].name;
        let span = image.section(name).map(|section| section.span);
        let declared = span.map_or(inputs.sections[stack].size, |span| span.size());
        // The stack of a callee begins at an eighth of the stack of its caller.
        let rounding = if shape == Shape::Eighths { declared / 8 } else { 0 };
        let mut calls =
            Calls { code, records: &records, rounding, known: HashMap::new(), open: None };
        let call = calls.largest(record.process);
        let mut search = Search::new(code, &record.entries, [call, sizes.context]);
        needs.extend(search.deepest(&record.entries).map(|(bytes, path)| StackNeed {
            name: name[STACK.len()..].to_owned(),
            is_service: false,
            declared,
            bytes,
            path,
            open: search.open.take().or(calls.open.take()),
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
            // (A table of gates has as many records if each service has one method.)
            let of_services = owners == services.len() && length == 4 * SERVICE_WORDS;
            if !of_stacks && !of_services {
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
    code: &'a Code<'a>,
    records: &'a [Record<'a>],
    /// The number of bytes that are lost at each call.
    rounding: u64,
    /// The number of bytes for the largest call of each process. Of a process whose calls are being looked at, it is not
    /// known yet.
    known: HashMap<&'a str, Option<u64>>,
    /// The reason for which a call may need more: calls that come back to a process.
    open: Option<String>,
}

impl<'a> Calls<'a> {
    /// Returns the number of bytes for the call that needs most of those that a process may make.
    fn largest(&mut self, process: &'a str) -> u64 {
        if let Some(known) = self.known.get(process) {
            if known.is_none() {
                let why = || format!("calls of `{process}` may come back to it");
                self.open.get_or_insert_with(why);
            }
            return known.unwrap_or_default();
        }
        self.known.insert(process, None);
        let mut largest = 0;
        for record in self.records {
            let Some(service) = record.service else { continue };
            if !service.callers.iter().any(|caller| caller == process) {
                continue;
            }
            let further = self.largest(record.process);
            let below = match further {
                0 => 0,
                _ => Search::new(self.code, &record.entries, [further, 0])
                    .deepest(&record.entries)
                    .map_or(0, |it| it.0),
            };
            largest = largest.max(self.code.sizes.entry + self.rounding + below.max(service.stack));
        }
        self.known.insert(process, Some(largest));
        largest
    }
}

/// Returns the needs as the text that [`read`] reads.
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
    json!({ "version": json::VERSION, "stacks": stacks }).to_string()
}

/// Reads the needs that the file of an image tells; none if it tells nothing.
///
/// # Errors
/// If they are not a text as [`to_text`] makes it.
pub fn read(image: &Image) -> Result<Vec<StackNeed>> {
    if image.stack_needs.is_empty() {
        return Ok(Vec::new());
    }
    let stack = |stack: &Value| {
        let path = |name: &Value| Ok(name.as_str().context("a path has no names")?.to_owned());
        let is_service = member(stack, "service")?.as_bool();
        Ok(StackNeed {
            name: text(stack, "name")?,
            is_service: is_service.context("`service` is neither true nor false")?,
            declared: number(stack, "declared")?,
            bytes: number(stack, "bytes")?,
            path: list(stack, "path", path)?,
            open: member(stack, "open")?.as_str().map(str::to_owned),
        })
    };
    json::read(STACK_NEEDS, &image.stack_needs, |all| list(all, "stacks", stack))
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

/// The code of a firmware.
struct Code<'a> {
    inputs: &'a Inputs,
    sizes: Sizes,
    /// The tables of the wiring, and the entry points: code that refers to them does not call them.
    closed: &'a HashSet<SectionId>,
    /// The functions that only make a message for a panic.
    messages: HashSet<SectionId>,
    /// The functions that copy onto the stack what can't be lent in place.
    copies: HashSet<SectionId>,
}

impl<'a> Code<'a> {
    fn of(reach: &'a Reach, sizes: Sizes) -> Self {
        let sections = reach.inputs.sections.iter().enumerate();
        let titles = sections.filter(|(_, section)| section.executable);
        let (mut messages, mut copies) = (HashSet::new(), HashSet::new());
        for (id, section) in titles {
            let title = section.first_title();
            if title.starts_with(PANIC) {
                messages.insert(id);
            } else if title.starts_with(COPY) {
                copies.insert(id);
            }
        }
        Self { inputs: reach.inputs, sizes, closed: &reach.closed, messages, copies }
    }
}

/// A search for the deepest path.
struct Search<'a> {
    code: &'a Code<'a>,
    /// True if code that is reached calls pointers.
    calls_pointers: bool,
    /// True if code that is reached uses floats. From its first such instruction on, a thread is interrupted with these
    /// registers.
    uses_floats: bool,
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
    fn new(code: &'a Code<'a>, entries: &[SectionId], [call, end]: [u64; 2]) -> Self {
        let mut search = Self {
            code,
            calls_pointers: false,
            uses_floats: false,
            call,
            end,
            known: HashMap::new(),
            open: None,
        };
        let mut reached = HashSet::new();
        let mut rest = entries.to_vec();
        while let Some(id) = rest.pop() {
            if reached.insert(id) {
                rest.extend(search.calls(id));
                let section = &code.inputs.sections[id];
                search.uses_floats |= section.frame.uses_floats;
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
        let Code { inputs, closed, messages, copies, .. } = self.code;
        let references = inputs.sections[id].references.iter().filter(|it| !it.is_branch);
        let mut calls = Vec::new();
        for reference in references {
            let Some(target) = reference.section else { continue };
            if reference.is_call {
                calls.push(target);
            } else if self.calls_pointers && !messages.contains(&id) {
                calls.extend(self.taken(target));
            }
        }
        calls
            .retain(|target| *target != id && !closed.contains(target) && !copies.contains(target));
        calls.sort_unstable();
        calls.dedup();
        calls
    }

    /// Returns whether a function makes copies on the stack.
    fn copies(&self, id: SectionId) -> bool {
        let Code { inputs, copies, .. } = self.code;
        inputs.sections[id].calls().any(|target| copies.contains(&target))
    }

    /// Returns the functions that a reference that is not a call leads to: a function, or those in a table of constants.
    fn taken(&self, target: SectionId) -> Vec<SectionId> {
        let sections = &self.code.inputs.sections;
        let (mut found, mut seen, mut rest) = (Vec::new(), HashSet::new(), vec![target]);
        while let Some(id) = rest.pop() {
            if sections[id].executable {
                found.push(id);
            } else if !sections[id].writable && !self.code.closed.contains(&id) && seen.insert(id) {
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
            path.push(self.code.inputs.sections[id].first_title());
            next = self.known.get(&id).and_then(|(_, next)| *next);
        }
        Some((bytes, path))
    }

    /// Returns the number of bytes that a function and everything below it need. `path` has the functions above it.
    fn depth(&mut self, id: SectionId, path: &mut Vec<SectionId>) -> u64 {
        if let Some((depth, _)) = self.known.get(&id) {
            return *depth;
        }
        let section = &self.code.inputs.sections[id];
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
        let end = end + if self.uses_floats { self.code.sizes.floats } else { 0 };
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

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The description of the services of a firmware (the names, numbers and types of their methods) and of its interrupts.
//!
//! `crossgate::system!` writes the description as JSON into a section that is in no segment. So it takes no flash and
//! no RAM. Firmware for Linux also contains it.

use crate::json::{self, list, member, number, text};
use crate::script::INTERFACES;
use anyhow::{Context, Result};
use object::{Object, ObjectSection};
use serde_json::Value;
use std::fmt;
use std::fs;
use std::path::Path;

/// A service of the wiring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name in the wiring.
    pub name: String,
    /// The process that it belongs to.
    pub process: String,
    /// The number of its objects.
    pub objects: u64,
    /// The gate of the first method of its first object. (The gate is the selector of a call, in r12 on a Cortex-M.)
    /// After it come the gates of its other methods, and then those of its other objects.
    pub gate: u64,
    /// The path of its interface, with the names of the generic parameters, which the types of the methods use:
    /// `queue::Queue<T>`.
    pub interface: String,
    /// Its interface as in the wiring, with generic arguments: `dyn Queue<u16>`.
    pub ty: String,
    /// The methods of its interface, by number.
    pub methods: Vec<Method>,
}

/// An interrupt line that the wiring binds to a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interrupt {
    /// The number of the line in the interrupt controller.
    pub line: u64,
    /// The process that waits for it.
    pub process: String,
    /// The notification that the interrupt signals.
    pub notification: String,
}

/// A method of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its name.
    pub name: String,
    /// True if it takes `&mut self`.
    pub is_exclusive: bool,
    /// The names and types of its parameters.
    pub parameters: Vec<(String, Type)>,
    /// The type of its result.
    pub result: Type,
}

/// A type, and the words that carry its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// Its name as in the source of the interface.
    pub name: String,
    /// Its words.
    pub words: Vec<Word>,
}

/// The content of a word of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// A value, or a part of one.
    Value,
    /// The address of memory that is lent for reading; a [`Length`](Word::Length) follows.
    Read,
    /// The address of memory that is lent for writing; a [`Length`](Word::Length) follows.
    Write,
    /// The length of lent memory in bytes.
    Length,
    /// A handle.
    Handle,
    /// A handle, if the word before it is 0.
    HandleIfZero,
}

impl Word {
    /// Returns the word with this name in the description.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "value" => Word::Value,
            "read" => Word::Read,
            "write" => Word::Write,
            "length" => Word::Length,
            "handle" => Word::Handle,
            "handle if the word before is 0" => Word::HandleIfZero,
            _ => return None,
        })
    }

    /// Returns its kind as a number of `crossgate_abi::Kind`.
    pub(crate) fn kind(self) -> u64 {
        match self {
            Word::Value | Word::Length => 0,
            Word::Read => 1,
            Word::Write => 2,
            Word::Handle => 4,
            Word::HandleIfZero => 8,
        }
    }
}

impl Method {
    /// Returns the words of its arguments.
    pub fn arguments(&self) -> impl Iterator<Item = Word> {
        self.parameters.iter().flat_map(|(_, ty)| &ty.words).copied()
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}(&{}self", self.name, if self.is_exclusive { "mut " } else { "" })?;
        for (name, ty) in &self.parameters {
            write!(f, ", {name}: {}", ty.name)?;
        }
        match self.result.name.as_str() {
            "()" => write!(f, ")"),
            result => write!(f, ") -> {result}"),
        }
    }
}

/// Reads the services of the firmware in an ELF file, in the order of the wiring.
///
/// # Errors
/// If the file can't be read, has no description, or has a description of another version.
///
/// # Example
/// ```no_run
/// # fn main() -> anyhow::Result<()> {
/// for service in crossgate_link::interfaces::from_elf("firmware.elf".as_ref())? {
///     for (method, gate) in service.methods.iter().zip(service.gate..) {
///         println!("{gate}: {}.{method}", service.name);
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub fn from_elf(path: &Path) -> Result<Vec<Service>> {
    let data = fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
    let file = object::File::parse(&*data)?;
    let section = file.section_by_name(INTERFACES);
    let section = section.with_context(|| format!("there is no section {INTERFACES}"))?;
    parse(section.data()?)
}

/// Reads a description.
///
/// # Errors
/// If the description is damaged, or is of another version.
pub fn parse(description: &[u8]) -> Result<Vec<Service>> {
    json::read(INTERFACES, description, |all| list(all, "services", service))
}

/// Reads the interrupts of a description, in the order of their notifications. There are none in the description of an
/// older firmware.
///
/// # Errors
/// As for [`parse`].
pub fn interrupts(description: &[u8]) -> Result<Vec<Interrupt>> {
    json::read(INTERFACES, description, |all| match all.get("interrupts") {
        Some(_) => list(all, "interrupts", interrupt),
        None => Ok(Vec::new()),
    })
}

fn interrupt(interrupt: &Value) -> Result<Interrupt> {
    Ok(Interrupt {
        line: number(interrupt, "line")?,
        process: text(interrupt, "process")?,
        notification: text(interrupt, "notification")?,
    })
}

fn service(service: &Value) -> Result<Service> {
    Ok(Service {
        name: text(service, "name")?,
        process: text(service, "process")?,
        objects: number(service, "objects")?,
        gate: number(service, "gate")?,
        interface: text(service, "interface")?,
        ty: text(service, "type")?,
        methods: list(service, "methods", method)?,
    })
}

fn method(method: &Value) -> Result<Method> {
    let is_exclusive = member(method, "exclusive")?.as_bool();
    Ok(Method {
        name: text(method, "name")?,
        is_exclusive: is_exclusive.context("`exclusive` is neither true nor false")?,
        parameters: list(method, "parameters", |it| Ok((text(it, "name")?, ty(it)?)))?,
        result: ty(member(method, "result")?)?,
    })
}

fn ty(ty: &Value) -> Result<Type> {
    let word = |word: &Value| {
        let known = word.as_str().and_then(Word::named);
        known.with_context(|| format!("{word} is no kind of a word"))
    };
    Ok(Type { name: text(ty, "type")?, words: list(ty, "words", word)? })
}

/// Writes a line for each method.
pub(crate) fn write(f: &mut fmt::Formatter, services: &[Service]) -> fmt::Result {
    writeln!(f, "METHODS: {}", services.iter().map(|it| it.methods.len()).sum::<usize>())?;
    writeln!(f, "  gate  method")?;
    for service in services {
        let Service { name, process, objects, ty, .. } = service;
        let count = if *objects == 1 { String::new() } else { format!(", {objects} objects") };
        writeln!(f, "        {process}.{name}: {ty}{count}")?;
        for (method, gate) in service.methods.iter().zip(service.gate..) {
            writeln!(f, "  {gate:>4}    {method}")?;
        }
    }
    Ok(())
}

/// Writes a line for each interrupt.
pub(crate) fn write_interrupts(f: &mut fmt::Formatter, interrupts: &[Interrupt]) -> fmt::Result {
    let processes = interrupts.iter().map(|it| it.process.len()).max().unwrap_or(0);
    let processes = processes.max("process".len());
    writeln!(f, "INTERRUPTS: {}", interrupts.len())?;
    writeln!(f, "  line  {:<processes$}  notification", "process")?;
    for Interrupt { line, process, notification } in interrupts {
        writeln!(f, "  {line:>4}  {process:<processes$}  {notification}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interrupts_are_read_if_there_are_any() {
        let of = |list: &str| interrupts(format!("{{\"version\":1,{list}}}").as_bytes());
        assert_eq!(of("\"services\":[]").unwrap(), []);
        let one = r#""interrupts":[{"line":7,"process":"heater","notification":"HOT"}]"#;
        let hot = Interrupt { line: 7, process: "heater".into(), notification: "HOT".into() };
        assert_eq!(of(one).unwrap(), [hot]);
        let error = format!("{:#}", of(&one.replace('7', "\"7\"")).unwrap_err());
        assert!(error.contains("`line` is no number"), "{error}");
    }

    const FAN: &str = r#"{"version":1,"later":[],"services":[{"name":"FAN","process":"fan","objects":2,"gate":6,
        "interface":"interfaces::Fan","type":"dyn Fan","methods":[{"name":"turn","exclusive":true,"later":{},
        "parameters":[{"name":"by","type":"i8","words":["value"]},
        {"name":"text","type":"Lease<'_, [u8]>","words":["read","length"]}],
        "result":{"type":"bool","words":["value"]}}]}]}"#;

    #[test]
    fn methods_are_written_as_in_the_source() {
        let [fan] = &parse(FAN.as_bytes()).unwrap()[..] else { panic!() };
        assert_eq!((fan.gate, &*fan.interface), (6, "interfaces::Fan"));
        let [turn] = &fan.methods[..] else { panic!() };
        assert_eq!(turn.to_string(), "turn(&mut self, by: i8, text: Lease<'_, [u8]>) -> bool");
        assert!(turn.arguments().eq([Word::Value, Word::Read, Word::Length]));
    }

    #[test]
    fn what_is_damaged_is_refused() {
        for (right, wrong, expected) in [
            ("\"version\":1", "\"version\":2", "version 2"),
            ("\"gate\":6", "\"gate\":-6", "`gate` is no number"),
            ("\"read\"", "\"red\"", "\"red\" is no kind"),
            ("\"type\":\"i8\",", "", "`type` is missing"),
            ("\"exclusive\":true", "\"exclusive\":1", "`exclusive` is neither"),
            ("}]}]}", "}]}]", "EOF"),
        ] {
            let text = FAN.replace(right, wrong);
            let error = format!("{:#}", parse(text.as_bytes()).unwrap_err());
            assert!(error.contains(expected) && error.contains(INTERFACES), "{error}");
        }
    }
}

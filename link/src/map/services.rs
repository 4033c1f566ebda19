// SPDX-License-Identifier: MIT OR Apache-2.0
//! The services and their callers, from the tables of the wiring.

use crate::image::Image;
use crate::interfaces::{self, Word};
use crate::layout::Span;
use anyhow::{Result, ensure};
use std::fmt;

/// The symbol of the address and the length of the table of services. `crossgate::system!` defines it for this map.
const SERVICES: &str = "__crossgate_services";
const PROCESSES: &str = "__crossgate_processes";

/// The number of words of a `crossgate_abi::table::Service`.
pub(crate) const SERVICE_WORDS: u64 = 9;
/// The number of words of a `ProcessRow`.
const PROCESS_WORDS: u64 = 7;
/// The number of words of an `MmioRegion`.
const MMIO_WORDS: u64 = 3;
/// The number of words of a `Method`.
const METHOD_WORDS: u64 = 3;
/// A bit of the second word of a method: there are handles among the arguments or the results.
const HANDLES: u64 = 8 << 16;

/// A service, and the processes that may call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name in the wiring.
    pub name: String,
    /// The process that it belongs to.
    pub owner: String,
    /// The processes that may call it by the wiring.
    pub callers: Vec<String>,
    /// True if its methods take or return handles, so that rights are passed on.
    pub passes_handles: bool,
    /// The number of bytes of stack that it declares for its methods.
    pub stack: u64,
}

/// Returns the services of a firmware, in the order of the wiring; none if it has no tables.
pub(crate) fn of(image: &Image) -> Result<Vec<Service>> {
    let (Ok(services), Ok(processes)) = (image.symbol(SERVICES), image.symbol(PROCESSES)) else {
        return Ok(Vec::new());
    };
    let [processes, count] = image.words(processes)?;
    let names = (0..count).map(|index| {
        let [name, length] = image.words(processes + 4 * PROCESS_WORDS * index)?;
        image.text(name, length)
    });
    let names = names.collect::<Result<Vec<_>>>()?;
    let [services, count] = image.words(services)?;
    let service = |index| {
        let [_, methods, count, callers, name, length, _, stack_and_gate, owner] =
            image.words(services + 4 * SERVICE_WORDS * index)?;
        let mut passes_handles = false;
        for method in 0..count {
            let [_, arguments] = image.words(methods + 4 * METHOD_WORDS * method)?;
            passes_handles |= arguments & HANDLES != 0;
        }
        let may_call = names.iter().enumerate().filter(|(process, _)| callers >> process & 1 != 0);
        Ok(Service {
            name: image.text(name, length)?,
            owner: names.get((owner & 0xff) as usize).cloned().unwrap_or_default(),
            callers: may_call.map(|(_, name)| name.clone()).collect(),
            passes_handles,
            stack: stack_and_gate & 0xffff,
        })
    };
    (0..count).map(service).collect()
}

/// Returns the description of the services; none if the firmware has none.
///
/// # Errors
/// If the description is damaged, or does not agree with the services in the kernel's tables.
pub(super) fn described(image: &Image) -> Result<Vec<interfaces::Service>> {
    if image.interfaces.is_empty() {
        return Ok(Vec::new());
    }
    let described = interfaces::parse(&image.interfaces)?;
    let mut gate = 0;
    let mut expected = Vec::new();
    for service in &described {
        let shapes = service.methods.iter().map(|method| {
            [shape(&mut method.arguments()), shape(&mut method.result.words.iter().copied())]
        });
        let shapes: Vec<_> = shapes.collect();
        for _ in 0..service.objects {
            expected.push((service.name.clone(), shapes.clone()));
        }
        ensure!(service.gate == gate, "the description of `{}` has a wrong gate", service.name);
        gate += service.objects * shapes.len() as u64;
    }
    let [services, count] = image.words(image.symbol(SERVICES)?)?;
    let service = |index| {
        let [_, methods, count, _, name, length] =
            image.words(services + 4 * SERVICE_WORDS * index)?;
        let shapes = (0..count).map(|method| {
            let [_, arguments, results] = image.words(methods + 4 * METHOD_WORDS * method)?;
            // The byte after the number of words has no meaning.
            Ok([arguments & !HANDLES & !0xff00, results & !0xff00])
        });
        Ok((image.text(name, length)?, shapes.collect::<Result<Vec<_>>>()?))
    };
    let services = (0..count).map(service).collect::<Result<Vec<_>>>()?;
    ensure!(services == expected, "the description of services is not that of the kernel's tables");
    Ok(described)
}

/// Returns the interrupts of the description; none if the firmware has none.
///
/// # Errors
/// If the description is damaged.
pub(super) fn interrupts(image: &Image) -> Result<Vec<interfaces::Interrupt>> {
    if image.interfaces.is_empty() {
        return Ok(Vec::new());
    }
    interfaces::interrupts(&image.interfaces)
}

/// Returns the words as a `crossgate_abi::Shape`.
fn shape(words: &mut dyn Iterator<Item = Word>) -> u64 {
    words.zip(0..).fold(0, |shape, (word, index)| (shape + 1) | word.kind() << (16 + 4 * index))
}

/// Returns the device registers of the processes, with the names of the processes; none if there are no tables.
///
/// # Errors
/// A table contains a wrong address.
pub fn windows(image: &Image) -> Result<Vec<(String, Span)>> {
    let Ok(processes) = image.symbol(PROCESSES) else { return Ok(Vec::new()) };
    let [processes, count] = image.words(processes)?;
    let mut all = Vec::new();
    for index in 0..count {
        let [name, length, _memory, mmio, count] =
            image.words(processes + 4 * PROCESS_WORDS * index)?;
        for number in 0..count {
            let [start, size, closed] = image.words(mmio + 4 * MMIO_WORDS * number)?;
            let name = image.text(name, length)?;
            let runs = Span { start, end: start + size }.less_eighths(closed as u8);
            all.extend(runs.map(|span| (name.clone(), span)));
        }
    }
    Ok(all)
}

/// Writes a line for each service.
pub(super) fn write(f: &mut fmt::Formatter, services: &[Service]) -> fmt::Result {
    let widest = |text: fn(&Service) -> &String, heading: &str| {
        services.iter().map(|it| text(it).len()).max().unwrap_or(0).max(heading.len())
    };
    let (owners, names) =
        (widest(|service| &service.owner, "process"), widest(|service| &service.name, "service"));
    writeln!(f, "SERVICES: {}", services.len())?;
    writeln!(f, "  {:<owners$}  {:<names$}  may be called by", "process", "service")?;
    for Service { name, owner, callers, passes_handles, .. } in services {
        let callers = if callers.is_empty() { "nobody".to_owned() } else { callers.join(", ") };
        let note = if *passes_handles { " (passes handles on)" } else { "" };
        writeln!(f, "  {owner:<owners$}  {name:<names$}  {callers}{note}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::ImageSection;
    use std::collections::BTreeMap;

    /// Returns an image of these words, from address 0x1000 on, with texts behind them.
    fn image(words: &[u32], texts: &str, symbols: &[(&str, u64)]) -> Image {
        let mut data: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        data.extend(texts.as_bytes());
        let section = ImageSection {
            name: ".rodata".into(),
            span: Span { start: 0x1000, end: 0x1000 + data.len() as u64 },
            load: None,
            align: 4,
            writable: false,
            executable: false,
            data,
        };
        let symbols = symbols.iter().map(|(name, at)| (String::from(*name), (*at, 8)));
        let symbols = BTreeMap::from_iter(symbols);
        Image { sections: vec![section], symbols, ..Image::default() }
    }

    #[test]
    fn services_are_read_with_their_callers() {
        const TEXTS: u32 = 0x1000 + 4 * (2 + 2 + 14 + 3 + 9);
        let words = [
            // A table of one service and two processes.
            [0x1054, 1, 0x1010, 2].as_slice(),
            &[TEXTS, 3, 0, 0, 0, 0, 0],
            &[TEXTS + 3, 7, 0, 0, 0, 0, 0],
            // A method that takes a handle.
            &[0, 1 | 12 << 16, 0],
            &[0, 0x1048, 1, 0b10, TEXTS + 10, 3, 0, 256, 0],
        ]
        .concat();
        let symbols = [(SERVICES, 0x1000), (PROCESSES, 0x1008)];
        let services = of(&image(&words, "fancontrolFAN", &symbols)).unwrap();
        let fan = Service {
            name: "FAN".into(),
            owner: "fan".into(),
            callers: vec!["control".into()],
            passes_handles: true,
            stack: 256,
        };
        assert_eq!(services, [fan]);
        assert_eq!(of(&image(&words, "fancontrolFAN", &[])).unwrap(), [], "no tables");
        assert!(of(&image(&words, "fan", &symbols)).is_err(), "a table that leads nowhere");
    }

    #[test]
    fn descriptions_are_those_of_the_tables() {
        const TEXTS: u32 = 0x1000 + 4 * (2 + 3 + 9);
        let words = [
            [0x1014, 1].as_slice(),
            // A method that takes memory to read and a handle, and that may return a handle.
            &[0, 3 | 0x409 << 16, 2 | 0x80 << 16],
            &[0, 0x1008, 1, 0, TEXTS, 3, 0, 0, 0],
        ]
        .concat();
        let mut image = image(&words, "FAN", &[(SERVICES, 0x1000)]);
        assert_eq!(described(&image).unwrap(), [], "no description");
        let text = |name: &str, gate: u32, objects: u32, word: &str| {
            format!(
                r#"{{"version":1,"services":[{{"name":"{name}","process":"fan","objects":{objects},"gate":{gate},
                "interface":"Fan","type":"dyn Fan","methods":[{{"name":"turn","exclusive":false,"parameters":[
                {{"name":"a","type":"A","words":["{word}","length"]}},{{"name":"b","type":"B","words":["handle"]}}],
                "result":{{"type":"C","words":["value","handle if the word before is 0"]}}}}]}}]}}"#
            )
        };
        image.interfaces = text("FAN", 0, 1, "read").into_bytes();
        assert_eq!(
            described(&image).unwrap()[0].methods[0].to_string(),
            "turn(&self, a: A, b: B) -> C"
        );
        for (wrong, expected) in [
            (text("FUN", 0, 1, "read"), "not that of the kernel's tables"),
            (text("FAN", 0, 2, "read"), "not that of the kernel's tables"),
            (text("FAN", 0, 1, "write"), "not that of the kernel's tables"),
            (text("FAN", 1, 1, "read"), "`FAN` has a wrong gate"),
        ] {
            image.interfaces = wrong.into_bytes();
            let error = described(&image).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}

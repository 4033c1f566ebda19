// SPDX-License-Identifier: MIT OR Apache-2.0
//! The services and their callers, from the tables of the wiring.

use crate::image::Image;
use crate::layout::Span;
use anyhow::Result;
use std::fmt;

/// The symbol that `crossgate::system!` defines for this: the address and the length of a table.
const SERVICES: &str = "__crossgate_services";
const PROCESSES: &str = "__crossgate_processes";

/// The number of words of a `crossgate_abi::table::Service`, ...
const SERVICE_WORDS: u64 = 9;
/// ... of a `Process`, ...
const PROCESS_WORDS: u64 = 7;
/// ... of a `MmioRegion`, ...
const MMIO_WORDS: u64 = 3;
/// ... and of a `Method`.
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
}

/// Returns the services of a firmware, in the order of the wiring; none if it has no tables.
pub(super) fn of(image: &Image) -> Result<Vec<Service>> {
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
        let [_, methods, count, callers, name, length, _, _, owner] =
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
        })
    };
    (0..count).map(service).collect()
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
    for Service { name, owner, callers, passes_handles } in services {
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
            data,
        };
        let symbols = symbols.iter().map(|(name, at)| (String::from(*name), (*at, 8)));
        Image { sections: vec![section], symbols: BTreeMap::from_iter(symbols) }
    }

    #[test]
    fn services_are_read_with_their_callers() {
        const TEXTS: u32 = 0x1000 + 4 * (2 + 2 + 14 + 3 + 9);
        let words = [
            // One service; two processes.
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
        };
        assert_eq!(services, [fan]);
        assert_eq!(of(&image(&words, "fancontrolFAN", &[])).unwrap(), [], "no tables");
        assert!(of(&image(&words, "fan", &symbols)).is_err(), "a table that leads nowhere");
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The copied statics, their processes, and the cost of the copies, found by their names.

use crate::copies::is_alias;
use crate::image::Image;
use crate::layout::Span;
use crate::map::memory::ProcessMemory;
use crate::names::{COPY, demangle};
use std::collections::BTreeMap;
use std::fmt;

/// A static of which several processes have a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedStatic {
    /// Its name in the source.
    pub name: String,
    /// The processes, in the order of their names.
    pub processes: Vec<String>,
}

/// The cost of the copies of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyCost {
    /// The name of the process.
    pub process: String,
    /// Bytes of code and constants, without initial values.
    pub flash: u64,
    /// Bytes of statics.
    pub ram: u64,
}

/// Returns the copied statics, and the cost of the copies of each process.
pub(super) fn of(image: &Image, processes: &[ProcessMemory]) -> (Vec<CopiedStatic>, Vec<CopyCost>) {
    let owner = |address: u64| {
        let has = |it: &&ProcessMemory| it.span.contains(Span { start: address, end: address + 1 });
        processes.iter().find(has).map(|process| process.name.clone())
    };
    let mut statics: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    // The key is the address, because a copied item may have several names.
    let mut sizes: BTreeMap<(&str, u64), u64> = BTreeMap::new();
    for (symbol, (address, size)) in &image.symbols {
        let Some((name, process)) = symbol.split_once(COPY) else { continue };
        let largest = sizes.entry((process, *address)).or_default();
        *largest = (*largest).max(*size);
        if owner(*address).is_some() && *size > 0 && !is_alias(name) {
            statics.entry(name).or_default().push(process.to_owned());
        }
    }
    let statics = statics.into_iter().map(|(symbol, mut processes)| {
        let original = image.symbols.get(symbol).and_then(|(address, _)| owner(*address));
        processes.extend(original);
        processes.sort_unstable();
        CopiedStatic { name: demangle(symbol), processes }
    });
    let mut costs: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for ((process, address), size) in sizes {
        let (flash, ram) = costs.entry(process).or_default();
        *if owner(address).is_some() { ram } else { flash } += size;
    }
    let cost =
        |(process, (flash, ram)): (&str, _)| CopyCost { process: process.into(), flash, ram };
    (statics.collect(), costs.into_iter().map(cost).collect())
}

/// Writes a line for each static, and one for each process.
pub(super) fn write(
    f: &mut fmt::Formatter,
    statics: &[CopiedStatic],
    costs: &[CopyCost],
) -> fmt::Result {
    writeln!(f, "COPIES: {} statics that each process has for itself", statics.len())?;
    for CopiedStatic { name, processes } in statics {
        writeln!(f, "  {name}: {}", processes.join(", "))?;
    }
    let widest = costs.iter().map(|cost| cost.process.len()).max().unwrap_or(0);
    for CopyCost { process, flash, ram } in costs {
        writeln!(f, "  {process:<widest$}  {flash:>6} bytes of flash, {ram:>6} of RAM")?;
    }
    Ok(())
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks that the protection unit will not open memory that must stay closed. It uses the arithmetic of the port.
//!
//! One region opens FLASH to all threads. It may have to open more than FLASH, because there is no other free region to
//! open FLASH in several pieces. If code reads constants at other addresses than those of code, one more region opens
//! these. Two regions open devices.

use crate::image::{Constants, Image, constants, memories};
use crate::layout::Span;
use crate::map::services;
use crate::processor::Processor;
use crate::script::REGION;
use crate::unit;
use anyhow::{Result, bail, ensure};
use crossgate_protection::Shape;

/// The name that the script of a port gives to the addresses at which code reads constants.
const CONSTANTS: &str = "CONSTANTS";

/// Checks the memories of memory.x and the devices of the wiring.
///
/// # Errors
/// If one of them is impossible. The error says which, and what would be possible.
pub fn check(image: &Image, shape: Shape, processor: Processor) -> Result<()> {
    let reserved = processor.reserved(shape);
    let (flash, ram) = memories(image)?;
    let memories = declared(image, flash);
    for (number, (name, span)) in memories.iter().enumerate() {
        ensure!(span.size() > 0, "memory.x: {name} has no bytes");
        if let Some((other, memory)) =
            memories[..number].iter().find(|(_, memory)| memory.overlaps(*span))
        {
            bail!("memory.x: {other} ({}) and {name} ({}) overlap", range(*memory), range(*span));
        }
    }
    for (name, span) in [("FLASH", flash), ("RAM", ram)] {
        if let Some((what, reserved)) =
            reserved.iter().find(|(_, reserved)| reserved.overlaps(span))
        {
            bail!("memory.x: {name} ({}) overlaps {what} ({})", range(span), range(*reserved));
        }
    }
    ensure!(
        !flash.overlaps(ram),
        "memory.x: FLASH ({}) and RAM ({}) overlap",
        range(flash),
        range(ram)
    );
    let constants = constants(image)?;
    opens_constants(constants, shape, processor)?;
    let mmio = services::windows(image)?;
    let others = memories.iter().filter(|(_, span)| *span != flash);
    let mut closed: Vec<_> = others.cloned().collect();
    closed.push(("RAM".to_owned(), ram));
    closed.extend(reserved.iter().map(|(what, span)| ((*what).to_owned(), *span)));
    closed.extend(mmio.iter().map(|(process, span)| (format!("a device of `{process}`"), *span)));
    opens_flash_only(flash, &closed, shape)?;
    let memories = [("FLASH", flash), (CONSTANTS, constants.span), ("RAM", ram)];
    let taken: Vec<_> = memories.iter().chain(reserved).copied().collect();
    mmio.iter().try_for_each(|(process, range)| device(process, *range, &taken, shape))
}

/// Returns the memories that the user's scripts declare. (`REGION_ALIAS` adds only other names.)
fn declared(image: &Image, flash: Span) -> Vec<(String, Span)> {
    let starts = image.symbols.iter().filter_map(|(symbol, (start, _))| {
        let name = symbol.strip_prefix(REGION)?.strip_prefix("start_")?;
        let (end, _) = image.symbols.get(&format!("{REGION}end_{name}"))?;
        Some((name.to_owned(), Span { start: *start, end: *end }))
    });
    // On most chips, these are the addresses of FLASH.
    starts.filter(|(name, span)| name != CONSTANTS || *span != flash).collect()
}

/// Checks that the region of constants, if they have addresses of their own, opens just these: it is an aligned power of
/// two, because a single entry of the unit is left.
fn opens_constants(constants: Constants, shape: Shape, processor: Processor) -> Result<()> {
    let span = constants.span;
    let size = span.size();
    ensure!(
        !constants.are_apart()
            || processor == Processor::RiscV && matches!(shape, Shape::Run { .. }),
        "memory.x: constants have addresses of their own ({}), for which this port has no region",
        range(span)
    );
    ensure!(
        !constants.are_apart()
            || size.is_power_of_two() && size >= 32 && span.start.is_multiple_of(size),
        "memory.x: constants are read at {}, which one entry of the protection unit can't open: the length of FLASH has \
         to be a power of two, and `_constants` a multiple of it",
        range(span)
    );
    Ok(())
}

/// Checks that the region of FLASH, which may cover more than FLASH, covers nothing else that exists.
fn opens_flash_only(flash: Span, closed: &[(String, Span)], shape: Shape) -> Result<()> {
    let opened = flash.opened(shape);
    let Some((name, covered)) = closed.iter().find(|(_, span)| span.overlaps(opened)) else {
        return Ok(());
    };
    let inside = flash.inside(shape);
    let smaller = if inside.is_expressible(shape) {
        format!("FLASH : ORIGIN = {:#x}, LENGTH = {:#x} would do", inside.start, inside.size())
    } else {
        "choose another ORIGIN and LENGTH".to_owned()
    };
    bail!(
        "memory.x: FLASH ({}) is not what a region of the protection unit can open, which are {}: the smallest that \
         covers it opens {}, where {name} ({}) is. {smaller}, or leave those addresses free.",
        range(flash),
        unit::regions(shape),
        range(opened),
        range(*covered)
    )
}

/// Checks that one region can open the device's range exactly, and that the range contains nothing that is `taken`.
fn device(process: &str, registers: Span, taken: &[(&str, Span)], shape: Shape) -> Result<()> {
    ensure!(
        registers.is_expressible(shape),
        "the device of process `{process}` ({}) is not what a region of the protection unit can open, which are {}",
        range(registers),
        unit::regions(shape)
    );
    if let Some((what, span)) = taken.iter().find(|(_, span)| span.overlaps(registers)) {
        bail!(
            "the device of process `{process}` ({}) overlaps {what} ({}), which no process may own. Give it the \
             registers of the device only.",
            range(registers),
            range(*span)
        );
    }
    Ok(())
}

/// Returns a span as text.
fn range(span: Span) -> String {
    format!("{:#x} to {:#x}", span.start, span.end)
}

#[cfg(test)]
mod tests;

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory map as text.

use super::{Lost, MemoryMap, Row, copies, services};
use crate::interfaces;
use crate::layout::Span;
use std::fmt;

impl fmt::Display for MemoryMap {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        memory(f, "RAM", self.ram, &self.ram_rows())?;
        let Lost { to_rounding, in_holes } = self.lost();
        writeln!(f, "  lost: {to_rounding} bytes to rounding, {in_holes} in holes")?;
        writeln!(f)?;
        memory(f, "FLASH", self.flash, &self.flash_rows())?;
        if !self.services.is_empty() {
            writeln!(f)?;
            services::write(f, &self.services)?;
        }
        if !self.interfaces.is_empty() {
            writeln!(f)?;
            interfaces::write(f, &self.interfaces)?;
        }
        if !self.copied.is_empty() {
            writeln!(f)?;
            copies::write(f, &self.copied, &self.costs)?;
        }
        Ok(())
    }
}

/// Writes one memory: a sum, and a line for each piece.
fn memory(f: &mut fmt::Formatter, name: &str, span: Span, rows: &[Row]) -> fmt::Result {
    let free: u64 = rows.iter().filter(|row| row.is_free()).map(|row| row.span.size()).sum();
    writeln!(
        f,
        "{name}: {} bytes from {:#010x}, {} taken, {free} free",
        span.size(),
        span.start,
        span.size() - free
    )?;
    let owners = rows.iter().map(|row| row.owner.len()).max().unwrap_or(0).max("owner".len());
    let whats = rows.iter().map(|row| row.what.len()).max().unwrap_or(0);
    writeln!(
        f,
        "  {:<owners$}  {:<whats$}  {:<10}  {:>7}  {:>7}  {:>5}",
        "owner", "what", "start", "size", "used", "waste"
    )?;
    for row in rows {
        let Row { owner, what, span, used } = row;
        let size = span.size();
        write!(f, "  {owner:<owners$}  {what:<whats$}  {:#010x}  {size:>7}", span.start)?;
        if row.is_free() {
            writeln!(f)?;
        } else {
            writeln!(f, "  {used:>7}  {:>5}", size - used)?;
        }
    }
    Ok(())
}

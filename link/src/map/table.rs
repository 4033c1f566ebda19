// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory map as text.

use super::{FlashUse, FlashUser, Lost, MemoryMap, Row, StackNeed, copies, services};
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
        if !self.flash_use.users.is_empty() {
            writeln!(f)?;
            flash(f, &self.flash_use, self.merged())?;
        }
        if !self.services.is_empty() {
            writeln!(f)?;
            services::write(f, &self.services)?;
        }
        if !self.interfaces.is_empty() {
            writeln!(f)?;
            interfaces::write(f, &self.interfaces)?;
        }
        if !self.interrupts.is_empty() {
            writeln!(f)?;
            interfaces::write_interrupts(f, &self.interrupts)?;
        }
        if !self.stack_needs.is_empty() {
            writeln!(f)?;
            stacks(f, self)?;
        }
        if !self.copied.is_empty() {
            writeln!(f)?;
            copies::write(f, &self.copied, &self.costs)?;
        }
        Ok(())
    }
}

/// The title of what counts for no crate.
const MERGED: &str = "(merged texts)";

/// Writes the flash that code and constants take, by their users and by their crates.
fn flash(
    f: &mut fmt::Formatter,
    FlashUse { users, crates }: &FlashUse,
    merged: u64,
) -> fmt::Result {
    let names = users.iter().map(|it| &it.name).chain(crates.iter().map(|(name, _)| name));
    let names = names.map(String::len).max().unwrap_or(0).max(MERGED.len());
    writeln!(f, "CODE AND CONSTANTS BY USER")?;
    writeln!(f, "  {:<names$}  {:>7}  {:>7}  {:>7}", "", "alone", "shared", "sum")?;
    for FlashUser { name, alone, shared } in users {
        writeln!(f, "  {name:<names$}  {alone:>7}  {shared:>7}  {:>7}", alone + shared)?;
    }
    writeln!(f)?;
    writeln!(f, "CODE AND CONSTANTS BY CRATE")?;
    for (name, bytes) in crates {
        writeln!(f, "  {name:<names$}  {bytes:>7}")?;
    }
    writeln!(f, "  {:<names$}  {merged:>7}", MERGED)
}

/// Writes the stacks that threads and services need, what threads have used in a run, and for those that need too much
/// the functions on the deepest path.
fn stacks(f: &mut fmt::Formatter, map: &MemoryMap) -> fmt::Result {
    let needs = &map.stack_needs;
    let names = needs.iter().map(|need| need.name.len()).max().unwrap_or(0);
    let is_measured = map.stacks.iter().any(|stack| stack.high_water.is_some());
    writeln!(f, "STACKS")?;
    write!(f, "  {:<7}  {:<names$}  {:>8}  {:>6}", "", "", "declared", "needed")?;
    writeln!(f, "{}", if is_measured { "    used" } else { "" })?;
    for need in needs {
        let StackNeed { name, declared, bytes, .. } = need;
        let kind = need.kind();
        write!(f, "  {kind:<7}  {name:<names$}  {declared:>8}  {bytes:>6}")?;
        if is_measured {
            let used = map.high_water(name).map_or("-".to_owned(), |used| used.to_string());
            write!(f, "  {used:>6}")?;
        }
        match &need.open {
            Some(open) => writeln!(f, " or more: {open}")?,
            None => writeln!(f)?,
        }
        if need.exceeds() {
            writeln!(f, "    too small: {}", need.path.join(" -> "))?;
        }
    }
    Ok(())
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

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The flash that code and constants take, by their users and by their crates.
//!
//! The users of a function are those whose entry points lead to it (see `reach`), whatever crate it was compiled in. A
//! generic function counts for the crate for which it was compiled. The linker keeps only some of the texts that end with
//! a zero, and merges equal ones: they count for nobody.

use crate::image::Image;
use crate::json::{self, list, number, text};
use crate::names::{KERNEL, is_placed};
use crate::reach::Reach;
use crate::script::FLASH_USE;
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Prefix of the sections with these texts.
const TEXTS: &str = ".rodata.str";

/// The flash that code and constants take. Initial values of statics are not a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlashUse {
    /// The kernel and the processes. The one that uses most comes first.
    pub users: Vec<FlashUser>,
    /// The crates (and libraries in C) with the numbers of bytes that were compiled from them. The largest comes first.
    pub crates: Vec<(String, u64)>,
}

/// The flash that a process uses, or the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlashUser {
    /// The name of the process, or `kernel`.
    pub name: String,
    /// The number of bytes that nobody else uses. A firmware without this process is smaller by this number.
    pub alone: u64,
    /// The number of bytes that others use, too.
    pub shared: u64,
}

/// Computes the use of flash.
pub fn of(reach: &Reach) -> FlashUse {
    let mut users = BTreeMap::<&str, FlashUser>::new();
    let mut crates = BTreeMap::<&str, u64>::new();
    for (id, section) in reach.inputs.sections.iter().enumerate() {
        let is_text = section.name.starts_with(TEXTS);
        if section.writable || section.zeroed || is_text || is_placed(&section.name) {
            continue;
        }
        let mut names: Vec<_> = reach.users(id).collect();
        if names.is_empty() {
            if !reach.closed.contains(&id) {
                continue;
            }
            // Only the kernel reads the tables of the wiring.
            names.push(KERNEL);
        }
        *crates.entry(&section.krate).or_default() += section.size;
        for name in &names {
            let none = || FlashUser { name: (*name).to_owned(), alone: 0, shared: 0 };
            let user = users.entry(name).or_insert_with(none);
            if names.len() == 1 {
                user.alone += section.size;
            } else {
                user.shared += section.size;
            }
        }
    }
    let mut users: Vec<_> = users.into_values().collect();
    users.sort_by_key(|user| std::cmp::Reverse(user.alone + user.shared));
    let crates = crates.into_iter().map(|(name, bytes)| (name.to_owned(), bytes));
    let mut crates: Vec<_> = crates.filter(|(_, bytes)| *bytes > 0).collect();
    crates.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    FlashUse { users, crates }
}

/// Returns the use of flash as the text that [`read`] reads.
pub fn to_text(flash: &FlashUse) -> String {
    let user =
        |user: &FlashUser| json!({ "name": user.name, "alone": user.alone, "shared": user.shared });
    let users: Vec<_> = flash.users.iter().map(user).collect();
    let crates = flash.crates.iter().map(|(name, bytes)| json!({ "name": name, "bytes": bytes }));
    let crates: Vec<_> = crates.collect();
    json!({ "version": json::VERSION, "users": users, "crates": crates }).to_string()
}

/// Reads the use of flash that the file of an image tells; nothing if it tells nothing.
///
/// # Errors
/// If it is not a text as [`to_text`] makes it.
pub fn read(image: &Image) -> Result<FlashUse> {
    if image.flash_use.is_empty() {
        return Ok(FlashUse::default());
    }
    parse(&image.flash_use)
}

fn parse(flash: &[u8]) -> Result<FlashUse> {
    let user = |user: &Value| {
        let [alone, shared] = ["alone", "shared"].map(|what| number(user, what));
        Ok(FlashUser { name: text(user, "name")?, alone: alone?, shared: shared? })
    };
    json::read(FLASH_USE, flash, |all| {
        Ok(FlashUse {
            users: list(all, "users", user)?,
            crates: list(all, "crates", |it| Ok((text(it, "name")?, number(it, "bytes")?)))?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let flash = FlashUse {
            users: vec![FlashUser { name: "fan".into(), alone: 10, shared: 20 }],
            crates: vec![("core".into(), 30)],
        };
        let text = to_text(&flash);
        assert_eq!(parse(text.as_bytes()).unwrap(), flash);
        for damaged in ["{}", "[]", &text.replace(":1", ":2"), &text.replace("10", "-10")] {
            assert!(parse(damaged.as_bytes()).is_err(), "{damaged}");
        }
    }
}

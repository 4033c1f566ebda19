// SPDX-License-Identifier: MIT OR Apache-2.0
//! Objects that call each other in a circle.

use super::firmware::{Firmware, Object};
use super::names::plain;
use super::rights::{Mention, Rights};
use crate::pieces::Error;
use proc_macro::Span;
use std::collections::BTreeMap;

/// The objects that an object calls, as far as its value shows.
struct Caller<'a> {
    object: &'a Object,
    /// The objects, and the places where the value names them.
    calls: Vec<(usize, Span)>,
}

/// Refuses objects that call each other in a circle.
pub fn check(firmware: &Firmware, rights: &Rights) -> Result<(), Error> {
    let services: BTreeMap<String, usize> = firmware
        .objects()
        .enumerate()
        .flat_map(|(number, (_, object))| {
            object.services.iter().map(move |it| (plain(&it.name), number))
        })
        .collect();
    let callers: Vec<_> = firmware
        .objects()
        .zip(&rights.of_objects)
        .map(|((_, object), mentions)| {
            let call = |mention: &Mention| Some((*services.get(&mention.name)?, mention.span));
            Caller { object, calls: mentions.iter().filter_map(call).collect() }
        })
        .collect();
    let mut is_done = vec![false; callers.len()];
    (0..callers.len()).try_for_each(|object| follow(&callers, object, &mut vec![], &mut is_done))
}

/// Follows the calls of an object that was reached on this path.
fn follow(
    callers: &[Caller],
    object: usize,
    way: &mut Vec<usize>,
    is_done: &mut [bool],
) -> Result<(), Error> {
    way.push(object);
    for &(callee, span) in &callers[object].calls {
        if let Some(start) = way.iter().position(|&passed| passed == callee) {
            let circle = way[start..].iter().chain([&callee]);
            let names: Vec<_> =
                circle.map(|&it| format!("`{}`", callers[it].object.name)).collect();
            let text = format!(
                "objects call each other in a circle, which can deadlock: {}",
                names.join(" calls ")
            );
            return Err(Error::new(span, text));
        }
        if !is_done[callee] {
            follow(callers, callee, way, is_done)?;
        }
    }
    way.pop();
    is_done[object] = true;
    Ok(())
}

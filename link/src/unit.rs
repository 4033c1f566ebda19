// SPDX-License-Identifier: MIT OR Apache-2.0
//! The protection unit of a firmware. Its port says which regions the unit has, by the value of a symbol.

use crate::image::Image;
use anyhow::{Context, Result};
use crossgate_protection::Shape;

/// The symbol whose value is the [code](Shape::code) of the unit's shape.
pub const SYMBOL: &str = "__crossgate_protection_unit";

/// Returns the shape of the unit's regions.
///
/// # Errors
/// The port does not say it.
pub fn shape(image: &Image) -> Result<Shape> {
    let (code, _) = image.symbols.get(SYMBOL).with_context(|| {
        format!(
            "the firmware has no symbol `{SYMBOL}`, by which its port says what the protection unit can open"
        )
    })?;
    let shape = u32::try_from(*code).ok().and_then(Shape::of_code);
    shape.with_context(|| {
        format!("`{SYMBOL}` is {code:#x}, a protection unit that this version of crossgate-link does not know")
    })
}

/// Returns a description of the regions, for messages.
pub fn regions(shape: Shape) -> String {
    match shape {
        Shape::Run { granule, .. } => format!("multiples of {granule} bytes"),
        Shape::Eighths => "eighths of an aligned power of two, at least 256 bytes".to_owned(),
        Shape::PowersOfTwo { smallest } => {
            format!("aligned powers of two, at least {smallest} bytes")
        }
    }
}

/// Returns a description of the sizes of stacks, for messages.
pub fn stacks(shape: Shape) -> String {
    match shape {
        Shape::Run { stack_granule, .. } => format!("multiples of {stack_granule} bytes"),
        Shape::Eighths => regions(shape),
        Shape::PowersOfTwo { smallest } => {
            format!("a power of two less a smaller one, both at least {smallest} bytes")
        }
    }
}

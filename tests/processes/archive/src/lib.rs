// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process whose statics have initial values.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use crossgate::interface;

/// Shows the state of its statics.
#[interface]
pub trait Archive {
    /// Returns whether every static has its initial value.
    fn is_fresh(&self) -> bool;
    /// Changes every static.
    fn age(&self);
    /// Returns the address of a static.
    fn address(&self) -> usize;
}

static INITIALISED: AtomicU32 = AtomicU32::new(0x1234_5678);
static ODD: [AtomicU8; 3] = [AtomicU8::new(1), AtomicU8::new(2), AtomicU8::new(3)];
static ZEROED: [AtomicU32; 25] = [const { AtomicU32::new(0) }; 25];

crossgate::shared! {
    static TEXT: [u8; 5] = *b"fresh";
    static BLANK: [u8; 40] = [0; 40];
}

/// The object: it has an initial value, too.
#[derive(Debug)]
pub struct Files(AtomicU32);

impl Files {
    /// Creates the object with its initial value.
    #[must_use]
    pub const fn new() -> Files {
        Files(AtomicU32::new(0x0b1e_c700))
    }
}

impl Default for Files {
    fn default() -> Files {
        Files::new()
    }
}

impl Archive for Files {
    fn is_fresh(&self) -> bool {
        let lent = match (TEXT.take(), BLANK.take()) {
            (Some(text), Some(blank)) => text == b"fresh" && *blank == [0; 40],
            _ => false,
        };
        lent && self.0.load(Ordering::Relaxed) == 0x0b1e_c700
            && INITIALISED.load(Ordering::Relaxed) == 0x1234_5678
            && ODD.iter().map(|byte| byte.load(Ordering::Relaxed)).eq([1, 2, 3])
            && ZEROED.iter().all(|word| word.load(Ordering::Relaxed) == 0)
    }

    fn age(&self) {
        self.0.store(1, Ordering::Relaxed);
        INITIALISED.store(1, Ordering::Relaxed);
        ODD.iter().for_each(|byte| byte.store(1, Ordering::Relaxed));
        ZEROED.iter().for_each(|word| word.store(1, Ordering::Relaxed));
    }

    fn address(&self) -> usize {
        (&raw const INITIALISED).addr()
    }
}

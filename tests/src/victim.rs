// SPDX-License-Identifier: MIT OR Apache-2.0
//! An innocent server, whose memory is the attackers' target.

use crossgate::interface;
use crossgate::sync::atomic::{AtomicU32, Ordering};

/// The value that the victim keeps.
pub const SECRET: u32 = 0x5ec2_e7a5;

/// A server with a secret.
#[interface]
pub trait Vault {
    /// Returns the address of the secret.
    fn address(&self) -> usize;
    /// Returns `true` if the secret is unchanged.
    fn is_intact(&self) -> bool;
    /// Counts this call. Returns the number of calls so far.
    fn visit(&self) -> u32;
}

/// The victim's object.
#[derive(Debug)]
pub struct Safe {
    secret: AtomicU32,
    visits: AtomicU32,
}

impl Safe {
    /// Creates a safe with the [`SECRET`] in it.
    #[must_use]
    pub const fn new() -> Safe {
        Safe { secret: AtomicU32::new(SECRET), visits: AtomicU32::new(0) }
    }
}

impl Default for Safe {
    fn default() -> Safe {
        Safe::new()
    }
}

impl Vault for Safe {
    fn address(&self) -> usize {
        (&raw const self.secret).addr()
    }

    fn is_intact(&self) -> bool {
        self.secret.load(Ordering::Relaxed) == SECRET
    }

    fn visit(&self) -> u32 {
        self.visits.fetch_add(1, Ordering::Relaxed) + 1
    }
}

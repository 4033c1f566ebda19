// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{Fault, StoredKey};

/// The keys that are in the flash, up to `N` of them.
#[derive(Debug)]
pub struct Keys<const N: usize> {
    keys: [StoredKey; N],
    length: usize,
}

impl<const N: usize> Keys<N> {
    pub fn new() -> Self {
        Keys { keys: [StoredKey::default(); N], length: 0 }
    }

    fn all(&self) -> &[StoredKey] {
        &self.keys[..self.length]
    }

    pub fn holds(&self, key: StoredKey) -> bool {
        self.all().contains(&key)
    }

    /// Adds a key that is in the flash. If the flash has more than `N` keys, a firmware with another wiring has written
    /// them. In this case the keys beyond `N` do not count: their values can be read, but not set.
    pub fn note(&mut self, key: StoredKey) {
        if !self.holds(key)
            && let Some(free) = self.keys.get_mut(self.length)
        {
            *free = key;
            self.length += 1;
        }
    }

    /// Adds a key, if it is new and its space has fewer keys than its quota.
    pub fn admit(&mut self, key: StoredKey, quota: u16) -> Result<(), Fault> {
        if self.holds(key) {
            return Ok(());
        }
        let of_space = self.all().iter().filter(|other| other[0] == key[0]).count();
        if of_space >= usize::from(quota) || self.length == N {
            return Err(Fault::Full);
        }
        self.note(key);
        Ok(())
    }
}

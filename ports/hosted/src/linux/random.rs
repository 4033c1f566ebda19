// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random numbers of the host.

/// Returns a random word; `None` if the host gives none.
pub fn word() -> Option<usize> {
    let mut word = [0; size_of::<usize>()];
    // SAFETY: the call writes as many bytes as there are.
    let count = unsafe { libc::getrandom(word.as_mut_ptr().cast(), word.len(), 0) };
    (count == word.len() as isize).then(|| usize::from_ne_bytes(word))
}

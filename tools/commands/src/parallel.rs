// SPDX-License-Identifier: MIT OR Apache-2.0
//! Work that is done on all processors of this machine.

use std::iter::repeat_with;
use std::sync::{Mutex, PoisonError};
use std::thread::{available_parallelism, scope};

/// Runs `work` for each item, for as many items at the same time as there are processors. The items are started in
/// their order, and the results have the same order.
///
/// # Panics
/// If `work` panics.
pub fn map<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let mut results: Vec<Option<R>> = repeat_with(|| None).take(items.len()).collect();
    let left = Mutex::new(items.into_iter().zip(&mut results));
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = || {
        while let Some((item, result)) = next() {
            *result = Some(work(item));
        }
    };
    scope(|scope| {
        for _ in 1..available_parallelism().map_or(1, Into::into) {
            scope.spawn(worker);
        }
        worker();
    });
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_has_its_result() {
        let items: Vec<u32> = (0..100).collect();
        let expected: Vec<u32> = items.iter().map(|item| item * 2).collect();
        assert_eq!(map(items, |item| item * 2), expected);
        assert_eq!(map(Vec::new(), |item: u32| item), [0; 0]);
    }

    #[test]
    fn they_are_done_at_the_same_time() {
        let processors = available_parallelism().map_or(1, Into::into);
        let barrier = std::sync::Barrier::new(processors);
        map(vec![(); processors], |()| barrier.wait().is_leader());
    }
}

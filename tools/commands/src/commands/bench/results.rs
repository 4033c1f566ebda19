// SPDX-License-Identifier: MIT OR Apache-2.0
//! The results that the benchmarks print.

use anyhow::{Result, ensure};
use std::collections::BTreeMap;
use std::time::Duration;

/// The package with the benchmarks: programs that print their results.
pub const PACKAGE: &str = "bench";
/// The longest time for which one of these programs may run.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The measured cost of the operations, by name.
pub type Results = BTreeMap<String, u32>;
/// The costs of the operations, and the sizes of the kernel.
pub type Figures = BTreeMap<String, u32>;

/// Returns the figures from lines such as `result <name> <figure> ...`.
pub fn parse(output: &str) -> Results {
    let result =
        |words: Vec<&str>| Some(((*words.first()?).to_owned(), words.get(1)?.parse().ok()?));
    words(output).filter_map(result).collect()
}

/// For each line that begins with `result`, returns the words after `result`.
pub fn words(output: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = output.lines().filter_map(|line| line.trim().strip_prefix("result "));
    lines.map(|line| line.split_whitespace().collect())
}

/// Checks that all of these were measured.
///
/// # Errors
/// If one of them was not measured.
pub fn expect_all<'a>(results: &Results, mut names: impl Iterator<Item = &'a str>) -> Result<()> {
    let missing = names.find(|&name| !results.contains_key(name));
    ensure!(missing.is_none(), "{} was not measured", missing.unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_found_among_other_lines() {
        let results = parse("[ 0.1] hello\r\nresult rpc_null_4_words 154\r\nresult x y\r\n");
        assert_eq!(results, Results::from([("rpc_null_4_words".to_owned(), 154)]));
    }

    #[test]
    fn what_was_not_measured_is_named() {
        let results = parse("result pipe 7");
        assert!(expect_all(&results, ["pipe"].into_iter()).is_ok());
        let error = expect_all(&results, ["pipe", "futex"].into_iter()).unwrap_err();
        assert_eq!(error.to_string(), "futex was not measured");
    }
}

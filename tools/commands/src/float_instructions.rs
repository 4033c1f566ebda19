// SPDX-License-Identifier: MIT OR Apache-2.0
//! The check that the kernel does not use the floating point unit, except where it saves, clears and loads the
//! registers of threads. Otherwise the kernel could change registers of threads that it has not saved yet.
//!
//! Like the check that the kernel can't panic, this check follows the calls from every function of the kernel. Handlers
//! above the kernel may use the unit, because the registers are cleared when they end.

use crate::panics::{self, Function};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// The functions in which the kernel uses the floating point unit on purpose.
const ON_PURPOSE: [&str; 4] =
    ["SVCall", "DefaultHandler", "HardFault", "__crossgate_resume_with_floats"];
/// The functions that are not checked: the start of the kernel, before there are threads, and the handlers above the
/// kernel.
const NOT_MEANT: [&str; 2] = ["crossgate_cortex_m::boot::", "crossgate_cortex_m::zero_latency::"];

/// Looks for instructions of the unit in the kernel.
///
/// # Errors
/// If there is such an instruction (the error names the path to it), or if the ELF file can't be read.
pub fn check(file: &Path) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let functions = panics::functions(&object::File::parse(&*bytes).context("not an ELF file")?)?;
    if let Some(way) = panics::way(&functions, is_start, is_end) {
        bail!("the kernel uses the floating point unit: {}", way.join(" -> "));
    }
    Ok(())
}

fn is_start(function: &Function) -> bool {
    function.is_kernel && !NOT_MEANT.iter().any(|name| function.name.contains(name))
}

fn is_end(function: &Function) -> bool {
    function.has_floats && !ON_PURPOSE.contains(&function.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, has_floats: bool) -> Function {
        Function { name: name.to_owned(), is_kernel: true, has_floats, ..Function::default() }
    }

    #[test]
    fn only_the_functions_that_save_registers_use_the_unit() {
        let find = |function| panics::way(&[function], is_start, is_end).is_some();
        assert!(find(function("crossgate_kernel::call::call", true)));
        assert!(!find(function("crossgate_kernel::call::call", false)));
        assert!(!find(function("SVCall", true)));
        assert!(!find(function("crossgate_cortex_m::boot::boot", true)));
    }
}

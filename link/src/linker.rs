// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls of rust-lld.

use crate::advice;
use crate::arguments::Arguments;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs the linker with the scripts of crossgate-link before and after the user's scripts. They are written into
/// `folder`.
///
/// # Errors
/// If the linker can't be run, or fails. In the second case it has printed the reason.
pub fn pass(
    arguments: &Arguments,
    folder: &Path,
    [before, after]: [&str; 2],
    output: &Path,
) -> Result<()> {
    let scripts = [("before.ld", before), ("after.ld", after)];
    let [before, after] = scripts.map(|(name, _)| format!("-T{}", folder.join(name).display()));
    for (name, text) in scripts {
        fs::write(folder.join(name), text).context("can't write the linker script")?;
    }
    let mut all = vec![before];
    all.extend(arguments.with_output(output));
    // Segments need not be aligned to pages, because a microcontroller has none.
    all.extend([after, "--nmagic".to_owned()]);
    run(&all)
}

/// Runs rust-lld.
///
/// # Errors
/// If the linker can't be run, or fails. In the second case it has printed the reason.
pub fn run(arguments: &[String]) -> Result<()> {
    let response = tempfile::NamedTempFile::new().context("can't make a temporary file")?;
    let quoted = arguments
        .iter()
        .map(|argument| format!("\"{}\"\n", argument.replace('\\', "\\\\").replace('"', "\\\"")));
    fs::write(response.path(), quoted.collect::<String>()).context("can't write arguments")?;
    let program = rust_lld()?;
    let output = Command::new(&program)
        .args(["-flavor", "gnu"])
        .arg(format!("@{}", response.path().display()))
        .output()
        .with_context(|| format!("can't run {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    eprint!("{said}");
    print!("{}", String::from_utf8_lossy(&output.stdout));
    ensure!(
        output.status.success(),
        "the linker failed: {}",
        [&[&*output.status.to_string()], &*advice::on(&said)].concat().join("\n")
    );
    Ok(())
}

/// Returns the linker of the Rust toolchain. When rustc calls a linker, `PATH` contains the folder with this linker.
fn rust_lld() -> Result<PathBuf> {
    let name = format!("rust-lld{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|folder| folder.join(&name));
    if let Some(program) = in_path.into_iter().find(|program| program.is_file()) {
        return Ok(program);
    }
    let rustc = Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = String::from_utf8(rustc.context("can't run rustc")?.stdout)?;
    let hosts = fs::read_dir(Path::new(sysroot.trim()).join("lib/rustlib"))?;
    let programs = hosts.flatten().map(|host| host.path().join("bin").join(&name));
    programs
        .into_iter()
        .find(|program| program.is_file())
        .with_context(|| format!("there is no {name} in the toolchain at {}", sysroot.trim()))
}

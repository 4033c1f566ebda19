// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo crossgate add`: a further process or service of a firmware.
//!
//! All changes are made in memory first, so that an error leaves the firmware as it was.

use crate::manifest::{manifest, read, row, table};
use crate::options::{Process, Service};
use crate::project::Project;
use crate::services::{self, Kind};
use crate::template;
use crate::wiring::Wiring;
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::fs;
use std::path::PathBuf;
use toml_edit::{DocumentMut, InlineTable, Item, Table};

/// Adds a process: its crate, and its block in the wiring.
///
/// # Errors
/// If the name is not one for a process, or is taken, or if a file can't be read or written.
pub fn process(Process { name, priority, stack }: &Process) -> Result<()> {
    check_name(name)?;
    let project = Project::find()?;
    let folder = project.root.join(name);
    ensure!(!project.packages.contains(name), "the workspace has a package `{name}` already");
    ensure!(!folder.exists(), "the folder {} is there already", folder.display());
    let mut edits = Edits::new(&project)?;
    let thread = format!("thread main (priority = {priority}, stack = {stack}) = {name}::main();");
    edits.wiring.add_process(name, &[thread])?;
    edits.add_member(name)?;
    let mut dependency = InlineTable::new();
    dependency.insert("path", format!("{}{name}", up(&project)?).into());
    table(&mut edits.firmware, &["dependencies"])?.insert(name, Item::Value(dependency.into()));
    #[derive(Serialize)]
    struct Values<'a> {
        name: &'a str,
    }
    template::write(&folder, &template::render(template::PROCESS, &Values { name })?)?;
    edits.write()?;
    println!(
        "added the process `{name}`: its code is in {name}/src/lib.rs\n\
         To let it call a service, give its thread the handle in {}, as in `{name}::main(HANDLE)`.",
        edits.wiring_file.strip_prefix(&project.root).unwrap_or(&edits.wiring_file).display()
    );
    Ok(())
}

/// Adds a service to the wiring.
///
/// # Errors
/// If a name is taken, or if a file can't be read or written.
pub fn service(Service { kind, name, process }: &Service) -> Result<()> {
    let kind = services::named(kind).with_context(|| format!("there is no service `{kind}`"))?;
    let name = name.clone().unwrap_or_else(|| kind.name.replace('-', "_"));
    check_name(&name)?;
    let project = Project::find()?;
    let mut edits = Edits::new(&project)?;
    for handle in kind.handle_names(&name) {
        ensure!(
            !edits.wiring.mentions(&handle),
            "the wiring has a `{handle}` already: give the service a name, as in `--name second`"
        );
    }
    // (It may be imported together with other names.)
    let imported = edits.wiring.mentions("Concurrent");
    match process {
        Some(process) => edits.wiring.extend_process(process, &kind.lines(&name))?,
        None => edits.wiring.add_process(&name, &kind.lines(&name))?,
    }
    edits.wiring.import(&kind.package.replace('-', "_"), kind.uses)?;
    if !imported {
        edits.wiring.import("crossgate", &["Concurrent"])?;
    }
    edits.depend_on(kind)?;
    edits.write()?;
    println!(
        "added the {} `{name}`. Its handles are {}: give them to threads in the wiring, as in `main({})`. The crates of \
         these threads name its interfaces, so they depend on it, too: `{}.workspace = true`",
        kind.name,
        kind.handle_names(&name).join(" and "),
        kind.handle_names(&name)[0],
        kind.package
    );
    Ok(())
}

/// The files of a firmware that change.
struct Edits {
    wiring: Wiring,
    wiring_file: PathBuf,
    firmware: DocumentMut,
    firmware_file: PathBuf,
    workspace: DocumentMut,
    workspace_file: PathBuf,
    /// The folder of the workspace.
    root: PathBuf,
}

impl Edits {
    fn new(project: &Project) -> Result<Edits> {
        let wiring_file = project.wiring()?;
        let firmware_file = project.folder.join("Cargo.toml");
        let workspace_file = project.root.join("Cargo.toml");
        ensure!(
            firmware_file != workspace_file,
            "the firmware's package is the root of the workspace; put it into a folder of its own, beside its processes"
        );
        Ok(Edits {
            wiring: Wiring::new(read(&wiring_file)?)
                .with_context(|| wiring_file.display().to_string())?,
            firmware: manifest(&firmware_file)?,
            workspace: manifest(&workspace_file)?,
            wiring_file,
            firmware_file,
            workspace_file,
            root: project.root.clone(),
        })
    }

    /// Makes a folder a member of the workspace.
    fn add_member(&mut self, name: &str) -> Result<()> {
        let members = table(&mut self.workspace, &["workspace"])?.get_mut("members");
        let members =
            members.and_then(Item::as_array_mut).context("the workspace names no members")?;
        members.push(name);
        Ok(())
    }

    /// Makes the firmware depend on the package of a service.
    fn depend_on(&mut self, kind: &Kind) -> Result<()> {
        let shared = table(&mut self.workspace, &["workspace", "dependencies"])?;
        if !shared.contains_key(kind.package) {
            let row = row(shared, &self.root, kind.package)?;
            shared.insert(kind.package, row);
        }
        let own = table(&mut self.firmware, &["dependencies"])?;
        if !own.contains_key(kind.package) {
            let mut inherited = Table::new();
            inherited.set_dotted(true);
            inherited.insert("workspace", true.into());
            own.insert(kind.package, Item::Table(inherited));
        }
        Ok(())
    }

    fn write(&self) -> Result<()> {
        let files = [
            (&self.workspace_file, self.workspace.to_string()),
            (&self.firmware_file, self.firmware.to_string()),
            (&self.wiring_file, self.wiring.text().to_owned()),
        ];
        for (file, text) in files {
            fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }
}

/// Returns the way from the folder of the firmware to that of the workspace.
fn up(project: &Project) -> Result<String> {
    let way = project
        .folder
        .strip_prefix(&project.root)
        .context("the firmware is outside of its workspace")?;
    Ok("../".repeat(way.components().count()))
}

fn check_name(name: &str) -> Result<()> {
    let is_part = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    ensure!(
        name.chars().all(is_part) && syn::parse_str::<syn::Ident>(name).is_ok(),
        "`{name}` is no name for this: take small letters, digits and underscores, and no keyword of Rust"
    );
    Ok(())
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo crossgate board`: the board of a firmware, and the change to another one.
//!
//! All changes are made in memory first, so that an error leaves the firmware as it was. Manifests are edited, because
//! their owner has edited them, too. Other files are replaced only if they are as `cargo crossgate new` has made them.

use crate::manifest::{manifest, read, row, table};
use crate::new::{self, place};
use crate::project::Project;
use crate::source::Source;
use crate::{board, template};
use anyhow::{Context, Result, ensure};
use crossgate_boards::Row;
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Item, Table, value};

/// The configuration of cargo, with the linker of each target.
const CONFIG: &str = ".cargo/config.toml";

/// Prints the board of the firmware.
///
/// # Errors
/// If there is no firmware.
pub fn print() -> Result<()> {
    let Project { package, board, .. } = Project::find()?;
    println!("{package} is for {} ({}): {}", board.name, board.cpu, place(board));
    println!(
        "`cargo crossgate board NAME` takes another one; `cargo crossgate board --help` lists all"
    );
    Ok(())
}

/// Lets the firmware be for another board.
///
/// # Errors
/// If a file can't be read or written, or is so different from what `cargo crossgate new` makes that the change is not
/// clear.
pub fn run(name: &str) -> Result<()> {
    let project = Project::find()?;
    let (old, new) = (project.board, board::named(name)?);
    ensure!(old.name != new.name, "{} is for {name} already", project.package);
    let mut changed: Vec<(PathBuf, String)> = Vec::new();
    let mut edit = |path: &str, change: &dyn Fn(&mut DocumentMut) -> Result<()>| {
        let file = project.root.join(path);
        let mut document = manifest(&file)?;
        change(&mut document).with_context(|| file.display().to_string())?;
        changed.push((PathBuf::from(path), document.to_string()));
        Ok::<_, anyhow::Error>(())
    };
    edit("Cargo.toml", &|workspace| change_workspace(workspace, &project.root, old, new))?;
    edit("board/Cargo.toml", &|manifest| change_dependency(manifest, old, new))?;
    let made = |row| new::files(&project.package, row, &Source::Registry);
    let (olds, news) = (made(old)?, made(new)?);
    let config = news.iter().find(|(path, _)| path == Path::new(CONFIG));
    let (_, config) = config.context("the template of the configuration is missing")?;
    edit(CONFIG, &|mine| add_target(mine, &config.parse()?))?;
    let library = "board/src/lib.rs";
    let text = change_library(&read(&project.root.join(library))?, old, new);
    changed.push((library.into(), text.with_context(|| library.to_owned())?));
    let left = replace(&mut changed, &project.root, olds, news);
    template::write(&project.root, &changed)?;
    println!(
        "{} is for {name} ({}) now, and no longer for {}: {}\n\
         The wiring may use devices and lines of {} that {name} does not have: `cargo crossgate map` builds it, and the \
         compiler names them.",
        project.package,
        new.cpu,
        old.name,
        place(new),
        old.name
    );
    if !left.is_empty() {
        println!(
            "Left alone, because they were changed by hand, and name {}: {}",
            old.name,
            left.join(", ")
        );
    }
    Ok(())
}

/// Changes the board, its package and the profile of its kernel.
fn change_workspace(workspace: &mut DocumentMut, root: &Path, old: &Row, new: &Row) -> Result<()> {
    table(workspace, &["workspace", "metadata", "crossgate"])?["board"] = value(&new.name);
    let dependencies = table(workspace, &["workspace", "dependencies"])?;
    let package = row(dependencies, root, &new.package())?;
    dependencies.remove(&old.package());
    dependencies.insert(&new.package(), package);
    let [old, new] = [old, new].map(new::port);
    if let Ok(packages) = table(workspace, &["profile", "release", "package"])
        && old != new
        && !packages.contains_key(new)
        && let Some(profile) = packages.remove(old)
    {
        packages.insert(new, profile);
    }
    Ok(())
}

/// Lets the package `board` depend on the crate of another board.
fn change_dependency(manifest: &mut DocumentMut, old: &Row, new: &Row) -> Result<()> {
    let targets = table(manifest, &["target"])?;
    let dependencies = targets.iter_mut().filter_map(|(_, target)| {
        target.get_mut("dependencies")?.as_table_mut().filter(|it| it.contains_key(&old.package()))
    });
    let mut found = 0;
    for dependencies in dependencies {
        if let Some(row) = dependencies.remove(&old.package()) {
            dependencies.insert(&new.package(), row);
            found += 1;
        }
    }
    ensure!(
        found == 1,
        "it has no dependency `{}` to change, under [target.'cfg(...)'.dependencies]",
        old.package()
    );
    Ok(())
}

/// Adds the target of the template's configuration to that of the firmware, unless it is there.
fn add_target(mine: &mut DocumentMut, template: &DocumentMut) -> Result<()> {
    let targets = mine.entry("target").or_insert(Item::Table(Table::new()));
    let targets = targets.as_table_mut().context("`target` is no table")?;
    targets.set_implicit(true);
    merge(targets, template["target"].as_table().context("the template has no target")?);
    Ok(())
}

/// Adds to a table what it lacks of another one.
fn merge(table: &mut Table, other: &Table) {
    for (key, item) in other {
        match (table.get_mut(key), item) {
            (Some(Item::Table(table)), Item::Table(other)) => merge(table, other),
            (Some(_), _) => {}
            (None, item) => {
                let mut item = item.clone();
                // Without the comment before it, which stands before the first target.
                if let Item::Table(added) = &mut item {
                    added.decor_mut().set_prefix("\n");
                }
                table.insert(key, item);
            }
        }
    }
}

/// Returns the source of the package `board`, which re-exports the crate of another board.
fn change_library(text: &str, old: &Row, new: &Row) -> Result<String> {
    let line = |row: &Row| format!("pub use {}::*;", new::library(row));
    ensure!(
        text.matches(&line(old)).count() == 1,
        "it has no line `{}`: change by hand what it takes from {}",
        line(old),
        old.name
    );
    // The first line says for which board it is.
    Ok(text.replace(&line(old), &line(new)).replacen(
        &format!(": {},", old.name),
        &format!(": {},", new.name),
        1,
    ))
}

/// Adds the new texts of files that are as the template has made them for the old board. Returns the names of those that
/// are not.
fn replace(
    changed: &mut Vec<(PathBuf, String)>,
    root: &Path,
    olds: Vec<(PathBuf, String)>,
    news: Vec<(PathBuf, String)>,
) -> Vec<String> {
    let mut left = Vec::new();
    for ((path, old), (_, new)) in olds.into_iter().zip(news) {
        let is_replaced = path.starts_with(".vscode") || path == Path::new("README.md");
        if !is_replaced || old == new {
            continue;
        }
        // (A file that is not there is not missed.)
        let Ok(mine) = read(&root.join(&path)) else { continue };
        if mine == old {
            changed.push((path, new));
        } else {
            left.push(path.display().to_string());
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_boards::ROWS;

    /// Returns a file of a new firmware for a board.
    fn made(board: &Row, path: &str) -> String {
        let files = new::files("heater", board, &Source::Registry).unwrap();
        files.into_iter().find(|(name, _)| name == Path::new(path)).unwrap().1
    }

    /// The manifests say the same as those of a new firmware.
    #[test]
    fn a_change_makes_what_a_new_firmware_has() {
        for (old, new) in ROWS.iter().zip(ROWS.iter().cycle().skip(1)) {
            let manifest = |path: &str, change: &dyn Fn(&mut DocumentMut)| {
                let mut mine: DocumentMut = made(old, path).parse().unwrap();
                change(&mut mine);
                let texts = [mine.to_string(), made(new, path)];
                texts.map(|text| sorted(text.parse::<DocumentMut>().unwrap().as_table()))
            };
            let [mine, fresh] = manifest("Cargo.toml", &|mine| {
                change_workspace(mine, Path::new("/"), old, new).unwrap();
            });
            assert_eq!(mine, fresh);
            let [mine, fresh] = manifest("board/Cargo.toml", &|mine| {
                change_dependency(mine, old, new).unwrap();
            });
            assert_eq!(mine, fresh);
            let [mine, fresh] = manifest(CONFIG, &|mine| {
                add_target(mine, &made(new, CONFIG).parse().unwrap()).unwrap();
            });
            assert!(fresh.iter().all(|line| mine.contains(line)), "{mine:?}");
            let library = "board/src/lib.rs";
            let mine = change_library(&made(old, library), old, new).unwrap();
            assert_eq!(mine, made(new, library));
        }
    }

    /// Returns the keys with their values, sorted.
    fn sorted(table: &Table) -> Vec<String> {
        fn add(path: &str, item: &Item, lines: &mut Vec<String>) {
            match item.as_table_like() {
                Some(table) => {
                    for (key, item) in table.iter() {
                        add(&format!("{path}/{key}"), item, lines);
                    }
                }
                None => lines.push(format!("{path} = {}", item.to_string().trim())),
            }
        }
        let mut lines = Vec::new();
        add("", &Item::Table(table.clone()), &mut lines);
        lines.sort();
        lines
    }

    #[test]
    fn what_is_not_clear_is_left_alone() {
        let [old, new] = ["mps2-an385", "virt"].map(|name| board::named(name).unwrap());
        let error = change_library("pub use mine::*;", old, new).unwrap_err().to_string();
        assert!(error.contains("no line `pub use mps2_an385::*;`"), "{error}");
        let mut manifest: DocumentMut = "[dependencies]\nmine = \"1\"\n".parse().unwrap();
        assert!(change_dependency(&mut manifest, old, new).is_err());
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The packages that crates.io gets: those without `publish = false`. At night, each is built from its own files alone,
//! and so is a firmware that depends on nothing else; the documentation is made as docs.rs makes it. The unit tests
//! check the manifests each day.

use crate::commands::test::Report;
use crate::{command, setup, workspace};
use anyhow::{Context, Result, ensure};
use cargo_metadata::Package;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The package with `cargo crossgate`.
const TOOL: &str = "cargo-crossgate";
/// The oldest version of Rust that the manifests allow.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// Runs the checks before a release.
pub fn check(report: &mut Report) {
    report.step("packages, and a firmware of them", || {
        packages()?;
        firmware()
    });
    documentation(report);
    with_tool(report, "dependencies that are allowed", "deny", &["check"]);
    oldest_compiler(report);
    match last_release() {
        Some(tag) => {
            let name = format!("no more changes than the version says, since {tag}");
            with_tool(report, &name, "semver-checks", &["--workspace", "--baseline-rev", &tag]);
        }
        None => report.skip("no more changes than the version says", "there is no tag v* yet"),
    }
}

/// Returns the packages that crates.io gets.
fn public() -> Result<Vec<Package>> {
    let metadata = workspace::members()?;
    let members = metadata.workspace_packages().into_iter().cloned();
    Ok(members.filter(is_public).collect())
}

fn is_public(package: &Package) -> bool {
    package.publish.as_ref().is_none_or(|registries| !registries.is_empty())
}

/// Makes the packages, and builds each from what is in it.
fn packages() -> Result<()> {
    // (Changes that are not committed are checked, too.)
    let publish = ["publish", "--workspace", "--dry-run", "--allow-dirty"];
    command::run(workspace::cargo().args(publish)).map(drop)
}

/// Makes a firmware with nothing but these packages, as a user does with those of the registry: `cargo crossgate` is
/// built, and makes the firmware, whose tests run here and which is built for a board.
fn firmware() -> Result<()> {
    setup::target()?;
    let place = tempfile::tempdir()?;
    let mut registry = String::from("[patch.crates-io]\n");
    for package in public()? {
        writeln!(registry, "{} = {{ path = {:?} }}", package.name, unpacked(&package))?;
    }
    fs::create_dir(place.path().join(".cargo"))?;
    fs::write(place.path().join(".cargo/config.toml"), registry)?;

    let tools = place.path().join("target/debug");
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([tools].into_iter().chain(env::split_paths(&path)))?;
    let cargo = |folder: &Path, arguments: &[&str]| {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(folder).args(arguments).env("PATH", &path).env_remove("CARGO_TARGET_DIR");
        command::run(&mut cargo)
    };
    let manifest = public()?.iter().find(|package| package.name == TOOL).map(unpacked);
    let manifest = manifest.context("there is no such package")?.join("Cargo.toml");
    let manifest = manifest.to_str().context("the folder's name is not valid text")?;
    cargo(place.path(), &["build", "--manifest-path", manifest, "--target-dir", "target"])?;
    cargo(place.path(), &["crossgate", "new", "heater"])?;
    let heater = place.path().join("heater");
    let workspace = fs::read_to_string(heater.join("Cargo.toml"))?;
    ensure!(!workspace.contains("path = "), "the firmware is not of packages: {workspace}");
    // The versions of all other crates are those that are known to work.
    fs::copy(workspace::root().join("Cargo.lock"), heater.join("Cargo.lock"))?;
    cargo(&heater, &["test", "--workspace"])?;
    cargo(&heater, &["crossgate", "size"]).map(drop)
}

/// Returns the folder into which cargo has unpacked a package to build it.
fn unpacked(package: &Package) -> PathBuf {
    let folder = format!("target/package/{}-{}", package.name, package.version);
    workspace::root().join(folder)
}

/// The settings of a package for docs.rs: the target, and whether it takes all features.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Settings {
    target: Option<String>,
    all_features: bool,
}

impl Settings {
    fn of(package: &Package) -> Settings {
        let settings = &package.metadata["docs"]["rs"];
        Settings {
            target: settings["default-target"].as_str().map(str::to_owned),
            all_features: settings["all-features"].as_bool().unwrap_or_default(),
        }
    }
}

/// Makes the documentation of each package for the target and with the features that its manifest tells docs.rs.
fn documentation(report: &mut Report) {
    const NAME: &str = "documentation as docs.rs makes it";
    let packages = match public() {
        Ok(packages) => packages,
        Err(error) => return report.step(NAME, || Err(error)),
    };
    let mut groups: BTreeMap<Settings, Vec<Package>> = BTreeMap::new();
    for package in packages {
        groups.entry(Settings::of(&package)).or_default().push(package);
    }
    for (Settings { target, all_features }, packages) in groups {
        let mut doc = workspace::cargo();
        doc.args(["doc", "--no-deps"]).args(names(&packages));
        // As there, the flags of this repository's `.cargo/config.toml` do not count. (Crates of this repository have
        // no attribute that only a nightly compiler knows, so any compiler does.)
        doc.env("RUSTFLAGS", "").env("RUSTDOCFLAGS", "--cfg docsrs -D warnings");
        let mut name = NAME.to_owned();
        if let Some(target) = &target {
            name += &format!(", {target}");
            if let Err(error) = setup::target_named(target) {
                report.skip(&name, &format!("{error:#}"));
                continue;
            }
            doc.args(["--target", target]);
        }
        if all_features {
            name += ", with all features";
            doc.arg("--all-features");
        }
        report.step(&name, || command::run(&mut doc).map(drop));
    }
}

/// Returns the arguments that choose packages.
fn names(packages: &[Package]) -> impl Iterator<Item = &str> {
    packages.iter().flat_map(|package| ["--package", package.name.as_str()])
}

/// Checks the packages with the oldest compiler that their manifests allow.
fn oldest_compiler(report: &mut Report) {
    let name = format!("packages with Rust {OLDEST}");
    if compiler_in_use().is_ok_and(|version| is_release_of(&version, OLDEST)) {
        return report.skip(&name, "it is the compiler in use, so all other steps show it");
    }
    let toolchain = format!("{OLDEST}.0");
    let cargo = |arguments: &[&str]| {
        let mut cargo = Command::new("rustup");
        cargo.current_dir(workspace::root()).env_remove("RUSTUP_TOOLCHAIN");
        cargo.args(["run", &toolchain, "cargo"]).args(arguments);
        cargo
    };
    if !command::succeeds(&mut cargo(&["--version"])) {
        let how = format!("rustup toolchain install {toolchain} --profile minimal");
        return report.skip(&name, &format!("not installed ({how})"));
    }
    report.step(&name, || command::run(cargo(&["check"]).args(names(&public()?))).map(drop));
}

/// Returns the version of the compiler, such as `1.95.0`.
fn compiler_in_use() -> Result<String> {
    let output = command::run(workspace::cargo().arg("--version"))?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.split(' ').nth(1).context("cargo has no version")?.to_owned())
}

/// Returns whether a version, such as `1.95.1`, is one of a release such as `1.95`.
fn is_release_of(version: &str, release: &str) -> bool {
    version.strip_prefix(release).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Returns the tag of the last release, if there is one.
fn last_release() -> Option<String> {
    let mut git = Command::new("git");
    git.current_dir(workspace::root()).args(["describe", "--tags", "--abbrev=0", "--match", "v*"]);
    let output = command::output(&mut git).ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// Runs a subcommand of cargo, if it is installed.
fn with_tool(report: &mut Report, name: &str, tool: &str, arguments: &[&str]) {
    if !command::succeeds(workspace::cargo().args([tool, "--version"])) {
        let why = format!("not installed (cargo install --locked cargo-{tool})");
        return report.skip(name, &why);
    }
    report.step(name, || command::run(workspace::cargo().arg(tool).args(arguments)).map(drop));
}

#[cfg(test)]
mod tests {
    use super::*;
    use cargo_metadata::DependencyKind;
    use workbench::board::ROWS;

    /// The categories of crates.io that packages are in. It ignores others: <https://crates.io/category_slugs>.
    const CATEGORIES: [&str; 10] = [
        "asynchronous",
        "development-tools",
        "development-tools::build-utils",
        "development-tools::cargo-plugins",
        "development-tools::testing",
        "embedded",
        "hardware-support",
        "network-programming",
        "no-std",
        "os",
    ];

    #[test]
    fn public_packages_have_what_a_registry_shows() {
        for package in public().unwrap() {
            let name = package.name.as_str();
            assert!(
                ["crossgate", "cargo-crossgate"].contains(&name) || name.starts_with("crossgate-"),
                "{name}: the name does not say what it is a part of"
            );
            assert!(package.description.is_some_and(|text| !text.is_empty()), "{name}");
            assert!(package.license.is_some(), "{name}: license");
            assert!(package.repository.is_some(), "{name}: repository");
            assert!(package.readme.is_some(), "{name}: readme");
            let oldest = package.rust_version.map(|it| format!("{}.{}", it.major, it.minor));
            assert_eq!(oldest.as_deref(), Some(OLDEST), "{name}: rust-version");
            assert!((1..=5).contains(&package.keywords.len()), "{name}: keywords");
            for keyword in &package.keywords {
                let is_part = |it: char| it.is_ascii_alphanumeric() || "-_+".contains(it);
                assert!(
                    keyword.starts_with(|it: char| it.is_ascii_alphanumeric())
                        && keyword.chars().all(is_part)
                        && keyword.len() <= 20,
                    "{name}: {keyword} is no keyword"
                );
            }
            assert!((1..=5).contains(&package.categories.len()), "{name}: categories");
            for category in &package.categories {
                assert!(CATEGORIES.contains(&category.as_str()), "{name}: {category}");
            }
        }
    }

    /// A dev-dependency with a version would have to be published before the package, which most of them depend on.
    #[test]
    fn public_packages_depend_on_public_ones() {
        let packages = public().unwrap();
        let names: Vec<_> = packages.iter().map(|package| package.name.as_str()).collect();
        for package in &packages {
            for other in package.dependencies.iter().filter(|other| other.path.is_some()) {
                let has_version = other.req != "*".parse().unwrap();
                let how = format!("{} depends on {}", package.name, other.name);
                if other.kind == DependencyKind::Development {
                    assert!(!has_version, "{how}, in tests, with a version");
                } else {
                    assert!(has_version, "{how} without a version");
                    assert!(names.contains(&other.name.as_str()), "{how}, which is private");
                }
            }
        }
    }

    /// `cargo crossgate` offers these boards.
    #[test]
    fn each_board_is_public_and_documented_for_its_target() {
        let packages = public().unwrap();
        for row in ROWS.iter() {
            let package = packages.iter().find(|package| package.name == row.package());
            let package = package.unwrap_or_else(|| panic!("{} is not public", row.name));
            let target = Settings::of(package).target;
            assert_eq!(target.as_deref(), Some(row.target.as_str()), "{}", row.name);
        }
    }

    #[test]
    fn a_release_has_all_its_patches() {
        assert!(is_release_of("1.95.0", "1.95") && is_release_of("1.95", "1.95"));
        assert!(!is_release_of("1.96.0", "1.95") && !is_release_of("1.950.0", "1.95"));
    }
}

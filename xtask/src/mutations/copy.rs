//! A copy of the workspace that is mutated in place of it.

use crate::{command, workspace};
use anyhow::{Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy of all files that git tracks or would. What is built of it is kept for the next time.
pub struct Copy {
    folder: PathBuf,
    /// Git's list of what is in the copy.
    index: PathBuf,
    repository: String,
    /// The files, as an object of git.
    tree: String,
}

impl Copy {
    /// Brings the copy up to date, or makes it.
    ///
    /// # Errors
    /// The workspace is no repository, or files can't be written.
    pub fn new() -> Result<Copy> {
        let folder = workspace::root().join("target/mutations");
        let copy = folder.join("workspace");
        fs::create_dir_all(&copy)?;
        let mut git = git(workspace::root());
        let repository = text(git.args(["rev-parse", "--absolute-git-dir"]))?;
        let tree = tree(&folder.join("original"))?;
        let copy = Copy { folder: copy, index: folder.join("index"), repository, tree };
        copy.restore()?;
        Ok(copy)
    }

    /// Does `work` while a patch is applied.
    ///
    /// # Errors
    /// The patch does not apply, or what `work` says.
    pub fn with(&self, patch: &Path, work: impl FnOnce() -> Result<()>) -> Result<()> {
        command::run(self.git().args(["apply", "--index", "--whitespace=nowarn"]).arg(patch))?;
        let result = work();
        self.restore()?;
        result
    }

    /// Cargo, in the copy.
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(&self.folder).env_remove("CARGO_TARGET_DIR");
        cargo
    }

    /// Makes the files those of the original again. Others are not touched, so that they are not built
    /// again.
    fn restore(&self) -> Result<()> {
        command::run(self.git().args(["read-tree", "--reset", "-u", &self.tree]))?;
        Ok(())
    }

    /// Git, for which the copy is the work tree.
    fn git(&self) -> Command {
        let mut git = git(&self.folder);
        git.env("GIT_DIR", &self.repository).env("GIT_WORK_TREE", &self.folder);
        git.env("GIT_INDEX_FILE", &self.index);
        git
    }
}

/// What is in the workspace, as an object of git. `index` is a file for git's own use.
fn tree(index: &Path) -> Result<String> {
    let git = || {
        let mut git = git(workspace::root());
        git.env("GIT_INDEX_FILE", index);
        git
    };
    command::run(git().args(["add", "--all", "."]))?;
    text(git().arg("write-tree"))
}

fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder);
    git
}

fn text(command: &mut Command) -> Result<String> {
    let output = command::run(command)?;
    let text = String::from_utf8(output.stdout)?.trim_end().to_owned();
    ensure!(!text.is_empty(), "`{}` says nothing", command::line(command));
    Ok(text)
}

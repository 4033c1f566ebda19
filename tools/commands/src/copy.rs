// SPDX-License-Identifier: MIT OR Apache-2.0
//! A copy of the workspace in another folder.

use crate::command;
use anyhow::{Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy of all files of a repository that git tracks or would track. Build results are kept for the next run.
pub struct Copy {
    folder: PathBuf,
    /// Git's list of the files in the copy.
    index: PathBuf,
    repository: String,
    /// The files, as an object of git.
    tree: String,
}

impl Copy {
    /// Updates the copy of the repository in `root`. If there is no copy yet, makes it.
    ///
    /// # Errors
    /// If it is no repository, or files can't be written.
    pub fn of(root: &Path) -> Result<Copy> {
        let folder = root.join("target/mutations");
        let copy = folder.join("workspace");
        fs::create_dir_all(&copy)?;
        let repository = text(git(root).args(["rev-parse", "--absolute-git-dir"]))?;
        let tree = tree(root, &folder.join("original"))?;
        let copy = Copy { folder: copy, index: folder.join("index"), repository, tree };
        copy.restore()?;
        Ok(copy)
    }

    /// Runs `work` while a patch is applied.
    ///
    /// # Errors
    /// If the patch does not apply; or the error of `work`.
    pub fn with(&self, patch: &Path, work: impl FnOnce() -> Result<()>) -> Result<()> {
        command::run(self.git().args(["apply", "--index", "--whitespace=nowarn"]).arg(patch))?;
        let result = work();
        self.restore()?;
        result
    }

    /// Returns the path of a file in the copy.
    pub fn file(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Returns a command for cargo, in the copy.
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(&self.folder).env_remove("CARGO_TARGET_DIR");
        cargo
    }

    /// Restores the files of the original. Other files are not touched, so that they are not built again.
    fn restore(&self) -> Result<()> {
        command::run(self.git().args(["read-tree", "--reset", "-u", &self.tree]))?;
        Ok(())
    }

    /// Returns a command for git, with the copy as work tree.
    fn git(&self) -> Command {
        let mut git = git(&self.folder);
        git.env("GIT_DIR", &self.repository).env("GIT_WORK_TREE", &self.folder);
        git.env("GIT_INDEX_FILE", &self.index);
        git
    }
}

/// Returns the files in `root`, as an object of git. `index` is a file for git's own use.
fn tree(root: &Path, index: &Path) -> Result<String> {
    let git = || {
        let mut git = git(root);
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

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    fn read(folder: &Path, name: &str) -> Option<String> {
        fs::read_to_string(folder.join(name)).ok()
    }

    #[test]
    fn a_copy_has_the_files_of_the_original() {
        let original = tempfile::tempdir().unwrap();
        let root = original.path();
        command::run(git(root).arg("init")).unwrap();
        for (name, text) in [(".gitignore", "target\n"), ("first", "1\n"), ("second", "2\n")] {
            fs::write(root.join(name), text).unwrap();
        }
        let copy = Copy::of(root).unwrap();
        assert_eq!(read(&copy.folder, "first").unwrap(), "1\n");
        assert!(!copy.folder.join("target").exists());

        let patch = root.join("target/patch");
        let text = "--- a/first\n+++ b/first\n@@ -1 +1 @@\n-1\n+3\n\
                    --- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+4\n";
        fs::write(&patch, text).unwrap();
        let result = copy.with(&patch, || {
            assert_eq!(read(&copy.folder, "first").unwrap(), "3\n");
            assert_eq!(read(&copy.folder, "new").unwrap(), "4\n");
            assert_eq!(read(root, "first").unwrap(), "1\n");
            bail!("no")
        });
        assert!(result.is_err());
        assert_eq!(read(&copy.folder, "first").unwrap(), "1\n");
        assert_eq!(read(&copy.folder, "new"), None);

        // The copy is now as after an abort in the middle of a mutation.
        fs::write(copy.folder.join("first"), "5\n").unwrap();
        fs::write(root.join("second"), "6\n").unwrap();
        fs::remove_file(root.join(".gitignore")).unwrap();
        fs::write(root.join("target/.gitignore"), "*\n").unwrap();
        Copy::of(root).unwrap();
        assert_eq!(read(&copy.folder, "first").unwrap(), "1\n");
        assert_eq!(read(&copy.folder, "second").unwrap(), "6\n");
        assert_eq!(read(&copy.folder, ".gitignore"), None);
    }

    #[test]
    fn a_patch_that_does_not_apply_is_refused() {
        let original = tempfile::tempdir().unwrap();
        command::run(git(original.path()).arg("init")).unwrap();
        let copy = Copy::of(original.path()).unwrap();
        let patch = original.path().join("patch");
        fs::write(&patch, "--- a/none\n+++ b/none\n@@ -1 +1 @@\n-1\n+3\n").unwrap();
        assert!(copy.with(&patch, || Ok(())).is_err());
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files, and the standard input and output.

use std::fs::File;
use std::io::Error;
use std::os::fd::{AsFd, AsRawFd};

/// Has the Rust library make what it makes when it is first used. If a process came to use it first, that
/// would be an allocation, and who came next would wait for ever for it to end.
pub fn make_standard_streams() {
    let _ = (std::io::stdin(), std::io::stdout());
}

/// Has `SIGIO` sent when something arrives. Not all files can; others are always ready.
pub fn signal_input(file: &File) {
    let file = file.as_raw_fd();
    // SAFETY: this changes how the file is used, which is ours.
    unsafe {
        libc::fcntl(file, libc::F_SETOWN, libc::getpid());
        let flags = libc::fcntl(file, libc::F_GETFL);
        libc::fcntl(file, libc::F_SETFL, flags | libc::O_ASYNC);
    }
}

/// Returns whether reading would not wait.
pub fn is_readable(file: &File) -> bool {
    let mut poll = libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: it is one record.
    unsafe { libc::poll(&mut poll, 1, 0) > 0 }
}

/// The standard input.
///
/// # Errors
/// It is closed.
pub fn standard_input() -> Result<File, Error> {
    // Opened anew, so that our settings do not stay with a terminal. A socket can't be.
    File::open("/proc/self/fd/0")
        .or_else(|_| Ok(std::io::stdin().as_fd().try_clone_to_owned()?.into()))
}

/// The standard output.
///
/// # Errors
/// It is closed.
pub fn standard_output() -> Result<File, Error> {
    Ok(std::io::stdout().as_fd().try_clone_to_owned()?.into())
}

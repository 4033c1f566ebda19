// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files, and the standard input and output.

use std::fs::File;
use std::io::Error;
use std::os::fd::{AsFd, AsRawFd};

/// Makes the Rust library allocate the objects of its first use. If a process used it first, that would be an
/// allocation, and the next user would wait for ever for its end.
pub fn make_standard_streams() {
    let _ = (std::io::stdin(), std::io::stdout());
}

/// Makes Linux send `SIGIO` when data arrives. Not all files can; others are always ready.
pub fn signal_input(file: &File) {
    let file = file.as_raw_fd();
    // SAFETY: this changes the settings of the file, which belongs to the port.
    unsafe {
        libc::fcntl(file, libc::F_SETOWN, libc::getpid());
        let flags = libc::fcntl(file, libc::F_GETFL);
        libc::fcntl(file, libc::F_SETFL, flags | libc::O_ASYNC);
    }
}

/// Returns whether a read would not wait.
pub fn is_readable(file: &File) -> bool {
    let mut poll = libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: the argument is one record.
    unsafe { libc::poll(&mut poll, 1, 0) > 0 }
}

/// Returns the standard input.
///
/// # Errors
/// If it is closed.
pub fn standard_input() -> Result<File, Error> {
    // The file is opened again, so that these settings do not stay with a terminal. A socket can't be opened again.
    File::open("/proc/self/fd/0")
        .or_else(|_| Ok(std::io::stdin().as_fd().try_clone_to_owned()?.into()))
}

/// Returns the standard output.
///
/// # Errors
/// If it is closed.
pub fn standard_output() -> Result<File, Error> {
    Ok(std::io::stdout().as_fd().try_clone_to_owned()?.into())
}

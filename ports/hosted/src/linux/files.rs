// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files, and the standard input and output.

use std::fs::File;
use std::io::Error;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;

/// Makes the Rust library allocate its objects for the standard streams. Otherwise the first use by a process would be
/// an allocation, which crashes the process, and later users would wait for its end for ever.
pub fn make_standard_streams() {
    let _ = (std::io::stdin(), std::io::stdout());
}

/// Makes Linux send `SIGIO` when data arrives. Not all files can send it. The other files are always ready.
pub fn signal_input(file: &File) {
    let file = file.as_raw_fd();
    // SAFETY: this changes the settings of the file, which belongs to the port.
    unsafe {
        libc::fcntl(file, libc::F_SETOWN, libc::getpid());
        let flags = libc::fcntl(file, libc::F_GETFL);
        libc::fcntl(file, libc::F_SETFL, flags | libc::O_ASYNC);
    }
}

/// Opens the other end of an interface of Linux that carries Ethernet frames (TAP), without waits.
///
/// # Errors
/// If there is no such interface and this user may not create one, or if another program uses it.
pub fn open_interface(name: &InterfaceName) -> Result<File, Error> {
    let mut options = File::options();
    let file =
        options.read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun")?;
    let request = libc::ifreq {
        ifr_name: name.map(|byte| byte as libc::c_char),
        ifr_ifru: libc::__c_anonymous_ifr_ifru {
            ifru_flags: (libc::IFF_TAP | libc::IFF_NO_PI) as libc::c_short,
        },
    };
    // SAFETY: the argument has the type that this request needs.
    if unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF as _, &raw const request) } < 0 {
        return Err(Error::last_os_error());
    }
    Ok(file)
}

/// The name of an interface of Linux, with a 0 at its end.
pub type InterfaceName = [u8; libc::IFNAMSIZ];

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
    // The file is opened again, so that these settings do not remain set for a terminal. A socket can't be opened
    // again, so it is duplicated.
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

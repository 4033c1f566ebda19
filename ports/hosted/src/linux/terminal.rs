// SPDX-License-Identifier: MIT OR Apache-2.0
//! Terminals: the terminal of the standard input, and new terminals.

use super::output::write_error;
use std::fs::File;
use std::io::Error;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::OnceLock;

/// The previous settings of the terminal, if they were changed.
static TERMINAL: OnceLock<libc::termios> = OnceLock::new();

/// Makes the terminal of the standard input send each key as it is typed, without showing it, up to the
/// [end](super::program::end) of the program. Ctrl-C still interrupts the program. Keys that would stop the program
/// have no special effect, because the terminal would stay in this state. Returns whether the terminal is in this state
/// now.
pub fn send_each_key() -> bool {
    let mut settings = core::mem::MaybeUninit::<libc::termios>::uninit();
    // SAFETY: the call writes the settings, or fails.
    let mut settings = unsafe {
        if libc::tcgetattr(libc::STDIN_FILENO, settings.as_mut_ptr()) != 0 {
            return false;
        }
        settings.assume_init()
    };
    TERMINAL.get_or_init(|| settings);
    settings.c_lflag &= !(libc::ICANON | libc::ECHO | libc::IEXTEN);
    settings.c_iflag &= !(libc::IXON | libc::ICRNL);
    (settings.c_cc[libc::VMIN], settings.c_cc[libc::VTIME]) = (1, 0);
    for key in [libc::VSUSP, libc::VQUIT] {
        settings.c_cc[key] = libc::_POSIX_VDISABLE;
    }
    // SAFETY: the settings are only read.
    unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, &settings) == 0 }
}

/// Restores the settings of the terminal, if they were changed.
pub fn restore() {
    if let Some(settings) = TERMINAL.get() {
        // This shows the cursor again, because the shell's command `top` hides it.
        write_error(b"\x1b[?25h");
        // SAFETY: the settings are only read.
        unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, settings) };
    }
}

/// Opens a new terminal. Returns it, and the name of its other end.
///
/// # Errors
/// If there is none left.
pub fn open() -> Result<(File, String), Error> {
    // SAFETY: the call opens a file, which is checked.
    let terminal = unsafe { libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC) };
    if terminal < 0 {
        return Err(Error::last_os_error());
    }
    // SAFETY: the terminal was opened just now, and nothing else owns it.
    let terminal = unsafe { OwnedFd::from_raw_fd(terminal) };
    let mut name = [0; 64];
    // SAFETY: the terminal is open, and a name that does not fit into the buffer is an error.
    let result = unsafe {
        let terminal = terminal.as_raw_fd();
        libc::grantpt(terminal)
            | libc::unlockpt(terminal)
            | libc::ptsname_r(terminal, name.as_mut_ptr().cast(), name.len())
    };
    if result != 0 {
        return Err(Error::last_os_error());
    }
    let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
    Ok((terminal.into(), String::from_utf8_lossy(&name[..end]).into_owned()))
}

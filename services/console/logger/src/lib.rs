// SPDX-License-Identifier: MIT OR Apache-2.0
//! The crate `log` in processes. The macros of `log` write lines to the console. This also holds for macros in
//! libraries.
//!
//! ```
//! # use crossgate::Handle;
//! # use crossgate_log::{Levels, Log};
//! fn work(log: Handle<dyn Log>, levels: Handle<dyn Levels>) {
//!     crossgate_logger::init(log, levels);
//!     log::info!("started with {} kB", 4);
//! }
//! ```
//!
//! Each process that uses this crate has a logger of its own, because `crossgate-link` gives each process a copy of the
//! statics of this crate. A line begins with the target (`module::path: `), unless the target is the name of the
//! process, which the console writes itself. The line is cut off after
//! [`Line::CAPACITY`](crossgate_log::Line::CAPACITY) bytes. If the console does not take the level of a line from this
//! process, the line is not formatted. Lines of `log::trace!` are dropped, because the console has no level for them.
//! After `log::set_max_level(log::LevelFilter::Trace)`, lines of `log::trace!` have the level of `log::debug!`.
#![cfg_attr(target_os = "none", no_std)]
#![deny(unsafe_code)]

use crossgate::Handle;
use crossgate::sync::OnceLock;
use crossgate_log::{Level, Levels, Log, Logger};

/// The logger of a process.
struct Front(OnceLock<Logger>);

static FRONT: Front = Front(OnceLock::new());

/// Makes the macros of `log` in the calling process write to this log, unless the process has a logger already.
pub fn init(log: Handle<dyn Log>, levels: Handle<dyn Levels>) {
    if FRONT.0.set(Logger::new(log, levels)).is_ok() {
        register();
    }
}

/// Makes the macros of `log` use this logger, unless they have another one already.
#[cfg(target_has_atomic = "ptr")]
fn register() {
    if log::set_logger(&FRONT).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
}

/// As above. On a CPU without atomic instructions, `log` has only functions that must not run at the same time as each
/// other. This function is called once in a process, because `FRONT` is set only once.
#[cfg(not(target_has_atomic = "ptr"))]
#[expect(unsafe_code, reason = "on such a CPU, `log` does not keep threads apart")]
fn register() {
    // SAFETY: this code runs only once in a process. On such a CPU, all other functions that set a logger or a level
    // are unsafe too: a process that calls one of them itself promises that it does so at another time.
    unsafe {
        if log::set_logger_racy(&FRONT).is_ok() {
            log::set_max_level_racy(log::LevelFilter::Debug);
        }
    }
}

/// Returns the level of the console that corresponds to a level of `log`.
fn level_of(metadata: &log::Metadata<'_>) -> Level {
    match metadata.level() {
        log::Level::Error => Level::Error,
        log::Level::Warn => Level::Warn,
        log::Level::Info => Level::Info,
        log::Level::Debug | log::Level::Trace => Level::Debug,
    }
}

impl Front {
    /// Returns the logger and the level of a line, if the console takes it.
    fn takes(&self, metadata: &log::Metadata<'_>) -> Option<(&Logger, Level)> {
        let (logger, level) = (self.0.get()?, level_of(metadata));
        logger.takes(level).then_some((logger, level))
    }
}

impl log::Log for Front {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        self.takes(metadata).is_some()
    }

    fn log(&self, record: &log::Record<'_>) {
        if let Some((logger, level)) = self.takes(record.metadata()) {
            logger.write(level, format_args!("{}: {}", record.target(), record.args()));
        }
    }

    fn flush(&self) {}
}

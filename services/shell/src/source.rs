// SPDX-License-Identifier: MIT OR Apache-2.0
//! The source of all data that the shell shows.

use ::supervise::Supervise;
use core::time::Duration;
use crossgate::dump::{self, CrashDump};
use crossgate::fault::{FaultRecord, Faults};
use crossgate::inspect::{self, Process, Thread};
use crossgate::power::{self, Depth, Slept};
use crossgate::{CallError, Handle, LeaseBuf, supervise, time};
use crossgate_abi::MAX_CALL_DEPTH;
use crossgate_log::{History, Level, SetLevels};

/// A buffer for a line of the log.
pub type LogLine = LeaseBuf<128>;

/// The functions by which a shell reads the state of the system, and restarts and stops processes. [`Kernel`] is the
/// usual implementation. A test has its own implementation.
#[expect(clippy::missing_errors_doc, reason = "they are those of the functions of the same names")]
pub trait Source {
    /// Returns the time since start in µs.
    fn now(&self) -> u64;
    /// As [`inspect::thread`].
    fn thread(&self, index: u8) -> Result<Thread, CallError>;
    /// As [`inspect::calls`].
    fn calls(&self, index: u8) -> Result<[u8; MAX_CALL_DEPTH], CallError>;
    /// As [`inspect::stack_used`].
    fn stack_used(&self, index: u8) -> Result<usize, CallError>;
    /// As [`inspect::process`].
    fn process(&self, index: u8) -> Result<Process, CallError>;
    /// As [`inspect::cpu_time_of_thread`].
    fn cpu_time_of_thread(&self, index: u8) -> Result<Option<Duration>, CallError>;
    /// As [`inspect::cpu_time_of_process`].
    fn cpu_time_of_process(&self, index: u8) -> Result<Option<Duration>, CallError>;
    /// As [`power::slept`].
    fn slept(&self, depth: Depth) -> Result<Option<Slept>, CallError>;
    /// As [`inspect::crashes`].
    fn crashes(&self, index: u8) -> Result<(u32, Option<FaultRecord>), CallError>;
    /// As [`dump::read`].
    fn dump(&self) -> Result<Option<CrashDump>, CallError>;
    /// As [`SetLevels::level_of`]; `None` if there is no log.
    fn log_level(&self, process: u8) -> Result<Option<Level>, CallError>;
    /// As [`SetLevels::set_level`]; `None` if there is no log.
    fn set_log_level(&self, process: u8, level: Level) -> Result<Option<()>, CallError>;
    /// As [`History::line`]; `None` if there is no log.
    fn log_line(&self, age: u8, text: &mut LogLine) -> Result<Option<Option<usize>>, CallError>;
    /// Returns the next record of a crash.
    fn next_fault(&mut self) -> Option<FaultRecord>;
    /// As [`supervise::restart`].
    fn restart(&self, process: u8) -> Result<(), CallError>;
    /// As [`supervise::stop`].
    fn stop(&self, process: u8) -> Result<(), CallError>;
}

/// Converts a supervisor's answer to a result.
fn done(answer: Result<bool, CallError>) -> Result<(), CallError> {
    if answer? { Ok(()) } else { Err(CallError::NotPermitted) }
}

/// The kernel as the source. It lets the process of the shell inspect other processes. If this process is the
/// supervisor, it can also restart and stop them.
#[derive(Debug, Default)]
pub struct Kernel {
    faults: Faults,
    supervisor: Option<Handle<dyn Supervise>>,
    log: Option<(Handle<dyn SetLevels>, Handle<dyn History>)>,
}

impl Kernel {
    /// Creates a source. Its first records of crashes are those that the kernel still keeps.
    #[must_use]
    pub const fn new() -> Kernel {
        Kernel { faults: Faults::new(), supervisor: None, log: None }
    }

    /// Lets another process, the supervisor, carry out `restart` and `stop`.
    #[must_use]
    pub const fn supervised_by(self, supervisor: Handle<dyn Supervise>) -> Kernel {
        Kernel { supervisor: Some(supervisor), ..self }
    }

    /// Adds the log of a console.
    #[must_use]
    pub const fn with_log(
        self,
        levels: Handle<dyn SetLevels>,
        history: Handle<dyn History>,
    ) -> Kernel {
        Kernel { log: Some((levels, history)), ..self }
    }
}

impl Source for Kernel {
    fn now(&self) -> u64 {
        time::now().as_micros()
    }
    fn thread(&self, index: u8) -> Result<Thread, CallError> {
        inspect::thread(index)
    }
    fn calls(&self, index: u8) -> Result<[u8; MAX_CALL_DEPTH], CallError> {
        inspect::calls(index)
    }
    fn stack_used(&self, index: u8) -> Result<usize, CallError> {
        inspect::stack_used(index)
    }
    fn process(&self, index: u8) -> Result<Process, CallError> {
        inspect::process(index)
    }
    fn next_fault(&mut self) -> Option<FaultRecord> {
        self.faults.next()
    }
    fn cpu_time_of_thread(&self, index: u8) -> Result<Option<Duration>, CallError> {
        inspect::cpu_time_of_thread(index)
    }
    fn cpu_time_of_process(&self, index: u8) -> Result<Option<Duration>, CallError> {
        inspect::cpu_time_of_process(index)
    }
    fn slept(&self, depth: Depth) -> Result<Option<Slept>, CallError> {
        power::slept(depth)
    }
    fn crashes(&self, index: u8) -> Result<(u32, Option<FaultRecord>), CallError> {
        inspect::crashes(index)
    }
    fn dump(&self) -> Result<Option<CrashDump>, CallError> {
        dump::read()
    }
    fn log_level(&self, process: u8) -> Result<Option<Level>, CallError> {
        self.log.map(|(levels, _)| levels.level_of(process)).transpose()
    }
    fn set_log_level(&self, process: u8, level: Level) -> Result<Option<()>, CallError> {
        self.log.map(|(levels, _)| levels.set_level(process, level)).transpose()
    }
    fn log_line(&self, age: u8, text: &mut LogLine) -> Result<Option<Option<usize>>, CallError> {
        let Some((_, history)) = self.log else { return Ok(None) };
        Ok(Some(history.line(age, &mut text[..])?.map(usize::from)))
    }
    fn restart(&self, process: u8) -> Result<(), CallError> {
        match self.supervisor {
            Some(supervisor) => done(supervisor.restart(process)),
            None => supervise::restart(process),
        }
    }
    fn stop(&self, process: u8) -> Result<(), CallError> {
        match self.supervisor {
            Some(supervisor) => done(supervisor.stop(process)),
            None => supervise::stop(process),
        }
    }
}

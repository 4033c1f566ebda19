//! Whom the shell asks.

use ::supervise::Supervise;
use crossgate::fault::{FaultRecord, Faults};
use crossgate::inspect::{self, Process, Thread};
use crossgate::{CallError, Handle, supervise, time};
use crossgate_abi::MAX_CALL_DEPTH;

/// What a shell asks and decides. [`Kernel`] is the usual one; a test has its own, and so has a firmware in which
/// another process supervises.
#[expect(clippy::missing_errors_doc, reason = "they are those of the functions of the same names")]
pub trait Source {
    /// The time since start in µs.
    fn now(&self) -> u64;
    /// As [`inspect::thread`].
    fn thread(&self, index: u8) -> Result<Thread, CallError>;
    /// As [`inspect::calls`].
    fn calls(&self, index: u8) -> Result<[u8; MAX_CALL_DEPTH], CallError>;
    /// As [`inspect::stack_used`].
    fn stack_used(&self, index: u8) -> Result<usize, CallError>;
    /// As [`inspect::process`].
    fn process(&self, index: u8) -> Result<Process, CallError>;
    /// The next record of a crash.
    fn next_fault(&mut self) -> Option<FaultRecord>;
    /// As [`supervise::restart`].
    fn restart(&self, process: u8) -> Result<(), CallError>;
    /// As [`supervise::stop`].
    fn stop(&self, process: u8) -> Result<(), CallError>;
}

/// The same, where another process supervises, and decides for the shell.
pub struct Supervised {
    kernel: Kernel,
    supervisor: Handle<dyn Supervise>,
}

impl Supervised {
    /// The kernel to look at, and who decides.
    #[must_use]
    pub const fn by(supervisor: Handle<dyn Supervise>) -> Supervised {
        Supervised { kernel: Kernel::new(), supervisor }
    }
}

/// What a supervisor's answer means.
fn done(answer: Result<bool, CallError>) -> Result<(), CallError> {
    if answer? { Ok(()) } else { Err(CallError::NotPermitted) }
}

impl Source for Supervised {
    fn now(&self) -> u64 {
        self.kernel.now()
    }
    fn thread(&self, index: u8) -> Result<Thread, CallError> {
        self.kernel.thread(index)
    }
    fn calls(&self, index: u8) -> Result<[u8; MAX_CALL_DEPTH], CallError> {
        self.kernel.calls(index)
    }
    fn stack_used(&self, index: u8) -> Result<usize, CallError> {
        self.kernel.stack_used(index)
    }
    fn process(&self, index: u8) -> Result<Process, CallError> {
        self.kernel.process(index)
    }
    fn next_fault(&mut self) -> Option<FaultRecord> {
        self.kernel.next_fault()
    }
    fn restart(&self, process: u8) -> Result<(), CallError> {
        done(self.supervisor.restart(process))
    }
    fn stop(&self, process: u8) -> Result<(), CallError> {
        done(self.supervisor.stop(process))
    }
}

/// The kernel, which lets the process of the shell inspect, and decide about others if that is the supervisor.
#[derive(Debug, Default)]
pub struct Kernel {
    faults: Faults,
}

impl Kernel {
    /// The kernel, with all of the records that it has.
    #[must_use]
    pub const fn new() -> Kernel {
        Kernel { faults: Faults::new() }
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
    fn restart(&self, process: u8) -> Result<(), CallError> {
        supervise::restart(process)
    }
    fn stop(&self, process: u8) -> Result<(), CallError> {
        supervise::stop(process)
    }
}

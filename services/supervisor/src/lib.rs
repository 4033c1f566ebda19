// SPDX-License-Identifier: MIT OR Apache-2.0
//! A supervisor. It decides which processes restart after a crash.
//!
//! Processes form groups, and groups form larger groups. If a member of a group crashes, the [`Strategy`] of the group
//! decides which members restart with it. A group *fails* if its members crash more often than the group allows. This
//! failure counts as a crash of a member in the group around it. If the outermost group fails, the supervisor panics.
//! If the supervisor panics more often than its own `on_fault` allows, the system is reset.
//!
//! ```ignore
//! const TREE: Group = Group {
//!     strategy: Strategy::OneForOne,
//!     limit: 5,
//!     period: Duration::from_secs(60),
//!     members: &[Member::Process("fan"), Member::Group(&Group {
//!         strategy: Strategy::RestForOne,
//!         limit: 3,
//!         period: Duration::from_secs(10),
//!         // `control` depends on `sensor`.
//!         members: &[Member::Process("sensor"), Member::Process("control")],
//!     })],
//! };
//! static POLICY: Policy = Policy::new(&TREE, &SYSTEM);
//!
//! process supervisor {
//!     inspects;
//!     notification FAULTED;
//!     supervisor FAULTED;
//!     object office: Concurrent<Office> = Office::new() => [SUPERVISOR: dyn Supervise];
//!     thread main (priority = 30, stack = 2048) =
//!         supervisor::run(&office, &POLICY, FAULTED, &[CONSOLE_FAULTED, SHELL_FAULTED]);
//! }
//! process sensor { on_fault = stop; /* ... */ }
//! ```
//!
//! The compiler checks the policy against the wiring. The members have `on_fault = stop;`, so the kernel leaves them
//! stopped until the supervisor decides. Give the supervisor's thread a high priority. The last argument lists
//! notifications of other processes that watch crashes. With `inspects;` these processes may read the records
//! themselves ([`Faults`](crossgate::fault::Faults)).
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

mod policy;
mod tree;

pub use policy::Policy;
pub use tree::{GROUPS, Group, LIMIT, Member, Strategy};

use crossgate::inspect::{self, State};
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Notification, Signal, time};
use supervise::Supervise;
use tree::{Control, Tree};

/// The service object, by which clients with a handle may restart and stop processes.
#[derive(Debug, Default)]
pub struct Office {
    /// The processes that a client has stopped: bit p is process p.
    stopped: AtomicU32,
}

impl Office {
    /// Creates the object; no process is stopped.
    #[must_use]
    pub const fn new() -> Office {
        Office { stopped: AtomicU32::new(0) }
    }

    fn is_stopped(&self, process: u8) -> bool {
        self.stopped.load(Ordering::Relaxed) & bit(process) != 0
    }
}

/// Returns the bit of a process; 0 if no process can have this index.
const fn bit(process: u8) -> u32 {
    1_u32.unbounded_shl(process as u32)
}

impl Supervise for Office {
    fn restart(&self, process: u8) -> bool {
        self.stopped.fetch_and(!bit(process), Ordering::Relaxed);
        crossgate::supervise::restart(process).is_ok()
    }

    fn stop(&self, process: u8) -> bool {
        // This bit is set first, so that the supervisor does not take the stop for a crash.
        self.stopped.fetch_or(bit(process), Ordering::Relaxed);
        crossgate::supervise::stop(process).is_ok()
    }
}

/// The part of the kernel that the supervisor controls.
struct Kernel<'a>(&'a Office);

impl Control for Kernel<'_> {
    fn now(&self) -> u64 {
        time::now().as_micros()
    }
    fn restart(&mut self, process: u8) {
        if !self.0.is_stopped(process) {
            let _ = crossgate::supervise::restart(process);
        }
    }
    fn stop(&mut self, process: u8) {
        let _ = crossgate::supervise::stop(process);
    }
}

/// A thread's main function: supervises the processes of a tree.
///
/// # Panics
/// If this process is not the supervisor of the wiring, or if the tree fails as a whole.
pub fn run(
    office: &'static Office,
    policy: &'static Policy,
    faulted: Notification,
    observers: &[Signal],
) -> ! {
    let &Policy { root, system } = policy;
    let mut tree = Tree::new(root, system);
    let mut kernel = Kernel(office);
    loop {
        for process in 0..system.processes.len() as u8 {
            let Ok(state) = inspect::process(process) else {
                panic!("the wiring has to let the supervisor look: `inspects;`")
            };
            // The supervisor finds crashes by the states of the processes and not by the records, because many
            // processes may crash at the same time, and the kernel keeps only two records.
            if state.state == State::Stopped && !office.is_stopped(process) {
                let holds = tree.crashed(process, &mut kernel);
                assert!(holds, "the outermost group of processes has failed");
            }
        }
        for observer in observers {
            let _ = observer.signal();
        }
        faulted.wait();
    }
}

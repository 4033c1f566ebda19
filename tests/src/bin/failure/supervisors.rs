// SPDX-License-Identifier: MIT OR Apache-2.0
//! A supervisor restarts a crashed process and the processes that depend on it, ignores stopped processes, notifies the
//! other observers, and gives up when too many processes have crashed.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::time::Duration;
use crossgate::fault::Faults;
use crossgate::inspect::{self, State};
use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{CallError, Concurrent, Handle, Notification, interface, time};
use supervise::Supervise;
use supervisor::{Group, Member, Office, Policy, Strategy};
use system_tests::report::{expect, pass};

/// Counts its calls, and crashes.
#[interface]
trait Server {
    fn next(&self) -> u32;
    fn crash(&self);
}

struct Count(AtomicU32);

impl Count {
    const fn new() -> Count {
        Count(AtomicU32::new(0))
    }
}

impl Server for Count {
    fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
    fn crash(&self) {
        panic!("a server panics on request")
    }
}

const TREE: Group = Group {
    strategy: Strategy::OneForOne,
    limit: 1,
    period: Duration::from_secs(60),
    members: &[Member::Group(&Group {
        strategy: Strategy::RestForOne,
        limit: 3,
        period: Duration::from_secs(60),
        members: &[Member::Process("base"), Member::Process("middle"), Member::Process("leaf")],
    })],
};

static POLICY: Policy = Policy::new(&TREE, &SYSTEM);

crossgate::system! {
    static SYSTEM;
    process overseer {
        inspects;
        on_fault = stop;
        notification FAULTED;
        supervisor FAULTED;
        object office (stack = 512): Concurrent<Office> = Office::new() => [SUPERVISOR: dyn Supervise];
        thread main (priority = 30, stack = 2048) =
            supervisor::run(&office, &POLICY, FAULTED, &[OBSERVED, WATCHED]);
    }
    process base {
        on_fault = stop;
        object count: Concurrent<Count> = Count::new() => [BASE: dyn Server];
    }
    process middle {
        on_fault = stop;
        object count: Concurrent<Count> = Count::new() => [MIDDLE: dyn Server];
    }
    process leaf {
        on_fault = stop;
        object count: Concurrent<Count> = Count::new() => [LEAF: dyn Server];
    }
    process observer {
        inspects;
        notification OBSERVED;
        thread main (priority = 2, stack = 3072) =
            observe(BASE, MIDDLE, LEAF, SUPERVISOR, OBSERVED, COUNTED);
    }
    process another {
        inspects;
        notification WATCHED;
        object count: Concurrent<Count> = Count::new() => [COUNTED: dyn Server];
        thread main (priority = 20, stack = 2048) = watch(&count, WATCHED);
    }
}

board::start!(SYSTEM);

/// Counts the records that it reads.
fn watch(count: &'static Count, watched: Notification) -> ! {
    let mut faults = Faults::new();
    loop {
        watched.wait();
        for _ in faults.by_ref() {
            count.next();
        }
    }
}

fn observe(
    base: Handle<dyn Server>,
    middle: Handle<dyn Server>,
    leaf: Handle<dyn Server>,
    supervisor: Handle<dyn Supervise>,
    observed: Notification,
    counted: Handle<dyn Server>,
) -> ! {
    let mut faults = Faults::new();
    let mut crash = |server: Handle<dyn Server>, name: &str| {
        let _ = observed.try_wait();
        expect("a crash", server.crash(), Err(CallError::ServerFaulted));
        expect("the observer is notified", observed.try_wait(), true);
        let record = faults.next();
        let process = record.map(|it| SYSTEM.processes[usize::from(it.process)].name);
        expect("a record", process, Some(name));
    };
    let next = || [base, middle, leaf].map(|server| server.next());
    expect("three counts", next(), [Ok(1); 3]);
    crash(middle, "middle");
    expect("the first process continues", next(), [Ok(2), Ok(1), Ok(1)]);
    expect("a decision", supervisor.stop(3), Ok(true));
    crash(base, "base");
    expect("a stopped process stays stopped", next(), [Ok(1), Ok(1), Err(CallError::ServerDown)]);
    expect("a decision", supervisor.restart(3), Ok(true));
    expect("the process runs again", next(), [Ok(2), Ok(2), Ok(1)]);
    expect("a decision about a process that does not exist", supervisor.stop(99), Ok(false));

    // One more crash is allowed. Then the group fails, and all of its processes restart. Then the whole tree fails.
    crash(leaf, "leaf");
    expect("the other processes continue", next(), [Ok(3), Ok(3), Ok(1)]);
    crash(leaf, "leaf");
    expect("all restart", next(), [Ok(1); 3]);
    for _ in 0..3 {
        crash(leaf, "leaf");
    }
    expect("the last crash", leaf.crash(), Err(CallError::ServerFaulted));
    time::sleep(Duration::from_millis(1));
    expect("the supervisor", inspect::process(0).map(|it| it.state), Ok(State::Stopped));
    expect("records that the other observer has read", counted.next(), Ok(7 + 1));
    pass()
}

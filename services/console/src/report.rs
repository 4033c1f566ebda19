// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::Console;
use core::fmt;
use core::time::Duration;
use crossgate::fault::{Detail, FaultRecord, Faults, Refusals, panic_file};
use crossgate::{Notification, time};
use crossgate_abi::FAULT_RECORDS;
use crossgate_abi::table::System;
use embedded_io::Write;

/// The shortest time between two reports of refused calls. A client can make calls that are refused as often as it
/// wants, and each report costs time of this thread.
const PAUSE: Duration = Duration::from_secs(1);

/// A thread's main function. For every crash that the kernel signals by `faulted`, it writes a line. Once a second it
/// also writes lines for the last calls that servers have refused.
///
/// `system` is the wiring, which has the names of processes, threads and services.
pub fn report<W: Write>(
    console: &'static Console<W>,
    system: &'static System,
    faulted: Notification,
) -> ! {
    *console.system.lock() = Some(system);
    let (mut faults, mut refusals) = (Faults::new(), Refusals::new());
    let (mut next_refusals, mut are_pending) = (time::now(), false);
    loop {
        if are_pending {
            // The thread looks after a signal, and also after a timeout.
            let _ = faulted.wait_until(next_refusals);
        } else {
            faulted.wait();
        }
        for record in faults.by_ref() {
            let file = panic_file(&record);
            console.write_line("fault", |output| describe(&record, file, system, output));
        }
        are_pending = time::now() < next_refusals;
        if are_pending {
            continue;
        }
        for record in refusals.by_ref().take(FAULT_RECORDS) {
            console.write_line("warn ", |output| describe(&record, None, system, output));
            next_refusals = time::now() + PAUSE;
        }
    }
}

/// Writes the cause of a crash, its place and its thread, without a line break. `file` is the source file of a panic.
///
/// # Errors
/// The errors of `output`.
pub fn describe(
    record: &FaultRecord,
    file: Option<&str>,
    system: &System,
    output: &mut dyn fmt::Write,
) -> fmt::Result {
    let (what, detail) = (record.cause.as_str(), record.cause.detail());
    if detail == Detail::Line {
        let (kind, number) = match record.address.cast_signed() {
            0.. => ("line", record.address),
            _ => ("exception", record.address.wrapping_add(16)),
        };
        return write!(output, "{what}: {kind} {number}");
    }
    let process = |index: u8| name(system.processes.get(usize::from(index)), |p| p.name);
    write!(output, "process {}: {what}", process(record.process))?;
    match detail {
        Detail::Location => write!(output, " at {}:{}", file.unwrap_or("?"), record.line)?,
        Detail::Address => write!(output, " at {:#010x}", record.address)?,
        Detail::Accuser => write!(output, ", says {}", record.accuser.map_or("?", process))?,
        Detail::Nothing | Detail::Line | Detail::Count => {}
    }
    if record.instruction != 0 {
        write!(output, ", instruction {:#010x}", record.instruction)?;
    }
    let thread = system.threads.get(usize::from(record.thread));
    let home = thread.map_or("?", |thread| process(thread.process.number()));
    write!(output, ", thread {} of {home}", name(thread, |t| t.name))?;
    for (index, &service) in record.chain.iter().take(usize::from(record.depth)).enumerate() {
        output.write_str(if index == 0 { ", in call " } else { " > " })?;
        output.write_str(name(system.services.get(usize::from(service)), |s| s.name))?;
    }
    Ok(())
}

fn name<T>(
    entry: Option<&'static T>,
    name: impl FnOnce(&'static T) -> &'static str,
) -> &'static str {
    entry.map_or("?", name)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crossgate::fault::Cause;
    use crossgate_abi::table::{NO_LOCK, OnFault, ProcessMemory, ProcessRow, Service, ThreadRow};
    use crossgate_abi::{NotificationId, ProcessId, Set};
    use std::ptr::null;

    extern "C" fn entry() -> ! {
        unreachable!("nothing runs here")
    }

    const fn process(name: &'static str) -> ProcessRow {
        ProcessRow {
            name,
            memory: &ProcessMemory::NONE,
            mmio: &[],
            notifications: 0,
            on_fault: OnFault::DEFAULT,
            first_notification: NotificationId::FIRST,
            pieces: 0,
        }
    }

    const fn service(name: &'static str) -> Service {
        Service {
            object: std::ptr::null_mut(),
            methods: &[],
            callers: Set::EMPTY,
            name,
            interface: std::any::TypeId::of::<()>,
            stack: 0,
            gate: 0,
            owner: ProcessId::FIRST,
            lock: NO_LOCK,
        }
    }

    const fn thread(name: &'static str, process: usize) -> ThreadRow {
        let process = ProcessId::new(process);
        ThreadRow { name, entry, stack: null(), stack_size: 0, process, priority: 1 }
    }

    pub(crate) static SYSTEM: System = System {
        processes: &[process("sensor"), process("control")],
        services: &[service("TEMPERATURE"), service("FAN")],
        gates: &[],
        threads: &[thread("idle", 0), thread("main", 1)],
        notifications: &[],
        interrupts: &[],
        lines: &[],
        locks: 0,
        deadlines: Set::EMPTY,
        budgets: None,
        deep_sleep: None,
        inspectors: Set::EMPTY,
        pooled: Set::EMPTY,
        lost_clients: &[],
        dumpers: Set::EMPTY,
        passes_handles: false,
        supervisor: None,
    };

    fn record(cause: Cause) -> FaultRecord {
        FaultRecord {
            process: 0,
            thread: 1,
            cause,
            depth: 0,
            chain: [0; crossgate_abi::MAX_CALL_DEPTH],
            address: 0x4000_6010,
            instruction: 0x123,
            file: 0,
            file_length: 0,
            line: 0,
            accuser: None,
        }
    }

    fn text(record: &FaultRecord, file: Option<&str>) -> String {
        let mut text = String::new();
        describe(record, file, &SYSTEM, &mut text).unwrap();
        text
    }

    #[test]
    fn an_access_names_address_instruction_thread_and_calls() {
        let mut record = record(Cause::Access);
        record.depth = 2;
        record.chain[0] = 1;
        assert_eq!(
            text(&record, None),
            "process sensor: access to memory of others at 0x40006010, \
             instruction 0x00000123, thread main of control, in call FAN > TEMPERATURE"
        );
    }

    #[test]
    fn a_panic_names_its_place() {
        let panic = FaultRecord { line: 7, instruction: 0, ..record(Cause::Panic) };
        assert_eq!(
            text(&panic, Some("src/lib.rs")),
            "process sensor: panic at src/lib.rs:7, thread main of control"
        );
        assert!(text(&panic, None).contains("panic at ?:7"));
    }

    #[test]
    fn an_interrupt_of_nobody_names_its_line() {
        let mut record = record(Cause::Interrupt);
        record.address = 20;
        assert_eq!(text(&record, None), "an interrupt that nobody owns: line 20");
        record.address = (-14_isize).cast_unsigned();
        assert_eq!(text(&record, None), "an interrupt that nobody owns: exception 2");
    }

    #[test]
    fn a_refused_call_names_who_says_so() {
        let refused =
            FaultRecord { process: 1, accuser: Some(0), instruction: 0, ..record(Cause::Refused) };
        assert_eq!(
            text(&refused, None),
            "process control: a call that broke the rules of its server, says sensor, \
             thread main of control"
        );
    }

    #[test]
    fn what_the_wiring_does_not_have_is_no_panic() {
        let mut record = FaultRecord { process: 9, thread: 9, depth: 8, ..record(Cause::Unknown) };
        record.chain[7] = 99;
        let text = text(&record, None);
        assert!(text.starts_with("process ?: unknown cause"), "{text}");
        assert!(text.ends_with("> ?"), "{text}");
    }
}

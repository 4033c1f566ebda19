use crate::Console;
use core::fmt;
use crossgate::Notification;
use crossgate::fault::Faults;
use crossgate_abi::table::System;
use crossgate_abi::{Cause, FaultRecord};
use embedded_io::Write;

/// A thread's main function: writes a line for every fault that the kernel tells of by `faulted`.
///
/// `system` is the wiring, which has the names of processes, threads and services.
pub fn report<W: Write>(
    console: &'static Console<W>,
    system: &'static System,
    faulted: Notification,
) -> ! {
    let mut faults = Faults::new();
    loop {
        faulted.wait();
        while let Some(fault) = faults.next() {
            console
                .write_line("fault", |output| describe(&fault.record, fault.file, system, output));
        }
    }
}

/// Writes what happened, where and in which thread, without a line break. `file` is the source
/// file of a panic.
///
/// # Errors
/// Those of `output`.
pub fn describe(
    record: &FaultRecord,
    file: Option<&str>,
    system: &System,
    output: &mut dyn fmt::Write,
) -> fmt::Result {
    let process = |index: u8| name(system.processes.get(usize::from(index)), |p| p.name);
    write!(output, "process {}: {}", process(record.process), record.cause.as_str())?;
    match record.cause {
        Cause::Panic => write!(output, " at {}:{}", file.unwrap_or("?"), record.line)?,
        Cause::Access | Cause::Bus => write!(output, " at {:#010x}", record.address)?,
        _ => {}
    }
    if record.instruction != 0 {
        write!(output, ", instruction {:#010x}", record.instruction)?;
    }
    let thread = system.threads.get(usize::from(record.thread));
    let home = thread.map_or("?", |thread| process(thread.process));
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

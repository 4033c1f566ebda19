// SPDX-License-Identifier: MIT OR Apache-2.0
//! The checks of a wiring without the compiler: names, counts, and items that belong together.

use super::firmware::{Firmware, Process};
use super::names::{self, Names};
use crate::pieces::Error;
use crossgate_abi::{
    MAX_BUDGETS, MAX_INTERRUPTS, MAX_MMIO, MAX_NOTIFICATIONS, MAX_OWN_INTERRUPTS,
    MAX_OWN_NOTIFICATIONS, MAX_PROCESSES, MAX_THREADS,
};
use proc_macro::{Ident, Span};

pub fn check(firmware: &Firmware) -> Result<(), Error> {
    names::check(&firmware.name)?;
    let (mut processes, mut public) = (Names::default(), Names::default());
    for process in &firmware.processes {
        processes.add(&process.name)?;
        names::check_process(&process.name)?;
        process.public_names.iter().try_for_each(|name| public.add(name))?;
        check_process(process)?;
    }
    at_most(MAX_PROCESSES, "processes", firmware.processes.iter().map(|it| it.name.span()))?;
    // The idle thread counts as one of the threads.
    at_most(MAX_THREADS - 1, "threads", firmware.threads().map(|(_, thread)| thread.place))?;
    let budgets = firmware.processes.iter().flat_map(|process| {
        let of_threads = process.threads.iter().filter_map(|thread| thread.budget.as_ref());
        process.budget.iter().chain(of_threads)
    });
    at_most(MAX_BUDGETS, "budgets", budgets.map(|budget| budget.place))?;
    const FEWER: &str = "let one stand for several events";
    let all: Vec<_> = firmware.notifications().map(|notification| &notification.name).collect();
    not_more(MAX_NOTIFICATIONS, "a firmware", &all, FEWER)?;
    let interrupts = firmware.processes.iter().flat_map(|process| &process.interrupts);
    at_most(MAX_INTERRUPTS, "interrupts", interrupts.map(|it| it.bound.span()))?;
    let mut supervisors = firmware.processes.iter().flat_map(|process| &process.supervisor);
    if let Some(second) = supervisors.nth(1) {
        return Err(Error::new(second.item, "only one process can be the `supervisor`"));
    }
    Ok(())
}

fn check_process(process: &Process) -> Result<(), Error> {
    let (mut own, mut threads) = (Names::default(), Names::default());
    process.own_names.iter().try_for_each(|name| own.add(name))?;
    for thread in &process.threads {
        threads.add(&thread.name)?;
        names::check_thread(&thread.name)?;
    }
    if let Some(range) = process.mmio.get(MAX_MMIO) {
        let text = format!("a process owns at most {MAX_MMIO} `mmio` ranges");
        return Err(Error::new(range.item, text));
    }
    let notifications: Vec<_> = process.notifications.iter().map(|it| &it.name).collect();
    const FEWER: &str = "let one stand for several events, or give some to another process";
    not_more(MAX_OWN_NOTIFICATIONS, "a process", &notifications, FEWER)?;
    let is_own = |name: &Ident| notifications.iter().any(|it| it.to_string() == name.to_string());
    if let Some(foreign) = process.bound.iter().find(|name| !is_own(name)) {
        let text = format!("`{foreign}` is not a `notification` of this process");
        return Err(Error::new(foreign.span(), text));
    }
    for name in notifications {
        let bound = process.interrupts.iter().map(|interrupt| &interrupt.bound);
        let mut bound = bound.filter(|bound| bound.to_string() == name.to_string());
        if let Some(beyond) = bound.nth(MAX_OWN_INTERRUPTS) {
            let text = format!(
                "at most {MAX_OWN_INTERRUPTS} interrupts signal one notification: give the others \
                 to another notification of this process"
            );
            return Err(Error::new(beyond.span(), text));
        }
    }
    Ok(())
}

/// Refuses more than `limit` items. The error is reported at the first item beyond the limit.
fn at_most(limit: usize, what: &str, mut places: impl Iterator<Item = Span>) -> Result<(), Error> {
    match places.nth(limit) {
        Some(place) => Err(Error::new(place, format!("a firmware has at most {limit} {what}"))),
        None => Ok(()),
    }
}

/// Refuses more notifications than `whose` may have. The error is reported at the first notification beyond the limit,
/// and names a way out.
fn not_more(limit: usize, whose: &str, all: &[&Ident], way_out: &str) -> Result<(), Error> {
    match all.get(limit) {
        Some(first) => {
            let count = all.len();
            let text = format!("{whose} has at most {limit} notifications, not {count}: {way_out}");
            Err(Error::new(first.span(), text))
        }
        None => Ok(()),
    }
}

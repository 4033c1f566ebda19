// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parser of a wiring.

use super::firmware::{
    Firmware, Heap, Interrupt, Mmio, Object, Pool, Process, Service, Supervisor, Thread, Worker,
    only_one,
};
use super::values::{BUDGET, budget, checked, on_fault, settings, time_slice, value};
use crate::pieces::{Cursor, Error, code_at, is_punctuation};
use crossgate_abi::MAX_THREADS;
use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree as Token};

const ITEMS: &str = "expected an item of a process: `mmio`, `shared mmio`, `notification`, `counting \
                     notification`, `interrupt`, `supervisor`, `lost_clients`, \
                     `on_fault`, `deadlines`, `inspects`, `stay_awake`, `crash_dumps`, `budget`, `heap`, `object`, `thread` or `pool`";

/// Parses the whole wiring.
pub fn firmware(input: TokenStream) -> Result<Firmware, Error> {
    const HEAD: &str = "the wiring starts with a name for its tables: `pub static SYSTEM;`";
    let mut source = Cursor::new(input, Span::call_site());
    let attributes = source.attributes();
    let visibility = source.visibility();
    if !source.word("static") {
        return Err(source.error(HEAD));
    }
    let name = source.ident(HEAD)?;
    source.punctuation(';', HEAD)?;
    let (mut processes, mut slice) = (vec![], None);
    let (mut cpu_time, mut deep_sleep) = (None, None);
    while !source.is_empty() {
        let span = source.span();
        if source.word("time_slice") {
            let time = time_slice(&mut source)?;
            only_one(&mut slice, time, span, "a firmware has one `time_slice`")?;
        } else if source.word("cpu_time") {
            source.punctuation(';', "expected `cpu_time;`")?;
            only_one(&mut cpu_time, (), span, "the wiring has `cpu_time;` already")?;
        } else if source.word("deep_sleep") {
            source.punctuation(';', "expected `deep_sleep;`")?;
            only_one(&mut deep_sleep, (), span, "the wiring has `deep_sleep;` already")?;
        } else if source.word("process") {
            processes.push(process(&mut source)?);
        } else {
            return Err(source.error("expected `process name { ... }`"));
        }
    }
    if processes.is_empty() {
        return Err(source.error("a firmware has at least one `process name { ... }`"));
    }
    let (cpu_time, deep_sleep) = (cpu_time.is_some(), deep_sleep.is_some());
    let time_slice = slice;
    Ok(Firmware { attributes, visibility, name, time_slice, cpu_time, deep_sleep, processes })
}

/// Parses `name { ... }`.
fn process(source: &mut Cursor) -> Result<Process, Error> {
    let name = source.ident("expected the name of the process, which is that of its crate")?;
    let body = source.group(Delimiter::Brace, "expected `{` and the items of the process")?;
    let mut source = Cursor::new(body.stream(), body.span_close());
    let mut process = Process::new(name);
    while !source.is_empty() {
        item(&mut source, &mut process)?;
    }
    Ok(process)
}

fn item(source: &mut Cursor, process: &mut Process) -> Result<(), Error> {
    let span = source.span();
    if source.word("mmio") {
        process.mmio.push(range(source, span, false)?);
    } else if source.word("shared") {
        if !source.word("mmio") {
            return Err(source.error("expected `shared mmio REGISTERS;`"));
        }
        process.mmio.push(range(source, span, true)?);
    } else if source.word("counting") {
        if !source.word("notification") {
            return Err(source.error("expected `counting notification NAME;`"));
        }
        notification(source, true, process)?;
    } else if source.word("notification") {
        notification(source, false, process)?;
    } else if source.word("interrupt") {
        interrupt(source, span, process)?;
    } else if source.word("supervisor") {
        let told = bound(source, "expected `supervisor NOTIFICATION;`", process)?;
        process.supervisor.push(Supervisor { item: span, told });
    } else if source.word("lost_clients") {
        lost_clients(source, process)?;
    } else if source.word("on_fault") {
        let policy = on_fault(source)?;
        only_one(&mut process.on_fault, policy, span, "a process has one `on_fault`")?;
    } else if source.word("deadlines") {
        source.punctuation(';', "expected `deadlines;`")?;
        process.deadlines = true;
    } else if source.word("inspects") {
        source.punctuation(';', "expected `inspects;`")?;
        process.inspects = true;
    } else if source.word("stay_awake") {
        source.punctuation(';', "expected `stay_awake;`")?;
        process.stay_awake = true;
    } else if source.word("crash_dumps") {
        source.punctuation(';', "expected `crash_dumps;`")?;
        process.crash_dumps = true;
    } else if source.word("budget") {
        const ONE: &str = "a process has one `budget`, which its threads share";
        source.punctuation('=', BUDGET)?;
        let budget = budget(value(source, BUDGET)?)?;
        only_one(&mut process.budget, budget, span, ONE)?;
    } else if source.word("heap") {
        const FORM: &str = "expected `heap = 4096;`: the length of the heap in bytes";
        source.punctuation('=', FORM)?;
        let bytes = value(source, FORM)?;
        only_one(&mut process.heap, Heap { item: span, bytes }, span, "a process has one `heap`")?;
    } else if source.word("object") {
        object(source, process)?;
    } else if source.word("thread") {
        thread(source, process)?;
    } else if source.word("pool") {
        pool(source, process)?;
    } else {
        return Err(source.error(ITEMS));
    }
    Ok(())
}

/// Parses `REGISTERS;`, after `mmio` or `shared mmio`.
fn range(source: &mut Cursor, item: Span, is_shared: bool) -> Result<Mmio, Error> {
    Ok(Mmio { item, range: value(source, "expected `mmio REGISTERS;`")?, is_shared })
}

/// Parses `NAME;`.
fn notification(
    source: &mut Cursor,
    is_counting: bool,
    process: &mut Process,
) -> Result<(), Error> {
    const FORM: &str = "expected `notification NAME;`";
    let name = source.ident(FORM)?;
    source.punctuation(';', FORM)?;
    process.add_notification(name, is_counting);
    Ok(())
}

/// Parses `LINE => NAME;`.
fn interrupt(source: &mut Cursor, item: Span, process: &mut Process) -> Result<(), Error> {
    const FORM: &str = "expected `interrupt LINE => NOTIFICATION;`";
    let line = source.until('=');
    if line.is_empty() {
        return Err(Error::new(item, FORM));
    }
    source.punctuation('=', FORM)?;
    source.punctuation('>', FORM)?;
    let bound = bound(source, FORM, process)?;
    process.interrupts.push(Interrupt { line, bound });
    Ok(())
}

/// Parses `NAME;` or `;`.
fn lost_clients(source: &mut Cursor, process: &mut Process) -> Result<(), Error> {
    const FORM: &str =
        "expected `lost_clients NOTIFICATION;`, or `lost_clients;` to ask without a notification";
    let told = if is_punctuation(source.peek(), ';') {
        source.take();
        None
    } else {
        Some(bound(source, FORM, process)?)
    };
    process.lost_clients.push(told);
    Ok(())
}

/// Parses the name of a notification that has to be one of this process, and `;`.
fn bound(source: &mut Cursor, form: &str, process: &mut Process) -> Result<Ident, Error> {
    let name = source.ident(form)?;
    source.punctuation(';', form)?;
    process.bound.push(name.clone());
    Ok(name)
}

/// Parses `name (stack = bytes): Type = value => [SERVICE: dyn Interface, ...];`.
fn object(source: &mut Cursor, process: &mut Process) -> Result<(), Error> {
    const FORM: &str =
        "expected `object name: Concurrent<Type> = value => [SERVICE: dyn Interface];`";
    let name = source.ident(FORM)?;
    let stack = match source.peek() {
        Some(Token::Group(_)) => {
            let group = source.group(Delimiter::Parenthesis, FORM)?;
            settings(&group, &["stack"], &[])?.remove(0)
        }
        _ => {
            code_at("::crossgate::wiring::DEFAULT_SERVICE_STACK", name.span()).into_iter().collect()
        }
    };
    source.punctuation(':', FORM)?;
    let ty = source.until('=');
    source.punctuation('=', FORM)?;
    let mut value = vec![];
    while !(source.is_empty()
        || is_punctuation(source.peek(), ';')
        || is_punctuation(source.peek(), '=') && is_punctuation(source.peek_second(), '>'))
    {
        value.extend(source.take());
    }
    source.punctuation('=', FORM)?;
    source.punctuation('>', FORM)?;
    let list = source.group(Delimiter::Bracket, FORM)?;
    source.punctuation(';', FORM)?;
    let services = services(&list)?;
    process.own_names.push(name.clone());
    process.public_names.extend(services.iter().map(|service| service.name.clone()));
    let stack = checked("service_stack", stack);
    process.objects.push(Object { name, stack, ty, value, services });
    Ok(())
}

/// Parses `SERVICE: dyn Interface, ...`.
fn services(list: &Group) -> Result<Vec<Service>, Error> {
    const FORM: &str = "expected `SERVICE: dyn Interface`";
    let mut source = Cursor::new(list.stream(), list.span_close());
    let mut services = vec![];
    while !source.is_empty() {
        let name = source.ident(FORM)?;
        source.punctuation(':', FORM)?;
        services.push(Service { name, interface: until_comma(&mut source) });
    }
    Ok(services)
}

/// Takes a type up to a comma that is not inside `<...>`, and the comma.
fn until_comma(source: &mut Cursor) -> Vec<Token> {
    let (mut taken, mut depth) = (vec![], 0);
    while let Some(token) = source.take() {
        if is_punctuation(Some(&token), ',') && depth == 0 {
            break;
        }
        depth += i32::from(is_punctuation(Some(&token), '<'));
        depth -= i32::from(is_punctuation(Some(&token), '>'));
        taken.push(token);
    }
    taken
}

/// Parses `name (priority = 3, stack = 1024) = entry(...);`.
fn thread(source: &mut Cursor, process: &mut Process) -> Result<(), Error> {
    const FORM: &str =
        "expected `thread name (priority = 1, stack = 1024) = crate_of_the_process::main(...);`";
    let name = source.ident(FORM)?;
    let group = source.group(Delimiter::Parenthesis, FORM)?;
    let mut values = settings(&group, &["priority", "stack"], &["budget"])?;
    let (limit, stack, priority) = (values.remove(2), values.remove(1), values.remove(0));
    let budget = if limit.is_empty() { None } else { Some(budget(limit)?) };
    source.punctuation('=', FORM)?;
    let entry = value(source, FORM)?;
    let (priority, stack) = (checked("priority", priority), checked("stack_size", stack));
    let place = name.span();
    process.threads.push(Thread { name, priority, stack, budget, entry, place });
    Ok(())
}

/// Parses `name (count = 3, stack = 1024, priority = 2);`.
///
/// Each of its threads has a name, with its number, and a notification that is signalled when its job ends.
fn pool(source: &mut Cursor, process: &mut Process) -> Result<(), Error> {
    const FORM: &str = "expected `pool name (count = 3, stack = 1024, priority = 2);`";
    let name = source.ident(FORM)?;
    let group = source.group(Delimiter::Parenthesis, FORM)?;
    source.punctuation(';', FORM)?;
    let mut values = settings(&group, &["count", "stack", "priority"], &[])?;
    let (priority, stack, count) = (values.remove(2), values.remove(1), values.remove(0));
    let place = count[0].span();
    let text = count.iter().map(Token::to_string).collect::<String>();
    let most = MAX_THREADS - 1;
    let count = text.parse().ok().filter(|count| (1..=most).contains(count)).ok_or_else(|| {
        let text = format!("the `count` of a pool is a number from 1 to {most}, not `{text}`");
        Error::new(place, text)
    })?;
    process.own_names.push(name.clone());
    let mut workers = vec![];
    for number in 1..=count {
        let thread = Ident::new(&format!("{name}_{number}"), name.span());
        let finished = Ident::new(&format!("{}_{thread}", process.name), name.span());
        process.add_notification(finished.clone(), false);
        workers.push(Worker { thread: process.threads.len(), finished });
        let run = code_at(&format!(".__run({})", number - 1), name.span());
        process.threads.push(Thread {
            name: thread,
            priority: checked("priority", priority.clone()),
            stack: checked("stack_size", stack.clone()),
            budget: None,
            entry: [Token::from(name.clone())].into_iter().chain(run).collect(),
            place,
        });
    }
    process.pools.push(Pool { name, workers });
    Ok(())
}

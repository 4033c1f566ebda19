//! `system!`: the wiring, sorted by kind of item.

use crate::names::{self, Names};
use crate::pieces::{
    Cursor, Error, brace, bracket, code_at, is_punctuation, parenthesis, template,
};
use crate::rights::{self, Object};
use crossgate_abi::{
    MAX_BUDGETS, MAX_NOTIFICATIONS, MAX_OWN_NOTIFICATIONS, MAX_PROCESSES, MAX_THREADS, MAX_WINDOWS,
};
use proc_macro::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree as Token};

const ITEMS: &str = "expected an item of a process: `mmio`, `shared mmio`, `notification`, `counting \
                     notification`, `interrupt`, `faults`, `lost_clients`, \
                     `on_fault`, `deadlines`, `inspects`, `crash_dumps`, `budget`, `object`, `thread` or `pool`";

/// What is known of the whole firmware so far.
#[derive(Default)]
struct Firmware {
    processes: Names,
    /// Services and notifications: what any process may mention.
    public: Names,
    /// All notifications.
    notifications: Vec<Ident>,
    threads: usize,
    windows: usize,
    interrupts: usize,
    /// The services, and of which object each is.
    services: Vec<(String, usize)>,
    objects: Vec<Object>,
    has_faults: bool,
    budgets: usize,
}

/// The items of one process.
#[derive(Default)]
struct Process {
    name: String,
    windows: Vec<Token>,
    /// The index of its first notification.
    first_notification: usize,
    notifications: Vec<(Ident, bool)>,
    interrupts: Vec<Token>,
    faults: Vec<Token>,
    lost_clients: Vec<Token>,
    on_fault: Option<Vec<Token>>,
    deadlines: bool,
    inspects: bool,
    crash_dumps: bool,
    budget: Option<Vec<Token>>,
    objects: Vec<ObjectItem>,
    threads: Vec<Token>,
    pools: Vec<Token>,
    object_names: Names,
    thread_names: Names,
    notification_names: Names,
    /// The notifications that interrupts and `faults` are bound to.
    bound: Vec<Ident>,
    /// What its expressions mention.
    mentions: Vec<Ident>,
}

/// An object, and what it is published as.
struct ObjectItem {
    pieces: Vec<Token>,
    services: Vec<(Ident, Vec<Token>)>,
}

pub fn expand(input: TokenStream) -> Result<TokenStream, Error> {
    const HEAD: &str = "the wiring starts with a name for its tables: `pub static SYSTEM;`";
    let mut source = Cursor::new(input, Span::call_site());
    let attributes = source.attributes();
    let visibility = source.visibility();
    if !source.word("static") {
        return Err(source.error(HEAD));
    }
    let system = source.ident(HEAD)?;
    source.punctuation(';', HEAD)?;
    names::check(&system)?;
    let mut firmware = Firmware::default();
    let mut processes: Vec<(Ident, Process)> = vec![];
    let (mut slice, mut cpu_time) = (None, false);
    while !source.is_empty() {
        let span = source.span();
        if source.word("time_slice") {
            if slice.replace(time_slice(&mut source)?).is_some() {
                return Err(Error::new(span, "a firmware has one `time_slice`"));
            }
            continue;
        }
        if source.word("cpu_time") {
            source.punctuation(';', "expected `cpu_time;`")?;
            if std::mem::replace(&mut cpu_time, true) {
                return Err(Error::new(span, "`cpu_time;` is there already"));
            }
            continue;
        }
        if !source.word("process") {
            return Err(source.error("expected `process name { ... }`"));
        }
        let name = source.ident("expected the name of the process, which is that of its crate")?;
        let body = source.group(Delimiter::Brace, "expected `{` and the items of the process")?;
        firmware.processes.add(&name)?;
        names::check_process(&name)?;
        at_most(MAX_PROCESSES, "processes", processes.len() + 1, name.span())?;
        let items = process(name.to_string(), &body, &mut firmware)?;
        processes.push((name, items));
    }
    if processes.is_empty() {
        return Err(source.error("a firmware has at least one `process name { ... }`"));
    }
    const FEWER: &str = "let one stand for several events";
    not_more(MAX_NOTIFICATIONS, "a firmware", &firmware.notifications, FEWER)?;
    resolve(&mut processes, &mut firmware)?;
    let users = |name: &Ident| {
        let uses =
            |items: &Process| items.mentions.iter().any(|it| it.to_string() == name.to_string());
        let set = processes.iter().enumerate().filter(|(_, (_, items))| uses(items));
        set.fold(0_u32, |set, (process, _)| set | 1 << process)
    };
    let processes: Vec<_> =
        processes.iter().map(|(name, items)| process_pieces(name, items, &users)).collect();
    let pieces = [
        bracket(attributes),
        bracket(visibility),
        bracket([system.into()]),
        bracket(slice.unwrap_or_default()),
        bracket([truth(cpu_time)]),
        bracket(processes),
    ];
    Ok(template("__system", pieces.into_iter().collect()))
}

/// Leaves of the words that each process mentions the names of services and of foreign notifications,
/// each once. (A name of the process itself hides one of others.)
fn resolve(processes: &mut [(Ident, Process)], firmware: &mut Firmware) -> Result<(), Error> {
    for object in &mut firmware.objects {
        let own = &processes[object.process].1.object_names;
        object.calls = std::mem::take(&mut object.mentions)
            .into_iter()
            .filter(|word| !own.contains(word))
            .filter_map(|word| {
                let service = firmware.services.iter().find(|it| it.0 == word.to_string())?;
                Some((service.1, word.span()))
            })
            .collect();
    }
    rights::check_circles(&firmware.objects)?;
    for (_, items) in processes {
        let mut seen = Names::default();
        items.mentions.retain(|word| {
            firmware.public.contains(word)
                && !items.object_names.contains(word)
                && seen.add(word).is_ok()
        });
    }
    Ok(())
}

fn at_most(limit: usize, what: &str, count: usize, span: Span) -> Result<(), Error> {
    if count > limit {
        return Err(Error::new(span, format!("a firmware has at most {limit} {what}")));
    }
    Ok(())
}

/// Refuses more notifications than `whose` may have, at the first that is one too many, and tells a way out.
fn not_more(limit: usize, whose: &str, all: &[Ident], way_out: &str) -> Result<(), Error> {
    match all.get(limit) {
        Some(first) => {
            let count = all.len();
            let text = format!("{whose} has at most {limit} notifications, not {count}: {way_out}");
            Err(Error::new(first.span(), text))
        }
        None => Ok(()),
    }
}

fn process(name: String, body: &Group, firmware: &mut Firmware) -> Result<Process, Error> {
    let mut source = Cursor::new(body.stream(), body.span_close());
    let first_notification = firmware.notifications.len();
    let mut items = Process { name, first_notification, ..Process::default() };
    while !source.is_empty() {
        item(&mut source, &mut items, firmware)?;
    }
    const FEWER: &str = "let one stand for several events, or give some to another process";
    let own = &firmware.notifications[first_notification..];
    not_more(MAX_OWN_NOTIFICATIONS, "a process", own, FEWER)?;
    if let Some(foreign) = items.bound.iter().find(|it| !items.notification_names.contains(it)) {
        let text = format!("`{foreign}` is no `notification` of this process");
        return Err(Error::new(foreign.span(), text));
    }
    Ok(items)
}

/// The handle that a mention stands for, which some expression has to use. The lint is told only of code
/// that stands at the user's.
fn handle(mention: &Ident) -> TokenStream {
    let code = "#[deny(unused_imports, reason = \"what the wiring of a process mentions, it gives the \
                right to use; this does not name the service or notification\")] \
                use super::super::__wiring::__handles::";
    let mut handle = code_at(code, mention.span());
    handle.extend([mention.clone()]);
    handle.extend(code_at(";", mention.span()));
    handle
}

/// A process as the template wants it. `users` tells the set of those that may use a name.
fn process_pieces(name: &Ident, items: &Process, users: &impl Fn(&Ident) -> u32) -> Token {
    let set = |name: &Ident| bracket([Literal::u32_suffixed(users(name)).into()]);
    let word = |word: &Ident| bracket([word.clone().into()]);
    let number = |number: usize| bracket([Literal::usize_unsuffixed(number).into()]);
    let notification = |(own, (name, counting)): (usize, &(Ident, bool))| {
        brace([word(name), number(own), bracket([truth(*counting)]), set(name)])
    };
    let object = |object: &ObjectItem| {
        let service =
            |(name, ty): &(Ident, Vec<Token>)| brace([word(name), set(name), bracket(ty.clone())]);
        let services = bracket(object.services.iter().map(service));
        brace(object.pieces.iter().cloned().chain([services]))
    };
    brace([
        word(name),
        number(items.first_notification),
        bracket(items.mentions.iter().flat_map(handle)),
        bracket(items.windows.iter().cloned()),
        bracket(items.notifications.iter().enumerate().map(notification)),
        bracket(items.interrupts.iter().cloned()),
        bracket(items.faults.iter().cloned()),
        bracket(items.lost_clients.iter().cloned()),
        bracket(items.on_fault.clone().unwrap_or_else(|| policy("DEFAULT", Span::call_site()))),
        bracket(items.deadlines.then(|| Literal::u32_suffixed(1).into())),
        bracket(items.inspects.then(|| Literal::u32_suffixed(1).into())),
        bracket(items.crash_dumps.then(|| Literal::u32_suffixed(1).into())),
        bracket(items.budget.clone().unwrap_or_default()),
        bracket(items.objects.iter().map(object)),
        bracket(items.threads.iter().cloned()),
        bracket(items.pools.iter().cloned()),
    ])
}

/// `true` or `false`.
fn truth(truth: bool) -> Token {
    Ident::new(if truth { "true" } else { "false" }, Span::call_site()).into()
}

fn item(source: &mut Cursor, items: &mut Process, firmware: &mut Firmware) -> Result<(), Error> {
    let span = source.span();
    if source.word("mmio") {
        window(source, span, false, items, firmware)?;
    } else if source.word("shared") {
        if !source.word("mmio") {
            return Err(source.error("expected `shared mmio WINDOW;`"));
        }
        window(source, span, true, items, firmware)?;
    } else if source.word("counting") {
        if !source.word("notification") {
            return Err(source.error("expected `counting notification NAME;`"));
        }
        notification(source, true, items, firmware)?;
    } else if source.word("notification") {
        notification(source, false, items, firmware)?;
    } else if source.word("interrupt") {
        const FORM: &str = "expected `interrupt LINE => NOTIFICATION;`";
        let line = source.until('=');
        if line.is_empty() {
            return Err(Error::new(span, FORM));
        }
        source.punctuation('=', FORM)?;
        source.punctuation('>', FORM)?;
        let name = bound(source, FORM, items)?;
        let number = firmware.interrupts;
        firmware.interrupts += 1;
        let check = code_at(
            &format!("const _: () = ::crossgate::wiring::check_line(__LINES, {number});"),
            line[0].span(),
        );
        items.interrupts.push(brace([bracket(line), bracket([name.into()]), bracket(check)]));
    } else if source.word("faults") {
        if firmware.has_faults {
            return Err(Error::new(span, "only one process can be told of `faults`"));
        }
        firmware.has_faults = true;
        let name = bound(source, "expected `faults NOTIFICATION;`", items)?;
        items.faults.push(bracket([name.into()]));
    } else if source.word("lost_clients") {
        let told = if is_punctuation(source.peek(), ';') {
            source.take();
            vec![]
        } else {
            let form =
                "expected `lost_clients NOTIFICATION;`, or `lost_clients;` to be able to ask";
            vec![bound(source, form, items)?.into()]
        };
        items.lost_clients.push(bracket(told));
    } else if source.word("on_fault") {
        let policy = on_fault(source)?;
        if items.on_fault.replace(policy).is_some() {
            return Err(Error::new(span, "a process has one `on_fault`"));
        }
    } else if source.word("deadlines") {
        source.punctuation(';', "expected `deadlines;`")?;
        items.deadlines = true;
    } else if source.word("inspects") {
        source.punctuation(';', "expected `inspects;`")?;
        items.inspects = true;
    } else if source.word("crash_dumps") {
        source.punctuation(';', "expected `crash_dumps;`")?;
        items.crash_dumps = true;
    } else if source.word("budget") {
        source.punctuation('=', BUDGET)?;
        let budget = budget(value(source, BUDGET)?, firmware)?;
        if items.budget.replace(budget).is_some() {
            return Err(Error::new(span, "a process has one `budget`, which its threads share"));
        }
    } else if source.word("object") {
        object(source, items, firmware)?;
    } else if source.word("thread") {
        thread(source, items, firmware)?;
    } else if source.word("pool") {
        pool(source, items, firmware)?;
    } else {
        return Err(source.error(ITEMS));
    }
    Ok(())
}

const BUDGET: &str =
    "expected `budget = 2 ms / 10 ms`: a time (in `us`, `ms` or `s`), and the period";
const TIME: &str = "expected a time with its unit, as `5 ms` (or `us`, or `s`)";

/// `= 5 ms;`
fn time_slice(source: &mut Cursor) -> Result<Vec<Token>, Error> {
    const FORM: &str = "expected `time_slice = 5 ms;`";
    source.punctuation('=', FORM)?;
    let value = value(source, FORM)?;
    let place = value[0].span();
    Ok(checked_at("time_slice", time(value, TIME, place)?, place))
}

/// `2 ms / 10 ms`
fn budget(mut value: Vec<Token>, firmware: &mut Firmware) -> Result<Vec<Token>, Error> {
    let place = value[0].span();
    firmware.budgets += 1;
    at_most(MAX_BUDGETS, "budgets", firmware.budgets, place)?;
    let Some(slash) = value.iter().rposition(|token| is_punctuation(Some(token), '/')) else {
        return Err(Error::new(place, BUDGET));
    };
    let period = value.split_off(slash + 1);
    let slash = value.pop().map_or(place, |slash| slash.span());
    let mut arguments = time(value, BUDGET, place)?;
    arguments.extend(code_at(",", place));
    arguments.extend(time(period, BUDGET, slash)?);
    Ok(checked_at("budget", arguments, place))
}

/// A number and its unit, as two arguments. What is missing would stand at `place`.
fn time(mut value: Vec<Token>, form: &str, place: Span) -> Result<Vec<Token>, Error> {
    let span = value.last().map_or(place, Token::span);
    let unit = match value.pop() {
        Some(Token::Ident(unit)) => unit.to_string(),
        _ => return Err(Error::new(span, form)),
    };
    let unit = match &*unit {
        "us" => "Microseconds",
        "ms" => "Milliseconds",
        "s" => "Seconds",
        _ => return Err(Error::new(span, form)),
    };
    if value.is_empty() {
        return Err(Error::new(span, form));
    }
    value.extend(code_at(&format!(", ::crossgate::wiring::Unit::{unit}"), span));
    Ok(value)
}

/// `WINDOW;`, after `mmio` or `shared mmio` at `span`.
fn window(
    source: &mut Cursor,
    span: Span,
    is_shared: bool,
    items: &mut Process,
    firmware: &mut Firmware,
) -> Result<(), Error> {
    if items.windows.len() == MAX_WINDOWS {
        let text = format!("a process owns at most {MAX_WINDOWS} `mmio` windows");
        return Err(Error::new(span, text));
    }
    let window = value(source, "expected `mmio WINDOW;`")?;
    let place = window[0].span();
    let number = firmware.windows;
    firmware.windows += 1;
    items.windows.push(brace([
        bracket([Literal::usize_unsuffixed(number).into()]),
        bracket(checked("window", window)),
        bracket([Ident::new(if is_shared { "true" } else { "false" }, place).into()]),
        bracket(code_at(
            &format!("const _: () = ::crossgate::wiring::check_window(__WINDOWS, {number});"),
            place,
        )),
    ]));
    Ok(())
}

/// `= restart;`, `= restart (limit = 8);` or `= stop;`
fn on_fault(source: &mut Cursor) -> Result<Vec<Token>, Error> {
    const FORM: &str = "expected `on_fault = restart;`, `on_fault = restart (limit = 8);` or \
                        `on_fault = stop;`";
    source.punctuation('=', FORM)?;
    let span = source.span();
    let tokens = if source.word("stop") {
        policy("Stop", span)
    } else if !source.word("restart") {
        return Err(source.error(FORM));
    } else if let Some(Token::Group(_)) = source.peek() {
        let group = source.group(Delimiter::Parenthesis, FORM)?;
        let limit = settings(&group, &["limit"])?.remove(0);
        let mut tokens =
            code_at("::crossgate::wiring::restart", span).into_iter().collect::<Vec<_>>();
        tokens.push(parenthesis(limit.into_iter().collect(), span));
        tokens
    } else {
        policy("DEFAULT", span)
    };
    source.punctuation(';', FORM)?;
    Ok(tokens)
}

/// A value of `OnFault`.
fn policy(name: &str, span: Span) -> Vec<Token> {
    code_at(&format!("::crossgate::abi::table::OnFault::{name}"), span).into_iter().collect()
}

/// The name of a notification that has to be one of this process, and `;`.
fn bound(source: &mut Cursor, form: &str, items: &mut Process) -> Result<Ident, Error> {
    let name = source.ident(form)?;
    source.punctuation(';', form)?;
    items.bound.push(name.clone());
    Ok(name)
}

/// `NAME;`
fn notification(
    source: &mut Cursor,
    counting: bool,
    items: &mut Process,
    firmware: &mut Firmware,
) -> Result<(), Error> {
    const FORM: &str = "expected `notification NAME;`";
    let name = source.ident(FORM)?;
    source.punctuation(';', FORM)?;
    add_notification(name, counting, items, firmware)
}

fn add_notification(
    name: Ident,
    counting: bool,
    items: &mut Process,
    firmware: &mut Firmware,
) -> Result<(), Error> {
    firmware.public.add(&name)?;
    items.object_names.add(&name)?;
    items.notification_names.add(&name)?;
    firmware.notifications.push(name.clone());
    items.notifications.push((name, counting));
    Ok(())
}

/// `name (stack = bytes): Type = initial => [SERVICE: dyn Interface, ...];`
fn object(source: &mut Cursor, items: &mut Process, firmware: &mut Firmware) -> Result<(), Error> {
    const FORM: &str =
        "expected `object name: Concurrent<Type> = value => [SERVICE: dyn Interface];`";
    let name = source.ident(FORM)?;
    items.object_names.add(&name)?;
    let stack = match source.peek() {
        Some(Token::Group(_)) => {
            let group = source.group(Delimiter::Parenthesis, FORM)?;
            settings(&group, &["stack"])?.remove(0)
        }
        _ => {
            code_at("::crossgate::wiring::DEFAULT_SERVICE_STACK", name.span()).into_iter().collect()
        }
    };
    source.punctuation(':', FORM)?;
    let ty = source.until('=');
    source.punctuation('=', FORM)?;
    let mut initial = vec![];
    while !(source.is_empty()
        || is_punctuation(source.peek(), ';')
        || is_punctuation(source.peek(), '=') && is_punctuation(source.peek_second(), '>'))
    {
        initial.extend(source.take());
    }
    source.punctuation('=', FORM)?;
    source.punctuation('>', FORM)?;
    let list = source.group(Delimiter::Bracket, FORM)?;
    source.punctuation(';', FORM)?;
    let services = services(&list, firmware)?;
    let mentions = rights::mentions(initial.iter().cloned());
    items.mentions.extend(mentions.iter().cloned());
    let place = firmware.objects.len();
    let process = firmware.processes.count() - 1;
    firmware.objects.push(Object { name: name.clone(), process, mentions, calls: vec![] });
    let pieces = vec![
        bracket([name.into()]),
        bracket([Literal::usize_unsuffixed(place).into()]),
        bracket(checked("service_stack", stack)),
        bracket(ty),
        bracket(initial),
    ];
    items.objects.push(ObjectItem { pieces, services });
    Ok(())
}

/// `SERVICE: dyn Interface, ...`
fn services(list: &Group, firmware: &mut Firmware) -> Result<Vec<(Ident, Vec<Token>)>, Error> {
    const FORM: &str = "expected `SERVICE: dyn Interface`";
    let mut source = Cursor::new(list.stream(), list.span_close());
    let mut services = vec![];
    while !source.is_empty() {
        let service = source.ident(FORM)?;
        firmware.public.add(&service)?;
        source.punctuation(':', FORM)?;
        firmware.services.push((service.to_string(), firmware.objects.len()));
        services.push((service, until_comma(&mut source)));
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

/// `name (priority = 3, stack = 1024) = entry(...);`
fn thread(source: &mut Cursor, items: &mut Process, firmware: &mut Firmware) -> Result<(), Error> {
    const FORM: &str =
        "expected `thread name (priority = 1, stack = 1024) = crate_of_the_process::main(...);`";
    let name = source.ident(FORM)?;
    items.thread_names.add(&name)?;
    names::check_thread(&name)?;
    let number = Literal::usize_unsuffixed(firmware.threads);
    firmware.threads += 1;
    // One of all is the idle thread.
    at_most(MAX_THREADS - 1, "threads", firmware.threads, name.span())?;
    let group = source.group(Delimiter::Parenthesis, FORM)?;
    let mut values = settings_and(&group, &["priority", "stack"], &["budget"])?;
    let (budget_of_thread, stack, priority) =
        (values.remove(2), values.remove(1), values.remove(0));
    let budget = match &*budget_of_thread {
        [] => vec![],
        _ => budget(budget_of_thread, firmware)?,
    };
    source.punctuation('=', FORM)?;
    let entry = value(source, FORM)?;
    items.mentions.extend(rights::mentions(entry.iter().cloned()));
    items.threads.push(brace([
        bracket([name.into()]),
        bracket([number.into()]),
        bracket(checked("priority", priority)),
        bracket(checked("stack_size", stack)),
        bracket(budget),
        bracket(entry),
    ]));
    Ok(())
}

/// `name (count = 3, stack = 1024, priority = 2);`
///
/// Each of its threads has a name, with its number, and a notification that tells of the end of what it does.
fn pool(source: &mut Cursor, items: &mut Process, firmware: &mut Firmware) -> Result<(), Error> {
    const FORM: &str = "expected `pool name (count = 3, stack = 1024, priority = 2);`";
    let name = source.ident(FORM)?;
    items.object_names.add(&name)?;
    let group = source.group(Delimiter::Parenthesis, FORM)?;
    source.punctuation(';', FORM)?;
    let mut values = settings(&group, &["count", "stack", "priority"])?;
    let (priority, stack, count) = (values.remove(2), values.remove(1), values.remove(0));
    let place = count[0].span();
    let text = count.iter().map(Token::to_string).collect::<String>();
    let most = MAX_THREADS - 1;
    let count = text.parse().ok().filter(|count| (1..=most).contains(count)).ok_or_else(|| {
        let text = format!("the `count` of a pool is a number from 1 to {most}, not `{text}`");
        Error::new(place, text)
    })?;
    let mut workers = vec![];
    for number in 1..=count {
        let thread = Ident::new(&format!("{name}_{number}"), name.span());
        let finished = Ident::new(&format!("{}_{thread}", items.name), name.span());
        items.thread_names.add(&thread)?;
        let index = firmware.threads;
        firmware.threads += 1;
        at_most(MAX_THREADS - 1, "threads", firmware.threads, place)?;
        add_notification(finished.clone(), false, items, firmware)?;
        let run = format!(".__run({})", number - 1);
        let entry = [Token::from(name.clone())].into_iter().chain(code_at(&run, name.span()));
        items.threads.push(brace([
            bracket([thread.into()]),
            bracket([Literal::usize_unsuffixed(index).into()]),
            bracket(checked("priority", priority.clone())),
            bracket(checked("stack_size", stack.clone())),
            bracket([]),
            bracket(entry),
        ]));
        let index = bracket([Literal::usize_unsuffixed(index).into()]);
        workers.push(brace([index, bracket([finished.into()])]));
    }
    items.pools.push(brace([bracket([name.into()]), bracket(workers)]));
    Ok(())
}

/// `::crossgate::wiring::check(value)`, where the value stands: what is wrong with it is told there.
fn checked(check: &str, value: Vec<Token>) -> Vec<Token> {
    let span = value.first().map_or_else(Span::call_site, Token::span);
    checked_at(check, value, span)
}

/// The same, at `span`.
fn checked_at(check: &str, value: Vec<Token>, span: Span) -> Vec<Token> {
    let mut call: Vec<Token> =
        code_at(&format!("::crossgate::wiring::{check}"), span).into_iter().collect();
    call.push(parenthesis(value.into_iter().collect(), span));
    call
}

/// `name = value, ...` in any order; all of `names` and no others.
fn settings(group: &Group, names: &[&str]) -> Result<Vec<Vec<Token>>, Error> {
    settings_and(group, names, &[])
}

/// The same, and perhaps some of the `optional` ones, which come last.
fn settings_and(
    group: &Group,
    names: &[&str],
    optional: &[&str],
) -> Result<Vec<Vec<Token>>, Error> {
    let mut form = format!("expected `{} = ...`", names.join(" = ..., "));
    for name in optional {
        form += &format!(", and perhaps `{name} = ...`");
    }
    let required = names.len();
    let names = [names, optional].concat();
    let mut values = vec![vec![]; names.len()];
    let mut source = Cursor::new(group.stream(), group.span_close());
    while !source.is_empty() {
        let error = source.error(form.as_str());
        let name = source.ident(&form)?;
        let place = names.iter().position(|known| name.to_string() == *known);
        source.punctuation('=', &form)?;
        let value = source.until(',');
        source.take();
        match place {
            Some(place) if values[place].is_empty() && !value.is_empty() => values[place] = value,
            _ => return Err(error),
        }
    }
    if values[..required].iter().any(Vec::is_empty) {
        return Err(source.error(form));
    }
    Ok(values)
}

/// An expression and the `;` after it.
fn value(source: &mut Cursor, form: &str) -> Result<Vec<Token>, Error> {
    let value = source.until(';');
    if value.is_empty() {
        return Err(source.error(form));
    }
    source.punctuation(';', form)?;
    Ok(value)
}

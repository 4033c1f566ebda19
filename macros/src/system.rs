//! `system!`: the wiring, sorted by kind of item.

use crate::pieces::{Cursor, Error, brace, bracket, code_at, is_punctuation, template};
use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree as Token};

const ITEMS: &str = "expected an item of a process: `mmio`, `notification`, `counting \
                     notification`, `interrupt`, `faults`, `object` or `thread`";

/// The items of one process, as the template wants them.
#[derive(Default)]
struct Process {
    windows: Vec<Token>,
    notifications: Vec<Token>,
    interrupts: Vec<Token>,
    faults: Vec<Token>,
    objects: Vec<Token>,
    threads: Vec<Token>,
    /// The names of the notifications, ...
    names: Vec<Ident>,
    /// ... and those that interrupts and `faults` are bound to.
    used: Vec<Ident>,
}

pub fn expand(input: TokenStream) -> Result<TokenStream, Error> {
    let mut source = Cursor::new(input, Span::call_site());
    let attributes = source.attributes();
    let visibility = source.visibility();
    const HEAD: &str = "the wiring starts with a name for its tables: `pub static SYSTEM;`";
    if !source.word("static") {
        return Err(source.error(HEAD));
    }
    let name = source.ident(HEAD)?;
    source.punctuation(';', HEAD)?;
    let mut processes = vec![];
    while !source.is_empty() {
        if !source.word("process") {
            return Err(source.error("expected `process name { ... }`"));
        }
        let name = source.ident("expected the name of the process, which is that of its crate")?;
        let body = source.group(Delimiter::Brace, "expected `{` and the items of the process")?;
        processes.push(process(name, &body)?);
    }
    if processes.is_empty() {
        return Err(source.error("a firmware has at least one `process name { ... }`"));
    }
    let pieces =
        [bracket(attributes), bracket(visibility), bracket([name.into()]), bracket(processes)];
    Ok(template("__system", pieces.into_iter().collect()))
}

fn process(name: Ident, body: &Group) -> Result<Token, Error> {
    let mut source = Cursor::new(body.stream(), body.span_close());
    let mut items = Process::default();
    while !source.is_empty() {
        item(&mut source, &mut items)?;
    }
    for used in &items.used {
        if !items.names.iter().any(|name| name.to_string() == used.to_string()) {
            let text = format!("`{used}` is no `notification` of this process");
            return Err(Error::new(used.span(), text));
        }
    }
    Ok(brace([
        bracket([name.into()]),
        bracket(items.windows),
        bracket(items.notifications),
        bracket(items.interrupts),
        bracket(items.faults),
        bracket(items.objects),
        bracket(items.threads),
    ]))
}

fn item(source: &mut Cursor, items: &mut Process) -> Result<(), Error> {
    let span = source.span();
    if source.word("mmio") {
        items.windows.push(bracket(value(source, "expected `mmio WINDOW;`")?));
    } else if source.word("counting") {
        if !source.word("notification") {
            return Err(source.error("expected `counting notification NAME;`"));
        }
        notification(source, "true", items)?;
    } else if source.word("notification") {
        notification(source, "false", items)?;
    } else if source.word("interrupt") {
        const FORM: &str = "expected `interrupt LINE => NOTIFICATION;`";
        let line = source.until('=');
        if line.is_empty() {
            return Err(Error::new(span, FORM));
        }
        source.punctuation('=', FORM)?;
        source.punctuation('>', FORM)?;
        let name = source.ident(FORM)?;
        source.punctuation(';', FORM)?;
        items.used.push(name.clone());
        items.interrupts.push(brace([bracket(line), bracket([name.into()])]));
    } else if source.word("faults") {
        let name = source.ident("expected `faults NOTIFICATION;`")?;
        source.punctuation(';', "expected `faults NOTIFICATION;`")?;
        items.used.push(name.clone());
        items.faults.push(bracket([name.into()]));
    } else if source.word("object") {
        items.objects.push(object(source)?);
    } else if source.word("thread") {
        items.threads.push(thread(source)?);
    } else {
        return Err(source.error(ITEMS));
    }
    Ok(())
}

fn notification(source: &mut Cursor, counting: &str, items: &mut Process) -> Result<(), Error> {
    let name = source.ident("expected `notification NAME;`")?;
    source.punctuation(';', "expected `notification NAME;`")?;
    let counting = Ident::new(counting, Span::call_site());
    items.names.push(name.clone());
    items.notifications.push(brace([bracket([name.into()]), bracket([counting.into()])]));
    Ok(())
}

/// `name (stack = bytes): Type = initial => [SERVICE: dyn Interface, ...];`
fn object(source: &mut Cursor) -> Result<Token, Error> {
    const FORM: &str =
        "expected `object name: Concurrent<Type> = value => [SERVICE: dyn Interface];`";
    let name = source.ident(FORM)?;
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
    let services = source.group(Delimiter::Bracket, FORM)?;
    source.punctuation(';', FORM)?;
    let mut list = Cursor::new(services.stream(), services.span_close());
    let mut pieces = vec![];
    while !list.is_empty() {
        let service = list.ident("expected `SERVICE: dyn Interface`")?;
        list.punctuation(':', "expected `SERVICE: dyn Interface`")?;
        let interface = until_comma(&mut list);
        pieces.push(brace([bracket([service.into()]), bracket(interface)]));
    }
    Ok(brace([
        bracket([name.into()]),
        bracket(stack),
        bracket(ty),
        bracket(initial),
        bracket(pieces),
    ]))
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
fn thread(source: &mut Cursor) -> Result<Token, Error> {
    const FORM: &str =
        "expected `thread name (priority = 1, stack = 1024) = crate_of_the_process::main(...);`";
    let name = source.ident(FORM)?;
    let group = source.group(Delimiter::Parenthesis, FORM)?;
    let mut values = settings(&group, &["priority", "stack"])?;
    let (stack, priority) = (values.remove(1), values.remove(0));
    source.punctuation('=', FORM)?;
    let entry = value(source, FORM)?;
    Ok(brace([bracket([name.into()]), bracket(priority), bracket(stack), bracket(entry)]))
}

/// `name = value, ...` in any order; all of `names` and no others.
fn settings(group: &Group, names: &[&str]) -> Result<Vec<Vec<Token>>, Error> {
    let form = format!("expected `{} = ...`", names.join(" = ..., "));
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
    if values.iter().any(Vec::is_empty) {
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

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finds names in the text of Rust files.

/// Returns a file without comments and unit tests.
pub fn code(text: &str) -> String {
    let code = text.lines().map(without_comment).collect::<Vec<_>>().join("\n");
    code.split("\nmod tests {").next().unwrap_or_default().to_owned()
}

/// Returns a line without the comment at its end.
fn without_comment(line: &str) -> &str {
    let mut slashes = line.match_indices("//").map(|(at, _)| &line[..at]);
    // Not slashes in a string.
    slashes.find(|before| before.matches('"').count() % 2 == 0).unwrap_or(line)
}

/// Returns the paths that follow a mark, with `/` between their names; those in braces separately.
pub fn paths(code: &str, mark: &str) -> Vec<String> {
    let starts = code.match_indices(mark).filter(|(at, _)| {
        !code[..*at].ends_with(|letter: char| is_name(letter) || letter == ':' || letter == '$')
    });
    starts.flat_map(|(at, _)| tree(&mut &code[at + mark.len()..])).collect()
}

/// Returns the paths of a tree in the form of `use`, at the start of the text; and cuts them off.
fn tree(text: &mut &str) -> Vec<String> {
    let (name, rest) = text.split_at(word(text).len());
    *text = rest;
    if let Some(rest) = text.strip_prefix('{') {
        *text = rest;
        let mut paths = Vec::new();
        loop {
            *text = text.trim_start_matches(|letter: char| letter == ',' || letter.is_whitespace());
            if let Some(rest) = text.strip_prefix('}') {
                *text = rest;
                return paths;
            }
            paths.extend(tree(text));
            // The name that is used here.
            let end = text.find([',', '}']).expect("a brace is closed");
            *text = &text[end..];
        }
    }
    match text.strip_prefix("::") {
        Some(rest)
            if rest.starts_with(|letter: char| {
                letter == '{' || letter.is_alphabetic() || letter == '_'
            }) =>
        {
            *text = rest;
            tree(text)
                .into_iter()
                .map(|path| format!("{name}/{path}").trim_end_matches('/').to_owned())
                .collect()
        }
        _ => vec![name.to_owned()],
    }
}

/// Returns the words right after each mark, each with the text that follows.
pub fn after<'a>(code: &'a str, mark: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    code.match_indices(mark).map(move |(at, _)| {
        let rest = &code[at + mark.len()..];
        rest.split_at(word(rest).len())
    })
}

/// Returns the first word of a text.
pub fn word(text: &str) -> &str {
    &text[..text.find(|letter| !is_name(letter)).unwrap_or(text.len())]
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Returns the rows of a table in the documentation of a file, whose head starts with this text.
pub fn rows<'a>(file: &'a str, head: &str) -> impl Iterator<Item = &'a str> {
    let rows = file.lines().skip_while(move |line| !line.starts_with(head)).skip(2);
    rows.take_while(|line| line.starts_with("//! |"))
}

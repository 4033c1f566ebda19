// SPDX-License-Identifier: MIT OR Apache-2.0
//! Changes to the source of a wiring. The rest of the file stays as it is.

use anyhow::{Context, Result, bail};
use proc_macro2::{Delimiter, Group, LineColumn, TokenStream, TokenTree};
use std::ops::Range;

/// The indentation of one level.
const STEP: &str = "    ";

/// The source of a firmware, with `crossgate::system! { ... }`.
pub struct Wiring {
    text: String,
}

impl Wiring {
    /// Reads the source.
    ///
    /// # Errors
    /// If it is no Rust, or has no wiring.
    pub fn new(text: String) -> Result<Wiring> {
        let wiring = Wiring { text };
        wiring.system()?;
        Ok(wiring)
    }

    /// Returns the source.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether there is a process with this name.
    pub fn has_process(&self, name: &str) -> bool {
        self.process(name).is_ok()
    }

    /// Adds a process with these lines in its block.
    ///
    /// # Errors
    /// If there is one with this name.
    pub fn add_process(&mut self, name: &str, lines: &[String]) -> Result<()> {
        if self.has_process(name) {
            bail!("the wiring has a process `{name}` already");
        }
        let lines: String = lines.iter().map(|line| format!("{STEP}{STEP}{line}\n")).collect();
        let block = format!("\n{STEP}process {name} {{\n{lines}{STEP}}}\n");
        let end = self.system()?.span_close().start();
        self.insert(end, &block);
        Ok(())
    }

    /// Adds these lines at the end of the block of a process.
    ///
    /// # Errors
    /// If there is no such process.
    pub fn extend_process(&mut self, name: &str, lines: &[String]) -> Result<()> {
        let end = self.process(name)?.span_close().start();
        let lines: String = lines.iter().map(|line| format!("{STEP}{STEP}{line}\n")).collect();
        // The brace may stand on the line of what is before it.
        if self.line_up_to(end).trim().is_empty() {
            self.insert(LineColumn { column: 0, ..end }, &lines);
        } else {
            self.insert(end, &format!("\n{lines}{STEP}"));
        }
        Ok(())
    }

    /// Adds an import among the others, in the order of the alphabet, unless it is there already.
    ///
    /// # Errors
    /// If the source has no import.
    pub fn import(&mut self, krate: &str, names: &[&str]) -> Result<()> {
        let import = match names {
            [name] => format!("use {krate}::{name};"),
            names => format!("use {krate}::{{{}}};", names.join(", ")),
        };
        let imports = self.imports()?;
        let text = |range: &Range<usize>| &self.text[range.clone()];
        if imports.iter().any(|it| text(it) == import) {
            return Ok(());
        }
        match imports.iter().find(|it| text(it) > import.as_str()) {
            Some(next) => self.text.insert_str(next.start, &format!("{import}\n")),
            None => {
                let last =
                    imports.last().context("the wiring has no `use`, beside which to add one")?;
                self.text.insert_str(last.end, &format!("\n{import}"));
            }
        }
        Ok(())
    }

    /// Returns whether the source names this anywhere outside of comments.
    pub fn mentions(&self, name: &str) -> bool {
        fn find(tokens: TokenStream, name: &str) -> bool {
            tokens.into_iter().any(|token| match token {
                TokenTree::Ident(it) => it == name,
                TokenTree::Group(group) => find(group.stream(), name),
                _ => false,
            })
        }
        self.tokens().is_ok_and(|tokens| find(tokens, name))
    }

    fn tokens(&self) -> Result<TokenStream> {
        self.text.parse().map_err(|error| anyhow::anyhow!("the wiring can't be read: {error}"))
    }

    /// Returns the block of the macro.
    fn system(&self) -> Result<Group> {
        let tokens: Vec<_> = self.tokens()?.into_iter().collect();
        let found = tokens.windows(3).find_map(|window| match window {
            [TokenTree::Ident(name), TokenTree::Punct(mark), TokenTree::Group(block)]
                if name == "system" && mark.as_char() == '!' =>
            {
                Some(block.clone())
            }
            _ => None,
        });
        found.context("there is no `crossgate::system! { ... }`")
    }

    /// Returns the block of a process.
    fn process(&self, name: &str) -> Result<Group> {
        let tokens: Vec<_> = self.system()?.stream().into_iter().collect();
        let found = tokens.windows(3).find_map(|window| match window {
            [TokenTree::Ident(word), TokenTree::Ident(it), TokenTree::Group(block)]
                if word == "process" && it == name && block.delimiter() == Delimiter::Brace =>
            {
                Some(block.clone())
            }
            _ => None,
        });
        found.with_context(|| format!("the wiring has no process `{name}`"))
    }

    /// Returns the places of the imports of the file, in bytes.
    fn imports(&self) -> Result<Vec<Range<usize>>> {
        let mut imports = Vec::new();
        let mut start = None;
        for token in self.tokens()? {
            match (token, start) {
                (TokenTree::Ident(word), None) if word == "use" => {
                    start = Some(self.offset(word.span().start()));
                }
                (TokenTree::Punct(mark), Some(from)) if mark.as_char() == ';' => {
                    imports.push(from..self.offset(mark.span().end()));
                    start = None;
                }
                _ => {}
            }
        }
        Ok(imports)
    }

    fn insert(&mut self, position: LineColumn, text: &str) {
        let offset = self.offset(position);
        self.text.insert_str(offset, text);
    }

    fn line_up_to(&self, position: LineColumn) -> &str {
        &self.text[self.offset(LineColumn { column: 0, ..position })..self.offset(position)]
    }

    /// Returns the number of bytes before a position, whose column counts characters.
    fn offset(&self, LineColumn { line, column }: LineColumn) -> usize {
        let before: usize = self.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let rest = &self.text[before..];
        before + rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "use crossgate::Exclusive;\n\n\
        // process fan {\n\
        crossgate::system! {\n    static SYSTEM;\n\n\
        \x20   process sensor {\n        mmio board::UART0; // é }\n    }\n\
        \x20   process fan { mmio board::UART1; }\n}\n\nboard::start!(SYSTEM);\n";

    fn wiring() -> Wiring {
        Wiring::new(SOURCE.to_owned()).unwrap()
    }

    #[test]
    fn a_process_comes_last() {
        let mut wiring = wiring();
        wiring.add_process("pump", &["thread main;".to_owned()]).unwrap();
        let expected = SOURCE.replace(
            "UART1; }\n}\n",
            "UART1; }\n\n    process pump {\n        thread main;\n    }\n}\n",
        );
        assert_eq!(wiring.text(), expected);
        let error = wiring.add_process("fan", &[]).unwrap_err().to_string();
        assert!(error.contains("already"), "{error}");
        assert_eq!(wiring.text(), expected);
    }

    #[test]
    fn a_process_can_get_more() {
        let mut wiring = wiring();
        wiring.extend_process("sensor", &["object a;".to_owned()]).unwrap();
        wiring.extend_process("fan", &["object b;".to_owned()]).unwrap();
        let expected = SOURCE
            .replace("// é }\n", "// é }\n        object a;\n")
            .replace("UART1; }", "UART1; \n        object b;\n    }");
        assert_eq!(wiring.text(), expected);
        assert!(wiring.extend_process("pump", &[]).is_err());
    }

    #[test]
    fn an_import_is_added_once() {
        let mut wiring = wiring();
        wiring.import("queue", &["A", "B"]).unwrap();
        wiring.import("queue", &["A", "B"]).unwrap();
        wiring.import("board", &["Uart"]).unwrap();
        wiring.import("crossgate", &["Exclusive"]).unwrap();
        let expected = SOURCE.replace(
            "use crossgate::Exclusive;\n",
            "use board::Uart;\nuse crossgate::Exclusive;\nuse queue::{A, B};\n",
        );
        assert_eq!(wiring.text(), expected);
    }

    #[test]
    fn names_in_comments_do_not_count() {
        assert!(wiring().mentions("Exclusive") && wiring().mentions("UART1"));
        assert!(!wiring().mentions("Concurrent"));
    }

    #[test]
    fn other_sources_are_errors() {
        for (text, why) in
            [("fn main() {}", "there is no `crossgate::system!"), ("{", "can't be read")]
        {
            let error = Wiring::new(text.to_owned()).err().unwrap().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}

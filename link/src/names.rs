// SPDX-License-Identifier: MIT OR Apache-2.0
//! The names by which the compiler, Crossgate's library and the linker agree: of sections, of symbols, and of copies.

/// The name that stands for the kernel in the place of a process.
pub const KERNEL: &str = "kernel";

/// Prefix of the symbols of the memory of a process; the process' name follows.
pub const MEMORY_SYMBOL: &str = "__crossgate_memory_";

/// Prefix of the sections that hold a process' objects; the name of the process follows.
pub const OBJECT: &str = ".crossgate.object.";
/// Prefix of the sections that hold the memory of a heap; the name of the process follows.
pub const HEAP_MEMORY: &str = ".crossgate.heap.";
/// Prefix of the sections that hold a stack; the process, a dot and the thread follow.
pub const STACK: &str = ".crossgate.stack.";
/// The section with statics that a process may lend; a dot and any name may follow.
const SHARED: &str = ".crossgate.shared";
/// The section with statics that are kept when its process restarts; a dot and any name may follow.
const KEPT: &str = ".crossgate.kept";
/// The firmware's section for statics that nothing uses, which has to stay empty.
pub const UNOWNED: &str = ".crossgate.unowned";

/// Crossgate's handler of an exhausted heap.
const EXHAUSTED: &str = "__crossgate_heap_exhausted";
/// The handler of the Rust library, which Crossgate's handler replaces.
const LIBRARY_EXHAUSTED: &str = "__rustc::__rust_alloc_error_handler";

/// The section number of common symbols: statics in C that the compiler puts into no section.
pub const COMMON: usize = usize::MAX;

/// The text between the name of a copied item and the name of the process for which it is copied.
pub const COPY: &str = ".for.";

/// Returns the process (or the kernel) that a section belongs to by its name.
pub fn named_owner(section: &str) -> Option<&str> {
    let stack = || section.strip_prefix(STACK)?.split('.').next();
    let heap = || section.strip_prefix(HEAP_MEMORY);
    section.strip_prefix(OBJECT).or_else(heap).or_else(stack)
}

/// Returns the rest of a section's name after `prefix`. The name has to be `prefix` itself, or `prefix`, a dot and more
/// text.
pub fn after<'a>(section: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = section.strip_prefix(prefix)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

/// Returns whether the section of this name holds statics that a process may lend.
pub fn is_shared(section: &str) -> bool {
    after(section, SHARED).is_some()
}

/// Returns whether the section of this name holds statics that are kept when a process restarts.
pub fn is_kept(section: &str) -> bool {
    after(section, KEPT).is_some()
}

/// Returns whether the section of this name belongs to the memory of a process. (The section need not be writable,
/// because an object may have no state that changes.)
pub fn is_placed(section: &str) -> bool {
    is_shared(section) || is_kept(section) || named_owner(section).is_some()
}

/// Returns the name of the original of a copy, without the process that it is copied for.
pub fn original(name: &str) -> &str {
    name.split_once(COPY).map_or(name, |(name, _)| name)
}

/// Returns the name of an item's copy for a process.
pub fn of_copy(name: &str, process: &str) -> String {
    format!("{name}{COPY}{process}")
}

/// Returns a symbol's name as in its source, without the hash.
pub fn demangle(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(original(symbol)))
}

/// Returns the names of users as text for a message.
pub fn listed(users: &[&str]) -> String {
    let titles = users.iter().map(|&user| match user {
        KERNEL => "the kernel".to_owned(),
        process => format!("process `{process}`"),
    });
    titles.collect::<Vec<_>>().join(" and ")
}

/// If `name` is the function that the Rust library calls when memory is exhausted, returns the symbol whose code
/// replaces it.
pub fn redirection(name: &str) -> Option<String> {
    let end = name.find(COPY).unwrap_or(name.len());
    let is_meant =
        name.contains("___rust_alloc_error_handler") && demangle(name) == LIBRARY_EXHAUSTED;
    is_meant.then(|| format!("{EXHAUSTED}{}", &name[end..]))
}

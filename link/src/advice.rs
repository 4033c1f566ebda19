// SPDX-License-Identifier: MIT OR Apache-2.0
//! Advice about names that the linker does not find, or finds twice.

/// Prefixes of missing names, and the advice for each.
const MISSING: [(&str, &str); 7] = [
    ("_critical_section_", NO_CRITICAL_SECTION),
    (
        "_embassy_time_",
        "`embassy-time` has no driver here: depend on the crate `crossgate-embassy`, which has one for processes, and \
         name it: `use crossgate_embassy as _;`.",
    ),
    (
        "_defmt_",
        "`defmt` has no logger here: have the process use the crate `crossgate-defmt`, which sends to the trace, or leave \
         out the feature `defmt` of what needs it.",
    ),
    (
        "__crossgate_memory",
        "the memory of a process is laid out by `crossgate-link` for the processes of `system!`: link with it \
         as the book says, and name only processes of the wiring.",
    ),
    (
        "__crossgate_kernel",
        "the firmware has no kernel: `board::start!(SYSTEM);` has to be in its crate.",
    ),
    ("__crossgate_idle", "the firmware has no port: its crate has to depend on that of a board."),
    (
        "__crossgate_services",
        "the firmware has no wiring: `crossgate::system!` has to be in its crate.",
    ),
];

/// The advice if a critical section is used, but nothing implements `critical-section`.
const NO_CRITICAL_SECTION: &str = "nothing implements `critical-section` here: depend on the crate \
                                   `crossgate-critical-section`, by which it is a lock of the process, and name it: \
                                   `use crossgate_critical_section as _;`.";

/// The advice about a process that masks interrupts.
pub const NO_MASKING: &str = "a process can't mask interrupts, so this excludes nobody: leave out the crate, or the \
                              feature, that does it. Critical sections of a process are a lock of the process: \
                              depend on the crate `crossgate-critical-section` and name it \
                              (`use crossgate_critical_section as _;`), or use `crossgate::sync::Mutex`.";

/// The advice about a second panic handler.
const PANIC_HANDLER: &str = "a firmware has one panic handler, that of the crate `crossgate`, by which a panic is a \
                             crash of its process: remove the crate with the other (`panic-halt` and the like).";

/// Returns the advice about errors in the linker's output: a sentence for each kind of error.
pub fn on(said: &str) -> Vec<&'static str> {
    let mut advice: Vec<&str> = Vec::new();
    for line in said.lines() {
        let found = if let Some((_, name)) = line.split_once("undefined symbol: ") {
            MISSING.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, way_out)| *way_out)
        } else if line.contains("duplicate symbol: ") && line.contains("rust_begin_unwind") {
            Some(PANIC_HANDLER)
        } else {
            None
        };
        advice.extend(found.filter(|found| !advice.contains(found)));
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_error_has_one_answer() {
        let said = "rust-lld: error: undefined symbol: _critical_section_1_0_acquire\n>>> referenced by x\n\
                    rust-lld: error: undefined symbol: _critical_section_1_0_release\n\
                    rust-lld: error: undefined symbol: _embassy_time_now\n\
                    rust-lld: error: undefined symbol: something\n\
                    rust-lld: error: duplicate symbol: __rustc::rust_begin_unwind\n";
        let advice = on(said);
        let parts =
            ["use crossgate_critical_section", "use crossgate_embassy", "one panic handler"];
        assert_eq!(advice.len(), parts.len(), "{advice:?}");
        for (text, part) in advice.iter().zip(parts) {
            assert!(text.contains(part), "{text}");
        }
        for name in ["_defmt_acquire", "__crossgate_memory_fan", "__crossgate_kernel"] {
            assert_eq!(on(&format!("undefined symbol: {name}")).len(), 1, "{name}");
        }
    }
}

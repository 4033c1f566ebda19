// SPDX-License-Identifier: MIT OR Apache-2.0
//! The limits of spans.

use super::longest::Longest;

/// The bound that every span has to keep in the end, and that every span which is not in [`LIMITS`] keeps today, in
/// instructions.
pub const BOUND: u64 = 400;

/// The spans that are longer today: the handler, the functions that it calls, and the largest number of instructions:
/// the measured number plus 3 %.
#[rustfmt::skip]
const LIMITS: [(&str, u64); 35] = [
    ("SVCall > handler::system_call > signal::signal > block::wake", 990),
    ("SVCall > handler::system_call > crash::crash_current > crash::take_down", 861),
    ("SVCall > handler::system_call > crash::crash_by > crash::crash_current", 853),
    ("HardFault > handler::fault > crash::crash_current > crash::take_down", 839),
    ("DefaultHandler > handler::interrupt > deadline::check_deadline > crash::take_down", 730),
    ("DefaultHandler > handler::interrupt > block::interrupt_wait > notification::forget_waiter", 691),
    ("SVCall > handler::system_call > block::leads_back > preemption_point::gives_way", 626),
    ("DefaultHandler > handler::interrupt > account::check_budgets > block::set_priority", 614),
    ("SVCall > handler::call > grant::check_handles > impls::call_mut", 541),
    ("SVCall > handler::system_call > choice::optional > pool::finish", 507),
    ("DefaultHandler > handler::interrupt > block::interrupt_wait > block::stir", 507),
    ("SVCall > handler::system_call > sleep::sleep_until > sleep::time_out", 506),
    ("DefaultHandler > handler::interrupt > deadline::check_deadline", 496),
    ("DefaultHandler > handler::interrupt > account::check_budgets > Context::start", 489),
    ("SVCall > handler::system_call > sleep::time_out > Clock::now", 488),
    ("SVCall > handler::leave > block::stir > block::set_priority", 485),
    ("MemoryManagement > handler::fault > crash::crash_current > crash::take_down", 473),
    ("SVCall > handler::system_call > schedule::reschedule", 472),
    ("SVCall > handler::leave > grant::check_handles > impls::call_mut", 466),
    ("SVCall > handler::call > grant::pass_handles > impls::call_mut", 463),
    ("SVCall > handler::system_call > preemption_point::gives_way", 462),
    ("SVCall > handler::system_call > sweep::piece > sweep::lead_out", 459),
    ("MemoryManagement > handler::fault > crash::crash_current > fault::record", 459),
    ("SVCall > handler::system_call > sweep::piece > block::interrupt_wait", 458),
    ("SVCall > handler::system_call > crash::crash_current > fault::record", 458),
    ("DefaultHandler > handler::interrupt > account::check_budgets", 453),
    ("SVCall > handler::system_call > block::stir > block::set_priority", 437),
    ("DefaultHandler > handler::interrupt > Machine::set_timer > Clock::now", 437),
    ("SVCall > handler::system_call > restart::advance > sweep::piece", 435),
    ("SVCall > handler::system_call > choice::optional > block::interrupt_wait", 435),
    ("SVCall > handler::call > restart::advance > memory::fill", 433),
    ("DefaultHandler > handler::interrupt > block::interrupt_wait > Ready::push", 433),
    ("SVCall > handler::system_call > restart::advance > memory::fill", 432),
    ("SVCall > handler::system_call > sweep::piece > work::set_worker", 431),
    ("SVCall > handler::system_call > crash::supervise > crash::take_down", 423),
];

/// Returns the limit of a span with this path.
pub fn of(path: &str) -> u64 {
    LIMITS.iter().find(|(limited, _)| *limited == path).map_or(BOUND, |&(_, limit)| limit)
}

/// Returns the spans that are longer than their limits, each in a text.
pub fn missed<'a>(longest: impl IntoIterator<Item = &'a Longest>) -> Vec<String> {
    let over = longest.into_iter().filter(|longest| longest.count > of(&longest.path()));
    over.map(|longest| {
        let (path, count) = (longest.path(), longest.count);
        format!("{path}: {count} instructions in {}, limit {}", longest.firmware, of(&path))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(path: &str, count: u64) -> Longest {
        Longest {
            path: path.split(" > ").map(str::to_owned).collect(),
            count,
            look: None,
            firmware: "visitors".into(),
            parts: Vec::new(),
        }
    }

    #[test]
    fn each_path_has_its_limit() {
        let within = LIMITS.map(|(path, limit)| longest(path, limit));
        assert_eq!(missed(&within), [""; 0]);
        for (path, limit) in LIMITS {
            assert!(limit > BOUND, "{path} is in need of no limit of its own");
            let text = format!("{path}: {} instructions in visitors, limit {limit}", limit + 1);
            assert_eq!(missed(&[longest(path, limit + 1)]), [text]);
        }
    }

    #[test]
    fn other_paths_keep_the_bound() {
        let path = "SVCall > handler::new";
        assert_eq!(missed(&[longest(path, BOUND)]), [""; 0]);
        let text = "SVCall > handler::new: 401 instructions in visitors, limit 400";
        assert_eq!(missed(&[longest(path, BOUND + 1)]), [text]);
    }
}

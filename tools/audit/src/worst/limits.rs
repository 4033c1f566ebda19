// SPDX-License-Identifier: MIT OR Apache-2.0
//! The limits of spans.

use super::Longest;

/// The bound that every span has to keep in the end, and that every span which is not in [`LIMITS`] keeps today, in
/// instructions.
pub const BOUND: u64 = 400;

/// The spans that are longer today: the handler, the functions that it calls, and the largest number of instructions:
/// the measured number plus 3 %.
#[rustfmt::skip]
const LIMITS: [(&str, u64); 53] = [
    ("SVCall > handler::system_call > crash::crash_current > crash::take_down", 1958),
    ("HardFault > handler::fault > crash::crash_current > crash::take_down", 1783),
    ("DefaultHandler > last_words::say > last_words::tell > __crossgate_board_tell", 1596),
    ("DefaultHandler > handler::out_of_bounds > crash::crash_current > sweep::lead_out", 997),
    ("SVCall > handler::system_call > signal::signal > block::wake", 992),
    ("SVCall > handler::system_call > block::block_on > block::set_priority", 982),
    ("DefaultHandler > handler::interrupt > account::check_budgets > block::set_priority", 976),
    ("SVCall > handler::call > block::leads_back", 951),
    ("SVCall > handler::system_call > crash::supervise > crash::take_down", 875),
    ("DefaultHandler > handler::interrupt > deadline::check_deadline > crash::take_down", 853),
    ("DefaultHandler > handler::interrupt > account::check_budgets > block::stir", 830),
    ("DefaultHandler > handler::interrupt > account::check_budgets", 827),
    ("DefaultHandler > handler::interrupt > block::interrupt_wait > notification::forget_waiter", 800),
    ("SVCall > exit::load > account::switched > Clock::now", 794),
    ("SVCall > handler::system_call > notification::forget_waiter > Threads::get", 783),
    ("SVCall > handler::call > Extent::covering > outlined", 771),
    ("DefaultHandler > handler::interrupt > deadline::check_deadline > block::interrupt_wait", 740),
    ("DefaultHandler > handler::interrupt > block::interrupt_wait > Ready::push", 728),
    ("DefaultHandler > handler::interrupt > account::check_budgets > Context::start", 725),
    ("SVCall > handler::call > grant::check_handles > Shape::handles", 715),
    ("SVCall > handler::call > grant::check_handles > impls::call_mut", 709),
    ("SVCall > handler::system_call > crash::crash_current > sweep::lead_out", 699),
    ("SVCall > handler::system_call > schedule::reschedule", 690),
    ("SVCall > handler::call > block::block_on > block::set_priority", 688),
    ("SVCall > handler::call > grant::pass_handles > impls::call_mut", 631),
    ("MemoryManagement > handler::fault > crash::crash_current > sweep::lead_out", 628),
    ("DefaultHandler > handler::interrupt > Machine::set_timer > Clock::now", 614),
    ("SVCall > handler::system_call > sleep::time_out > Clock::now", 592),
    ("SVCall > handler::leave > crash::crash_current > sweep::lead_out", 581),
    ("SVCall > handler::system_call > restart::advance > Clock::now", 577),
    ("MemoryManagement > handler::fault > crash::crash_current > crash::take_down", 571),
    ("BusFault > handler::fault > crash::crash_current > sweep::lead_out", 566),
    ("SVCall > handler::out_of_bounds > crash::crash_current > sweep::lead_out", 566),
    ("UsageFault > handler::fault > crash::crash_current > sweep::lead_out", 566),
    ("HardFault > handler::fault > crash::crash_current > sweep::lead_out", 565),
    ("SVCall > handler::system_call > fault::report > fault::record", 563),
    ("SVCall > handler::call > restart::advance > memory::fill", 556),
    ("SVCall > handler::system_call > choice::optional > block::interrupt_wait", 544),
    ("SVCall > handler::system_call > sweep::piece > work::set_worker", 526),
    ("DefaultHandler > handler::interrupt > Machine::set_timer", 509),
    ("SVCall > handler::system_call > choice::optional > pool::finish", 509),
    ("SVCall > handler::system_call > sleep::sleep_until > sleep::time_out", 505),
    ("SVCall > handler::call > grant::pass_handles > Shape::handles", 503),
    ("SVCall > handler::system_call > grant::revoke", 492),
    ("SVCall > handler::system_call > block::block_on > Ready::remove_first", 490),
    ("DefaultHandler > handler::interrupt > deadline::check_deadline", 478),
    ("SVCall > handler::leave > grant::check_handles > impls::call_mut", 466),
    ("SVCall > handler::system_call > restart::advance > memory::fill", 460),
    ("SVCall > handler::system_call > sweep::piece > block::interrupt_wait", 460),
    ("SVCall > handler::system_call > sweep::piece > sweep::lead_out", 459),
    ("SVCall > handler::call > ArmV7M::window > outlined", 456),
    ("SVCall > handler::system_call > block::stir > block::set_priority", 440),
    ("SVCall > handler::system_call > restart::advance > sweep::piece", 434),
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

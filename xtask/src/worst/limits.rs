//! How long a span may be.

use super::Longest;

/// What every span is to keep in the end, and every span that is not in [`LIMITS`] keeps today: instructions.
pub const BOUND: u64 = 400;

/// The spans that are longer today: the handler, what it calls, and at most how many instructions they are: what was
/// measured, and 3 %.
#[rustfmt::skip]
const LIMITS: [(&str, u64); 47] = [
    ("DefaultHandler > last_words::say > last_words::tell > __crossgate_board_tell", 1596),
    ("DefaultHandler > handler::interrupt > time::timer > limit::check_limit", 1399),
    ("DefaultHandler > handler::out_of_bounds > fault::crash_current > fault::report", 1211),
    ("DefaultHandler > handler::interrupt > time::timer > budget::check_budgets", 1185),
    ("DefaultHandler > handler::out_of_bounds > fault::crash_current > work::sweep", 1121),
    ("SVCall > handler::system_call > fault::crash_current > process::take_down", 1117),
    ("SVCall > handler::system_call > lock::mutex_wait > lock::block_on", 1116),
    ("SVCall > handler::system_call > lock::mutex_wait > lock::mutex_holder", 1077),
    ("SVCall > handler::call > lock::take_lock > lock::leads_back", 1057),
    ("SVCall > handler::system_call > notification::signal_by_thread > notification::signal", 1005),
    ("SVCall > handler::system_call > fault::crash_current > work::sweep", 1001),
    ("SVCall > handler::system_call > fault::crash_current > fault::report", 937),
    ("SVCall > entry::load > budget::switched > time::want_timer", 924),
    ("MemoryManagement > handler::fault > fault::crash_current > fault::report", 901),
    ("SVCall > handler::call > lease::take_leases > lease::source_of", 861),
    ("MemoryManagement > handler::fault > fault::crash_current > process::take_down", 860),
    ("SVCall > handler::leave > fault::fault > fault::crash_current", 842),
    ("BusFault > handler::fault > fault::crash_current > fault::report", 841),
    ("DefaultHandler > handler::interrupt > time::timer > fault::interrupt_wait", 841),
    ("UsageFault > handler::fault > fault::crash_current > fault::report", 841),
    ("HardFault > handler::fault > fault::crash_current > fault::report", 840),
    ("SVCall > handler::system_call > system_call::exit > fault::crash_current", 819),
    ("SVCall > handler::out_of_bounds > fault::crash_current > fault::report", 811),
    ("SVCall > handler::system_call > notification::wait > notification::forget_waiter", 796),
    ("SVCall > handler::call > lock::take_lock > lock::block_on", 777),
    ("SVCall > handler::system_call > lock::mutex_wake > lock::mutex_holder", 754),
    ("SVCall > handler::call > lease::take_leases > Machine::lease_within", 707),
    ("SVCall > entry::load > budget::switched > Budgets::charge", 705),
    ("DefaultHandler > handler::interrupt > time::timer > Clock::set_deadline", 698),
    ("SVCall > entry::load > budget::switched > Budgets::look_at", 689),
    ("MemoryManagement > handler::fault > fault::crash_current > work::sweep", 678),
    ("SVCall > handler::system_call > notification::wait > time::after", 673),
    ("SVCall > handler::system_call > notification::wait > outlined", 669),
    ("SVCall > handler::call > grant::check_handles > call::service_of", 625),
    ("SVCall > handler::system_call > work::piece > work::set_worker", 619),
    ("SVCall > handler::system_call > notification::wait > time::time_out", 615),
    ("SVCall > handler::system_call > process::begin > time::sleep_until", 605),
    ("SVCall > handler::system_call > time::sleep_until > time::time_out", 561),
    ("SVCall > handler::call > grant::pass_handles > Shape::handles", 537),
    ("SVCall > handler::call > grant::admit_by_grant > process::call_later", 517),
    ("SVCall > handler::system_call > lock::mutex_wake > lock::stir", 507),
    ("SVCall > handler::system_call > process::begin > process::advance", 505),
    ("SVCall > handler::system_call > process::supervise > process::take_down", 471),
    ("SVCall > handler::system_call > call::refuse > fault::report", 469),
    ("SVCall > handler::system_call > work::piece > work::sweep", 464),
    ("DefaultHandler > handler::interrupt > notification::interrupt > fault::report", 413),
    ("SVCall > handler::leave > lock::stir > lock::set_priority", 413),
];

/// How long a span with this path may be.
pub fn of(path: &str) -> u64 {
    LIMITS.iter().find(|(limited, _)| *limited == path).map_or(BOUND, |&(_, limit)| limit)
}

/// Those that are longer than they may be, each in a text.
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

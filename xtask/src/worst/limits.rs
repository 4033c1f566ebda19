//! How long a span may be.

use super::Longest;

/// What every span is to keep in the end, and every span that is not in [`LIMITS`] keeps today: instructions.
pub const BOUND: u64 = 400;

/// The spans that are longer today: the handler, what it calls, and at most how many instructions they are: what was
/// measured, and 3 %.
#[rustfmt::skip]
const LIMITS: [(&str, u64); 47] = [
    ("DefaultHandler > last_words::say > last_words::tell > __crossgate_board_tell", 1596),
    ("DefaultHandler > handler::interrupt > time::timer > limit::check_limit", 1499),
    ("DefaultHandler > handler::out_of_bounds > fault::crash_current > fault::report", 1267),
    ("DefaultHandler > handler::interrupt > time::timer > budget::check_budgets", 1192),
    ("SVCall > handler::system_call > fault::crash_current > process::take_down", 1145),
    ("DefaultHandler > handler::out_of_bounds > fault::crash_current > work::sweep", 1133),
    ("SVCall > handler::system_call > lock::mutex_wait > lock::block_on", 1112),
    ("SVCall > handler::system_call > lock::mutex_wait > lock::mutex_holder", 1073),
    ("SVCall > handler::call > lock::take_lock > lock::leads_back", 1057),
    ("SVCall > handler::system_call > fault::crash_current > work::sweep", 1022),
    ("SVCall > handler::system_call > notification::signal_by_thread > notification::signal", 1005),
    ("DefaultHandler > handler::interrupt > time::timer > fault::interrupt_wait", 992),
    ("SVCall > handler::system_call > fault::crash_current > fault::report", 965),
    ("SVCall > entry::load > budget::switched > time::want_timer", 928),
    ("MemoryManagement > handler::fault > fault::crash_current > fault::report", 919),
    ("MemoryManagement > handler::fault > fault::crash_current > process::take_down", 879),
    ("SVCall > handler::call > lease::take_leases > lease::source_of", 861),
    ("SVCall > handler::leave > fault::fault > fault::crash_current", 861),
    ("BusFault > handler::fault > fault::crash_current > fault::report", 860),
    ("UsageFault > handler::fault > fault::crash_current > fault::report", 860),
    ("HardFault > handler::fault > fault::crash_current > fault::report", 859),
    ("SVCall > handler::system_call > system_call::exit > fault::crash_current", 841),
    ("SVCall > handler::out_of_bounds > fault::crash_current > fault::report", 830),
    ("SVCall > handler::system_call > notification::wait > notification::forget_waiter", 797),
    ("SVCall > handler::call > lock::take_lock > lock::block_on", 777),
    ("SVCall > handler::system_call > lock::mutex_wake > lock::mutex_holder", 750),
    ("SVCall > handler::call > lease::take_leases > Machine::lease_within", 707),
    ("SVCall > handler::system_call > notification::wait > Ready::remove_first", 704),
    ("SVCall > handler::system_call > notification::wait > time::after", 704),
    ("SVCall > entry::load > budget::switched > Budgets::charge", 700),
    ("MemoryManagement > handler::fault > fault::crash_current > work::sweep", 697),
    ("SVCall > entry::load > budget::switched > Budgets::look_at", 691),
    ("DefaultHandler > handler::interrupt > time::timer > Clock::set_deadline", 682),
    ("SVCall > handler::call > grant::check_handles > call::service_of", 625),
    ("SVCall > handler::system_call > notification::wait > time::time_out", 619),
    ("SVCall > handler::system_call > work::piece > work::set_worker", 619),
    ("SVCall > handler::system_call > process::begin > time::sleep_until", 604),
    ("SVCall > handler::system_call > time::sleep_until > time::time_out", 560),
    ("SVCall > handler::call > grant::pass_handles > Shape::handles", 537),
    ("SVCall > handler::system_call > process::begin > process::advance", 533),
    ("SVCall > handler::system_call > lock::mutex_wake > lock::stir", 525),
    ("SVCall > handler::call > grant::admit_by_grant > process::call_later", 517),
    ("SVCall > handler::system_call > process::supervise > process::take_down", 506),
    ("SVCall > handler::system_call > work::piece > work::sweep", 492),
    ("SVCall > handler::system_call > call::refuse > fault::report", 469),
    ("DefaultHandler > handler::interrupt > notification::interrupt > fault::report", 413),
    ("SVCall > handler::leave > lock::stir > lock::set_priority", 407),
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

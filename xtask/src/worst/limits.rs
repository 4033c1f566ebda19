//! How long a span may be.

use super::Longest;

/// What every span is to keep in the end, and every span that is not in [`LIMITS`] keeps today: instructions.
pub const BOUND: u64 = 400;

/// The spans that are longer today: the handler, what it calls, and at most how many instructions they are: what was
/// measured, and 3 %.
#[rustfmt::skip]
const LIMITS: [(&str, u64); 43] = [
    ("SVCall > handler::system_call > fault::crash_current > process::take_down", 28098),
    ("SVCall > handler::call > lock::take_lock > lock::wait_for_lock", 25126),
    ("DefaultHandler > handler::interrupt > time::timer > limit::check_limit", 19736),
    ("DefaultHandler > handler::interrupt > time::timer > notification::stop_waiting_for_notifications", 8170),
    ("SVCall > handler::system_call > fault::crash_current > process::unwind", 5445),
    ("DefaultHandler > handler::interrupt > time::timer > budget::check_budgets", 4041),
    ("SVCall > handler::system_call > lock::mutex_wake > lock::wake_all", 3205),
    ("DefaultHandler > handler::interrupt > time::timer > Clock::set_deadline", 2983),
    ("DefaultHandler > handler::out_of_bounds > fault::crash_current > process::unwind", 2402),
    ("SVCall > handler::system_call > lock::mutex_wake > lock::inherit", 2313),
    ("SVCall > handler::system_call > lock::mutex_wait > lock::inherit", 2195),
    ("SVCall > handler::leave > lock::release_lock > lock::wake_all", 2096),
    ("SVCall > handler::leave > lock::release_lock > Map::fold", 1873),
    ("SVCall > handler::system_call > fault::crash_current > fault::report", 1780),
    ("SVCall > handler::system_call > process::begin > process::advance", 1673),
    ("SVCall > handler::call > grant::admit_by_grant > process::call_later", 1666),
    ("MemoryManagement > handler::fault > fault::crash_current > fault::report", 1603),
    ("DefaultHandler > last_words::say > last_words::tell > __crossgate_board_tell", 1597),
    ("SVCall > handler::out_of_bounds > fault::crash_current > fault::report", 1578),
    ("MemoryManagement > handler::fault > fault::crash_current > process::unwind", 1465),
    ("DefaultHandler > handler::out_of_bounds > fault::crash_current > fault::report", 1430),
    ("BusFault > handler::fault > fault::crash_current > fault::report", 1322),
    ("SVCall > handler::system_call > notification::signal_by_thread > notification::signal", 1311),
    ("MemoryManagement > handler::fault > fault::crash_current > process::take_down", 1203),
    ("SVCall > entry::load > budget::switched > Budgets::look", 1152),
    ("UsageFault > handler::fault > fault::crash_current > fault::report", 1089),
    ("HardFault > handler::fault > fault::crash_current > fault::report", 1088),
    ("SVCall > handler::system_call > system_call::exit > fault::crash_current", 1088),
    ("SVCall > handler::leave > fault::fault > fault::crash_current", 1079),
    ("SVCall > handler::system_call > notification::wait > notification::forget_waiter", 955),
    ("SVCall > handler::leave > fault::unwind_current > lock::wake_all", 903),
    ("SVCall > handler::call > lease::take_leases > lease::source_of", 899),
    ("SVCall > handler::call > lease::take_leases > Machine::lease_within", 745),
    ("SVCall > handler::system_call > notification::wait > outlined", 737),
    ("SVCall > handler::system_call > notification::wait > time::after", 732),
    ("SVCall > handler::system_call > process::supervise > process::take_down", 731),
    ("SVCall > handler::leave > lock::leave_mutexes > Map::fold", 685),
    ("SVCall > handler::call > grant::check_handles > call::service_of", 660),
    ("SVCall > handler::system_call > notification::wait > time::time_out", 642),
    ("SVCall > handler::call > grant::check_handles > Shape::handles", 574),
    ("SVCall > handler::system_call > time::sleep_until > time::time_out", 518),
    ("SVCall > handler::system_call > process::begin > time::sleep_until", 476),
    ("SVCall > handler::system_call > call::refuse > fault::report", 450),
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

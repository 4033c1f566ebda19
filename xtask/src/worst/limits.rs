//! How long a span may be.

use super::Longest;

/// What every span is to keep in the end, and every span that is not in [`LIMITS`] keeps today: instructions.
pub const BOUND: u64 = 400;

/// The spans that are longer today: the handler, what it calls, and at most how many instructions they are: what was
/// measured, and 3 %.
#[rustfmt::skip]
const LIMITS: [(&str, u64); 36] = [
    ("SVCall > handler::system_call > system_call::system_call > fault::crash_current", 807),
    ("SVCall > handler::call > call::do_not_call > lock::block", 890),
    ("DefaultHandler > handler::interrupt > time::timer > limit::check_limit", 1205),
    ("DefaultHandler > handler::interrupt > time::timer > notification::stop_waiting_for_notifications", 966),
    ("SVCall > handler::system_call > system_call::system_call > lock::mutex_wake", 1467),
    ("DefaultHandler > handler::interrupt > time::timer > Clock::set_deadline", 726),
    ("SVCall > handler::leave > call::leave_with_care > lock::release_lock", 2801),
    ("SVCall > handler::system_call > system_call::system_call > lock::mutex_wait", 1515),
    ("SVCall > handler::call > call::do_not_call > process::advance", 533),
    ("SVCall > handler::system_call > system_call::system_call > process::begin", 644),
    ("SVCall > handler::signal > notification::wake_waiter > Threads::get", 1781),
    ("DefaultHandler > last_words::say > last_words::tell > __crossgate_board_tell", 1622),
    ("SVCall > handler::leave > call::leave_with_care > fault::unwind_current", 1478),
    ("DefaultHandler > handler::out_of_bounds > fault::crash_current > process::unwind", 1442),
    ("MemoryManagement > handler::fault > fault::crash_current > process::unwind", 1275),
    ("SVCall > handler::out_of_bounds > fault::crash_current > process::unwind", 1223),
    ("MemoryManagement > handler::fault > fault::crash_current > fault::report", 1208),
    ("MemoryManagement > handler::fault > fault::crash_current > process::take_down", 1160),
    ("BusFault > handler::fault > fault::crash_current > process::unwind", 1063),
    ("UsageFault > handler::fault > fault::crash_current > process::unwind", 1033),
    ("HardFault > handler::fault > fault::crash_current > process::unwind", 1032),
    ("SVCall > handler::leave > call::leave_with_care > fault::fault", 898),
    ("SVCall > handler::system_call > system_call::system_call > system_call::exit", 852),
    ("SVCall > handler::leave > call::leave_with_care > lock::leave_mutexes", 851),
    ("SVCall > handler::call > call::take_leases_and_lock > lease::lease_of_others", 759),
    ("SVCall > handler::system_call > system_call::system_call > process::supervise", 661),
    ("SVCall > handler::wait > time::start_timer > Threads::get_mut", 609),
    ("SVCall > handler::system_call > system_call::system_call > time::sleep_until", 435),
    ("SVCall > handler::call > call::take_leases_and_lock > grant::check_handles", 486),
    ("SVCall > handler::call > call::take_leases_and_lock > lease::block_of", 464),
    ("SVCall > handler::call > call::take_leases_and_lock", 417),
    ("SVCall > handler::call > lock::take_lock > lock::leads_back", 1100),
    ("SVCall > handler::system_call > system_call::system_call > notification::signal_by_thread", 1028),
    ("SVCall > handler::system_call > system_call::system_call > notification::wait", 697),
    ("SVCall > handler::system_call > system_call::system_call > work::work", 637),
    ("MemoryManagement > handler::fault > fault::crash_current > work::mark", 680),
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

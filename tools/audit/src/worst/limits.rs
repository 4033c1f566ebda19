// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long a span may be.

use super::Longest;

/// What every span is to keep in the end, and every span that is not in [`LIMITS`] keeps today: instructions.
pub const BOUND: u64 = 400;

/// The spans that are longer today: the handler, what it calls, and at most how many instructions they are: what was
/// measured, and 3 %.
#[rustfmt::skip]
const LIMITS: [(&str, u64); 57] = [
    ("SVCall > handler::system_call > crash::crash_current > crash::take_down", 2174),
    ("SVCall > handler::system_call > system_call::exit > crash::crash_current", 2142),
    ("HardFault > handler::fault > crash::crash_current > crash::take_down", 2022),
    ("DefaultHandler > last_words::say > last_words::tell > __crossgate_board_tell", 1596),
    ("DefaultHandler > handler::interrupt > timer::timer > deadline::check_deadline", 1492),
    ("DefaultHandler > handler::out_of_bounds > crash::crash_current > fault::report", 1263),
    ("DefaultHandler > handler::interrupt > timer::timer > account::check_budgets", 1192),
    ("SVCall > handler::system_call > mutex::mutex_wait > block::block_on", 1142),
    ("DefaultHandler > handler::out_of_bounds > crash::crash_current > sweep::sweep", 1128),
    ("SVCall > handler::call > lock::take_lock > block::leads_back", 1055),
    ("SVCall > handler::system_call > crash::crash_current > sweep::sweep", 1018),
    ("SVCall > handler::system_call > crash::supervise > crash::take_down", 1009),
    ("SVCall > handler::system_call > signal::signal_by_thread > signal::signal", 1005),
    ("DefaultHandler > handler::interrupt > timer::timer > block::interrupt_wait", 992),
    ("SVCall > handler::system_call > crash::crash_current > fault::report", 960),
    ("SVCall > exit::load > account::switched > sleep::want_timer", 928),
    ("MemoryManagement > handler::fault > crash::crash_current > sweep::sweep", 915),
    ("MemoryManagement > handler::fault > crash::crash_current > crash::take_down", 872),
    ("SVCall > handler::call > lend::take_leases > lend::source_of", 863),
    ("MemoryManagement > handler::fault > crash::crash_current > fault::report", 859),
    ("SVCall > handler::leave > crash::fault > crash::crash_current", 856),
    ("BusFault > handler::fault > crash::crash_current > sweep::sweep", 855),
    ("UsageFault > handler::fault > crash::crash_current > sweep::sweep", 855),
    ("HardFault > handler::fault > crash::crash_current > sweep::sweep", 854),
    ("UsageFault > handler::fault > crash::crash_current > fault::report", 828),
    ("HardFault > handler::fault > crash::crash_current > fault::report", 827),
    ("SVCall > handler::out_of_bounds > crash::crash_current > sweep::sweep", 826),
    ("SVCall > handler::out_of_bounds > crash::crash_current > fault::report", 798),
    ("SVCall > handler::system_call > signal::wait > notification::forget_waiter", 797),
    ("SVCall > handler::call > grant::check_handles > gate::service_of", 791),
    ("SVCall > handler::call > grant::check_handles > impls::call_mut", 778),
    ("SVCall > handler::call > lock::take_lock > block::block_on", 775),
    ("SVCall > handler::system_call > signal::wait > Ready::remove_first", 704),
    ("SVCall > handler::system_call > signal::wait > sleep::after", 704),
    ("SVCall > handler::call > lend::take_leases > ArmV7M::lease_within", 703),
    ("SVCall > handler::system_call > call::refuse > fault::report", 701),
    ("SVCall > exit::load > account::switched > Budgets::charge", 700),
    ("SVCall > exit::load > account::switched > Budgets::look_at", 880),
    ("SVCall > exit::load > account::switched > account::end_of_slice", 551),
    ("DefaultHandler > handler::interrupt > timer::timer > Clock::set_timer", 682),
    ("SVCall > handler::call > call::admit_by_grant > restart::call_later", 624),
    ("SVCall > handler::system_call > signal::wait > sleep::time_out", 619),
    ("SVCall > handler::system_call > sweep::piece > work::set_worker", 619),
    ("SVCall > handler::system_call > restart::begin > sleep::sleep_until", 604),
    ("SVCall > handler::system_call > choice::optional > pool::abandon", 600),
    ("SVCall > handler::system_call > grant::revoke > block::interrupt_wait", 566),
    ("SVCall > handler::system_call > choice::optional > pool::finish", 561),
    ("SVCall > handler::system_call > sleep::sleep_until > sleep::time_out", 560),
    ("SVCall > handler::call > grant::pass_handles > Shape::handles", 535),
    ("SVCall > handler::call > lend::take_leases", 535),
    ("SVCall > handler::system_call > restart::begin > restart::advance", 533),
    ("SVCall > handler::system_call > sweep::piece > sweep::sweep", 522),
    ("SVCall > handler::leave > grant::check_handles > impls::call_mut", 499),
    ("SVCall > handler::system_call > mutex::mutex_wake > block::stir", 466),
    ("SVCall > handler::system_call > sleep::sleep_until > Clock::now", 409),
    ("DefaultHandler > handler::interrupt > interrupt::interrupt > fault::report", 408),
    ("SVCall > handler::leave > block::stir > block::set_priority", 407),
];

/// Returns how long a span with this path may be.
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

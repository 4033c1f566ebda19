//! A time needs a unit, and a budget needs a period. There is at most one of each.
use crossgate::system;

pub fn run() -> ! {
    crossgate::thread::exit()
}

mod no_unit {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            thread main (priority = 1, stack = 512, budget = 2 / 10 ms) = run();
        }
    }
}

mod no_unit_of_the_period {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            budget = 2 ms / 10;
        }
    }
}

mod no_period {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            budget = 2 ms;
        }
    }
}

mod unit_as_suffix {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            budget = 2ms / 10ms;
        }
    }
}

mod unit_unknown {
    use super::*;
    system! {
        static SYSTEM;
        time_slice = 2 min;
        process driver {}
    }
}

mod unit_alone {
    use super::*;
    system! {
        static SYSTEM;
        time_slice = ms;
        process driver {}
    }
}

mod two_slices {
    use super::*;
    system! {
        static SYSTEM;
        time_slice = 2 ms;
        process driver {}
        time_slice = 3 ms;
    }
}

mod two_budgets {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            budget = 2 ms / 10 ms;
            budget = 3 ms / 10 ms;
        }
    }
}

mod counted_twice {
    use super::*;
    system! {
        static SYSTEM;
        cpu_time;
        cpu_time;
        process driver {}
    }
}

mod counted_so_much {
    use super::*;
    system! {
        static SYSTEM;
        cpu_time = 5 ms;
        process driver {}
    }
}

fn main() {}

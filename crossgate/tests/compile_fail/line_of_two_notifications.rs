//! An interrupt line is bound to one notification only, even by another process or another spelling of its number.
use crossgate::system;

const UART: u16 = 4;

mod of_one_process {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            notification RECEIVED;
            notification SENT;
            interrupt UART => RECEIVED;
            interrupt 5 => RECEIVED;
            interrupt 4 => SENT;
        }
    }
}

mod of_two_processes {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            notification RECEIVED;
            interrupt UART => RECEIVED;
        }
        process other {
            notification ALSO_RECEIVED;
            interrupt 2 + 2 => ALSO_RECEIVED;
        }
    }
}

mod twice {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            notification RECEIVED;
            interrupt 0 => RECEIVED;
            interrupt 0 => RECEIVED;
        }
    }
}

fn main() {}

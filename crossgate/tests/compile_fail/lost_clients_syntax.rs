//! A process is notified of lost clients by a notification of its own.
use crossgate::system;

mod no_end {
    use super::*;
    system! {
        static SYSTEM;
        process server {
            notification LOST;
            lost_clients LOST
        }
    }
}

mod of_another {
    use super::*;
    system! {
        static SYSTEM;
        process other {
            notification LOST;
        }
        process server {
            lost_clients LOST;
        }
    }
}

mod two_at_once {
    use super::*;
    system! {
        static SYSTEM;
        process server {
            notification LOST;
            notification OTHER;
            lost_clients LOST, OTHER;
        }
    }
}

fn main() {}

//! A process has one heap, whose length is a number of bytes in its limits.
use crossgate::system;

mod zero {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            heap = 0;
        }
    }
}

mod too_long {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            heap = (16 << 20) + 1;
        }
    }
}

mod no_number {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            heap = "4096";
        }
    }
}

mod nothing {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            heap = ;
        }
    }
}

mod with_braces {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            heap (4096);
        }
    }
}

mod twice {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            heap = 1024;
            heap = 2048;
        }
    }
}

fn main() {}

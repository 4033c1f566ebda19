//! A firmware has at most 32 processes.
use crossgate::system;

system! {
    pub static SYSTEM;
    process p0 {}
    process p1 {}
    process p2 {}
    process p3 {}
    process p4 {}
    process p5 {}
    process p6 {}
    process p7 {}
    process p8 {}
    process p9 {}
    process p10 {}
    process p11 {}
    process p12 {}
    process p13 {}
    process p14 {}
    process p15 {}
    process p16 {}
    process p17 {}
    process p18 {}
    process p19 {}
    process p20 {}
    process p21 {}
    process p22 {}
    process p23 {}
    process p24 {}
    process p25 {}
    process p26 {}
    process p27 {}
    process p28 {}
    process p29 {}
    process p30 {}
    process p31 {}
    process p32 {}
}

fn main() {}

//! A process has at most 32 notifications.
use crossgate::system;

system! {
    pub static SYSTEM;
    process driver {
        notification N0;
        notification N1;
        notification N2;
        notification N3;
        notification N4;
        notification N5;
        notification N6;
        notification N7;
        notification N8;
        notification N9;
        notification N10;
        notification N11;
        notification N12;
        notification N13;
        notification N14;
        notification N15;
        notification N16;
        notification N17;
        notification N18;
        notification N19;
        notification N20;
        notification N21;
        notification N22;
        notification N23;
        notification N24;
        notification N25;
        notification N26;
        notification N27;
        notification N28;
        notification N29;
        notification N30;
        notification N31;
        notification N32;
    }
}

fn main() {}

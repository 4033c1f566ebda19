//! A kept static holds plain memory: after a reset there may be any bits.
crossgate::kept! {
    pub static IS_ON: bool;
}

fn main() {}

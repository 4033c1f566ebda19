//! A shared static holds plain memory: a server may write any bits there.
crossgate::shared! {
    pub static IS_ON: bool = false;
}

fn main() {}

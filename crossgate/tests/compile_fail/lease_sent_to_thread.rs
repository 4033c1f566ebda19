//! A lease is visible to the calling thread only.
use crossgate::Lent;

fn send<T: Send>(_: T) {}

pub fn server(data: Lent<'_, [u8]>) {
    send(data);
}

fn main() {}

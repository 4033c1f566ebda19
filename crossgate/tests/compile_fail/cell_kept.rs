//! A cell of lent memory must not be kept after the call.
use crossgate::{LeaseCell, LeaseMut, interface};

#[interface]
pub trait Source {
    fn read(&mut self, to: LeaseMut<'_, [u8]>);
}

struct Server(Option<LeaseCell<'static, u8>>);
impl Source for Server {
    fn read(&mut self, mut to: LeaseMut<'_, [u8]>) {
        self.0 = to.cells().get(0);
    }
}

fn main() {}

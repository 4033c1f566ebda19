//! A cell of lent memory is not kept when the call is over.
use crossgate::{LentCell, LentMut, interface};

#[interface]
pub trait Source {
    fn read(&mut self, to: LentMut<'_, [u8]>);
}

struct Server(Option<LentCell<'static, u8>>);
impl Source for Server {
    fn read(&mut self, mut to: LentMut<'_, [u8]>) {
        self.0 = to.cells().get(0);
    }
}

fn main() {}

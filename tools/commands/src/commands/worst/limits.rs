// SPDX-License-Identifier: MIT OR Apache-2.0
//! The limit of spans.

use super::longest::Longest;
use workbench::board::Board;

/// The limit of each span on the reference board, in instructions.
const BOUND: u64 = 400;
/// The name of the limit of another board in its row.
pub const NAME: &str = "interrupts_held_off";

/// Returns the limit of each span on a board, in instructions.
pub fn of(board: Board) -> u64 {
    let own = board.row().and_then(|row| row.limits.get(NAME));
    own.map_or(BOUND, |&limit| limit.into())
}

/// Returns the spans that are longer than the limit, each in a text.
pub fn missed<'a>(longest: impl IntoIterator<Item = &'a Longest>, limit: u64) -> Vec<String> {
    let over = longest.into_iter().filter(|longest| longest.count > limit);
    over.map(|longest| {
        let (path, count) = (longest.path(), longest.count);
        format!("{path}: {count} instructions in {}, limit {limit}", longest.firmware)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use workbench::board::emulated;

    #[test]
    fn a_longer_span_is_told() {
        let longest = |count| Longest {
            path: ["SVCall", "handler::new"].map(str::to_owned).into(),
            count,
            look: None,
            firmware: "visitors".into(),
            parts: Vec::new(),
        };
        assert_eq!(missed(&[longest(400)], 400), [""; 0]);
        let text = "SVCall > handler::new: 401 instructions in visitors, limit 400";
        assert_eq!(missed(&[longest(401)], 400), [text]);
    }
    #[test]
    fn the_limit_of_another_board_is_in_its_row() {
        assert_eq!(of(Board::reference()), BOUND);
        let virt = emulated().find(|row| row.name == "virt").unwrap();
        assert_eq!(of(Board::Microcontroller(virt)), u64::from(virt.limits[NAME]));
        let other = emulated().find(|row| row.name == "virt-imc").unwrap();
        assert_eq!(of(Board::Microcontroller(other)), u64::from(virt.limits[NAME]));
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The picture on a display: as points, as text, and as a file.

use core::fmt;

const WIDTH: usize = 128;
const HEIGHT: usize = 64;

/// The picture on a display, 128 x 64 points. As text, it has 16 lines of 64 Braille characters. Each character shows 2
/// x 4 points.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Each byte has eight points. The highest bit is the leftmost point.
    rows: [[u8; WIDTH / 8]; HEIGHT],
}

impl Picture {
    /// A display that shows nothing.
    pub const DARK: Picture = Picture { rows: [[0; WIDTH / 8]; HEIGHT] };
    /// The number of points in a row.
    pub const WIDTH: usize = WIDTH;
    /// The number of points in a column.
    pub const HEIGHT: usize = HEIGHT;
    /// The number of lines of the picture as text.
    pub const LINES: usize = HEIGHT / 4;

    /// Lights a point.
    pub(crate) const fn light(&mut self, x: usize, y: usize) {
        self.rows[y][x / 8] |= 0x80 >> (x % 8);
    }

    /// Returns `true` if the point is lit. A point outside of the picture is dark.
    #[must_use]
    pub fn is_lit(&self, x: usize, y: usize) -> bool {
        let byte = self.rows.get(y).and_then(|row| row.get(x / 8));
        byte.is_some_and(|byte| byte << (x % 8) & 0x80 != 0)
    }

    /// Returns the picture as the text of an SVG file. A point is four pixels wide.
    #[must_use]
    pub const fn svg(&self) -> Svg<'_> {
        Svg(self)
    }

    /// Returns the characters of one line of the picture as text. `line` is less than [`Picture::LINES`].
    pub fn line(&self, line: usize) -> impl Iterator<Item = char> + '_ {
        (0..WIDTH / 2).map(move |column| {
            // The bits of a Braille character: first the upper three rows of the left column, then those of the right
            // column, then the lowest row.
            const BITS: [[u32; 2]; 4] = [[0, 3], [1, 4], [2, 5], [6, 7]];
            let mut code = 0x2800;
            for (y, bits) in BITS.iter().enumerate() {
                for (x, bit) in bits.iter().enumerate() {
                    code |= u32::from(self.is_lit(2 * column + x, 4 * line + y)) << bit;
                }
            }
            char::from_u32(code).unwrap_or(' ')
        })
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("\n")?;
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in 0..Picture::LINES {
            for character in self.line(line) {
                fmt::Write::write_char(formatter, character)?;
            }
            formatter.write_str("\n")?;
        }
        Ok(())
    }
}

/// A [`Picture`] as the text of an SVG file.
#[derive(Clone, Copy, Debug)]
pub struct Svg<'a>(&'a Picture);

impl fmt::Display for Svg<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Svg(picture) = self;
        // The SVG has an edge of four points around the picture.
        formatter.write_str(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"544\" height=\"288\" viewBox=\"-4 -4 136 72\" \
             shape-rendering=\"crispEdges\">\n\
             <rect x=\"-4\" y=\"-4\" width=\"136\" height=\"72\" rx=\"2\" fill=\"#101418\"/>\n\
             <path fill=\"#bfe9ff\" d=\"\n",
        )?;
        for y in 0..HEIGHT {
            let mut x = 0;
            while x < WIDTH {
                let run = (x..).take_while(|&x| picture.is_lit(x, y)).count();
                if run > 0 {
                    writeln!(formatter, "M{x} {y}h{run}v1h-{run}z")?;
                }
                x += run + 1;
            }
        }
        formatter.write_str("\"/>\n</svg>\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_a_text_and_a_file() {
        let mut picture = Picture::DARK;
        picture.light(0, 0);
        picture.light(126, 63);
        picture.light(127, 63);
        let text = picture.to_string();
        assert!(text.starts_with('⠁') && text.ends_with("\u{28c0}\n"));
        assert_eq!(text.lines().count(), Picture::LINES);
        let file = picture.svg().to_string();
        let points = file.lines().filter(|line| line.starts_with('M'));
        assert_eq!(points.collect::<Vec<_>>(), ["M0 0h1v1h-1z", "M126 63h2v1h-2z"]);
        assert!(file.starts_with("<svg ") && file.ends_with("</svg>\n"));
    }
}

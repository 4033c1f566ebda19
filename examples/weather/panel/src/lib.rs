// SPDX-License-Identifier: MIT OR Apache-2.0
//! The process with the display. It shows the present temperature, and a curve of the last temperatures.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::fmt::Write as _;
use core::time::Duration;
use crossgate::{CallError, Handle, time};
use crossgate_i2c::{I2cChip, I2cDevice};
use crossgate_log::{Logger, warn};
use crossgate_watch::Observer;
use display_interface::DisplayError;
use embedded_graphics::mono_font::iso_8859_1::{FONT_4X6, FONT_10X20};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::{DrawTarget, Point, Size};
use embedded_graphics::primitives::{Line, Primitive, PrimitiveStyle};
use embedded_graphics::text::{Baseline, Text};
use embedded_graphics::{Drawable, Pixel};
use heapless::{HistoryBuf, String};
use ssd1306::mode::{BufferedGraphicsMode, DisplayConfig};
use ssd1306::prelude::{DisplayRotation, I2CInterface};
use ssd1306::size::DisplaySize128x64;
use ssd1306::{I2CDisplayInterface, Ssd1306};

/// The size of the display.
const SIZE: Size = Size::new(128, 64);
/// The first column of the curve. The scale is to the left of it.
const LEFT: i32 = 12;
/// The number of measurements in the curve.
const MEASUREMENTS: usize = 116;
/// The temperatures at the bottom and at the top of the curve, in hundredths of a degree.
const RANGE: core::ops::Range<i32> = 2250..2750;
/// After this time without a measurement, the display shows that there is none.
const SILENCE: Duration = Duration::from_secs(12);

type Display = Ssd1306<
    I2CInterface<I2cChip<0x3c>>,
    DisplaySize128x64,
    BufferedGraphicsMode<DisplaySize128x64>,
>;

/// The process' thread: draws each new temperature.
pub fn main(
    chip: Handle<dyn I2cDevice<0x3c>>,
    temperature: Handle<dyn Observer<i32>>,
    log: Logger,
) -> ! {
    let interface = I2CDisplayInterface::new(I2cChip::new(chip));
    let mut display = Ssd1306::new(interface, DisplaySize128x64, DisplayRotation::Rotate0)
        .into_buffered_graphics_mode();
    let mut curve = Curve::new();
    let mut seen = 0;
    let mut begun = false;
    loop {
        let present = match temperature.changed_timeout(seen, SILENCE) {
            Ok((_, version)) if version == seen => None,
            Ok((hundredths, version)) => {
                seen = version;
                curve.0.write(hundredths);
                Some(hundredths)
            }
            Err(CallError::ServerFaulted | CallError::ServerDown) => None,
            Err(error) => panic!("the wiring gives the temperature: {error}"),
        };
        if let Err(error) = show(&mut display, &mut begun, &curve, present) {
            begun = false;
            warn!(log, "{error:?}");
            time::sleep(SILENCE);
        }
    }
}

fn show(
    display: &mut Display,
    begun: &mut bool,
    curve: &Curve,
    present: Option<i32>,
) -> Result<(), DisplayError> {
    if !*begun {
        display.init()?;
        *begun = true;
    }
    display.clear_buffer();
    curve.draw(display, present)?;
    display.flush()
}

/// The last temperatures in hundredths of a degree.
struct Curve(HistoryBuf<i32, MEASUREMENTS>);

impl Curve {
    const fn new() -> Curve {
        Curve(HistoryBuf::new())
    }

    /// Draws the present temperature as text, and the curve below it.
    fn draw<D: DrawTarget<Color = BinaryColor>>(
        &self,
        to: &mut D,
        present: Option<i32>,
    ) -> Result<(), D::Error> {
        let mut words = String::<16>::new();
        let written = match present {
            Some(hundredths) => write!(words, "{}.{} °C", hundredths / 100, hundredths / 10 % 10),
            None => write!(words, "no sensor"),
        };
        written.unwrap_or_else(|_| panic!("there is room for any temperature"));
        text(to, &FONT_10X20, Point::new(LEFT, 0), &words)?;
        for degrees in RANGE.start / 100 + 1..=RANGE.end / 100 {
            let y = row(degrees * 100);
            let mut label = String::<16>::new();
            let _ = write!(label, "{degrees}");
            text(to, &FONT_4X6, Point::new(0, y - 3), &label)?;
            let dots = (LEFT..SIZE.width as i32).step_by(4);
            to.draw_iter(dots.map(|x| Pixel(Point::new(x, y), BinaryColor::On)))?;
        }
        let places = self.0.oldest_ordered().zip(LEFT..).map(|(&it, x)| Point::new(x, row(it)));
        let mut before = None;
        for place in places {
            let style = PrimitiveStyle::with_stroke(BinaryColor::On, 1);
            Line::new(before.unwrap_or(place), place).into_styled(style).draw(to)?;
            before = Some(place);
        }
        Ok(())
    }
}

/// Returns the row of a temperature in the curve.
fn row(hundredths: i32) -> i32 {
    const TOP: i32 = 22;
    let height = SIZE.height as i32 - TOP;
    let above = hundredths.clamp(RANGE.start, RANGE.end) - RANGE.start;
    SIZE.height as i32 - 1 - above * (height - 1) / (RANGE.end - RANGE.start)
}

fn text<D: DrawTarget<Color = BinaryColor>>(
    to: &mut D,
    font: &MonoFont<'_>,
    place: Point,
    text: &str,
) -> Result<(), D::Error> {
    let style = MonoTextStyle::new(font, BinaryColor::On);
    Text::with_baseline(text, place, style, Baseline::Top).draw(to).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::convert::Infallible;
    use embedded_graphics::geometry::OriginDimensions;

    /// The points that are lit.
    #[derive(Default)]
    struct Lit(Vec<Point>);

    impl OriginDimensions for Lit {
        fn size(&self) -> Size {
            SIZE
        }
    }

    impl DrawTarget for Lit {
        type Color = BinaryColor;
        type Error = Infallible;
        fn draw_iter<I: IntoIterator<Item = Pixel<BinaryColor>>>(
            &mut self,
            pixels: I,
        ) -> Result<(), Infallible> {
            self.0.extend(pixels.into_iter().map(|Pixel(place, _)| place));
            Ok(())
        }
    }

    #[test]
    fn warm_is_up_and_what_is_beyond_the_scale_is_at_its_end() {
        assert_eq!([2250, 2750, -4000, 8500].map(row), [63, 22, 63, 22]);
        assert!(row(2500) < row(2400));
    }

    #[test]
    fn all_measurements_are_within_the_display() {
        let mut curve = Curve::new();
        // These are more temperatures than the curve keeps.
        for step in 0..200 {
            curve.0.write(2000 + 4 * step);
        }
        let mut display = Lit::default();
        curve.draw(&mut display, Some(2512)).unwrap();
        assert!(display.0.iter().all(|it| (0..128).contains(&it.x) && (0..64).contains(&it.y)));
        // The last temperature is 27.96 degrees, which is above the scale.
        assert!(display.0.contains(&Point::new(127, 22)));
        assert!(!display.0.contains(&Point::new(127, 63)));
    }
}

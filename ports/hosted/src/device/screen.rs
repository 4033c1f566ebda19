// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shows the picture of a display to the user: in the terminal, or in a file.

use crate::linux::output;
use crate::options::Shown;
use simulated_chips::Picture;
use std::fs::File;
use std::io::{BufWriter, Error, Write};
use std::path::Path;

/// The place of a picture, and the picture that is shown there.
pub struct Screen {
    place: Shown,
    picture: Picture,
}

impl Screen {
    /// Shows a dark picture.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn open(place: &Shown) -> Result<Screen, String> {
        let picture = Picture::DARK;
        if let Shown::File(path) = place {
            let error = |error| format!("--display file:{}: {error}", path.display());
            write(path, &picture).map_err(error)?;
        }
        Ok(Screen { place: place.clone(), picture })
    }

    /// Shows a picture.
    pub fn show(&mut self, picture: &Picture, now: u64) {
        if self.picture == *picture {
            return;
        }
        self.picture = *picture;
        match &self.place {
            Shown::Nowhere => {}
            Shown::Terminal => {
                let (seconds, rest) = (now / 1_000_000, now % 1_000_000);
                output::tell(format_args!("[{seconds:5}.{rest:06}] display\n{picture}"));
            }
            // An error is ignored: if the file can't be written any more, it keeps its last picture.
            Shown::File(path) => _ = write(path, picture),
        }
    }
}

fn write(path: &Path, picture: &Picture) -> Result<(), Error> {
    let mut file = BufWriter::new(File::create(path)?);
    write!(file, "{}", picture.svg())?;
    file.flush()
}

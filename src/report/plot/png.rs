//! PNG copies of plots.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};
use thiserror::Error;

/// Why a plot could not be drawn as pixels.
#[derive(Debug, Error)]
pub enum PngError {
    /// Without a font the picture would have no text.
    #[error(
        "no fonts are installed, so a PNG would have no text; install one (such as DejaVu Sans) or use the SVG files"
    )]
    NoFonts,
    /// The text is no SVG that can be drawn.
    #[error("the plot is no valid SVG")]
    Svg(#[from] resvg::usvg::Error),
    /// The picture has no pixel, or too many.
    #[error("a picture of {width} x {height} pixels cannot be drawn")]
    Size {
        /// Width in pixels.
        width: f32,
        /// Height in pixels.
        height: f32,
    },
    /// The pixels could not be written as PNG.
    #[error("the picture could not be written as PNG: {0}")]
    Encoding(String),
}

/// The picture of `svg` as a PNG file, `scale` times its size, with the fonts of this machine.
///
/// # Errors
/// Where the machine has no fonts, or `svg` cannot be drawn at this scale.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, PngError> {
    if FONTS.is_empty() {
        return Err(PngError::NoFonts);
    }
    let options = Options { fontdb: Arc::clone(&FONTS), font_family: fallback_family(), ..Options::default() };
    let tree = Tree::from_str(svg, &options)?;
    let (width, height) = (tree.size().width() * scale, tree.size().height() * scale);
    let mut pixels = Pixmap::new(width.ceil() as u32, height.ceil() as u32).ok_or(PngError::Size { width, height })?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| PngError::Encoding(error.to_string()))
}

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_system_fonts();
    // The generic family stands for fonts that few machines outside Windows have.
    if let Some(family) = any_sans(&fonts) {
        fonts.set_sans_serif_family(family);
    }
    Arc::new(fonts)
});

fn fallback_family() -> String {
    any_sans(&FONTS).unwrap_or_default()
}

/// A family to fall back on: one named sans where there is one, else any.
fn any_sans(fonts: &Database) -> Option<String> {
    let families = || fonts.faces().filter_map(|face| face.families.first()).map(|(name, _)| name.clone());
    families().filter(|name| name.ends_with("Sans")).min().or_else(|| families().min())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_a_png_of_its_size_or_an_error_about_fonts() {
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><text y="15">a</text></svg>"#;
        match png(svg, 2.0) {
            Ok(bytes) => {
                assert!(bytes.starts_with(b"\x89PNG"));
                assert_eq!(bytes[16..24], [0, 0, 0, 60, 0, 0, 0, 40]);
            }
            Err(error) => assert!(matches!(error, PngError::NoFonts), "{error}"),
        }
    }
}

//! Plain pictures, by the crate `zune-jpeg`: most photographs, and twice as fast.
//!
//! That decoder draws what is missing or damaged without a word. So it is given a scan that is followed by ones, which
//! begin no code word: reading past the end is an error. And its reading is watched: what it leaves unread is a sign of
//! damage. In either case nothing is returned, and [`super::whole`] reads the file.

use std::cell::Cell;

use zune_core::bytestream::{ZByteIoError, ZByteReaderTrait, ZCursor, ZSeekFrom};
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::frame::{Colours, Outline};
use super::picture::Picture;

/// Ones, as a scan writes them, for longer than any code word.
const ONES: [u8; 16] = [0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0];
const END: [u8; 2] = [0xff, 0xd9];
/// The decoder reads ahead: its last words begin fewer bytes before the end.
const AHEAD: u64 = 32;

impl Outline<'_> {
    /// Whether the picture is of the kind that the crate decodes rightly: sequential, one scan, no restarts, grey or
    /// YCbCr with colours as fine as luma or half as fine.
    fn is_plain(&self) -> bool {
        let sampling: Vec<_> = self.frame.components.iter().map(|c| (c.across, c.down)).collect();
        let is_known = matches!(
            (self.colours, &sampling[..]),
            (Colours::Grey, [(1, 1)]) | (Colours::YCbCr, [(1 | 2, 1 | 2), (1, 1), (1, 1)])
        );
        let is_alone = self.scans == 1 && self.scanned == sampling.len();
        is_known && is_alone && !self.frame.is_progressive && !self.has_restarts && self.has_codes
    }
}

/// The whole picture; `None` where it is not plain, or not complete.
pub(super) fn decode(bytes: &[u8], outline: &Outline<'_>) -> Option<Picture> {
    if !outline.is_plain() {
        return None;
    }
    let mut file = Vec::with_capacity(outline.end + ONES.len() + END.len());
    file.extend_from_slice(bytes.get(..outline.end)?);
    file.extend_from_slice(&ONES);
    file.extend_from_slice(&END);
    let last = Cell::new(0);
    let (out, channels) = match outline.colours {
        Colours::Grey => (ColorSpace::Luma, 1),
        _ => (ColorSpace::RGB, 3),
    };
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_out_colorspace(out);
    let mut decoder = JpegDecoder::new_with_options(Watched { file: ZCursor::new(&file), last: &last }, options);
    let pixels = decoder.decode().ok()?;
    let (width, height) = (usize::from(outline.frame.width), usize::from(outline.frame.height));
    let is_read = last.get() + AHEAD >= outline.end as u64;
    let agrees = decoder.dimensions() == Some((width, height)) && pixels.len() == channels * width * height;
    (is_read && agrees).then_some(Picture { width, height, pixels, channels, is_complete: true })
}

/// A file, and where code words were last read.
struct Watched<'a> {
    file: ZCursor<&'a Vec<u8>>,
    last: &'a Cell<u64>,
}

impl ZByteReaderTrait for Watched<'_> {
    #[inline(always)]
    fn read_byte_no_error(&mut self) -> u8 {
        self.file.read_byte_no_error()
    }

    #[inline(always)]
    fn read_exact_bytes(&mut self, buf: &mut [u8]) -> Result<(), ZByteIoError> {
        // Code words are read in steps of four bytes, and nothing else of the scan is.
        if buf.len() == 4 {
            self.last.set(self.file.z_position()?);
        }
        self.file.read_exact_bytes(buf)
    }

    #[inline(always)]
    fn read_bytes(&mut self, buf: &mut [u8]) -> Result<usize, ZByteIoError> {
        self.file.read_bytes(buf)
    }

    fn peek_bytes(&mut self, buf: &mut [u8]) -> Result<usize, ZByteIoError> {
        self.file.peek_bytes(buf)
    }

    fn peek_exact_bytes(&mut self, buf: &mut [u8]) -> Result<(), ZByteIoError> {
        self.file.peek_exact_bytes(buf)
    }

    #[inline(always)]
    fn z_seek(&mut self, from: ZSeekFrom) -> Result<u64, ZByteIoError> {
        self.file.z_seek(from)
    }

    #[inline(always)]
    fn is_eof(&mut self) -> Result<bool, ZByteIoError> {
        self.file.is_eof()
    }

    #[inline(always)]
    fn z_position(&mut self) -> Result<u64, ZByteIoError> {
        self.file.z_position()
    }

    fn read_remaining(&mut self, sink: &mut Vec<u8>) -> Result<usize, ZByteIoError> {
        self.file.read_remaining(sink)
    }
}

//! The AV1 decoder `rav1d`, which has only the interface of a C library.
//!
//! Apart from the kernels of `simd`, this is the only place with `unsafe`. What each call needs is said beside it:
//! objects come from the library and go back to it once, and rows of a picture are read within the bounds that it
//! states.
#![allow(unsafe_code, reason = "the decoder has only the interface of a C library")]

use std::ptr::NonNull;

use rav1d::Dav1dResult;
use rav1d::include::dav1d::data::Dav1dData;
use rav1d::include::dav1d::dav1d::{Dav1dContext, Dav1dSettings};
use rav1d::include::dav1d::headers::{
    DAV1D_CHR_COLOCATED, DAV1D_CHR_VERTICAL, DAV1D_PIXEL_LAYOUT_I400, DAV1D_PIXEL_LAYOUT_I420, DAV1D_PIXEL_LAYOUT_I422,
    DAV1D_PIXEL_LAYOUT_I444,
};
use rav1d::include::dav1d::picture::Dav1dPicture;
use rav1d::src::lib::{
    dav1d_close, dav1d_data_create, dav1d_data_unref, dav1d_default_settings, dav1d_get_picture, dav1d_open,
    dav1d_picture_unref, dav1d_send_data,
};

use super::{Fail, Frame, Request, Samples};

/// A decoder that is closed when it is dropped.
struct Decoder(Option<Dav1dContext>);

/// Data that is given back when it is dropped.
struct Data(Dav1dData);

/// A picture that is given back when it is dropped.
struct Picture(Dav1dPicture);

/// Decodes the first picture shown in `request.data`.
pub(super) fn decode(request: &Request<'_>) -> Result<Frame, Fail> {
    let decoder = Decoder::open(request)?;
    let mut data = Data::new(request.data)?;
    // A picture may be there before all data is taken; at the end, the decoder is asked once more than it takes data.
    for _ in 0..MOST_CALLS {
        let is_taken = data.0.sz == 0;
        if !is_taken {
            decoder.send(&mut data)?;
        }
        match decoder.picture()? {
            Some(picture) => return picture.frame(),
            None if is_taken => return Err(Fail::NoPicture),
            None => {}
        }
    }
    Err(Fail::Damaged)
}

impl Decoder {
    /// One thread, so that everything happens within the calls.
    fn open(request: &Request<'_>) -> Result<Self, Fail> {
        let mut settings = std::mem::MaybeUninit::<Dav1dSettings>::uninit();
        let place = NonNull::new(settings.as_mut_ptr()).ok_or(Fail::Decoder)?;
        // SAFETY: the place may be written to.
        unsafe { dav1d_default_settings(place) };
        // SAFETY: the call above has written all of it.
        let mut settings = unsafe { settings.assume_init() };
        settings.n_threads = 1;
        settings.max_frame_delay = 1;
        settings.all_layers = 0;
        settings.operating_point = i32::from(request.operating_point);
        settings.frame_size_limit = request.most;
        let mut decoder = Self(None);
        // SAFETY: the context may be written to; the settings may be read, once, which is their move into the library.
        let result = unsafe { dav1d_open(NonNull::new(&raw mut decoder.0), NonNull::new(&raw mut settings)) };
        match result {
            Dav1dResult(0) => Ok(decoder),
            _ => Err(Fail::Decoder),
        }
    }

    /// Gives the decoder what it takes.
    fn send(&self, data: &mut Data) -> Result<(), Fail> {
        let before = data.0.sz;
        // SAFETY: the context is open; the data may be read and written.
        let Dav1dResult(result) = unsafe { dav1d_send_data(self.0, NonNull::new(&raw mut data.0)) };
        // "Again" with nothing taken means that pictures must be fetched first.
        match result {
            0 => Ok(()),
            again if again == AGAIN && data.0.sz <= before => Ok(()),
            _ => Err(Fail::Damaged),
        }
    }

    /// The next picture; `None` where more data is needed.
    fn picture(&self) -> Result<Option<Picture>, Fail> {
        let mut picture = Picture(Dav1dPicture::default());
        // SAFETY: the context is open; the picture may be written to.
        let Dav1dResult(result) = unsafe { dav1d_get_picture(self.0, NonNull::new(&raw mut picture.0)) };
        match result {
            0 => Ok(Some(picture)),
            AGAIN => Ok(None),
            _ => Err(Fail::Damaged),
        }
    }
}

/// EAGAIN, as the library returns it.
const AGAIN: i32 = -11;
/// More calls than a picture needs: each takes a unit of data, or shows a picture.
const MOST_CALLS: usize = 10_000;

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: the context comes from `dav1d_open` and is closed here only; the call leaves `None`.
        unsafe { dav1d_close(NonNull::new(&raw mut self.0)) };
    }
}

impl Data {
    fn new(bytes: &[u8]) -> Result<Self, Fail> {
        let mut data = Self(Dav1dData::default());
        // SAFETY: the data may be written to.
        let to = unsafe { dav1d_data_create(NonNull::new(&raw mut data.0), bytes.len()) };
        if to.is_null() {
            return Err(Fail::Decoder);
        }
        // SAFETY: the call above has allocated as many bytes at `to`, which nobody else uses yet.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        Ok(data)
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // SAFETY: the data may be read and written; the call leaves it empty.
        unsafe { dav1d_data_unref(NonNull::new(&raw mut self.0)) };
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: the picture may be read and written; the call leaves it empty.
        unsafe { dav1d_picture_unref(NonNull::new(&raw mut self.0)) };
    }
}

impl Picture {
    fn frame(&self) -> Result<Frame, Fail> {
        let picture = &self.0;
        let side = |side: i32| usize::try_from(side).ok().filter(|&side| side > 0).ok_or(Fail::Decoder);
        let size = (side(picture.p.w)?, side(picture.p.h)?);
        let is_halved = match picture.p.layout {
            DAV1D_PIXEL_LAYOUT_I420 => (true, true),
            DAV1D_PIXEL_LAYOUT_I422 => (true, false),
            DAV1D_PIXEL_LAYOUT_I400 | DAV1D_PIXEL_LAYOUT_I444 => (false, false),
            _ => return Err(Fail::Decoder),
        };
        let chroma = match picture.p.layout {
            DAV1D_PIXEL_LAYOUT_I400 => (0, 0),
            _ => (halved(size.0, is_halved.0), halved(size.1, is_halved.1)),
        };
        let header = picture.seq_hdr.ok_or(Fail::Decoder)?;
        // SAFETY: the picture keeps the header of its sequence for as long as it lives.
        let header = unsafe { header.as_ref() };
        let samples = |index: usize, size| self.samples(index, size);
        Ok(Frame {
            size,
            depth: u8::try_from(picture.p.bpc).map_err(|_| Fail::Decoder)?,
            is_halved,
            is_on_luma: match header.chr {
                DAV1D_CHR_COLOCATED => (true, true),
                DAV1D_CHR_VERTICAL => (true, false),
                _ => (false, false),
            },
            matrix: u16::try_from(header.mtrx).map_err(|_| Fail::Decoder)?,
            is_full: header.color_range != 0,
            planes: [samples(0, size)?, samples(1, chroma)?, samples(2, chroma)?],
        })
    }

    /// The samples of a plane, without what the library keeps beside its rows.
    fn samples(&self, plane: usize, (width, height): (usize, usize)) -> Result<Samples, Fail> {
        if width == 0 {
            return Ok(Samples::new());
        }
        let start = self.0.data[plane].ok_or(Fail::Decoder)?.cast::<u8>();
        let stride = self.0.stride[plane.min(1)];
        let bytes = width * if self.0.p.bpc == 8 { 1 } else { 2 };
        if stride.unsigned_abs() < bytes {
            return Err(Fail::Decoder);
        }
        let mut samples = Samples::with_capacity(width * height);
        for y in 0..height {
            let offset = isize::try_from(y).ok().and_then(|y| y.checked_mul(stride)).ok_or(Fail::Decoder)?;
            // SAFETY: row `y` of the plane begins there and has at least as many bytes; nobody writes to it any more,
            // since the decoder has no other thread.
            let row = unsafe { std::slice::from_raw_parts(start.as_ptr().offset(offset), bytes) };
            match self.0.p.bpc {
                8 => samples.extend(row.iter().map(|&v| u16::from(v))),
                _ => samples.extend(row.as_chunks().0.iter().map(|&v| u16::from_ne_bytes(v))),
            }
        }
        Ok(samples)
    }
}

fn halved(side: usize, is_halved: bool) -> usize {
    if is_halved { side.div_ceil(2) } else { side }
}

//! Why a HEIF file does not become a picture.

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The file is broken, or uses what is not read.
    Broken(&'static str),
    /// A decoder refused the data, in its words.
    Codec(String),
    /// Pictures to be shown one after another.
    Sequence {
        /// How many there are.
        frames: u32,
    },
    /// The pictures are coded with something else than HEVC and AV1.
    OtherCodec,
}

impl From<heifer_isobmff::Error> for Fault {
    fn from(error: heifer_isobmff::Error) -> Self {
        Self::Codec(error.to_string())
    }
}

impl From<heifer_hevc_dec::Error> for Fault {
    fn from(error: heifer_hevc_dec::Error) -> Self {
        Self::Codec(error.to_string())
    }
}

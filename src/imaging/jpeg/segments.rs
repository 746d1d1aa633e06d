//! The segments of a JPEG, in the order of the file.

/// Markers (T.81, table B.1).
pub(super) mod marker {
    pub(in super::super) const BASELINE: u8 = 0xc0;
    pub(in super::super) const EXTENDED: u8 = 0xc1;
    pub(in super::super) const PROGRESSIVE: u8 = 0xc2;
    pub(in super::super) const LOSSLESS: u8 = 0xc3;
    pub(in super::super) const HUFFMAN: u8 = 0xc4;
    pub(in super::super) const FIRST_HIERARCHICAL: u8 = 0xc5;
    /// After the last hierarchical frame, 0xc7.
    pub(in super::super) const RESERVED: u8 = 0xc8;
    pub(in super::super) const FIRST_ARITHMETIC: u8 = 0xc9;
    pub(in super::super) const LAST_ARITHMETIC: u8 = 0xcf;
    pub(in super::super) const ARITHMETIC_CONDITIONING: u8 = 0xcc;
    pub(in super::super) const FIRST_RESTART: u8 = 0xd0;
    pub(in super::super) const LAST_RESTART: u8 = 0xd7;
    pub(in super::super) const BEGIN: [u8; 2] = [0xff, 0xd8];
    pub(in super::super) const BEGIN_AGAIN: u8 = 0xd8;
    pub(in super::super) const END: u8 = 0xd9;
    pub(in super::super) const SCAN: u8 = 0xda;
    pub(in super::super) const QUANTISATION: u8 = 0xdb;
    pub(in super::super) const RESTART_INTERVAL: u8 = 0xdd;
    pub(in super::super) const JFIF: u8 = 0xe0;
    pub(in super::super) const EXIF: u8 = 0xe1;
    pub(in super::super) const PROFILE: u8 = 0xe2;
    pub(in super::super) const ADOBE: u8 = 0xee;
    pub(in super::super) const FIRST_APPLICATION: u8 = 0xe0;
    pub(in super::super) const LAST_APPLICATION: u8 = 0xef;
    pub(in super::super) const COMMENT: u8 = 0xfe;
}

/// Reads bytes from their front.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|b| b[0])
    }

    /// The two halves of a byte, the upper one first.
    pub(super) fn halves(&mut self) -> Option<(u8, u8)> {
        self.byte().map(|b| (b >> 4, b & 15))
    }

    pub(super) fn word(&mut self) -> Option<u16> {
        self.take(2).map(|b| u16::from_be_bytes([b[0], b[1]]))
    }

    /// The segment of a marker, by its length.
    pub(super) fn segment(&mut self) -> Option<Reader<'a>> {
        let length = usize::from(self.word()?).checked_sub(2)?;
        self.take(length).map(Reader)
    }
}

/// One segment.
pub(super) struct Segment<'a> {
    /// The second byte of its marker.
    pub(super) kind: u8,
    pub(super) body: &'a [u8],
    /// The coded data after the header of a scan, with stuffing and restart markers; empty for other segments.
    pub(super) data: &'a [u8],
}

/// Walks over the segments up to the end of the picture, or of the file. Bytes between segments are skipped, as libjpeg
/// does.
pub(super) struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    /// The segments of `bytes`; `None` where they do not begin as a JPEG.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        bytes.starts_with(&marker::BEGIN).then_some(Self { bytes, at: 2 })
    }

    /// The offset of what comes next.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// The second byte of the next marker, and the offset after it.
    fn marker(&self) -> Option<(u8, usize)> {
        let mut at = self.at;
        loop {
            at += memchr::memchr(0xff, self.bytes.get(at..)?)?;
            while *self.bytes.get(at)? == 0xff {
                at += 1;
            }
            if self.bytes[at] != 0 {
                return Some((self.bytes[at], at + 1));
            }
        }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        /// Stands alone, and means nothing.
        const TEMPORARY: u8 = 0x01;
        loop {
            let (kind, after) = self.marker()?;
            match kind {
                marker::END => return None,
                TEMPORARY | marker::BEGIN_AGAIN | marker::FIRST_RESTART..=marker::LAST_RESTART => self.at = after,
                _ => {
                    let mut rest = Reader(&self.bytes[after..]);
                    let body = rest.segment()?.0;
                    self.at = self.bytes.len() - rest.0.len();
                    let data = if kind == marker::SCAN { coded(rest.0) } else { &[] };
                    self.at += data.len();
                    return Some(Segment { kind, body, data });
                }
            }
        }
    }
}

/// The coded data at the front of `bytes`: up to the first marker that does not belong to it.
fn coded(bytes: &[u8]) -> &[u8] {
    let mut at = 0;
    while let Some(next) = memchr::memchr(0xff, &bytes[at..]) {
        at += next;
        match bytes.get(at + 1) {
            Some(0 | marker::FIRST_RESTART..=marker::LAST_RESTART) => at += 2,
            Some(0xff) => at += 1,
            _ => return &bytes[..at],
        }
    }
    bytes
}

//! Huffman code words (T.81, annexes C and F.2.2).

/// Bits of the lookup table for one code word; longer words are rare.
const SHORT: u32 = 10;
/// Bits of the lookup table for several words with their values.
const SEVERAL: u32 = 12;

/// A table of code words.
#[derive(Clone)]
pub(super) struct Table {
    /// Words by the next [`SHORT`] bits.
    short: Box<[Word; 1 << SHORT]>,
    /// For each length, one past its last code, left-aligned in 16 bits, and the offset from a code to its place in
    /// `values`.
    ends: [u32; 17],
    offsets: [i32; 17],
    values: Vec<u8>,
}

/// A code word and the value after it, 27 bits at most together.
#[derive(Clone, Copy, Default)]
#[repr(align(4))]
pub(super) struct Word {
    /// Bits of the code word; 0 where the bits begin no word, or a long one.
    pub(super) code: u8,
    /// Bits of the value that follows it.
    pub(super) size: u8,
    /// Bits of both.
    pub(super) both: u8,
    /// Frequencies to advance past this value; [`END`] where the block ends.
    pub(super) advance: u8,
}

/// The advance at the end of a block: more than the values of a block.
pub(super) const END: u8 = 128;
/// Bits of the largest difference between two means, at eight bits per pixel.
pub(super) const MAX_SIZE: u8 = 11;
/// The symbol of sixteen zeros.
const ZEROS: u8 = 0xf0;

impl Word {
    /// The word of a symbol: the number of zeros before the value, and the value's size. `None` for an undefined
    /// symbol.
    fn of(code: u8, symbol: u8) -> Option<Self> {
        let (zeros, size) = (symbol >> 4, symbol & 15);
        let advance = if symbol == 0 { END } else { zeros + 1 };
        let is_known = if size == 0 { matches!(symbol, 0 | ZEROS) } else { size <= MAX_SIZE };
        is_known.then_some(Self { code, size, both: code + size, advance })
    }
}

/// The whole code words with values in the next [`SEVERAL`] bits.
pub(super) struct Runs(Box<[Run; 1 << SEVERAL]>);

/// Consecutive words of one block with their values.
#[derive(Clone, Copy, Default)]
#[repr(align(4))]
pub(super) struct Run {
    /// Bits of all of them; 0 where not even one word is whole.
    pub(super) bits: u8,
    /// Frequencies to advance past them.
    pub(super) advance: u8,
    /// Whether the block ends after them.
    pub(super) is_end: bool,
}

impl Runs {
    /// The runs of the words of `table`.
    pub(super) fn new(table: &Table) -> Self {
        let run = |bits: usize| {
            let (mut run, bits) = (Run::default(), (bits as u16) << (16 - SEVERAL));
            while let Some(word) = table.word(bits << run.bits).filter(|w| u32::from(run.bits + w.both) <= SEVERAL) {
                run.bits += word.both;
                if word.advance == END {
                    run.is_end = true;
                    break;
                }
                run.advance += word.advance;
            }
            run
        };
        let mut runs = Box::new([Run::default(); 1 << SEVERAL]);
        for (bits, place) in runs.iter_mut().enumerate() {
            *place = run(bits);
        }
        Self(runs)
    }

    /// The words that begin these 16 bits.
    #[inline(always)]
    pub(super) fn run(&self, bits: u16) -> Run {
        self.0[usize::from(bits >> (16 - SEVERAL))]
    }
}

impl Table {
    /// The table from the number of codes of each length, 1 to 16, and their values; `None` where there are too many
    /// codes, or an undefined symbol.
    pub(super) fn new(lengths: &[u8; 16], values: &[u8]) -> Option<Self> {
        let mut table = Self {
            short: Box::new([Word::default(); 1 << SHORT]),
            ends: [0; 17],
            offsets: [0; 17],
            values: values.to_vec(),
        };
        let (mut code, mut at) = (0u32, 0u16);
        for (length, &n) in (1u32..).zip(lengths) {
            table.offsets[length as usize] = i32::from(at) - code.cast_signed();
            for &value in values.get(usize::from(at)..)?.get(..usize::from(n))? {
                let word = Word::of(length as u8, value).filter(|_| code >> length == 0)?;
                if length <= SHORT {
                    let first = (code as usize) << (SHORT - length);
                    table.short[first..first + (1 << (SHORT - length))].fill(word);
                }
                code += 1;
            }
            at += u16::from(n);
            table.ends[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Some(table)
    }

    /// The code word that begins these 16 bits.
    #[inline(always)]
    pub(super) fn word(&self, bits: u16) -> Option<Word> {
        let word = self.short[usize::from(bits >> (16 - SHORT))];
        if word.code > 0 { Some(word) } else { self.long(bits) }
    }

    #[cold]
    #[inline(never)]
    fn long(&self, bits: u16) -> Option<Word> {
        let length = (SHORT + 1..=16).find(|&n| u32::from(bits) < self.ends[n as usize])?;
        let place = i32::from(bits >> (16 - length)) + self.offsets[length as usize];
        let value = *self.values.get(usize::try_from(place).ok()?)?;
        Word::of(length as u8, value)
    }
}

/// The bits of a scan between two restarts.
pub(super) struct Bits<'a> {
    /// The scan without stuffing, followed by [`BEHIND`] zeros.
    bytes: &'a [u8],
    /// The place of the next byte.
    at: usize,
    /// Bits read from `bytes`, the next one first, and their count.
    held: u64,
    count: u32,
}

/// Bytes of padding after those of a scan.
pub(super) const BEHIND: usize = 8;

impl<'a> Bits<'a> {
    /// The bits of `bytes`, whose last [`BEHIND`] bytes are padding.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, held: 0, count: 0 }
    }

    /// Holds at least 56 bits; past the end they are zeros.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        let next = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>());
        self.held |= next.map_or(0, |next| u64::from_be_bytes(*next)) >> self.count;
        let bytes = (63 - self.count) >> 3;
        self.at += bytes as usize;
        self.count += 8 * bytes;
    }

    /// Holds at least 32 bits.
    #[inline(always)]
    pub(super) fn ensure(&mut self) {
        if self.count < 32 {
            self.refill();
        }
    }

    /// The next `n` of the bits held, 16 at most.
    #[inline(always)]
    pub(super) fn bits(&mut self, n: u32) -> u32 {
        let raw = (self.held >> 1 >> (63 - n)) as u32;
        self.skip(n);
        raw
    }

    /// The next 16 of the bits held.
    #[inline(always)]
    pub(super) fn peek(&self) -> u16 {
        (self.held >> 48) as u16
    }

    /// Skips `n` of the bits held.
    #[inline(always)]
    pub(super) fn skip(&mut self, n: u32) {
        self.held <<= n;
        self.count -= n;
    }

    /// A value of `size` bits, at most 16. Numbers in the upper half of the range stand for themselves, numbers in
    /// the lower half for negative values (T.81, F.2.2.1).
    #[inline(always)]
    pub(super) fn value(&mut self, size: u32) -> i32 {
        let raw = (self.held >> 1 >> (63 - size)) as i32;
        self.skip(size);
        // A size of zero gives zero.
        if 2 * raw < 1 << size { raw + 1 - (1 << size) } else { raw }
    }

    /// Whether the bits read so far lie before the padding.
    pub(super) fn is_within(&self) -> bool {
        8 * self.at <= 8 * (self.bytes.len() - BEHIND) + self.count as usize
    }

    /// Whole bytes before the padding that have not been read.
    pub(super) fn left(&self) -> usize {
        (8 * (self.bytes.len() - BEHIND) + self.count as usize).saturating_sub(8 * self.at) / 8
    }
}

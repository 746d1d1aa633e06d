//! Code words: T.81, annexes C and F.2.2.

/// So many bits of a code word are looked up at once; longer ones are rare.
const SHORT: u32 = 10;
/// So many bits of several words with their values are.
const SEVERAL: u32 = 12;

/// A table of code words.
#[derive(Clone)]
pub(super) struct Table {
    /// By the next [`SHORT`] bits.
    short: Box<[Word; 1 << SHORT]>,
    /// Of each length: one behind its last code, left-aligned in 16 bits, and what to add to a code for its place among the
    /// values.
    ends: [u32; 17],
    offsets: [i32; 17],
    values: Vec<u8>,
}

/// A code word and the value behind it: 27 bits at most.
#[derive(Clone, Copy, Default)]
#[repr(align(4))]
pub(super) struct Word {
    /// Bits of the code word; 0: it is none, or a long one.
    pub(super) code: u8,
    /// Bits of the value that follows it.
    pub(super) size: u8,
    /// Bits of both.
    pub(super) both: u8,
    /// Frequencies from the last one to the one behind this: [`END`] where the block ends.
    pub(super) advance: u8,
}

/// More than a block has.
pub(super) const END: u8 = 128;
/// The bits of the largest difference between two means of eight bits a pixel.
pub(super) const MAX_SIZE: u8 = 11;
/// Sixteen zeros.
const ZEROS: u8 = 0xf0;

impl Word {
    /// What a symbol stands for: how many zeros come first, and the size of a value. `None` where it stands for nothing.
    fn of(code: u8, symbol: u8) -> Option<Self> {
        let (zeros, size) = (symbol >> 4, symbol & 15);
        let advance = if symbol == 0 { END } else { zeros + 1 };
        let is_known = if size == 0 { matches!(symbol, 0 | ZEROS) } else { size <= MAX_SIZE };
        is_known.then_some(Self { code, size, both: code + size, advance })
    }
}

/// Code words with their values, by the next [`SEVERAL`] bits: as many as lie in them whole.
pub(super) struct Runs(Box<[Run; 1 << SEVERAL]>);

/// Some words of one block with their values.
#[derive(Clone, Copy, Default)]
#[repr(align(4))]
pub(super) struct Run {
    /// Bits of them all; 0: not even one word is whole.
    pub(super) bits: u8,
    /// Frequencies that they go over.
    pub(super) advance: u8,
    /// Whether the block ends behind them.
    pub(super) is_end: bool,
}

impl Runs {
    /// Of the words of `table`.
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
    /// From how many codes there are of each length, 1 to 16, and their values; `None` where those are too many, or mean
    /// nothing.
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
    /// Without stuffing; zeros follow.
    bytes: &'a [u8],
    /// The next byte.
    at: usize,
    /// Bits that are read, the next one first, and how many.
    held: u64,
    count: u32,
}

/// So many bytes must stand behind those of a scan.
pub(super) const BEHIND: usize = 8;

impl<'a> Bits<'a> {
    /// Of `bytes`, whose last [`BEHIND`] do not count.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, held: 0, count: 0 }
    }

    /// Holds 56 bits at least. Behind the end they are zeros.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        let next = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>());
        self.held |= next.map_or(0, |next| u64::from_be_bytes(*next)) >> self.count;
        let bytes = (63 - self.count) >> 3;
        self.at += bytes as usize;
        self.count += 8 * bytes;
    }

    /// The next 16 bits, of those that are held.
    #[inline(always)]
    pub(super) fn peek(&self) -> u16 {
        (self.held >> 48) as u16
    }

    /// Leaves out so many bits, of those that are held.
    #[inline(always)]
    pub(super) fn skip(&mut self, n: u32) {
        self.held <<= n;
        self.count -= n;
    }

    /// A value of `size` bits, at most [`MAX_SIZE`]: the upper half of those numbers are themselves, the lower half negative.
    #[inline(always)]
    pub(super) fn value(&mut self, size: u32) -> i32 {
        let raw = (self.held >> 1 >> (63 - size)) as i32;
        self.skip(size);
        // With none at all neither half is taken from.
        if 2 * raw < 1 << size { raw + 1 - (1 << size) } else { raw }
    }

    /// Whether no more was read than there is.
    pub(super) fn is_within(&self) -> bool {
        8 * self.at <= 8 * (self.bytes.len() - BEHIND) + self.count as usize
    }
}

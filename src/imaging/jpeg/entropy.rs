//! Blocks of values from code words: sequential (T.81, F.2.2) and progressive (G.2).

use super::codes::Codes;
use super::huffman::Bits;
use super::inverse::PLACES;

/// Reads a block of sequential mode into `values`, dequantised and in rows; all of them are zero before. Returns the
/// number of values, from the first, that may differ from zero.
#[inline(always)]
pub(super) fn sequential(
    bits: &mut Bits<'_>,
    (means, others): (&Codes, &Codes),
    steps: &[u16; 64],
    mean: &mut i32,
    values: &mut [i32; 64],
) -> Option<usize> {
    *mean = mean.wrapping_add(difference(bits, means)?);
    values[0] = mean.wrapping_mul(steps[0].into());
    let (mut at, mut end) = (1, 1);
    while at < 64 {
        bits.ensure();
        let known = others.valued(bits.peek());
        let value = if known.bits > 0 {
            bits.skip(known.bits.into());
            at += usize::from(known.zeros);
            known.value.into()
        } else {
            let symbol = others.symbol(bits)?;
            let (zeros, size) = (symbol >> 4, symbol & 15);
            if size == 0 {
                if zeros < 15 {
                    break;
                }
                at += 16;
                continue;
            }
            at += usize::from(zeros);
            bits.value(size.into())
        };
        let step = i32::from(*steps.get(at)?);
        values[usize::from(PLACES[at]) & 63] = value * step;
        at += 1;
        end = at;
    }
    Some(end)
}

/// The difference of a block's mean from that of the block before.
#[inline(always)]
fn difference(bits: &mut Bits<'_>, means: &Codes) -> Option<i32> {
    bits.ensure();
    let size = means.symbol(bits)?;
    (size <= 15).then(|| bits.value(size.into()))
}

/// What a progressive scan adds to the values of its blocks.
#[derive(Clone, Copy)]
pub(super) struct Band {
    /// The first and the last value, in the order of the file.
    pub(super) first: usize,
    pub(super) last: usize,
    /// Whether the scan adds a bit to values read before.
    pub(super) refines: bool,
    /// The place of the lowest bit that it adds.
    pub(super) low: u32,
}

impl Band {
    /// Reads what the scan says of one block. `mean` is that of the block before, `blanks` the number of further blocks
    /// without new values.
    #[inline(always)]
    pub(super) fn read(
        self,
        bits: &mut Bits<'_>,
        codes: &Codes,
        mean: &mut i32,
        blanks: &mut u32,
        block: &mut [i16],
    ) -> Option<()> {
        match (self.first, self.refines) {
            (0, false) => {
                *mean = mean.wrapping_add(difference(bits, codes)?);
                *block.first_mut()? = (*mean << self.low) as i16;
                Some(())
            }
            (0, true) => {
                bits.ensure();
                *block.first_mut()? |= (bits.bits(1) << self.low) as i16;
                Some(())
            }
            (_, false) => self.begin(bits, codes, blanks, block),
            (_, true) => self.refine(bits, codes, blanks, block),
        }
    }

    #[inline(always)]
    fn begin(self, bits: &mut Bits<'_>, codes: &Codes, blanks: &mut u32, block: &mut [i16]) -> Option<()> {
        if *blanks > 0 {
            *blanks -= 1;
            return Some(());
        }
        let mut at = self.first;
        while at <= self.last {
            bits.ensure();
            let symbol = codes.symbol(bits)?;
            let (zeros, size) = (symbol >> 4, symbol & 15);
            if size > 0 {
                at += usize::from(zeros);
                let value = bits.value(size.into());
                if at > self.last {
                    return None;
                }
                *block.get_mut(at)? = (value << self.low) as i16;
                at += 1;
            } else if zeros == 15 {
                at += 16;
            } else {
                // This block and the next ones have no further values.
                *blanks = (1 << zeros) + bits.bits(zeros.into()) - 1;
                break;
            }
        }
        Some(())
    }

    #[inline(always)]
    fn refine(self, bits: &mut Bits<'_>, codes: &Codes, blanks: &mut u32, block: &mut [i16]) -> Option<()> {
        let block = block.get_mut(..=self.last)?;
        let bit = 1i16 << self.low;
        // A value read before is corrected by one bit.
        let correct = |bits: &mut Bits<'_>, value: &mut i16| {
            bits.ensure();
            if bits.bits(1) == 1 && *value & bit == 0 {
                *value = value.wrapping_add(if *value > 0 { bit } else { -bit });
            }
        };
        let mut at = self.first;
        while *blanks == 0 && at <= self.last {
            bits.ensure();
            let symbol = codes.symbol(bits)?;
            let (mut zeros, size) = (symbol >> 4, symbol & 15);
            let mut new = 0;
            match size {
                0 if zeros < 15 => {
                    *blanks = (1 << zeros) + bits.bits(zeros.into());
                    break;
                }
                0 => {}
                1 => new = if bits.bits(1) == 1 { bit } else { -bit },
                _ => return None,
            }
            while let Some(value) = block.get_mut(at) {
                if *value != 0 {
                    correct(bits, value);
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                at += 1;
            }
            if new != 0 {
                *block.get_mut(at)? = new;
            }
            at += 1;
        }
        if *blanks > 0 {
            block.iter_mut().skip(at).filter(|value| **value != 0).for_each(|value| correct(bits, value));
            *blanks -= 1;
        }
        Some(())
    }
}

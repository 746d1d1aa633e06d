//! The search index: the identities whose references' mean embedding (of unit length) has the greatest cosine with a
//! face.
//!
//! A row is a mean embedding less the mean of all faces, as contiguous integers of one byte; beside it stand two
//! numbers that turn a product with it into the cosine. All bytes of every row are read for every face, so a search is
//! bound by the memory's bandwidth.

use std::cmp::Ordering;
use std::ops::Range;
use std::panic::resume_unwind;

use super::{Population, SEARCHED};
use crate::simd::products;
use crate::template::{cosine, mean_direction};

/// Rows are padded to a multiple of this many values.
const MULTIPLE: usize = 64;
/// Rows multiplied at a time.
const BLOCK: usize = 256;
/// The least number of rows that is worth a thread.
const ROWS_PER_THREAD: usize = 1 << 16;
/// The largest value in a row and in a probe: their products sum within 32 bits.
const ROW_MAX: f32 = 127.0;
const PROBE_MAX: f32 = 4095.0;

/// Mean embeddings to search.
#[derive(Clone, Debug)]
pub struct Index {
    /// The mean embedding of the cohort. Vectors less this mean are shorter, so that rounding them loses less.
    middle: Vec<f32>,
    /// Values per row.
    pitch: usize,
    rows: Vec<i8>,
    scales: Vec<Scale>,
}

/// The numbers that turn a product into a cosine: `probe . middle + offset + step * product`.
#[derive(Clone, Copy, Debug)]
struct Scale {
    offset: f32,
    step: f32,
}

/// A row that is near to a probe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// The row's number.
    pub row: usize,
    /// The cosine of the row's direction with the probe, but for rounding.
    pub cosine: f32,
}

impl Neighbour {
    /// The nearest first; of equally near rows the one with the lower number.
    fn order(&self, other: &Self) -> Ordering {
        other.cosine.total_cmp(&self.cosine).then(self.row.cmp(&other.row))
    }
}

impl Index {
    /// An empty index of directions as long as the cohort's vectors.
    pub fn new(population: &Population) -> Self {
        let middle = mean_direction(population.cohort.iter().map(|c| c.get(SEARCHED)));
        let pitch = middle.len().next_multiple_of(MULTIPLE);
        Self { middle, pitch, rows: Vec::new(), scales: Vec::new() }
    }

    /// The number of values in a direction.
    pub fn width(&self) -> usize {
        self.middle.len()
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.scales.is_empty()
    }

    /// Adds a row with this direction, a unit vector. One of another length is never a neighbour.
    pub fn push(&mut self, direction: &[f32]) {
        self.rows.resize(self.rows.len() + self.pitch, 0);
        self.scales.push(Scale { offset: 0.0, step: 0.0 });
        self.set(self.len() - 1, direction);
    }

    /// Replaces a row; nothing where there is no such row.
    pub fn set(&mut self, row: usize, direction: &[f32]) {
        let (Some(into), Some(scale)) =
            (self.rows.chunks_exact_mut(self.pitch.max(1)).nth(row), self.scales.get_mut(row))
        else {
            return;
        };
        into.fill(0);
        *scale = Scale { offset: f32::NEG_INFINITY, step: 0.0 };
        if direction.len() == self.middle.len() {
            let beside = less(direction, &self.middle);
            let step = rounded(&beside, ROW_MAX, into, |v| v as i8);
            *scale = Scale { offset: cosine(&beside, &self.middle), step };
        }
    }

    /// Removes a row; the last row takes its place.
    pub fn swap_remove(&mut self, row: usize) {
        let Some(last) = self.len().checked_sub(1).filter(|last| row <= *last) else { return };
        self.scales.swap_remove(row);
        self.rows.copy_within(last * self.pitch.., row * self.pitch);
        self.rows.truncate(last * self.pitch);
    }

    /// The `count` rows that are nearest to a probe, a unit vector, the nearest first; none for one of another length.
    /// Large indexes are searched on several threads; the answer does not depend on their number.
    pub fn nearest(&self, probe: &[f32], count: usize) -> Vec<Neighbour> {
        let cores = std::thread::available_parallelism().map_or(1, Into::into);
        self.nearest_on((self.len() / ROWS_PER_THREAD).clamp(1, cores), probe, count)
    }

    fn nearest_on(&self, threads: usize, probe: &[f32], count: usize) -> Vec<Neighbour> {
        if probe.len() != self.middle.len() {
            return Vec::new();
        }
        let probe = Probe::new(probe, &self.middle, self.pitch);
        let share = self.len().div_ceil(threads.max(1)).max(1);
        let mut parts = (0..self.len()).step_by(share).map(|from| from..(from + share).min(self.len()));
        let own = parts.next().unwrap_or_default();
        let scan = |part: Range<usize>| self.scan(&probe, part, count);
        let mut found = std::thread::scope(|scope| {
            let others: Vec<_> = parts
                .map(|part| {
                    let thread = std::thread::Builder::new().name("search".into());
                    (part.clone(), thread.spawn_scoped(scope, || scan(part)))
                })
                .collect();
            let mut found = scan(own);
            for (part, other) in others {
                // A part for which no thread could be started is searched here.
                found.extend(match other {
                    Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                    Err(_) => scan(part),
                });
            }
            found
        });
        found.sort_unstable_by(Neighbour::order);
        found.truncate(count);
        found
    }

    /// The nearest of some rows, in no order.
    fn scan(&self, probe: &Probe, part: Range<usize>, count: usize) -> Vec<Neighbour> {
        let mut best = Best { count, floor: f32::NEG_INFINITY, kept: Vec::new() };
        let mut sums = [0i32; BLOCK];
        for from in part.clone().step_by(BLOCK) {
            let to = (from + BLOCK).min(part.end);
            let sums = &mut sums[..to - from];
            products(&self.rows[from * self.pitch..to * self.pitch], &probe.values, sums);
            for (i, (scale, sum)) in self.scales[from..to].iter().zip(sums).enumerate() {
                let cosine = probe.middle + scale.offset + scale.step * (probe.step * *sum as f32);
                best.offer(from + i, cosine);
            }
        }
        best.kept
    }
}

/// A face's vector in the form that rows are multiplied with.
struct Probe {
    /// Its product with the middle.
    middle: f32,
    values: Vec<i16>,
    step: f32,
}

impl Probe {
    fn new(vector: &[f32], middle: &[f32], pitch: usize) -> Self {
        let mut values = vec![0; pitch];
        let step = rounded(&less(vector, middle), PROBE_MAX, &mut values, |v| v as i16);
        Self { middle: cosine(vector, middle), values, step }
    }
}

fn less(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// Rounds `values` to integers up to `max`; returns the value of one step.
fn rounded<T>(values: &[f32], max: f32, into: &mut [T], cast: impl Fn(f32) -> T) -> f32 {
    let step = values.iter().fold(0.0f32, |m, v| m.max(v.abs())) / max;
    if step > 0.0 {
        for (into, v) in into.iter_mut().zip(values) {
            *into = cast((v / step).round());
        }
    }
    step
}

/// The nearest rows so far, and some that are no longer among them.
struct Best {
    count: usize,
    /// The cosine that a row must exceed: of equally near rows the earlier one is kept.
    floor: f32,
    kept: Vec<Neighbour>,
}

impl Best {
    fn offer(&mut self, row: usize, cosine: f32) {
        if cosine <= self.floor || self.count == 0 {
            return;
        }
        self.kept.push(Neighbour { row, cosine });
        if self.kept.len() >= 2 * self.count {
            let (_, last, _) = self.kept.select_nth_unstable_by(self.count - 1, Neighbour::order);
            self.floor = last.cosine;
            self.kept.truncate(self.count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::fixtures::{near, population};

    fn directions(people: u64) -> Vec<Vec<f32>> {
        let of = |p: u64| {
            let photographs: Vec<_> = (0..=p % 3).map(|i| near(p, i)).collect();
            mean_direction(photographs.iter().map(|t| t.embeddings.get(SEARCHED)))
        };
        (0..people).map(of).collect()
    }

    fn index(directions: &[Vec<f32>]) -> Index {
        let mut index = Index::new(&population());
        for direction in directions {
            index.push(direction);
        }
        index
    }

    fn probe(person: u64, photograph: u64) -> Vec<f32> {
        near(person, photograph).embeddings.get(SEARCHED).to_vec()
    }

    #[test]
    fn cosines_are_exact_but_for_rounding() {
        let directions = directions(40);
        let probe = probe(7, 99);
        let found = index(&directions).nearest(&probe, 40);
        assert_eq!(found.len(), 40);
        for n in &found {
            let exact = cosine(&directions[n.row], &probe);
            assert!((n.cosine - exact).abs() < 0.005, "{n:?} {exact}");
        }
        assert_eq!(found[0].row, 7);
    }

    #[test]
    fn the_nearest_of_many_are_found_on_any_number_of_threads() {
        // More rows than blocks, and not a multiple of anything.
        let directions = directions(1777);
        let index = index(&directions);
        for person in [0, 500, 1776] {
            let probe = probe(person, 50);
            let exact = |row: &usize| cosine(&directions[*row], &probe);
            let mut all: Vec<usize> = (0..directions.len()).collect();
            all.sort_by(|a, b| exact(b).total_cmp(&exact(a)));
            let one = index.nearest_on(1, &probe, 40);
            let rows: Vec<usize> = one.iter().map(|n| n.row).collect();
            assert!(all[..10].iter().all(|row| rows.contains(row)), "{rows:?}");
            for threads in 2..7 {
                assert_eq!(index.nearest_on(threads, &probe, 40), one, "{threads} threads");
            }
        }
    }

    #[test]
    fn equally_near_rows_come_in_their_order_on_any_number_of_threads() {
        let same = vec![directions(1).remove(0); 700];
        let index = index(&same);
        for threads in 1..5 {
            let found = index.nearest_on(threads, &probe(0, 5), 9);
            assert_eq!(found.iter().map(|n| n.row).collect::<Vec<_>>(), (0..9).collect::<Vec<_>>());
        }
    }

    #[test]
    fn rows_are_replaced_and_taken_out() {
        let directions = directions(5);
        let mut index = index(&directions);
        let first = |index: &Index, person| index.nearest(&probe(person, 9), 1)[0].row;
        index.swap_remove(1);
        assert_eq!((index.len(), first(&index, 4), first(&index, 3)), (4, 1, 3));
        index.set(0, &directions[1]);
        assert_eq!(first(&index, 1), 0);
        for _ in 0..9 {
            index.swap_remove(0);
        }
        assert!(index.is_empty() && index.nearest(&probe(1, 1), 3).is_empty());
    }

    #[test]
    fn directions_of_another_length_are_never_neighbours() {
        let mut index = index(&directions(3));
        index.set(1, &[1.0; 7]);
        index.push(&[]);
        let rows: Vec<usize> = index.nearest(&probe(1, 5), 9).iter().map(|n| n.row).collect();
        assert!(rows.len() == 2 && rows.contains(&0) && rows.contains(&2), "{rows:?}");
        assert!(index.nearest(&[1.0; 7], 3).is_empty());
    }
}

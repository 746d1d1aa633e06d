//! Extracts the templates of every picture of the draws, once under each degradation, on several threads.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Mutex;

use super::{Cache, CacheError, Degradation, Draw, Picture};
use crate::error_code::ErrorCode;
use crate::parallel;
use crate::service::{Analyser, ServiceError};
use crate::template::Template;

/// The faces of one picture, or the reason that there are none.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// Every face, the largest first; empty where none was found.
    Faces(Vec<Template>),
    /// The picture cannot be read or decoded; the code of the problem.
    Failed(String),
}

/// The faces of every picture, by path and degradation.
#[derive(Debug, Default)]
pub struct Extracted(HashMap<(String, String), Seen>);

impl Extracted {
    /// The faces of the picture at `path` under `how`; `None` where they were not extracted.
    pub fn get(&self, path: &str, how: Degradation) -> Option<&Seen> {
        self.0.get(&(path.to_owned(), how.to_string()))
    }

    /// Adds the faces of a picture.
    pub fn insert(&mut self, path: &str, how: Degradation, seen: Seen) {
        self.0.insert((path.to_owned(), how.to_string()), seen);
    }
}

/// Extracts the faces of these pictures ([`wanted`]); paths are relative to `folder`. `progress` gets the number of
/// pictures done, and of all pictures.
///
/// # Errors
/// When the cache cannot be written. A picture that cannot be read is [`Seen::Failed`].
pub fn extract(
    analyser: &Analyser,
    folder: &Path,
    wanted: &[(&str, Degradation)],
    threads: usize,
    cache: Option<Cache>,
    progress: &dyn Fn(usize, usize),
) -> Result<Extracted, CacheError> {
    let cache = cache.map(Mutex::new);
    let (mut extracted, mut done) = (Extracted::default(), 0);
    progress(0, wanted.len());
    let look = |(path, how): &(&str, Degradation)| look(analyser, &folder.join(path), *how, cache.as_ref());
    // One failed write is enough: the others would fail too.
    parallel::for_each(wanted, threads, look, |i, seen| {
        let (path, how) = wanted[i];
        extracted.insert(path, how, seen?);
        done += 1;
        progress(done, wanted.len());
        Ok::<_, CacheError>(())
    })?;
    Ok(extracted)
}

/// The pictures that a run reads, each once under each degradation, in the order of paths: the references of `draws`
/// and the strangers undegraded, the probes under each of `degradations`.
pub fn wanted<'a, T>(
    draws: &[Draw<'a, T>],
    strangers: &'a [Picture<T>],
    degradations: &[Degradation],
) -> Vec<(&'a str, Degradation)> {
    let names: Vec<String> = degradations.iter().map(Degradation::to_string).collect();
    let mut known = BTreeSet::new();
    let mut jobs: Vec<(&str, Degradation)> = strangers.iter().map(|p| (p.path.as_str(), Degradation::None)).collect();
    for draw in draws {
        let references = draw.references.iter().map(|r| (r.path.as_str(), "none", Degradation::None));
        let probes = draw
            .probes
            .iter()
            .flat_map(|(_, pictures)| pictures)
            .flat_map(|p| names.iter().zip(degradations).map(|(name, how)| (p.path.as_str(), name.as_str(), *how)));
        for (path, name, how) in references.chain(probes) {
            if known.insert((path, name.to_owned())) {
                jobs.push((path, how));
            }
        }
    }
    jobs.sort_by_key(|(path, _)| *path);
    jobs
}

fn look(analyser: &Analyser, file: &Path, how: Degradation, cache: Option<&Mutex<Cache>>) -> Result<Seen, CacheError> {
    let Ok(bytes) = std::fs::read(file) else { return Ok(Seen::Failed(ErrorCode::FileUnreadable.into())) };
    let key = Cache::key(&bytes, how);
    let known = cache.and_then(|c| c.lock().ok()?.get(&key));
    if let Some(seen) = known {
        return Ok(seen);
    }
    let analysed =
        how.apply(bytes, analyser.limits()).map_err(ServiceError::from).and_then(|b| analyser.analyse_completely(&b));
    let seen = match analysed {
        Ok(analysis) => Seen::Faces(analysis.into_templates()),
        Err(e) => Seen::Failed(e.code().into()),
    };
    if let Some(mut cache) = cache.and_then(|c| c.lock().ok()) {
        cache.put(key, &seen)?;
    }
    Ok(seen)
}

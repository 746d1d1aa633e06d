//! Figures of explanations: false alarms on genuine photographs, how well named departures tell fakes from genuine
//! photographs, and how often the named region is the forged one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::eval::statistics::{auc, mean, mean_interval};
use crate::eval::{Explained, Record};

/// The explanations under one degradation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExplanationRow {
    /// The degradation.
    pub degrade: String,
    /// Explanations of genuine photographs.
    pub genuine: usize,
    /// The share of them that name a departure beyond 3 standard deviations; mean over people.
    pub genuine_over_3: Option<f64>,
    /// The AUC of [`Explained::departure`], genuine photographs against fakes; mean over draws, then over people and
    /// methods.
    pub auc: Option<f64>,
    /// The smallest of any person and method.
    pub worst_auc: Option<f64>,
    /// Its person and set: `PERSON/SET`.
    pub worst: Option<String>,
    /// 95 % intervals by the bootstrap over people: `genuine_over_3` and `auc`.
    pub intervals: BTreeMap<String, [f64; 2]>,
    /// The mean over people by method, `other` among them.
    pub methods: BTreeMap<String, f64>,
    /// Named against forged regions.
    pub pointing: Pointing,
}

/// Named against forged regions, people and draws pooled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pointing {
    /// Explanations of fakes whose forged regions are known and not the whole face.
    pub known: usize,
    /// Of these, those that name a region of the face.
    pub named: usize,
    /// Of these, those whose strongest named region was forged.
    pub right: usize,
    /// By what was forged (`eyes`, `eyes+nose`, …): how often each region was the strongest named, `nowhere` for none.
    pub regions: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Pointing {
    /// The share whose strongest named region was forged, of the explanations that name one.
    pub fn right_of_named(&self) -> Option<f64> {
        (self.named > 0).then(|| self.right as f64 / self.named as f64)
    }

    /// The share whose strongest named region was forged, of all explanations.
    pub fn right_of_all(&self) -> Option<f64> {
        (self.known > 0).then(|| self.right as f64 / self.known as f64)
    }

    fn of(records: &[(&Record, &Explained)]) -> Self {
        let mut it = Self::default();
        for (record, explained) in records {
            let Some(forged) = record.forged.as_ref().filter(|_| record.kind() == "fake") else { continue };
            let points = explained.points_to(forged);
            it.known += 1;
            it.named += usize::from(points.is_some());
            it.right += usize::from(points == Some(true));
            let named = explained.region.clone().unwrap_or_else(|| "nowhere".into());
            *it.regions.entry(forged.join("+")).or_default().entry(named).or_default() += 1;
        }
        it
    }
}

/// A departure beyond this is a strong claim, in standard deviations.
const STRONG: f64 = 3.0;

/// A row per degradation; none where nothing was explained.
pub(super) fn rows(degrade: &[String], records: &[Record]) -> Vec<ExplanationRow> {
    degrade.iter().filter_map(|how| row(how, records)).collect()
}

/// Records of one person and set.
type Sets<'a> = BTreeMap<(&'a str, &'a str), Vec<(&'a Record, &'a Explained)>>;

fn row(how: &str, records: &[Record]) -> Option<ExplanationRow> {
    let explained = |r| -> Option<(&Record, &Explained)> { Some((r, r.explained.as_ref()?)) };
    let here: Vec<_> = records.iter().filter(|r| r.degrade == how).filter_map(explained).collect();
    if here.is_empty() {
        return None;
    }
    let mut sets = Sets::new();
    for (record, explained) in &here {
        sets.entry((&record.identity, &record.set)).or_default().push((record, explained));
    }
    let genuine: BTreeMap<&str, f64> = sets.iter().filter(|((_, set), _)| *set == "real").map(strong).collect();
    let aucs: Vec<(&str, &str, f64)> = sets
        .keys()
        .filter(|(_, set)| *set != "real")
        .filter_map(|&(who, set)| Some((who, set, ranking(&sets, who, set)?)))
        .collect();
    let fakes: Vec<_> = aucs.iter().copied().filter(|(_, set, _)| set.starts_with("fake:")).collect();
    let methods: BTreeSet<&str> = aucs.iter().map(|(_, set, _)| *set).collect();
    let of = |set: &str| mean(&aucs.iter().filter(|a| a.1 == set).map(|a| a.2).collect::<Vec<f64>>());
    let worst = fakes.iter().min_by(|a, b| a.2.total_cmp(&b.2));
    let people: BTreeSet<&str> = fakes.iter().map(|f| f.0).collect();
    let by_person = people.iter().map(|p| fakes.iter().filter(|f| f.0 == *p).map(|f| f.2).collect());
    let intervals = [
        ("genuine_over_3", mean_interval(&genuine.values().map(|v| vec![*v]).collect::<Vec<_>>())),
        ("auc", mean_interval(&by_person.collect::<Vec<Vec<f64>>>())),
    ];
    Some(ExplanationRow {
        degrade: how.into(),
        genuine: here.iter().filter(|(r, _)| r.kind() == "real").count(),
        genuine_over_3: mean(&genuine.into_values().collect::<Vec<f64>>()),
        auc: mean(&fakes.iter().map(|f| f.2).collect::<Vec<f64>>()),
        worst_auc: worst.map(|w| w.2),
        worst: worst.map(|(who, set, _)| format!("{who}/{set}")),
        intervals: intervals.into_iter().filter_map(|(name, i)| Some((name.to_owned(), i?))).collect(),
        methods: methods.into_iter().filter_map(|set| Some((set.to_owned(), of(set)?))).collect(),
        pointing: Pointing::of(&here),
    })
}

/// A person, and the share of the set's explanations with a strong claim.
fn strong<'a>((&(who, _), set): (&(&'a str, &'a str), &Vec<(&Record, &Explained)>)) -> (&'a str, f64) {
    let strong = set.iter().filter(|(_, e)| e.farthest > STRONG).count();
    (who, strong as f64 / set.len().max(1) as f64)
}

/// The AUC of the person's genuine photographs against a set, mean over the draws; the less is named, the more genuine.
fn ranking(sets: &Sets, who: &str, set: &str) -> Option<f64> {
    let (genuine, fakes) = (sets.get(&(who, "real"))?, sets.get(&(who, set))?);
    let scores = |records: &[(&Record, &Explained)], seed: u64| -> Vec<f64> {
        records.iter().filter(|(r, _)| r.seed == seed).map(|(_, e)| -e.departure).collect()
    };
    let seeds: BTreeSet<u64> = fakes.iter().map(|(r, _)| r.seed).collect();
    let by_seed = seeds.into_iter().filter_map(|s| auc(&scores(genuine, s), &scores(fakes, s)));
    mean(&by_seed.collect::<Vec<f64>>())
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "figures that are exact are compared exactly")]
mod tests {
    use super::*;

    fn record(who: &str, set: &str, departure: f64, region: Option<&str>, forged: &[&str]) -> Record {
        let farthest = if departure > 0.0 { departure + 2.0 } else { 0.0 };
        Record {
            identity: who.into(),
            degrade: "none".into(),
            set: set.into(),
            explained: Some(Explained {
                departing: usize::from(departure > 0.0),
                farthest,
                departure,
                region: region.map(Into::into),
            }),
            forged: (!forged.is_empty()).then(|| forged.iter().map(|r| (*r).to_owned()).collect()),
            ..Record::default()
        }
    }

    #[test]
    fn people_and_methods_count_alike_and_pointing_is_counted() {
        let mut records = vec![
            record("a", "real", 0.0, None, &[]),
            record("a", "real", 0.5, None, &[]),
            record("a", "real", 1.5, Some("nose"), &[]),
            record("a", "real", 0.0, None, &[]),
            record("b", "real", 0.0, None, &[]),
            record("a", "fake:partial", 2.0, Some("eyes"), &["eyes", "nose"]),
            record("a", "fake:partial", 2.0, Some("skin"), &["mouth"]),
            record("a", "fake:partial", 2.0, None, &["mouth"]),
            record("a", "fake:swap", 1.0, Some("mouth"), &[]),
            record("b", "fake:swap", 0.0, None, &[]),
            record("b", "other", 9.0, None, &[]),
        ];
        records.push(Record { degrade: "jpeg50".into(), ..record("a", "real", 0.0, None, &[]) });
        // Without a face there is no explanation.
        records.push(Record { explained: None, ..record("b", "real", 9.0, None, &[]) });
        let rows = rows(&["none".into(), "jpeg50".into(), "blur1".into()], &records);
        assert_eq!(rows.iter().map(|r| r.degrade.as_str()).collect::<Vec<_>>(), ["none", "jpeg50"]);
        let row = &rows[0];
        // One of four photographs of a, none of b.
        assert_eq!((row.genuine, row.genuine_over_3), (5, Some(0.125)));
        // a: 1 against partial, three of four pairs against the swap; b: a tie.
        assert_eq!(row.auc, Some((1.0 + 0.75 + 0.5) / 3.0));
        assert_eq!((row.worst_auc, row.worst.as_deref()), (Some(0.5), Some("b/fake:swap")));
        assert_eq!((row.methods["fake:swap"], row.methods["other"]), (0.625, 1.0));
        let p = &row.pointing;
        assert_eq!((p.known, p.named, p.right), (3, 2, 1));
        assert_eq!((p.right_of_named(), p.right_of_all()), (Some(0.5), Some(1.0 / 3.0)));
        assert_eq!(p.regions["mouth"], [("nowhere".into(), 1), ("skin".into(), 1)].into());
        assert_eq!(rows[1].pointing.right_of_named(), None);
    }
}

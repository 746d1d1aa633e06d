#!/usr/bin/env python3
"""Fits `models/population.toml` and `models/fusion.toml` on the training split.

    faceward train extract TRAIN --out train.jsonl        # genuine photographs, a folder a person
    python -m forge … --wear 0, --wear 1                  # forgeries of them, clean and worn (see README.md)
    faceward train extract CLEAN --out clean.jsonl
    faceward train extract WORN --out worn.jsonl
    python3 training/fit.py --train train.jsonl --clean clean.jsonl --worn worn.jsonl --faceward target/release/faceward

Five steps, each a function below: the priors of the population; the effect of conditions (pose, size, blur, occlusion) on a
genuine photograph; the likeness logit (one person or another); the fusion (genuine or manipulated); what traces of
manipulation and parts of the face add to it, and the thresholds. The last four read what `faceward train evidence` writes,
so the coefficients are fitted to exactly what the service measures: references are clean, probes both clean and worn.
Weights are never negative. Every printed figure and every threshold is taken on people held out in turn. Needs numpy.
"""
from __future__ import annotations

import argparse
import collections
import hashlib
import json
import pathlib
import re
import subprocess
import tempfile
import tomllib

import numpy as np

NAMES = ("embedding_a", "embedding_b", "embedding_c")
#: The score is calibrated against these: forgeries that change the person, wholly or by half.
SETS = ("fake:swap-source", "fake:swap-target", "fake:morph")
#: Measured and not fitted: these leave most or all of the face the person's own.
MEASURED = ("fake:drift", "fake:partial", "fake:self-blend", "fake:resynth")
#: The weights of traces are fitted on forgeries with a seam and on redrawn faces.
TRACED = (*SETS, "fake:partial", "fake:resynth")
TRACES = ("blending", "synthesis")
#: The weights of the image encoder's traces, for swapped and for generated faces. Not fitted: its probes have seen the
#: forgeries of the fit (docs/model-card.md).
ENCODER_WEIGHTS = [1.6, 0.6]
#: The map of the score, slope and offset on the scale of natural log odds. Not fitted here: home-made forgeries are told more
#: surely than those of methods that nothing was fitted to (docs/model-card.md).
SCORE_MAP = (1.3, 0.75)
#: The embeddings' weights relative to each other. They are not fitted separately: weights fitted on home-made forgeries do
#: not transfer to other methods (README.md has figures).
SHARES = (0.5, 1.0, 1.0)
#: The embeddings that tell people apart: B and C. Beside them A lets more strangers pass.
IDENTIFYING = [1, 2]
#: The share of the fitted weights of traces and parts that is used. On methods other than ours the full weights cost more
#: than they gain (README.md has figures), as weights fitted on home-made forgeries do.
TRUST = 0.25
#: The forensic network was trained on the other people (forensics/pool.py), so its output on them is no evidence.
FOLDS, UNSEEN_BY_FORENSICS = 5, (0, 1, 2)
#: As in src/identity/conditions.rs.
CONDITIONS = 6
MOST_LOWERED, MOST_RAISED = -2.5, 0.5
TARGET_FNMR = 0.01
#: For clean and worn photographs together, worn as hard as uploads get; clean ones are called fake half as often.
TARGET_GENUINE_CALLED_FAKE = 0.035
TARGET_GENUINE_UNDECIDED = 0.063
#: As in src/verdict/operating_points.rs: the error rates that an identity can have as targets.
GENUINE_CALLED_FAKE = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
FAKE_CALLED_REAL = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)


def known_people(path: pathlib.Path) -> dict[str, list[dict]]:
    """The template of the largest face of every photograph in which one can be judged, by person."""
    people = collections.defaultdict(list)
    for line in path.open():
        row = json.loads(line)
        if row["faces"] and row["faces"][0]["template"]["quality"]["score"] > 20:
            people[row["path"].split("/")[0]].append(row["faces"][0]["template"])
    return people


def left_out(m: np.ndarray) -> np.ndarray:
    """The cosine of each unit vector with the mean direction of the others."""
    rest = m.sum(0) - m
    return (m * rest).sum(1) / np.linalg.norm(rest, axis=1)


def part_spreads(people: dict[str, list[dict]]) -> list[float]:
    """For each part of the face, the standard deviation of the likeness that covering it adds."""
    variances = []
    for faces in people.values():
        seen = [f for f in faces if f["parts"]]
        if len(seen) < 6:
            continue
        whole = left_out(np.array([f["embeddings"][1] for f in seen], np.float32))
        parts = np.array([f["parts"] for f in seen], np.float32)
        variances.append([np.var(left_out(parts[:, i]) - whole, ddof=1) for i in range(parts.shape[1])])
    return np.sqrt(np.mean(variances, 0)).tolist()


def population(people: dict[str, list[dict]]) -> list[dict[str, float]]:
    """Pairwise cosine, its spread between people, and the spread of a photograph against its person's others."""
    priors = []
    for e in range(len(NAMES)):
        means, spreads = [], []
        for faces in people.values():
            m = np.array([f["embeddings"][e] for f in faces], np.float32)
            if len(m) < 5:
                continue
            s = m @ m.T
            means.append((s.sum() - len(m)) / (len(m) * (len(m) - 1)))
            spreads.append(np.std(left_out(m)))
        priors.append({"pairwise": np.mean(means), "between_people": np.std(means), "spread": np.mean(spreads)})
    return priors


def evidence(a: argparse.Namespace, population_file: pathlib.Path) -> list[dict]:
    """The evidence of clean and of worn probes, against the same clean references."""
    rows = []
    for probes in (a.clean, a.worn):
        with tempfile.NamedTemporaryFile(suffix=".jsonl") as out:
            call = [a.faceward, "train", "evidence", str(a.clean), "--probes", str(probes), "--out", out.name]
            call += ["--models", str(a.models), "--refs", str(a.refs), "--seeds", str(a.seeds)]
            subprocess.run([*call, "--population", str(population_file)], check=True)
            rows += [json.loads(line) for line in out]
    return rows


def logistic(
    x: np.ndarray, y: np.ndarray, w: np.ndarray, ridge: float, rounds: int = 4000, known: np.ndarray | float = 0.0
) -> np.ndarray:
    """Weighted logistic regression by projected gradient, on top of a `known` part of the logit: intercept first, every
    other coefficient at least zero."""
    w = w / w.sum()
    scale = np.sqrt((w[:, None] * x**2).sum(0)) + 1e-9
    z = np.column_stack([np.ones(len(x)), x / scale])
    beta, velocity = np.zeros(z.shape[1]), np.zeros(z.shape[1])
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-np.clip(known + z @ beta, -40, 40)))
        gradient = z.T @ (w * (p - y)) + ridge * np.r_[0, beta[1:]]
        velocity = 0.9 * velocity - 0.5 * gradient
        beta = beta + velocity
        beta[1:] = np.maximum(beta[1:], 0)
    return np.r_[beta[0], beta[1:] / scale]


def fit_conditions(rows: list[dict], ridge: float = 20.0) -> list[tuple[list[float], float]]:
    """For each embedding, the effect of each condition on a genuine photograph's deviation (at most 0), and the
    standard deviation of the observed effect, as a share of the expected one.

    The effects are least squares over the differences from the mean of each person and draw, so that identity drops
    out.
    The uncertainty regresses the squared residuals, beyond those of photographs without such effects, on the squared
    effects.
    """
    rows = [r for r in rows if r["set"] == "real"]
    groups = collections.defaultdict(list)
    for i, r in enumerate(rows):
        groups[r["person"], r["seed"]].append(i)
    x = np.array([r["evidence"]["conditions"] for r in rows])
    effects = []
    for e in range(len(NAMES)):
        y = np.array([r["evidence"]["embeddings"][e]["deviation"] for r in rows]).clip(-6, 3)
        xc, yc = x.copy(), y.copy()
        for group in groups.values():
            xc[group] -= x[group].mean(0)
            yc[group] -= y[group].mean()
        b = np.zeros(x.shape[1])
        for _ in range(200):  # coordinate descent, each effect at most 0
            for j in range(len(b)):
                rest = yc - xc @ b + xc[:, j] * b[j]
                b[j] = min(0.0, xc[:, j] @ rest / (xc[:, j] @ xc[:, j] + ridge))
        rest, effect = yc - xc @ b, np.clip(x @ b, MOST_LOWERED, MOST_RAISED)
        usual = np.mean(rest[np.abs(effect) < 0.1] ** 2)
        excess, power = rest**2 / usual - 1, effect**2
        uncertainty = float(np.sqrt(max(0.0, power @ excess / (power @ power))))
        explained = 1 - np.var(rest) / np.var(yc)
        found = f"{b.round(2)}, explain {explained:.3f} of the variance; uncertainty {uncertainty:.2f}"
        print(f"conditions of {NAMES[e]}: {found}")
        effects.append((b.tolist(), uncertainty))
    return effects


def auc(pos: np.ndarray, neg: np.ndarray) -> float:
    order = np.argsort(np.r_[pos, neg], kind="stable")
    rank = np.empty(len(order))
    rank[order] = np.arange(1, len(order) + 1)
    return (rank[: len(pos)].sum() - len(pos) * (len(pos) + 1) / 2) / (len(pos) * len(neg))


def balance(rows: list[dict], genuine: np.ndarray) -> np.ndarray:
    """Weights: genuine and not genuine weigh the same, and so do the sets, and the people within a set."""
    keys = [(r["set"], r["person"]) for r in rows]
    count = collections.Counter(keys)
    sets = {k[0] for k in keys}
    people = {s: len({k[1] for k in count if k[0] == s}) for s in sets}
    others = len(sets) - 1
    return np.array([(1 if g else 1 / others) / people[k[0]] / count[k] for k, g in zip(keys, genuine, strict=True)])


def fit_likeness(rows: list[dict]) -> list[float]:
    """The log odds that two sides show one person: genuine and re-synthesised photographs against other people."""
    rows = [r for r in rows if r["set"] in ("real", "fake:resynth", "other")]
    same = np.array([r["set"] != "other" for r in rows])
    x = np.array([r["evidence"]["normalised"] for r in rows])[:, IDENTIFYING]
    keys = collections.Counter((bool(s), r["person"]) for r, s in zip(rows, same, strict=True))
    w = np.array([1 / keys[bool(s), r["person"]] for r, s in zip(rows, same, strict=True)])
    beta = logistic(x, same.astype(float), w, 2e-3)
    print(f"likeness {beta.round(3)}, AUC {auc(x[same] @ beta[1:], x[~same] @ beta[1:]):.4f}")
    weights = np.zeros(len(NAMES))
    weights[IDENTIFYING] = beta[1:]
    return [float(beta[0]), *weights.tolist()]


def design(rows: list[dict]) -> np.ndarray:
    """The feature of the fusion: the sum of the embeddings' deviations, by their shares. Attributes, apart from traces, add
    nothing on held-out people."""
    x = np.array([r["features"][: len(NAMES)] for r in rows])
    return (x @ np.array(SHARES))[:, None]


def departures(rows: list[dict]) -> np.ndarray:
    """How far either kind of trace, and the farthest part, departs beyond what is allowed; negative, so that weights are not.
    Traces are zero for people whom the forensic network has seen."""
    x = -np.array([r["features"][len(NAMES) :] for r in rows])
    x[~unseen(rows), : len(TRACES)] = 0.0
    return x


def unseen(rows: list[dict]) -> np.ndarray:
    """Whether the forensic network was trained without the person of each row."""
    return np.array([fold_of(r["person"]) in UNSEEN_BY_FORENSICS for r in rows])


def fold_of(person: str) -> int:
    return int(hashlib.sha256(person.encode()).hexdigest(), 16) % FOLDS


def held_out(rows: list[dict], fitted: np.ndarray, ridge: float) -> np.ndarray:
    """The logit of every row by a model fitted on four fifths of the other people."""
    x, genuine = design(rows), np.array([r["set"] == "real" for r in rows])
    folds = np.array([fold_of(r["person"]) for r in rows])
    logit = np.zeros(len(rows))
    for fold in range(FOLDS):
        held, use = folds == fold, fitted & (folds != fold)
        known = [r for r, u in zip(rows, use, strict=True) if u]
        beta = logistic(x[use], genuine[use].astype(float), balance(known, genuine[use]), ridge)
        logit[held] = beta[0] + x[held] @ beta[1:]
    return logit


def fit_departures(rows: list[dict], logit: np.ndarray, ridge: float) -> np.ndarray:
    """The terms that departures add to a known logit: a shift of the intercept, then a weight for each kind."""
    genuine = np.array([r["set"] == "real" for r in rows])
    return logistic(departures(rows), genuine.astype(float), balance(rows, genuine), ridge, known=logit)


def print_ranking(rows: list[dict], scores: dict[str, np.ndarray]) -> None:
    """AUC by set, mean over people and worst person, of each of the scores."""
    sets, person = np.array([r["set"] for r in rows]), np.array([r["person"] for r in rows])
    genuine = sets == "real"
    for s in sorted(set(sets) - {"real"}):
        of = [(genuine & (person == p), (sets == s) & (person == p)) for p in sorted(set(person))]
        line = f"  held-out people, genuine against {s:18s} AUC"
        for name, score in scores.items():
            per = [auc(score[g], score[f]) for g, f in of if g.any() and f.any()]
            line += f"  {name} {np.mean(per):.4f} (worst {np.min(per):.3f})"
        print(line)


def fit_embeddings(rows: list[dict], ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """The fusion of the embeddings: its coefficients, and each row's logit by coefficients fitted on other people."""
    fitted = ~np.isin([r["set"] for r in rows], MEASURED)
    whole = [r for r, f in zip(rows, fitted, strict=True) if f]
    truth = np.array([r["set"] == "real" for r in whole])
    return logistic(design(whole), truth.astype(float), balance(whole, truth), ridge), held_out(rows, fitted, ridge)


def fit_verdict(rows: list[dict], beta: np.ndarray, logit: np.ndarray, ridge: float) -> dict:
    """The terms of traces and parts, fitted on the people whom the forensic network has not seen, and the thresholds, fitted
    on all people."""
    sets = np.array([r["set"] for r in rows])
    held = unseen(rows)
    traced = held & np.isin(sets, ("real", "other", *TRACED))
    whole, x = fit_departures([r for r, u in zip(rows, traced, strict=True) if u], logit[traced], ridge)[1:], departures(rows)
    added = TRUST * whole
    print(f"  traces and parts: {whole.round(3)}, of which {TRUST} is used")
    alone = {"traces": np.r_[added[: len(TRACES)], 0.0], "parts": np.r_[np.zeros(len(TRACES)), added[len(TRACES) :]]}
    scores = {"neither": logit} | {f"{name} alone": logit + x @ w for name, w in alone.items()}
    scores |= {"as used": logit + x @ added, "with the whole": logit + x @ whole}
    print_ranking([r for r, u in zip(rows, held, strict=True) if u], {name: s[held] for name, s in scores.items()})
    fitted = ~np.isin(sets, MEASURED)
    used = [r for r, f in zip(rows, fitted, strict=True) if f]
    value = (logit + x @ added)[fitted]
    genuine, others = np.array([r["set"] == "real" for r in used]), np.array([r["set"] == "other" for r in used])
    likeness = np.array([r["evidence"]["likeness"] for r in used])
    w = balance(used, genuine)
    shift = logistic(np.zeros((len(used), 0)), genuine.astype(float), w, ridge, known=value)[0]
    score = 1 / (1 + np.exp(-(value + shift)))
    print(f"  expected calibration error {calibration_error(score, genuine, w):.3f}")
    weights = w[genuine] / w[genuine].sum()
    fake = quantile(score[genuine], weights, TARGET_GENUINE_CALLED_FAKE)
    real = quantile(score[genuine], weights, TARGET_GENUINE_CALLED_FAKE + TARGET_GENUINE_UNDECIDED)
    manipulated = ~genuine & ~others
    called_real = float((w * (score >= real))[manipulated].sum() / w[manipulated].sum())
    fnmr = quantile(likeness[genuine], weights, TARGET_FNMR)
    forged = w[manipulated] / w[manipulated].sum()
    points = {
        "fake": [(rate, quantile(score[genuine], weights, rate)) for rate in GENUINE_CALLED_FAKE],
        "real": [(rate, quantile(score[manipulated], forged, 1 - rate)) for rate in FAKE_CALLED_REAL],
    }
    print(f"  others over the likeness threshold {np.mean(likeness[others] >= fnmr):.4f}, called real "
          f"{np.mean((likeness[others] >= fnmr) & (score[others] >= real)):.4f}; forgeries called real {called_real:.3f}")
    beta = np.r_[beta[0] + shift, beta[1:]]
    return {
        "beta": beta, "added": added, "fake": fake, "real": real, "likeness": fnmr, "called_real": called_real,
        "points": points,
    }  # fmt: skip


def quantile(values: np.ndarray, weights: np.ndarray, q: float) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), q)])


def calibration_error(score: np.ndarray, truth: np.ndarray, w: np.ndarray, bins: int = 10) -> float:
    which = np.minimum((score * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        m = which == b
        if m.any():
            share = w[m].sum() / w.sum()
            total += share * abs(np.average(score[m], weights=w[m]) - np.average(truth[m], weights=w[m]))
    return float(total)


def write_population(
    path: pathlib.Path,
    priors: list[dict[str, float]],
    parts: list[float],
    effects: list[tuple[list[float], float]],
    likeness: list[float],
) -> None:
    # `faceward train tail` prints the tables of strangers' similarity, which are fitted to other people; they stay.
    tails = tomllib.loads(path.read_text())["tail"]
    text = "# Written by training/fit.py; the format is documented in src/identity/population.rs.\nprior_weight = 5.0\n"
    text += f"parts = {[round(v, 5) for v in parts]}\n"
    text += f"likeness = {[round(v, 4) for v in likeness]}\n"
    for name, prior, (effect, uncertainty) in zip(NAMES, priors, effects, strict=True):
        text += f"\n[[embedding]] # {name}\n" + "".join(f"{k} = {float(v):.5f}\n" for k, v in prior.items())
        text += f"conditions = {[round(float(v), 3) for v in effect]}\neffect_uncertainty = {uncertainty:.3f}\n"
    for name, tail in tails.items():
        text += f"\n[tail.{name}] # faceward train tail\n" + "".join(f"{k} = {v}\n" for k, v in tail.items())
    path.write_text(text)


def mapped(score: float) -> float:
    """The score after the map."""
    slope, offset = SCORE_MAP
    return float(1 / (1 + np.exp(-(slope * np.log(score / (1 - score)) + offset))))


def write_fusion(path: pathlib.Path, fit: dict) -> None:
    beta, (*traced, part) = ([round(float(b), 4) for b in fit[name]] for name in ("beta", "added"))
    side = {k: ", ".join(f"[{rate}, {mapped(threshold):.4f}]" for rate, threshold in v) for k, v in fit["points"].items()}
    path.write_text(f"""# Written by training/fit.py; the format is documented in src/verdict/fusion.rs.
intercept = {beta[0]}
embedding = {[round(share * float(fit["beta"][1]), 4) for share in SHARES]}
traces = {traced + ENCODER_WEIGHTS}
parts = {part}
negative = 1.0

[map]
slope = {SCORE_MAP[0]}
offset = {SCORE_MAP[1]}

[thresholds]
real = {mapped(fit["real"]):.4f}
fake = {mapped(fit["fake"]):.4f}
likeness = {fit["likeness"]:.4f}
target_genuine_called_fake = {TARGET_GENUINE_CALLED_FAKE}
target_fake_called_real = {fit["called_real"]:.3f}
target_fnmr = {TARGET_FNMR}
min_quality = 5.0

[operating_points] # of each rate, [share of genuine called fake, threshold] and [share of fakes called real, threshold]
fake = [{side["fake"]}]
real = [{side["real"]}]
""")


def record_hashes(models: pathlib.Path, files: list[str]) -> None:
    manifest = models / "manifest.toml"
    text = manifest.read_text()
    for file in files:
        digest = hashlib.sha256((models / file).read_bytes()).hexdigest()
        text = re.sub(rf'(file = "{re.escape(file)}"\nsha256 = ")[0-9a-f]{{64}}', rf"\g<1>{digest}", text)
    manifest.write_text(text)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--train", type=pathlib.Path, help="needed unless --only-verdict")
    p.add_argument("--clean", type=pathlib.Path, required=True)
    p.add_argument("--worn", type=pathlib.Path, required=True)
    p.add_argument("--faceward", default="target/release/faceward")
    p.add_argument("--models", type=pathlib.Path, default=pathlib.Path("models"))
    p.add_argument("--refs", type=int, default=10)
    p.add_argument("--seeds", type=int, default=3)
    p.add_argument("--ridge", type=float, default=1e-4)
    p.add_argument("--only-verdict", action="store_true",
                   help="keep population and embeddings' weights; fit what traces and parts add, and the thresholds")
    a = p.parse_args()
    for path in (a.train, a.clean, a.worn):
        if "vipbench" in str(path):
            raise SystemExit("the evaluation set is not for training")
    if a.only_verdict:
        known = tomllib.loads((a.models / "fusion.toml").read_text())
        beta = np.array([known["intercept"], known["embedding"][-1] / SHARES[-1]])
        rows = usable(evidence(a, a.models / "population.toml"))
        finish(a, rows, beta, beta[0] + design(rows) @ beta[1:], known["thresholds"]["likeness"])
        return
    if a.train is None:
        raise SystemExit("--train is needed")
    people = known_people(a.train)
    priors, parts = population(people), part_spreads(people)
    file = pathlib.Path(tempfile.mkdtemp()) / "population.toml"
    none = [([0.0] * CONDITIONS, 0.0)] * len(NAMES)
    write_population(file, priors, parts, none, [-4.0, 2.0, 4.0, 2.0])
    rows = evidence(a, file)
    effects, likeness = fit_conditions(rows), fit_likeness(rows)
    write_population(file, priors, parts, effects, likeness)
    (a.models / "population.toml").write_text(file.read_text())
    record_hashes(a.models, ["population.toml"])
    rows = usable(evidence(a, file))
    finish(a, rows, *fit_embeddings(rows, a.ridge))


def usable(rows: list[dict]) -> list[dict]:
    """The rows that are fitted or measured, of faces good enough to be judged."""
    return [r for r in rows if r["set"] in ("real", "other", *SETS, *MEASURED) and r["quality"] > 5]


def finish(
    a: argparse.Namespace, rows: list[dict], beta: np.ndarray, logit: np.ndarray, likeness: float | None = None
) -> None:
    """Fits the verdict and writes the fusion; with `likeness`, that threshold stays."""
    fit = fit_verdict(rows, beta, logit, a.ridge)
    write_fusion(a.models / "fusion.toml", fit if likeness is None else {**fit, "likeness": likeness})
    record_hashes(a.models, ["fusion.toml"])
    print((a.models / "fusion.toml").read_text())


if __name__ == "__main__":
    main()

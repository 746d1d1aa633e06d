"""The command: `python -m forge`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from .plan import GENUINE, METHODS, Job, make_plan
from .records import load_records, refuse_evaluation_data
from .render import LIST, claim, run


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="forge", description="Make forgeries from a training split.")
    parser.add_argument("--faces", type=Path, required=True, help="the output of `faceward train extract` for the images")
    parser.add_argument("--images", type=Path, required=True, help="the folder that was extracted: <identity>/<file>")
    parser.add_argument("--out", type=Path, required=True, help="where the pictures and their list go")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--limit", type=int, help="only this many pictures, the first of the plan")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--wear", type=float, default=0.5, help="share of all pictures degraded as uploads are")
    return parser.parse_args(argv)


def summary(jobs: list[Job], failed: list[tuple[Job, str]]) -> str:
    """Pictures and people for each method, and why some were not made."""
    lost = {job.path for job, _ in failed}
    made = [job for job in jobs if job.path not in lost]
    lines = [f"{'method':<14}{'pictures':>9}{'people':>8}{'failed':>8}"]
    for method in (GENUINE, *METHODS):
        mine = [job for job in made if job.method == method]
        people = len({job.identity for job in mine})
        missing = sum(job.method == method for job, _ in failed)
        lines.append(f"{method:<14}{len(mine):>9}{people:>8}{missing:>8}")
    lines.append(f"{'all':<14}{len(made):>9}{len({job.identity for job in made}):>8}{len(failed):>8}")
    lines += [f"{count:>5} x {problem}" for problem, count in Counter(p for _, p in failed).most_common(10)]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Runs the command; 0 when all went well, 2 when it was refused."""
    options = arguments(argv)
    started = time.monotonic()
    try:
        refuse_evaluation_data(options.faces, options.images, options.out)
        faces = load_records(options.faces)
        jobs = make_plan(faces, options.seed, options.wear)[: options.limit]
        if not jobs:
            raise ValueError("no usable face in the list")
        claim(options.out, options.seed, options.wear, options.faces)
    except (ValueError, OSError) as problem:
        print(f"forge: {problem}", file=sys.stderr)
        return 2
    print(f"{len(faces)} usable faces of {len({f.identity for f in faces})} people, {len(jobs)} pictures planned")
    failed = run(jobs, options.images, options.out, options.jobs)
    print(summary(jobs, failed))
    print(f"{options.out / LIST} in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

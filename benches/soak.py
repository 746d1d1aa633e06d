#!/usr/bin/env python3
"""Many requests to a running server, and whether its memory stays where it is.

    faceward serve & benches/soak.py --pid $! demo/obama-2010.jpg [more images ...] [--requests 20000] [--connections 4]
                                     [--identity obama] [--url http://127.0.0.1:8080] [--token KEY]

The images are sent in turn, each connection waiting for its answer. Prints the mean of the resident memory over each
tenth of the requests, and the last over the second. Exits with 1 where an answer was not 200 or that ratio is over 1.03.
Needs Python alone, and Linux.
"""
import argparse
import itertools
import statistics
import sys

import load

EVERY = 20  # requests between two looks at the memory
MOST = 1.03

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("images", nargs="+")
load.add_options(parser)
parser.add_argument("--pid", type=int, required=True)
parser.add_argument("--connections", type=int, default=4)
parser.add_argument("--requests", type=int, default=20_000, help="at least 200")
args = parser.parse_args()
if args.requests < 200:
    parser.error("--requests: at least 200")

forms = [load.form(path, args.identity) for path in args.images]
sent, answered = itertools.count(), itertools.count(1)  # CPython counts without a lock
tenths = [[] for _ in range(10)]
bad = []


def bodies():
    while (number := next(sent)) < args.requests:
        yield forms[number % len(forms)]


def note(status, _seconds):
    number = next(answered)
    if status != 200:
        bad.append(status)
    if number % EVERY == 0:
        tenths[(number - 1) * 10 // args.requests].append(load.resident(args.pid))
    if number % max(1, args.requests // 10) == 0:
        print(f"{number} requests, {load.resident(args.pid):.0f} MB", file=sys.stderr, flush=True)


took = load.run(args.connections, args.url, args.token, bodies, note)
means = [statistics.mean(tenth) for tenth in tenths]
ratio = means[-1] / means[1]
print(f"{args.requests} requests in {took:.0f} s, {len(bad)} not answered with 200 {sorted(set(bad)) or ''}")
print("resident MB by tenths:", *(f"{mean:.0f}" for mean in means))
print(f"last over second: {ratio:.3f} (at most {MOST})")
sys.exit(bool(bad) or ratio > MOST)

#!/usr/bin/env python3
"""Load on a running server: requests a second and latency, as rows of a table.

    faceward serve &
    benches/side_by_side.py demo/obama-2010.jpg [more images ...] [--identity obama] [--url http://127.0.0.1:8080]
                            [--connections 1,4] [--rounds 5] [--seconds 8] [--token KEY] [--against URL]
                            [--pid N] [--against-pid N]

Every connection sends `POST /v1/verify`, waits for the answer and sends the next. With `--against`, another server that
answers the same request gets the same load in turns, and the last columns are the medians of the ratios round by round,
so that what else the machine does meets both. With `--pid`, the number of the server's process on this machine, the most
memory that it and its children had resident under the load is told too (Linux alone). Needs Python alone; with many
connections on few cores its own work shows (about 0.2 ms a request). Exits with 1 where an answer was not 200.
"""
import argparse
import statistics
import sys
import time

import load

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("images", nargs="+")
load.add_options(parser)
parser.add_argument("--against", metavar="URL")
parser.add_argument("--pid", type=int)
parser.add_argument("--against-pid", type=int)
parser.add_argument("--connections", default="1,4", help="how many at once; one row for each")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--seconds", type=float, default=8)
args = parser.parse_args()


def measure(url, body, connections, seconds):
    """Requests a second and the median and 99th percentile in milliseconds."""
    answers = []
    until = time.monotonic() + seconds

    def bodies():
        while time.monotonic() < until:
            yield body

    took = load.run(connections, url, args.token, bodies, lambda *answer: answers.append(answer))
    bad = [status for status, _ in answers if status != 200]
    if bad or not answers:
        sys.exit(f"{url}: {len(bad)} answers were not 200: {sorted(set(bad))}")
    ordered = sorted(seconds for _, seconds in answers)
    return len(ordered) / took, 1e3 * statistics.median(ordered), 1e3 * ordered[int(0.99 * (len(ordered) - 1))]


columns = ["image", "connections", "requests/s", "p50 ms", "p99 ms"]
if args.against:
    columns += ["other: requests/s", "p50 ms", "p99 ms", "throughput ratio", "p50 ratio"]
pids = list(filter(None, (args.pid, args.against_pid)))
urls = list(filter(None, (args.url, args.against)))
columns += ["peak MB"] * bool(args.pid) + ["other: peak MB"] * bool(args.against_pid)
print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
for path in args.images:
    body = load.form(path, args.identity)
    for url in urls:
        measure(url, body, 1, 1)  # warm
    for connections in map(int, args.connections.split(",")):
        for pid in pids:
            load.forget_peak(pid)
        rounds = [[measure(url, body, connections, args.seconds) for url in urls] for _ in range(args.rounds)]
        row = [path, str(connections)]
        for server in range(len(urls)):
            row += [f"{statistics.median(r[server][i] for r in rounds):.1f}" for i in range(3)]
        if args.against:
            row += [f"{statistics.median(r[0][i] / r[1][i] for r in rounds):.2f}" for i in range(2)]
        row += [f"{load.resident(pid, peak=True):.0f}" for pid in pids]
        print("| " + " | ".join(row) + " |", flush=True)

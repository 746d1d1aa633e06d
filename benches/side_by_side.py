#!/usr/bin/env python3
"""Load on a running server: requests a second and latency, as rows of a table.

    faceward serve &
    benches/side_by_side.py demo/obama-2010.jpg [more images ...] [--identity obama] [--url http://127.0.0.1:8080]
                            [--connections 1,4] [--rounds 5] [--seconds 8] [--token KEY] [--against URL]
                            [--pid N] [--against-pid N]

Every connection sends `POST /v1/verify`, waits for the answer and sends the next. With `--against`, another server that
answers the same request gets the same load in turns, and the last columns are the medians of the ratios round by round,
so that what else the machine does meets both. With `--pid`, the number of the server's process on this machine, the most
memory that it and its children had resident under the load is told too (Linux alone). Needs Python alone; with many connections on few cores its own work shows
(about 0.2 ms a request). Exits with 1 where an answer was not 200.
"""
import argparse
import http.client
import pathlib
import statistics
import sys
import threading
import time
import urllib.parse
import uuid

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("images", nargs="+")
parser.add_argument("--url", default="http://127.0.0.1:8080")
parser.add_argument("--against", metavar="URL")
parser.add_argument("--pid", type=int)
parser.add_argument("--against-pid", type=int)
parser.add_argument("--identity")
parser.add_argument("--token")
parser.add_argument("--connections", default="1,4", help="how many at once; one row for each")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--seconds", type=float, default=8)
args = parser.parse_args()

BOUNDARY = uuid.uuid4().hex


def form(path):
    """The request's body."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    parts = b""
    if args.identity:
        parts += f'{head}"identity"\r\n\r\n{args.identity}\r\n'.encode()
    with open(path, "rb") as file:
        image = file.read()
    return parts + f'{head}"image"; filename="probe"\r\n\r\n'.encode() + image + f"\r\n--{BOUNDARY}--\r\n".encode()


def client(url, body, until, latencies, bad):
    """One connection that is never idle."""
    where = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = kind(where.hostname, where.port, timeout=120)
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    if args.token:
        headers["Authorization"] = f"Bearer {args.token}"
    while time.monotonic() < until:
        began = time.monotonic()
        connection.request("POST", "/v1/verify", body, headers)
        answer = connection.getresponse()
        answer.read()
        latencies.append(time.monotonic() - began)
        if answer.status != 200:
            bad.append(answer.status)
    connection.close()


def load(url, body, connections, seconds):
    """Requests a second and the median and 99th percentile in milliseconds."""
    latencies, bad = [], []
    began = time.monotonic()
    work = (url, body, began + seconds, latencies, bad)
    clients = [threading.Thread(target=client, args=work) for _ in range(connections)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    took = time.monotonic() - began
    if bad or not latencies:
        sys.exit(f"{url}: {len(bad)} answers were not 200: {sorted(set(bad))}")
    ordered = sorted(latencies)
    return len(ordered) / took, 1e3 * statistics.median(ordered), 1e3 * ordered[int(0.99 * (len(ordered) - 1))]


def family(pid):
    """A process and all below it."""
    below = pathlib.Path(f"/proc/{pid}/task").glob("*/children")
    return [pid] + [one for file in below for child in file.read_text().split() for one in family(int(child))]


def forget_peak(pid):
    """From now on, the peak is that of what follows."""
    for one in family(pid):
        pathlib.Path(f"/proc/{one}/clear_refs").write_text("5")


def peak(pid):
    """The most memory that was resident, in MB; of several processes, the sum."""
    lines = (line for one in family(pid) for line in pathlib.Path(f"/proc/{one}/status").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6


columns = ["image", "connections", "requests/s", "p50 ms", "p99 ms"]
if args.against:
    columns += ["other: requests/s", "p50 ms", "p99 ms", "throughput ratio", "p50 ratio"]
pids = list(filter(None, (args.pid, args.against_pid)))
columns += ["peak MB"] * bool(args.pid) + ["other: peak MB"] * bool(args.against_pid)
print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
for path in args.images:
    body = form(path)
    for url in filter(None, (args.url, args.against)):
        load(url, body, 1, 1)  # warm
    for connections in map(int, args.connections.split(",")):
        rounds = []
        for pid in pids:
            forget_peak(pid)
        for _ in range(args.rounds):
            rounds.append([load(url, body, connections, args.seconds) for url in filter(None, (args.url, args.against))])
        median = lambda of: statistics.median(map(of, rounds))
        row = [path, str(connections)]
        for server in range(2 if args.against else 1):
            row += [f"{median(lambda r: r[server][i]):.1f}" for i in range(3)]
        if args.against:
            row += [f"{median(lambda r: r[0][i] / r[1][i]):.2f}" for i in range(2)]
        row += [f"{peak(pid):.0f}" for pid in pids]
        print("| " + " | ".join(row) + " |", flush=True)

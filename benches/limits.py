#!/usr/bin/env python3
"""What `cargo bench` measured, beside what the machine can do at most, as tables.

    cargo bench -- 'machine|networks|search'
    benches/limits.py [target/criterion]

Of each network: its time, and the share of one core's multiply-adds that it makes use of. Of each search: its time, and the
share of what two threads can read of memory (one below 131,072 identities, where one thread searches). A share above 100 %
means that the index lay in a cache. The figures are medians; on a machine that others use too, run all three groups again
and take the best. Needs Python alone.
"""
import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "target/criterion")
rates = {}
for file in sorted(folder.glob("**/new/benchmark.json")):
    about = json.loads(file.read_text())
    seconds = json.loads(file.with_name("estimates.json").read_text())["median"]["point_estimate"] / 1e9
    amount = next(iter((about["throughput"] or {}).values()), None)
    rates[about["group_id"], about["function_id"]] = (seconds, amount / seconds if amount else None)


def table(title, rows):
    print(f"\n| {title} | time | rate | share of the limit |\n|---|---|---|---|")
    for name, seconds, rate, limit, unit in rows:
        print(f"| {name} | {1e3 * seconds:.2f} ms | {rate / 1e9:.1f} {unit} | {100 * rate / limit:.0f} % |")


def limit(name):
    if ("machine", name) not in rates:
        sys.exit(f"{folder} has no measurement `machine/{name}`: run cargo bench -- machine")
    return rates["machine", name][1]


# The bench counts a multiply-add as two operations, like the networks' rates.
core = limit("multiply-adds")
table("network", [(name, *rate, core, "GFLOP/s") for (group, name), rate in rates.items() if group == "networks"])
memory = {threads: limit(f"read memory, {threads} threads") for threads in (1, 2)}
searches = [(int(name.split()[0]), name, *rate) for (group, name), rate in rates.items() if group == "search"]
table("search", [(name, s, r, memory[2 if n >= 131072 else 1], "GB/s") for n, name, s, r in sorted(searches)])

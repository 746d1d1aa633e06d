"""Checks with promtool what a real server shows under /metrics. Run by `.ci/run metrics`."""

import subprocess
import sys
import urllib.request

from server import DEMO, server


def main() -> None:
    with server() as running:
        image = (DEMO / "collins.jpg").read_bytes()
        headers = running.headers | {"Content-Type": "image/jpeg"}
        urllib.request.urlopen(urllib.request.Request(f"{running.url}/v1/verify", image, headers)).close()
        with urllib.request.urlopen(f"{running.url}/metrics") as response:
            text = response.read()
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    if done.returncode or done.stdout or done.stderr:
        sys.exit(f"promtool check metrics:\n{done.stdout.decode()}{done.stderr.decode()}")
    print(f"promtool check metrics: {text.count(b'# TYPE ')} metrics, nothing to say")


if __name__ == "__main__":
    main()

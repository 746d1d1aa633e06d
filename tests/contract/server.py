"""A real server on a fresh data folder, for the checks of the contract."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "demo"
PROGRAM = os.environ.get("FACEWARD_BIN", str(ROOT / "target" / "release" / "faceward"))


@dataclass(frozen=True)
class Server:
    """The address, and a key with every scope."""

    url: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"FACEWARD_URL": self.url, "FACEWARD_TOKEN": self.key}


@contextmanager
def server(*flags: str) -> Iterator[Server]:
    """Runs a server until the end of the block."""
    with tempfile.TemporaryDirectory() as folder:
        data = ["--data-dir", str(Path(folder) / "data")]
        create = [PROGRAM, "keys", "create", "--name", "contract", "--scope", "admin", "--json", *data]
        made = subprocess.run(create, check=True, capture_output=True, text=True)
        key = json.loads(made.stdout)["key"]
        serve = [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--models", str(ROOT / "models"), *data, *flags]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout
            try:
                yield Server(process.stdout.readline().split()[-1], key)
            finally:
                process.terminate()

"""Checks the OpenAPI document with the real server. Run by `.ci/run contract`.

    python tests/contract/run.py FOLDER

FOLDER is where the tools of npm are installed, and where what is generated goes.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from server import DEMO, PROGRAM, ROOT, Server, server

HERE = Path(__file__).parent
CLIENT = ROOT / "clients" / "python"
#: The most seconds for what schemathesis sends.
BUDGET = 120


def say(what: str) -> None:
    print(f"--- {what}", flush=True)


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> None:
    subprocess.run([str(part) for part in command], check=True, env=env, cwd=cwd)


def enroll(running: Server, identity: str, *photographs: str) -> None:
    with httpx.Client(base_url=running.url, headers=running.headers, timeout=60) as client:
        client.put(f"/v1/identities/{identity}", json={"display_name": identity}).raise_for_status()
        images = [("image", (name, (DEMO / name).read_bytes())) for name in photographs]
        client.post(f"/v1/identities/{identity}/references", files=images).raise_for_status()


def python_client(document: Path, folder: Path, environment: dict[str, str]) -> None:
    made = folder / "generated-python"
    shutil.rmtree(made, ignore_errors=True)
    config = HERE / "openapi-python-client.yaml"
    tool = Path(sys.executable).with_name("openapi-python-client")
    run(tool, "generate", "--path", document, "--config", config, "--output-path", made, "--fail-on-warning")
    run(sys.executable, HERE / "generated_client.py", env=environment | {"PYTHONPATH": str(made)})


def typescript_client(document: Path, folder: Path, environment: dict[str, str]) -> None:
    tools = folder / "node_modules" / ".bin"
    run(tools / "openapi-typescript", document, "--output", folder / "schema.ts")
    shutil.copy(HERE / "client.ts", folder)
    strict = ["--strict", "--target", "es2022", "--module", "nodenext", "--noUncheckedIndexedAccess"]
    run(tools / "tsc", *strict, "client.ts", cwd=folder)
    run("node", folder / "client.js", env=environment)


def own_client(running: Server, environment: dict[str, str]) -> None:
    run(sys.executable, CLIENT / "generate_types.py", f"{running.url}/openapi.json", "--check")
    run(sys.executable, "-m", "mypy", "src", "examples", "generate_types.py", "tests", cwd=CLIENT, env=environment)
    run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=CLIENT, env=environment)


def snippets(running: Server, environment: dict[str, str]) -> None:
    """Runs what docs/clients.md shows."""
    programs = {
        "sh": ["bash", "-e"],
        "python": [sys.executable, "-"],
        "js": ["node", "--input-type=module"],
        "go": ["go", "run", "main.go"],
    }
    found = re.findall(r"^```(\w+)\n(.*?)^```", (ROOT / "docs" / "clients.md").read_text(), re.MULTILINE | re.DOTALL)
    with tempfile.TemporaryDirectory() as photographs:
        run(PROGRAM, "demo", "--write", photographs, "--models", ROOT / "models")
        for language, text in found:
            if language == "go" and not shutil.which("go"):
                print("go: skipped, as Go is not installed")
                continue
            if language == "go":
                # It takes no program from its standard input.
                (Path(photographs) / "main.go").write_text(text)
            done = subprocess.run(
                programs[language], input=text, capture_output=True, text=True, env=environment, cwd=photographs, check=False
            )
            if done.returncode or "fake" not in done.stdout:
                sys.exit(f"docs/clients.md: {language}\n{done.stdout}\n{done.stderr}")
            httpx.delete(f"{running.url}/v1/identities/obama", headers=running.headers).raise_for_status()
            print(f"{language}: fake")


def fuzz(running: Server, folder: Path) -> None:
    """Every route with real photographs, with and without faults in the request."""
    run(
        Path(sys.executable).with_name("schemathesis"),
        "--config-file", HERE / "schemathesis.toml",
        "run", f"{running.url}/openapi.json",
        "--header", f"Authorization: Bearer {running.key}",
        "--max-time", str(BUDGET),
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")},
        cwd=folder,
    )  # fmt: skip


def main(folder: Path) -> None:
    say("the examples are what the server answers")
    run(sys.executable, HERE / "examples.py")
    with server() as running:
        path = folder / "openapi.json"
        path.write_text(json.dumps(httpx.get(f"{running.url}/openapi.json").json(), indent=1))
        environment = running.environment | {"FACEWARD_DEMO": str(DEMO), "PYTHONPATH": str(CLIENT / "src")}
        say("the document is valid")
        run(Path(sys.executable).with_name("openapi-spec-validator"), path)
        run(folder / "node_modules" / ".bin" / "redocly", "lint", path, "--config", HERE / "redocly.yaml")
        say("openapi-python-client")
        python_client(path, folder, environment)
        say("openapi-typescript")
        typescript_client(path, folder, environment)
        say("clients/python")
        own_client(running, environment)
        say("docs/clients.md")
        snippets(running, environment)
    with server() as running:
        say("schemathesis")
        enroll(running, "obama", "obama-2009.jpg", "obama-2010.jpg")
        enroll(running, "biden", "biden-2010.jpg")
        fuzz(running, folder)


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    main(Path(sys.argv[1]).resolve())

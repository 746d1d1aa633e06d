"""The features of many crops, with what is known of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .layout import LOOKS
from .probes import Sums
from .samples import Sample


class Encoder:
    """The encoder, on one thread so that the same crop gives the same features everywhere."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Else it rounds what it multiplies by the bytes of the weights, which the service does not.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What `LOOKS` names, each of length one, for a crop with blue first."""
        pixels = np.ascontiguousarray(crop[..., ::-1].transpose(2, 0, 1)[None], np.float32)
        pooled = self.session.run(None, {"input": pixels})[0]
        return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)


@dataclass(frozen=True)
class Table:
    """Features, row by row."""

    features: NDArray[np.float16]
    """Rows x looks x channels."""
    groups: NDArray[np.str_]
    paths: NDArray[np.str_]
    versions: NDArray[np.str_]
    pairs: NDArray[np.str_]
    forged: NDArray[np.bool_]

    @classmethod
    def of(cls, samples: Iterable[Sample], encoder: Encoder) -> Table:
        rows, known = [], []
        for sample in samples:
            rows.append(encoder(sample.crop).astype(np.float16))
            known.append((sample.group, sample.path, sample.version, sample.pair, sample.forged))
            if len(rows) % 500 == 0:
                print(f"{len(rows)} crops", flush=True)
        groups, paths, versions, pairs, forged = (np.array(column) for column in zip(*known, strict=True))
        return cls(np.stack(rows), groups, paths, versions, pairs, forged)

    @classmethod
    def load(cls, folder: Path) -> Table:
        known = json.loads((folder / "rows.json").read_text())
        return cls(np.load(folder / "features.npy"), **{name: np.array(column) for name, column in known.items()})

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "features.npy", self.features)
        names = ("groups", "paths", "versions", "pairs", "forged")
        (folder / "rows.json").write_text(json.dumps({name: getattr(self, name).tolist() for name in names}))

    def rows(self, looks: Sequence[str]) -> NDArray[np.float32]:
        """The looks side by side."""
        chosen = self.features[:, [LOOKS.index(look) for look in looks]]
        return chosen.reshape(len(chosen), -1).astype(np.float32)

    def sums(self, rows: NDArray[np.float32]) -> dict[str, Sums]:
        """The sums of each group."""
        return {str(group): Sums.of(rows[self.groups == group]) for group in np.unique(self.groups)}

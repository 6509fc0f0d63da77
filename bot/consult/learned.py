"""What was learned from the knowledge, kept in a file, so that the next start need not learn it again.

The file belongs to one set of phrasings and words and to this code; for any other it is made anew. It holds plain
arrays (`.npz` without pickle): a file that was tampered with can give wrong weights, but runs no code.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.consult.index import Index, Postings
from bot.consult.linear import Linear
from bot.core.log import get

log = get(__name__)

LAYERS = ("linear", "inside")


@dataclass(frozen=True, slots=True)
class Learned:
    """The index over the phrasings, their comparable forms, and the fitted layers."""

    texts: list[str]
    index: Index
    linear: Linear
    inside: Linear

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as arrays; of the layers, which are mostly zeros, the other cells only."""
        postings = self.index.postings
        found: dict[str, NDArray[Any]] = {
            "texts": _packed(self.texts),
            "vocabulary": _packed(postings.vocabulary),
            "frequency": postings.frequency,
            "rows": postings.rows,
            "weights": postings.weights,
            "topics": postings.topics,
        }
        for name in LAYERS:
            columns, size, weights = getattr(self, name).fitted
            cells = np.flatnonzero(weights)
            found[f"{name}.columns"] = columns
            found[f"{name}.shape"] = np.array([size, weights.shape[1]])
            found[f"{name}.cells"] = cells.astype(np.int32)
            found[f"{name}.values"] = weights.reshape(-1)[cells]
        return found

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], count: int) -> Learned:
        """From such arrays, for that many labels; KeyError or ValueError when they do not fit together."""
        vocabulary = {feature: number for number, feature in enumerate(_unpacked(arrays["vocabulary"]))}
        texts = _unpacked(arrays["texts"])
        parts = [arrays[name] for name in ("frequency", "rows", "weights", "topics")]
        postings = Postings(vocabulary, *parts)
        if len(vocabulary) != len(postings.frequency) or len(texts) != len(postings.topics):
            raise ValueError("the numbers of words, or of phrasings, disagree")
        return cls(texts, Index.of(postings, count), *(_layer(arrays, name) for name in LAYERS))


class Kept:
    """The file of one matcher, for what it learned from and one way of building."""

    def __init__(self, path: Path, *parts: object) -> None:
        """Takes the file, and what the learned depends on beside this package: phrasings, words, settings."""
        self._path = path
        self._key = hashlib.sha256("\n".join([_code(), np.__version__, *map(repr, parts)]).encode()).hexdigest()

    def learned(self, count: int) -> Learned | None:
        """What was learned at an earlier start, for that many labels; None when there is nothing fitting."""
        try:
            with np.load(self._path, allow_pickle=False) as file:
                if str(file["key"]) != self._key:
                    return None
                return Learned.of({name: file[name] for name in file.files}, count)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, IndexError, TypeError, EOFError, zipfile.BadZipFile) as error:
            log.warning("matcher.file_unusable", file=self._path.name, meaning=str(error))
            return None

    def keep(self, learned: Learned) -> None:
        """Write the file; a folder that cannot be written to costs time at the next start, and nothing else."""
        beside = self._path.with_name(f"{self._path.stem}.{os.getpid()}.tmp.npz")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(beside, key=np.array(self._key), **learned.arrays())  # type: ignore[arg-type]  # no name is an option
            beside.replace(self._path)
        except OSError as error:
            log.warning("matcher.not_kept", file=self._path.name, meaning=str(error))
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)


def _layer(arrays: Mapping[str, NDArray[Any]], name: str) -> Linear:
    size, count = arrays[f"{name}.shape"].tolist()
    weights = np.zeros((size, count), dtype=np.float16)
    weights.reshape(-1)[arrays[f"{name}.cells"]] = arrays[f"{name}.values"]
    return Linear.of(arrays[f"{name}.columns"], size, weights)


def _packed(texts: list[str] | dict[str, int]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(texts).encode(), dtype=np.uint8)


def _unpacked(packed: NDArray[np.uint8]) -> list[str]:
    return packed.tobytes().decode().split("\n")


@lru_cache(maxsize=1)
def _code() -> str:
    """What this package's source says, since what is learned depends on it."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()

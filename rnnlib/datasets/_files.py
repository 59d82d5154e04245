"""The one reader of shipped files: nothing reaches a loader before its checksum is verified."""

import gzip
import hashlib
import io
import tomllib
from functools import cache
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "files"
CHECKSUMS = Path(__file__).parent / "checksums.toml"


@cache
def checksums():
    """Name of each shipped file -> its SHA-256, as checksums.toml states it."""
    return tomllib.loads(CHECKSUMS.read_text(encoding="utf-8"))


def read_bytes(name):
    """The bytes of a shipped file.

    Raises FileNotFoundError for a file that is not there, ValueError for one whose SHA-256
    is not the one of checksums.toml.
    """
    path, expected = FOLDER / name, checksums()[name]
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: expected the file with SHA-256 {expected}, "
            "so install the course again."
        )
    data = path.read_bytes()
    actual = hashlib.sha256(data).hexdigest()
    if actual != expected:
        raise ValueError(
            f"{path} is damaged: expected SHA-256 {expected}, got {actual}, "
            "so install the course again."
        )
    return data


def read_text(name):
    """The text of a shipped .txt.gz file."""
    return gzip.decompress(read_bytes(name)).decode("utf-8")


def read_arrays(name):
    """The arrays of a shipped .npz file, by name; never a pickle."""
    with np.load(io.BytesIO(read_bytes(name)), allow_pickle=False) as file:
        return dict(file)

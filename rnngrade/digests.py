"""The SHA-256 by which two things are found to be the same."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def digest(data: Any) -> str:
    """The SHA-256 of bytes, or of plain data in its one JSON form."""
    return hashlib.sha256(data if isinstance(data, bytes) else as_json(data)).hexdigest()


def digest_of_files(files: Mapping[str, Path]) -> str:
    """The SHA-256 of files: name → path.

    Raises:
        OSError: one cannot be read.
    """
    return digest({name: _digest_of_file(path) for name, path in files.items()})


def as_json(data: Any) -> bytes:
    """Plain data in its one JSON form."""
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def _digest_of_file(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

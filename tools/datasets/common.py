"""What the scripts share: a source that is checked first, and files that come out the same.

The compressed bytes depend on zlib: with another build of it (zlib-ng, say) the contents
agree and the bytes may not.
"""

import gzip
import hashlib
import io
import sys
from pathlib import Path

import numpy as np

FILES = Path(__file__).parents[2] / "rnnlib" / "datasets" / "files"


def arguments():
    """The folder of downloaded packages, and where to write: the shipped files if not said."""
    if len(sys.argv) not in (2, 3):
        sys.exit(f"usage: python {sys.argv[0]} DOWNLOADS [OUTPUT]")
    return Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else FILES


def read_source(folder, name, sha256):
    """The bytes of a downloaded package, if they are those that the script was written for."""
    data = (folder / name).read_bytes()
    actual = hashlib.sha256(data).hexdigest()
    if actual != sha256:
        sys.exit(f"{name}: expected SHA-256 {sha256}, got {actual}.")
    return io.BytesIO(data)


def write_text(path, text):
    """Write a .txt.gz with no name and no time in it."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as f:
        f.write(text.encode("utf-8"))
    _write(path, buffer.getvalue())


def write_arrays(path, **arrays):
    """Write an .npz; NumPy dates every member 1980-01-01."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    _write(path, buffer.getvalue())


def _write(path, data):
    """Write, and print the line that belongs into rnnlib/datasets/checksums.toml."""
    path.write_bytes(data)
    print(f'"{path.name}" = "{hashlib.sha256(data).hexdigest()}"')

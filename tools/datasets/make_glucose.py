"""Make glucose.npz: times and glucose of bokeh-sampledata, as they are, faults included."""

import csv
import gzip
import zipfile

import numpy as np
from common import arguments, read_source, write_arrays

SOURCE = "bokeh_sampledata-2026.1-py3-none-any.whl"
SHA256 = "f40331a40ca30c64a1c1471835aad9006b61b0d9731a3f649ee8cbbf48d3822f"

if __name__ == "__main__":
    downloads, output = arguments()
    with zipfile.ZipFile(read_source(downloads, SOURCE, SHA256)) as package:
        text = gzip.decompress(package.read("bokeh_sampledata/_data/CGM.csv.gz")).decode()
    rows = list(csv.reader(text.splitlines()))[1:]
    write_arrays(
        output / "glucose.npz",
        minutes=np.array([r[1] for r in rows], dtype="datetime64[m]").astype(np.int32),
        glucose=np.array([int(r[2]) for r in rows], dtype=np.int16),
    )

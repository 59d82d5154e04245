"""Run every benchmark, or those named, print the tables and keep them in results/."""

import importlib
import platform
import sys
from pathlib import Path

import torch

RESULTS = Path(__file__).parent / "results"
NAMES = ("imports", "layers", "scans", "published", "applications", "grading", "attacks")


def main(names):
    """Write one Markdown table per benchmark; the book includes them."""
    RESULTS.mkdir(exist_ok=True)
    for name in names or NAMES:
        lines = []
        for row in importlib.import_module(f"benchmarks.{name}").rows():
            print(row, flush=True)
            lines.append(row)
        lines += ["", f"Python {platform.python_version()}, torch {torch.__version__}, CPU."]
        aside = RESULTS / f"{name}.part"
        aside.write_text("\n".join(lines) + "\n", "utf-8")
        aside.replace(RESULTS / f"{name}.md")
        print()


if __name__ == "__main__":
    main(sys.argv[1:])

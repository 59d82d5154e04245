"""Choose the settings of the applications by their validation part, never by the test part.

    python -m benchmarks.choose [NAME …]

Each candidate of a grid is trained once, with seed 0 on one thread, and scored on "valid".
The best of those that keep within the time allowed is chosen; of equals the first, and the
grids begin with the longest training. All grids take over half an hour. Every candidate is then
listed in results/choice.md, and the chosen ones are written to settings.toml, which
`benchmarks.applications` reads. Given names, only these are tried and nothing is written.
"""

import json
import sys
from itertools import product
from typing import Any, NamedTuple

import torch

from benchmarks.applications import SETTINGS, TABLE

CHOICE = SETTINGS.parent / "results" / "choice.md"

STOCKS = {"size": [32, 16], "epochs": [10, 5], "lr": [2.5e-3, 5e-3, 1e-2]}
GATED = {"size": [64], "epochs": [120, 48], "lr": [2.5e-3, 5e-3, 1e-2]}
SIMPLE = {"size": [64], "epochs": [360, 120], "lr": [1e-3, 3e-3]}
ALARM = {
    "by": ["forecast", "classifier"],
    "size": [48],
    "epochs": [24, 12, 6],
    "lr": [2.5e-3, 5e-3],
}

# name: (seconds allowed, grid). Delayed digits have 30 s: a third more digits in the test.
GRIDS = {
    "text, English": (72, {"size": [192], "epochs": [4, 3], "lr": [4e-3, 8e-3, 1.6e-2]}),
    "text, surnames": (36, {"size": [128], "epochs": [6, 4], "lr": [5e-3, 1e-2, 2e-2]}),
    "translation, dates": (90, {"size": [96, 64], "epochs": [12, 8], "lr": [5e-3, 1e-2]}),
    "stocks, price of AAPL": (60, STOCKS),
    "stocks, range": (60, STOCKS),
    "glucose, 30 min": (54, {"size": [48], "epochs": [24, 12, 6], "lr": [2.5e-3, 5e-3, 1e-2]}),
    "glucose, alarm": (54, ALARM),
    "speech, digits": (48, {"size": [64], "epochs": [20, 16], "lr": [5e-3, 1e-2, 2e-2]}),
    "speech, digits, live": (48, {"size": [64], "epochs": [36, 20], "lr": [5e-3, 1e-2, 2e-2]}),
    "delayed digits, LSTM": (22, GATED),
    "delayed digits, LSTM, default": (22, GATED),
    "delayed digits, GRU": (22, GATED),
    "delayed digits, RNN": (22, SIMPLE),
    "delayed digits, RNN, default": (22, SIMPLE),
}


class Candidate(NamedTuple):
    """Settings, and what came of them on the validation part."""

    settings: dict[str, Any]
    score: float
    seconds: float


def try_all(name):
    """A Candidate for each point of the grid."""
    _, grid = GRIDS[name]
    for values in product(*grid.values()):
        settings = dict(zip(grid, values, strict=True))
        yield Candidate(settings, *TABLE[name].run(0, "valid", **settings))


def best(name, tried):
    """The Candidate with the best score among those that kept within the time allowed."""
    allowed, _ = GRIDS[name]
    better = min if "↓" in TABLE[name].unit else max
    return better((c for c in tried if c.seconds <= allowed), key=lambda c: c.score)


def row(name, candidate, mark=""):
    """A line of the table in results/choice.md."""
    settings = ", ".join(f"{key} {value}" for key, value in candidate.settings.items())
    return (
        f"| {name} | {TABLE[name].unit} | {settings} | {candidate.score:.4g} "
        f"| {candidate.seconds:.0f} of {GRIDS[name][0]} | {mark} |"
    )


def main(names):
    """Print the candidates as they come; if all were tried, write down what was found."""
    torch.set_num_threads(1)
    lines = [
        "Every candidate was trained once, with seed 0, and scored on the validation part.",
        "",
        "| task | score | settings | validation | seconds | |",
        "|---|---|---|---|---|---|",
    ]
    chosen = ["# Written by `python -m benchmarks.choose`, see results/choice.md."]
    for name in names or GRIDS:
        tried = []
        for candidate in try_all(name):
            print(row(name, candidate), flush=True)
            tried.append(candidate)
        winner = best(name, tried)
        lines += [row(name, c, "chosen" if c is winner else "") for c in tried]
        entries = [f"{key} = {json.dumps(value)}" for key, value in winner.settings.items()]
        chosen.append("\n".join(["", f'["{name}"]', *entries]))
        print(chosen[-1], flush=True)
    if not names:
        CHOICE.write_text("\n".join(lines) + "\n", "utf-8")
        SETTINGS.write_text("\n".join(chosen) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

"""What CONTRIBUTING.md and ARCHITECTURE.md name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
IN_CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"(?<![\w./-])(?:[\w<>*.-]+/)+[\w<>*.-]*")
HOLDS = {"<unit>": "*", "<chapter>": "*", "<name>": "*", "<language>": "*"}
# Not in git.
MADE = (
    "_build",
    ".venv",
    ".cache",
    "submitted",
    "feedback",
    "exercises",
    "solutions/*/*.ipynb",
)


def named(text):
    """The paths in the text's code, with a pattern for what is held open."""
    for code in IN_CODE.findall(text):
        for path in PATH.findall(code):
            for word, pattern in HOLDS.items():
                path = path.replace(word, pattern)
            if not path.startswith(MADE):
                yield path


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "ARCHITECTURE.md"])
def test_every_path_that_is_named_is_there(page):
    rooms = ("book", "rnnlib", "rnngrade", "rnngrade/course")  # shortened where they are told
    folders = [ROOT, *(ROOT / room for room in rooms), *ROOT.glob("solutions/*/")]
    paths = set(named((ROOT / page).read_text("utf-8")))
    assert paths
    gone = [path for path in paths if not any(any(f.glob(path)) for f in folders)]
    assert gone == []

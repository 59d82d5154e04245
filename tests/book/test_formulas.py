"""Every numbered formula is checked by a cell that would fail if it were wrong.

The cell names the formula in its metadata: `:checks: [eq-rnn-state]`.
"""

import re
from collections import Counter

import jupytext
import pytest

from .test_site import PAGES, ROOT

LABEL = re.compile(r"^\$\$\s*\((eq-[\w-]+)\)\s*$|^:label:\s*(eq-[\w-]+)\s*$", re.MULTILINE)
TEXTS = {page: (ROOT / f"{page}.md").read_text("utf-8") for page in PAGES}
FORMULAS = [(page, a or b) for page, text in TEXTS.items() for a, b in LABEL.findall(text)]


def cells():
    for page, text in TEXTS.items():
        if "{code-cell}" in text:
            for cell in jupytext.reads(text, "md:myst").cells:
                if cell.cell_type == "code":
                    yield page, cell


CHECKED = [(page, cell, cell.metadata.get("checks", [])) for page, cell in cells()]


def test_a_name_stands_for_one_formula():
    counts = Counter(label for _, label in FORMULAS)
    assert [label for label, count in counts.items() if count > 1] == []


@pytest.mark.parametrize(("page", "label"), FORMULAS)
def test_every_formula_is_checked(page, label):
    assert any(label in labels for _, _, labels in CHECKED), f"no cell checks {label}"


def test_what_is_checked_is_a_formula_and_by_an_assertion():
    known = {label for _, label in FORMULAS}
    for page, cell, labels in CHECKED:
        assert set(labels) <= known, f"{page}: unknown {set(labels) - known}"
        if labels:
            assert re.search(r"^\s*(assert |.*\bassert_\w+\()", cell.source, re.MULTILINE), (
                f"{page}: the cell that checks {labels} asserts nothing"
            )


def test_every_numbered_formula_has_a_name():
    for page, text in TEXTS.items():
        assert re.findall(r"^\$\$[ \t]+\((?!eq-)", text, re.MULTILINE) == [], page

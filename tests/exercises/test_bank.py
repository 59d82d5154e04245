"""Every bank: right solutions earn everything, wrong ones lose what they must and no more.

Each goes the whole way: released notebook, sandbox, examiner, gradebook.
"""

import ast
import random
import re
from functools import cache

import nbformat
import pytest

from rnngrade.exercise import bank
from rnngrade.messages import ENGLISH, languages
from rnngrade.run.bank import try_bank
from rnngrade.run.workers import in_turn, on_dask
from tests.exercises.submission import ROOT, UNITS, points, release, solved, source

SOLUTIONS = [
    pytest.param(unit, solution, id=f"{unit}-{solution.student}")
    for unit in UNITS
    for solution in bank.read_bank(ROOT / "solutions" / unit)
]
WRONG = [row for row in SOLUTIONS if row.values[1].kind == "wrong"]


@cache
def verdicts(unit, language=ENGLISH):
    tried = try_bank(ROOT, unit, language, on_dask(2))
    return {verdict.solution.student: verdict for verdict in tried}


@pytest.mark.parametrize(("unit", "solution"), SOLUTIONS)
def test_a_solution_loses_and_is_told_what_it_must(unit, solution):
    verdict = verdicts(unit)[solution.student]
    assert (set(verdict.lost), verdict.told) == (set(solution.loses), solution.told)
    lost = sum(worth for part, worth in points(source(unit)).items() if part in verdict.lost)
    assert verdict.points == sum(points(source(unit)).values()) - lost


@pytest.mark.parametrize(("unit", "solution"), WRONG)
def test_no_sentence_shows_a_value(unit, solution):
    said = verdicts(unit)[solution.student].says
    assert "\n" not in said
    assert not re.search(r"[^(]\d\.\d|tensor\(|array\(", said)


@pytest.mark.parametrize("unit", UNITS)
def test_every_part_is_solved_in_four_ways(unit):
    """In more than the look of the text."""
    ways = {}
    for solution in bank.read_bank(ROOT / "solutions" / unit):
        if solution.kind == "right":
            for node in ast.parse(solution.code).body:
                ways.setdefault(getattr(node, "name", ""), set()).add(ast.dump(node))
    for part in points(source(unit)):
        assert len(ways[part.replace("-", "_")]) >= 4, part


@pytest.mark.parametrize("language", [code for code in languages() if code != ENGLISH])
@pytest.mark.parametrize("unit", UNITS)
def test_another_language_has_other_words_and_the_same_scores(unit, language):
    english = verdicts(unit)
    some = random.Random(unit).sample(sorted(english), 12)
    translated = {v.solution.student: v for v in few(unit, language, some)}
    for student in some:
        one, other = english[student], translated[student]
        assert (one.points, one.lost, one.told) == (other.points, other.lost, other.told)
        assert not one.says or one.says != other.says


def few(unit, language, students):
    only = [s for s in bank.read_bank(ROOT / "solutions" / unit) if s.student in students]
    return try_bank(ROOT, unit, language, in_turn, only)


@pytest.mark.parametrize("unit", UNITS)
def test_the_stubs_of_the_release_are_what_a_solution_replaces(unit):
    made = solved(release(unit), "", unit)
    answers = {c.id: c.source for c in made.cells if c.metadata.get("nbgrader", {}).get("solution")}
    assert answers
    assert all("raise NotImplementedError" not in text for text in answers.values())
    assert nbformat.validate(made) is None

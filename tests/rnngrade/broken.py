"""Synthetic submissions of one unit: right and wrong answers, some of them broken on the way.

`submissions` is for tests and benchmarks: it says of each submission what must come of it.
"""

import copy
import io
import json
import random
import zipfile
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode, v4

from tests.exercises.submission import bank, points, release, solved

RELEASE = release()
POINTS = points(RELEASE)
# The one part on which no other depends.
LAST = "lstm-sequence"


@dataclass(frozen=True)
class Submission:
    """What a student hands in.

    `kind` is how it is broken, "" if it is not. `expected` is the points of each part or, for a
    file that cannot be graded, the id of the reason.
    """

    student: str
    data: bytes
    kind: str
    expected: dict[str, float] | str


def submissions(n, seed, broken=0.1, output_bytes=1 << 20):
    """As many submissions, the same for the same seed; the kinds take turns.

    Args:
        n: how many.
        seed: of the order and of the answers.
        broken: which part of them is broken in some way.
        output_bytes: the size of the outputs where they are large.
    """
    draw = random.Random(seed)
    answers = _answers()
    kinds = ["" for _ in range(n - round(n * broken))]
    kinds += [KINDS[i % len(KINDS)] for i in range(round(n * broken))]
    draw.shuffle(kinds)
    made = []
    for number, kind in enumerate(kinds):
        code, lost = draw.choice(answers)
        made.append(broken_submission(f"s{number:04}", kind, code, lost, draw, output_bytes))
    return made


def broken_submission(student, kind, code, lost, draw, output_bytes=1 << 20):
    """One submission with these answers, which lose these parts, broken in this way."""
    notebook = solved(RELEASE, code)
    expected = {part: 0 if part in lost else worth for part, worth in POINTS.items()}
    if kind in CELLS:
        CELLS[kind](notebook, draw)
    if kind in LOSES_LAST:
        expected[LAST] = 0
    if kind == "large outputs":
        _put_out(notebook, output_bytes)
    data = json.dumps(notebook, indent=1, ensure_ascii=False).encode()
    if kind in FILES:
        data = FILES[kind](data, notebook)
    if kind in NOT_NOTEBOOKS:
        make, expected = NOT_NOTEBOOKS[kind]
        data = make(data, notebook)
    return Submission(student, data, kind, expected)


def _answers():
    """Pairs of code and the parts that it loses."""
    known = bank()
    right = [(code, set()) for code in known.RIGHT.values()]
    return right + [(wrong.code, wrong.loses) for wrong in known.WRONG.values()]


def _cell(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name)


def _tests(notebook):
    return [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]


def _known(notebook):
    return [c for c in notebook.cells if "nbgrader" in c.metadata]


def _any(notebook, draw, test):
    """A test, or an answer, drawn at random."""
    return draw.choice([c for c in _known(notebook) if c.metadata.nbgrader.grade == test])


def _insert_copy(notebook, cell, place, **changes):
    again = copy.deepcopy(cell)
    again.update({"id": f"{cell.id}-again", **changes})
    notebook.cells.insert(place, again)


# What happens to the cells. None of it costs a mark, but for an answer that is not there.


def _test_twice(notebook, draw):
    cell = _any(notebook, draw, test=True)
    _insert_copy(notebook, cell, draw.randrange(3), source="assert False")


def _answer_twice(notebook, draw):
    cell = _any(notebook, draw, test=False)
    _insert_copy(notebook, cell, 2, source="raise ValueError")


def _answer_twice_untouched(notebook, draw):
    """A copy of the original above the answer, with the same id."""
    cell = _any(notebook, draw, test=False)
    original = _cell(RELEASE, cell.id).source
    _insert_copy(notebook, cell, notebook.cells.index(cell), id=cell.id, source=original)


def _test_deleted(notebook, draw):
    notebook.cells.remove(_any(notebook, draw, test=True))


def _tests_deleted(notebook, draw):
    for cell in _tests(notebook):
        notebook.cells.remove(cell)


def _answer_deleted(notebook, draw):
    notebook.cells.remove(_cell(notebook, LAST))


def _answer_and_test_deleted(notebook, draw):
    notebook.cells.remove(_cell(notebook, LAST))
    notebook.cells.remove(_cell(notebook, f"{LAST}-test"))


def _renamed(notebook, draw):
    for test in (True, False):
        _any(notebook, draw, test).metadata.nbgrader.grade_id = "mine"


def _renamed_without_id(notebook, draw):
    for number, cell in enumerate(_known(notebook)):
        cell.metadata.nbgrader.grade_id = f"part-{number}"
        cell.id = f"new-{number}"


def _exchanged(notebook, draw):
    one, other = draw.sample(_tests(notebook), 2)
    one.metadata.nbgrader, other.metadata.nbgrader = (
        other.metadata.nbgrader,
        one.metadata.nbgrader,
    )


def _answer_called_a_test(notebook, draw):
    _cell(notebook, "candidate").metadata.nbgrader.grade_id = "candidate-test"
    notebook.cells.remove(_cell(notebook, "candidate-test"))


def _tests_first(notebook, draw):
    tests = _tests(notebook)
    rest = [cell for cell in notebook.cells if cell not in tests]
    draw.shuffle(tests)
    notebook.cells = tests + rest


def _tests_last(notebook, draw):
    tests = _tests(notebook)
    rest = [cell for cell in notebook.cells if cell not in tests]
    draw.shuffle(tests)
    notebook.cells = rest + tests


def _retype(cell, kind):
    cell.cell_type = kind
    del cell["outputs"], cell["execution_count"]


def _retyped(notebook, draw):
    _retype(_any(notebook, draw, test=True), "markdown")
    _retype(_any(notebook, draw, test=False), "raw")


def _points_changed(notebook, draw):
    for cell in _tests(notebook):
        cell.metadata.nbgrader.points = draw.choice([100, -1, 0, "many", None])


def _roles_changed(notebook, draw):
    for cell in _tests(notebook):
        cell.metadata.nbgrader.update(draw.choice([{"grade": False}, {"solution": True}]))


def _old_metadata(notebook, draw):
    """nbgrader takes it for a notebook of an old version, and grades nobody any more."""
    for cell in _known(notebook):
        cell.metadata.nbgrader.schema_version = draw.choice([0, 1, 2, 99])


def _metadata_lost(notebook, draw):
    for cell in draw.sample(_known(notebook), 5):
        cell.metadata = NotebookNode()


def _metadata_and_ids_lost(notebook, draw):
    for number, cell in enumerate(notebook.cells):
        cell.metadata = NotebookNode()
        cell.id = f"{number}"


def _test_emptied(notebook, draw):
    _any(notebook, draw, test=True).source = "pass"


def _answer_in_the_test(notebook, draw):
    answer, test = _cell(notebook, "output-gate"), _cell(notebook, "output-gate-test")
    test.source = f"{answer.source}\n\n{test.source}"
    answer.source = _cell(RELEASE, "output-gate").source


def _ids_lost(notebook, draw):
    for cell in notebook.cells:
        del cell["id"]


def _ids_the_same(notebook, draw):
    for cell in notebook.cells:
        cell.id = "cell"


def _malformed(notebook, draw):
    for cell in _known(notebook):
        cell["outputs"] = draw.choice([None, "text", [None, {"output_type": 3}], {"a": [1]}])
        cell["metadata"]["tags"] = "none"
        cell["source"] = cell["source"].splitlines(keepends=True)
        cell["trusted"] = False
    notebook.cells[0]["source"] = None
    notebook.cells[2].update({"metadata": None, "cell_type": ["markdown"]})
    notebook.cells += [None, 7, {}, {"cell_type": "code", "source": ["1", 2], "id": "\N{BELL}"}]
    notebook.metadata = ["none"]


def _halves_of_characters(notebook, draw):
    answer = _any(notebook, draw, test=False)
    answer.source += "\n# \ud83d"


def _forged(notebook, draw):
    notebook.metadata["rnngrade"] = {"repairs": ["All is well."], "unreadable": "no"}


CELLS = {
    "a test twice": _test_twice,
    "an answer twice": _answer_twice,
    "an answer twice, one untouched": _answer_twice_untouched,
    "a test deleted": _test_deleted,
    "every test deleted": _tests_deleted,
    "an answer deleted": _answer_deleted,
    "an answer and its test deleted": _answer_and_test_deleted,
    "renamed": _renamed,
    "renamed, and new ids": _renamed_without_id,
    "names exchanged": _exchanged,
    "an answer called a test": _answer_called_a_test,
    "tests first": _tests_first,
    "tests last": _tests_last,
    "retyped": _retyped,
    "points changed": _points_changed,
    "roles changed": _roles_changed,
    "old metadata": _old_metadata,
    "metadata lost": _metadata_lost,
    "metadata and ids lost": _metadata_and_ids_lost,
    "a test emptied": _test_emptied,
    "an answer in the test": _answer_in_the_test,
    "ids lost": _ids_lost,
    "ids the same": _ids_the_same,
    "malformed": _malformed,
    "forged": _forged,
}
LOSES_LAST = {"an answer deleted", "an answer and its test deleted"}


def _put_out(notebook, size):
    """Printed lines, a picture and a table, as large as asked."""
    line = "0.12345678 " * 9 + '[{"outputs": [\\]}\n'
    printed = v4.new_output("stream", text=line * (size // 3 // len(line)))
    picture = v4.new_output("display_data", data={"image/png": "A" * (size // 3)})
    table = {"application/json": {"data": [[0.25] * 50] * (size // 3 // 800), "outputs": [[]]}}
    shown = v4.new_output("display_data", data=table)
    _cell(notebook, "forget-gate").outputs = [printed, picture, shown]


# What happens to the file.


def _version_3(data, notebook):
    return nbformat.writes(nbformat.convert(copy.deepcopy(notebook), 3), version=3).encode()


def _escaped(data, notebook):
    _halves_of_characters(notebook, random.Random(0))
    return json.dumps(notebook).encode()


FILES = {
    "large outputs": lambda data, notebook: data,
    "nbformat 3": _version_3,
    "halves of characters": _escaped,
    "UTF-8 with BOM": lambda data, notebook: data.decode().encode("utf-8-sig"),
    "UTF-16": lambda data, notebook: data.decode().encode("utf-16"),
    "UTF-16 without BOM": lambda data, notebook: data.decode().encode("utf-16-be"),
    "without its format": lambda data, notebook: json.dumps({"cells": notebook.cells}).encode(),
    "line ends of Windows": lambda data, notebook: data.replace(b"\\n", b"\\r\\n"),
}


# What is no notebook at all, with words of the reason.


def _zipped(data, notebook):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("lstm-gates.ipynb", data)
    return file.getvalue()


def _script(data, notebook):
    return "\n".join(c.source for c in notebook.cells if c.cell_type == "code").encode()


def _with_format(number):
    return lambda data, notebook: json.dumps({**notebook, "nbformat": number}).encode()


def _in_latin_1(data, notebook):
    return data.replace(b'"cells"', '"größer": 1, "cells"'.encode("latin-1"))


def _cut_in_an_output(data, notebook):
    _put_out(notebook, 9000)
    data = json.dumps(notebook).encode()
    return data[: data.index(b"AAAA") + 100]


NOT_NOTEBOOKS = {
    "empty": (lambda data, notebook: b"", "course.empty"),
    "blank": (lambda data, notebook: b" \n\n", "course.empty"),
    "cut off": (lambda data, notebook: data[: len(data) // 2], "course.breaks-off"),
    "cut off in an output": (_cut_in_an_output, "course.breaks-off-in-output"),
    "a comma lost": (lambda data, notebook: data.replace(b",", b"", 1), "course.not-json"),
    "a zip": (_zipped, "course.no-notebook-but"),
    "a script": (_script, "course.no-notebook-but"),
    "a page": (lambda data, notebook: b"<!DOCTYPE html><p>Log in", "course.no-notebook-but"),
    "words": (lambda data, notebook: b"I was ill.", "course.not-json"),
    "other JSON": (lambda data, notebook: b'{"name": "anna"}', "course.no-notebook"),
    "a list": (lambda data, notebook: b"[1, 2]", "course.no-notebook"),
    "nothing but a format": (lambda data, notebook: b'{"nbformat": 4}', "course.no-cells"),
    "nbformat 5": (_with_format(5), "course.newer-format"),
    "nbformat 2": (_with_format(2), "course.older-format"),
    "Latin-1": (_in_latin_1, "course.not-utf-8"),
    "deeply nested": (lambda data, notebook: b"[" * 200_000, "course.too-deep"),
    "a long number": (
        lambda data, notebook: b"[" + b"9" * 5000 + b"]",
        "course.too-many-digits",
    ),
    "bytes": (lambda data, notebook: bytes(range(256)), "course.no-text"),
}

KINDS = (*CELLS, *FILES, *NOT_NOTEBOOKS)

"""Which submissions of a unit look alike: a reason to look at two of them, not a proof.

Names, strings, comments and spaces are taken out of the code (by copydetect), and what is
left is compared by its runs of K characters. A run that the released notebook has does not
count, nor one that much of the class has: of a formula in one line there is only one way.
"""

import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from copydetect import CodeFingerprint
from nbformat import NotebookNode

from rnngrade.course.course import Course
from rnngrade.course.feedback import render
from rnngrade.course.reader import Unreadable, read
from rnngrade.errors import CourseError
from rnngrade.files import write_aside
from rnngrade.messages import Message, message
from rnngrade.reports.spreadsheet import csv_of
from rnngrade.run.record import HOME

K = 25  # characters of a run: about one call with three arguments
FEW = 5  # what so few submissions share always counts
LEAST = 40  # runs that two submissions must share: about three lines
LONGEST_CELL = 100_000
MOST_SHOWN = 200


@dataclass(frozen=True)
class Cell:
    """A cell of a student, and the runs of K characters in its normalised code."""

    name: str | Message
    source: str
    runs: frozenset[int]


@dataclass(frozen=True)
class Pair:
    """Two submissions: the share of the smaller one that is in the other, and how much."""

    first: str
    second: str
    share: float
    shared: int
    cells: tuple[tuple[Cell, Cell], ...]  # those with the most in common, side by side


@dataclass(frozen=True)
class Likeness:
    """What came out of a unit."""

    unit: str
    pairs: list[Pair]
    compared: int
    unread: dict[str, Message]  # student → why
    common: float  # the share of runs that do not count because much of the class has them


def similar(
    course: Course,
    unit: str,
    threshold: float = 60,
    common: float = 30,
    output: Path | None = None,
) -> str:
    """Compare the submissions of a unit, and write the pairs that look alike.

    Args:
        course: from `rnngrade.course.course.load`.
        unit: the name of the unit.
        threshold: per cent of the smaller submission that must be in the other.
        common: a run that more than so many per cent of the class have does not count.
        output: the file to write, .html with the cells side by side, or .csv; by default
            .rnngrade/similar/UNIT.html.

    Returns:
        What to print: the pairs as a table, and where the file is.

    Raises:
        CourseError: nothing was handed in, or an argument makes no sense.
    """
    for name, per_cent in (("threshold", threshold), ("common", common)):
        if not 0 < per_cent <= 100:
            raise CourseError("reports.not-per-cent", option=f"--{name}", value=f"{per_cent:g}")
    output = output or course.root / HOME / "similar" / f"{unit}.html"
    if output.suffix not in (".html", ".csv"):
        raise CourseError("reports.no-such-form", file=f"{output}")
    released = course.folder("release", unit=unit) / f"{unit}.ipynb"
    if not released.exists():
        raise CourseError("reports.no-release", file=f"{released}", unit=unit)
    submissions, unread = _submissions(course, unit)
    made = compare(unit, read(released)[0], submissions, threshold / 100, common / 100, unread)
    text = html_of(made) if output.suffix == ".html" else _csv(made)
    write_aside(output, text.encode())
    return f"{_table(made)}\n{output}"


def compare(
    unit: str,
    released: NotebookNode,
    submissions: Mapping[str, NotebookNode],
    threshold: float = 0.6,
    common: float = 0.3,
    unread: Mapping[str, Message] | None = None,
) -> Likeness:
    """Compare notebooks.

    Args:
        unit: its name.
        released: the notebook that students got.
        submissions: student → notebook.
        threshold, common: as in `similar`, as fractions.
        unread: student → why there is no notebook.
    """
    known = {_name(cell): cell for cell in released.cells if _name(cell)}
    boilerplate = {run for cell in released.cells for run in _runs(cell.source)}
    cells = {
        student: _cells(notebook, known, boilerplate)
        for student, notebook in sorted(submissions.items())
    }
    runs = [frozenset().union(*(cell.runs for cell in own)) for own in cells.values()]
    count = Counter(run for own in runs for run in own)
    most = max(FEW, common * len(runs))
    counted = {run for run, holders in count.items() if holders <= most}
    pairs = []
    for i, j, shared, share in _alike([own & counted for own in runs], threshold):
        first, second = list(cells)[i], list(cells)[j]
        both = runs[i] & runs[j] & counted
        side_by_side = tuple(_side_by_side(cells[first], cells[second], both))
        pairs.append(Pair(first, second, share, shared, side_by_side))
    pairs.sort(key=lambda pair: (-pair.share, -pair.shared, pair.first, pair.second))
    left_out = 1 - len(counted) / len(count) if count else 0
    return Likeness(unit, pairs, len(runs), dict(unread or {}), left_out)


def _alike(runs, threshold):
    """The pairs with enough in common, found through the runs that they share."""
    holders: dict[int, list[int]] = {}
    for student, own in enumerate(runs):
        for run in own:
            holders.setdefault(run, []).append(student)
    shared = np.zeros((len(runs), len(runs)), int)
    for students in holders.values():
        if len(students) > 1:
            shared[np.ix_(students, students)] += 1
    for i, j in np.argwhere(np.triu(shared, 1) >= LEAST).tolist():
        share = shared[i, j] / min(len(runs[i]), len(runs[j]))
        if share >= threshold:
            yield i, j, int(shared[i, j]), float(share)


def _side_by_side(first, second, both):
    """Each cell of the first with what counts, beside the one of the second nearest to it."""
    for cell in first:
        here = cell.runs & both
        if here:
            yield cell, max(second, key=lambda o: (len(o.runs & here), o.name == cell.name))


def _cells(notebook, known, boilerplate):
    """The code of a student: the answers, and cells of the student's own."""
    cells = []
    for position, cell in enumerate(notebook.cells, 1):
        role = known.get(_name(cell))
        own = role is None or role.metadata.nbgrader.get("solution")
        if cell.cell_type == "code" and own:
            name = _name(cell) if role else message("reports.cell-at", position=position)
            cells.append(Cell(name, cell.source, _runs(cell.source) - boilerplate))
    return cells


def _runs(source):
    """The hashes of all runs of K characters; equal within this process only."""
    return frozenset(_fingerprint(source[:LONGEST_CELL]).hashes)


def _fingerprint(source):
    return CodeFingerprint("", K, win_size=1, language="python", fp=io.StringIO(source))


def _name(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _submissions(course, unit):
    """The notebooks that were handed in, and why one of them cannot be read."""
    paths = {}
    for step in ("autograded", "submitted"):  # what was handed in is preferred
        for student in course.students(step, unit):
            paths[student] = course.folder(step, student, unit) / f"{unit}.ipynb"
    if not paths:
        raise CourseError("reports.nothing-handed-in", unit=unit)
    submissions, unread = {}, {}
    for student, path in sorted(paths.items()):
        try:
            submissions[student] = read(path)[0]
        except Unreadable as error:
            unread[student] = error.message
    return submissions, unread


def _table(made):
    """The pairs for a terminal."""
    lines = [message("reports.caution"), "", *_found(made)]
    lines += [
        message("reports.not-read", student=student, why=why)
        for student, why in made.unread.items()
    ]
    if made.pairs:
        wide = max(len(name) for pair in made.pairs for name in (pair.first, pair.second))
        head = [f"{message(id)}" for id in ("reports.share", "reports.runs")]
        columns = [max(5, len(name)) for name in head]
        names = [f"{name:>{column}}" for name, column in zip(head, columns, strict=True)]
        lines += ["", "  ".join([*names, f"{message('reports.pair')}"])]
        for pair in made.pairs[:MOST_SHOWN]:
            share, shared = f"{pair.share:>{columns[0]}.0%}", f"{pair.shared:>{columns[1]}}"
            lines.append(f"{share}  {shared}  {pair.first:{wide}}  {pair.second}")
    return "\n".join(map(str, lines))


def _found(made):
    """How many pairs there are, and what did not count."""
    pairs = message("reports.pairs", n=len(made.pairs))
    yield message(
        "reports.found",
        unit=made.unit,
        pairs=pairs,
        submissions=message("reports.among", n=made.compared),
    )
    if len(made.pairs) > MOST_SHOWN:
        yield message("reports.first-shown", most=MOST_SHOWN)
    yield message("reports.not-counted", share=f"{made.common:.0%}")


def _csv(made):
    rows = [["first", "second", "share", "runs", "cells"]]
    for pair in made.pairs:
        cells = ", ".join(str(first.name) for first, _ in pair.cells)
        rows.append([pair.first, pair.second, pair.share, pair.shared, cells])
    return csv_of(rows, mark=True)


def html_of(made: Likeness) -> str:
    """The report as a page."""
    return render(
        "similar.html.j2",
        unit=made.unit,
        found=[*_found(made)],
        length=K,
        unread=made.unread,
        pairs=[
            {
                "both": message("list.and", most=pair.first, last=pair.second),
                "first": pair.first,
                "second": pair.second,
                "share": f"{pair.share:.0%}",
                "shared": pair.shared,
                "cells": [[_marked(a, b), _marked(b, a)] for a, b in pair.cells],
            }
            for pair in made.pairs[:MOST_SHOWN]
        ],
    )


def _marked(cell, other):
    """The lines of a cell, each with whether the other has it, whatever the names in it."""
    theirs = {_bare(line) for line in other.source.split("\n")}
    lines = [
        (line, len(_bare(line)) > 3 and _bare(line) in theirs)
        for line in cell.source.split("\n")
    ]
    return {"name": cell.name, "lines": lines}


@cache
def _bare(line):
    return _fingerprint(line).filtered_code

"""Similar submissions: a copy is found under its new names, and what all must write is not."""

import csv
import io
import re

import bs4
import nbformat
import pytest
from nbformat.v4 import new_code_cell

from rnngrade.course.course import load
from rnngrade.errors import CourseError
from rnngrade.messages import message
from rnngrade.reports.similar import compare, similar
from tests.exercises.submission import ROOT, UNIT, points, release, solutions, solved, source

RIGHT = {solution.name: solution.code for solution in solutions("right")}
ORIGINAL = max(RIGHT, key=lambda name: len(RIGHT[name]))


def disguised(notebook):
    """The same code with other names, comments, strings and spaces, in another order."""
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            names = re.findall(r"\b([a-z]_\w+|[a-z])\b(?= =)", cell.source)
            for number, name in enumerate(dict.fromkeys(names)):
                cell.source = re.sub(rf"\b{name}\b", f"renamed_{number}", cell.source)
            cell.source = cell.source.replace(", ", " ,  ") + "  # my own work"
    answers = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution")]
    notebook.cells = [c for c in notebook.cells if c not in answers] + answers[::-1]
    return notebook


@pytest.fixture(scope="module")
def students():
    """Everybody found an own way, and one copied."""
    honest = {f"student {k}": solved(release(), code) for k, code in enumerate(RIGHT.values())}
    return honest | {"copy": disguised(solved(release(), RIGHT[ORIGINAL]))}


@pytest.fixture(scope="module")
def course(students, tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    (root / "nbgrader_config.py").write_bytes((ROOT / "nbgrader_config.py").read_bytes())
    put(root / "exercises" / UNIT, release())
    for student, notebook in students.items():
        put(root / "submitted" / student / UNIT, notebook)
    (root / "submitted" / "<i>pdf" / UNIT).mkdir(parents=True)
    (root / "submitted" / "<i>pdf" / UNIT / f"{UNIT}.ipynb").write_bytes(b"%PDF")
    return root


def put(folder, notebook):
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{UNIT}.ipynb")


def names(made):
    return [{pair.first, pair.second} for pair in made.pairs]


def original():
    return f"student {list(RIGHT).index(ORIGINAL)}"


def test_a_disguised_copy_is_found_and_nobody_else(students):
    made = compare(UNIT, release(), students)
    assert names(made) == [{original(), "copy"}]
    assert made.pairs[0].share > 0.9
    assert made.compared == len(RIGHT) + 1


def test_released_code_does_not_count():
    students = {name: release() for name in ("anna", "ben")}
    assert names(compare(UNIT, release(), students, threshold=0.01)) == []


def test_test_cells_do_not_count():
    """A student may have changed them, and then they are not the released ones."""
    changed = {}
    for name in ("anna", "ben"):
        changed[name] = release()
        for cell in changed[name].cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                cell.source = RIGHT[ORIGINAL]
    assert names(compare(UNIT, release(), changed, threshold=0.01)) == []


def test_cells_of_the_students_own_count():
    own = {}
    for name in ("anna", "ben"):
        own[name] = release()
        own[name].cells.append(new_code_cell(RIGHT[ORIGINAL]))
    made = compare(UNIT, release(), own)
    assert names(made) == [{"anna", "ben"}]
    last = message("reports.cell-at", position=len(own["anna"].cells))
    assert [[a.name, b.name] for a, b in made.pairs[0].cells] == [[last, last]]


def test_what_much_of_the_class_has_does_not_count(students):
    """Twenty write the same: with them in the class it says nothing about two."""
    same = {f"same {k}": solved(release(), RIGHT[ORIGINAL]) for k in range(20)}
    assert names(compare(UNIT, release(), students | same)) == []
    made = compare(UNIT, release(), students | same, common=1)
    group = {original(), "copy", *same}
    assert len([pair for pair in names(made) if pair <= group]) == 22 * 21 / 2


def test_what_five_share_counts_however_small_the_class():
    same = {f"same {k}": solved(release(), RIGHT[ORIGINAL]) for k in range(5)}
    assert len(compare(UNIT, release(), same).pairs) == 10


def test_a_few_lines_in_common_are_no_pair():
    few = {}
    for name in ("anna", "ben"):
        few[name] = release()
        few[name].cells.append(
            new_code_cell("print(torch.zeros(3, 4).sum(dim=0), torch.ones(3, 4).mean())")
        )
    assert names(compare(UNIT, release(), few)) == []


def test_the_report(course):
    said = similar(load(course), UNIT)
    path = course / ".rnngrade" / "similar" / f"{UNIT}.html"
    lines = said.split("\n")
    caution = f"{message('reports.caution')}"
    assert lines[0] == caution
    why = message("course.no-notebook-but", kind=message("course.kind-pdf"))
    assert f"{message('reports.not-read', student='<i>pdf', why=why)}" in lines
    assert re.fullmatch(rf" *\d+% +\d+  copy +{original()} *", lines[-2])
    assert lines[-1] == str(path)
    page = bs4.BeautifulSoup(path.read_text("utf-8"), "html.parser")
    assert caution in page.text
    assert page.i is None
    sides = page.select(".sides")
    # What much of the class has in the same way is not shown.
    assert 0 < len(sides) < len(points(source()))
    first, second = sides[0]("pre")
    assert "my own work" in first.text
    assert "my own work" not in second.text
    for side in (first, second):
        assert "return " in "".join(mark.text for mark in side("mark"))


def test_code_on_the_page_is_text(course, tmp_path):
    for name in ("<b>anna", "ben"):
        notebook = release()
        code = f"{RIGHT[ORIGINAL]}\n'</code><script>alert(1)</script>'"
        notebook.cells.append(new_code_cell(code))
        put(tmp_path / "submitted" / name / UNIT, notebook)
    put(tmp_path / "exercises" / UNIT, release())
    (tmp_path / "nbgrader_config.py").write_bytes((course / "nbgrader_config.py").read_bytes())
    output = tmp_path / "made.html"
    similar(load(tmp_path), UNIT, output=output)
    page = bs4.BeautifulSoup(output.read_text("utf-8"), "html.parser")
    assert page.script is None
    assert page.b is None
    assert page.text.count("<script>alert(1)</script>") == 2
    assert page.h2.text.startswith("<b>anna and ben")


def test_csv(course, tmp_path):
    output = tmp_path / "pairs.csv"
    similar(load(course), UNIT, output=output)
    text = io.StringIO(output.read_text("utf-8-sig"), newline="")
    head, row = csv.reader(text, quoting=csv.QUOTE_NONNUMERIC)
    assert head == ["first", "second", "share", "runs", "cells"]
    assert row[:2] == ["copy", original()]
    assert 0.9 < row[2] <= 1
    assert set(row[4].split(", ")) <= set(points(source()))


def test_bad_requests_are_one_sentence(course, tmp_path):
    (tmp_path / "nbgrader_config.py").write_bytes((course / "nbgrader_config.py").read_bytes())
    put(tmp_path / "exercises" / UNIT, release())
    missing = f"{course / 'exercises' / 'gate' / 'gate.ipynb'}"
    for root, unit, options, told in (
        (course, UNIT, {"threshold": 0}, ("not-per-cent", "--threshold", "0")),
        (course, UNIT, {"common": 101}, ("not-per-cent", "--common", "101")),
        (course, UNIT, {"output": tmp_path / "a.txt"}, ("no-such-form", f"{tmp_path}/a.txt")),
        (course, "gate", {}, ("no-release", missing, "gate")),
        (tmp_path, UNIT, {}, ("nothing-handed-in", UNIT)),
    ):
        with pytest.raises(CourseError) as error:
            similar(load(root), unit, **options)
        assert error.value.id == f"reports.{told[0]}"
        assert tuple(value for _, value in error.value.message.fields) == told[1:]

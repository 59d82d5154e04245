"""What a cell is comes from the gradebook, and every submission ends in a grade or a reason."""

import copy
import json
import logging
import random
from collections import Counter
from functools import cache

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader import api
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum
from sqlalchemy import event
from sqlalchemy.engine import Engine
from traitlets.config import Config

from rnngrade.course.reader import read
from rnngrade.course.restore import Given, from_gradebook, restore
from rnngrade.messages import from_plain, message
from tests.exercises.submission import UNIT, bank, mark, points, release, solved, source
from tests.rnngrade.broken import (
    CELLS,
    FILES,
    KINDS,
    LAST,
    POINTS,
    broken_submission,
    submissions,
)

CODE = bank().RIGHT["einsum"]
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


class RunHere(NbGraderPreprocessor):
    """In the place of the execution: trusted code, in this process."""

    def preprocess(self, nb, resources):
        said = mark(nb)
        for cell in nb.cells:
            if sentence := said.get(cell.id.removesuffix("-test")):
                cell.outputs = [new_output("error", ename="AssertionError", evalue=sentence)]
        return nb, resources


class Course:
    """A course with the unit in its gradebook, and nbgrader's converters but for the kernel."""

    def __init__(self, root):
        self.root = root
        self.url = f"sqlite:///{root}/gradebook.db"
        nbformat.write(source(), self._folder("solutions") / f"{UNIT}.ipynb")
        self.convert(GenerateAssignment)

    def _folder(self, *parts):
        folder = self.root.joinpath(*parts, UNIT)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def convert(self, kind, student="*"):
        config = Config()
        config.CourseDirectory.root = str(self.root)
        config.CourseDirectory.assignment_id = UNIT
        config.CourseDirectory.student_id = student
        config.CourseDirectory.db_url = self.url
        config.CourseDirectory.source_directory = "solutions"
        config.CourseDirectory.release_directory = "exercises"
        config.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
        config.Autograde.exporter_class = "rnngrade.course.reader.RepairingExporter"
        config.Autograde.sanitize_preprocessors = [
            "rnngrade.course.restore.Restore",
            "nbgrader.preprocessors.ClearOutput",
            "nbgrader.preprocessors.OverwriteKernelspec",
            "nbgrader.preprocessors.CheckCellMetadata",
        ]
        config.Autograde.autograde_preprocessors = [
            RunHere,
            "nbgrader.preprocessors.SaveAutoGrades",
        ]
        config.BaseConverter.force = True
        log = logging.getLogger("rnngrade.test")
        kind(coursedir=CourseDirectory(config=config), config=config, log=log).start()

    def hand_in(self, student, data):
        (self._folder("submitted", student) / f"{UNIT}.ipynb").write_bytes(data)

    def grades(self, student):
        """The points of each part, and whether a human is asked for them."""
        with Gradebook(self.url) as gradebook:
            grades = gradebook.find_submission_notebook(UNIT, UNIT, student).grades
            waiting = {grade.needs_manual_grade for grade in grades}
            found = {g.name.removesuffix("-test"): g.auto_score for g in grades}
        assert len(waiting) == 1
        return found, waiting.pop()

    def autograded(self, student):
        path = self.root / "autograded" / student / UNIT / f"{UNIT}.ipynb"
        return nbformat.read(path, as_version=4)

    def given(self):
        with Gradebook(self.url) as gradebook:
            return from_gradebook(gradebook, UNIT, UNIT)


@pytest.fixture(scope="module", autouse=True)
def _no_search_for_mistakes():
    """What a test says of a wrong answer is of no matter here, and takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnngrade.misconceptions.explain", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        # A new engine for each step would be half of the time here.
        patch.setattr(api, "create_engine", cache(api.create_engine))
        event.listen(Engine, "connect", _write_without_waiting)
        yield Course(tmp_path_factory.mktemp("course"))
        event.remove(Engine, "connect", _write_without_waiting)


def _write_without_waiting(connection, _):
    connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture(scope="module")
def given(course):
    return course.given()


@pytest.fixture(scope="module")
def graded(course):
    """Every kind once, and some that are not broken, in one run of nbgrader."""
    made = submissions(len(KINDS) + 6, seed=1, broken=len(KINDS) / (len(KINDS) + 6))
    for submission in made:
        course.hand_in(submission.student, submission.data)
    course.convert(Autograde)
    return made


def test_every_kind_is_graded_or_named(course, graded):
    assert Counter(s.kind for s in graded) == {**dict.fromkeys(KINDS, 1), "": 6}
    for submission in graded:
        points, waiting = course.grades(submission.student)
        told = course.autograded(submission.student).metadata.rnngrade
        if isinstance(submission.expected, str):
            assert (set(points.values()), waiting) == ({None}, True), submission.kind
            assert told.unreadable["id"] == submission.expected
        else:
            assert (points, waiting) == (submission.expected, False), submission.kind
            assert "unreadable" not in told
            assert told.repairs or submission.kind in WITHOUT_A_NOTE


# "" and defects that the rules need not speak of.
WITHOUT_A_NOTE = {
    "",
    "forged",
    "halves of characters",
    "large outputs",
    "line ends of Windows",
    "old metadata",
    "tests last",
}


def test_the_reason_is_in_the_feedback(course, graded):
    student = next(s.student for s in graded if s.kind == "a zip")
    course.convert(GenerateFeedback, student)
    page = (course.root / "feedback" / student / UNIT / f"{UNIT}.html").read_text("utf-8")
    why = from_plain(course.autograded(student).metadata.rnngrade.unreadable)
    assert why == message("course.no-notebook-but", kind=message("course.kind-zip"))
    assert str(why) in page


def test_what_was_done_is_in_the_log(course, caplog):
    course.hand_in("anna", made("a test deleted").data)
    course.hand_in("ben", b"")
    for student in ("anna", "ben"):
        course.convert(Autograde, student)
    said = [(r.levelname, r.getMessage()) for r in caplog.records]
    deleted = course.autograded("anna").metadata.rnngrade.repairs
    assert ("WARNING", f"anna: {from_plain(deleted[0])}") in said
    why = message("course.empty")
    ben = message("course.gets-no-grade", student="ben", unit=UNIT, why=why)
    assert ("ERROR", f"{ben}") in said


def test_a_file_that_cannot_be_read_leaves_the_grades_and_asks_a_human(course):
    course.hand_in("carl", made("").data)
    course.convert(Autograde, "carl")
    assert course.grades("carl") == (POINTS, False)
    course.hand_in("carl", b"")
    course.convert(Autograde, "carl")
    assert course.grades("carl") == (POINTS, True)
    assert course.autograded("carl").metadata.rnngrade.unreadable == {"id": "course.empty"}


def made(kind, code=CODE, seed=0):
    return broken_submission("anna", kind, code, set(), random.Random(seed))


def restored(given, data, tmp_path):
    """The notebook as it is executed, and what was noted."""
    path = tmp_path / f"{UNIT}.ipynb"
    path.write_bytes(data)
    notebook, notes = read(path)
    return notebook, [*notes, *restore(notebook, given)]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", [*CELLS, *FILES])
def test_the_points_are_those_of_the_answers(given, kind, seed, tmp_path):
    draw = random.Random(seed)
    wrong = draw.choice(list(bank().WRONG.values()))
    submission = broken_submission("anna", kind, wrong.code, wrong.loses, draw)
    notebook, _ = restored(given, submission.data, tmp_path)
    assert_as_given(notebook, given)
    said = {name: s for name, s in mark_by_grade_id(notebook).items() if s}
    want = {part for part, worth in submission.expected.items() if worth == 0}
    assert set(said) == want


def mark_by_grade_id(notebook):
    notebook = copy.deepcopy(notebook)
    for number, cell in enumerate(notebook.cells):
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id", f"plain-{number}")
    return mark(notebook)


def assert_as_given(notebook, given):
    """Nothing of the role, points, type or tests is the student's."""
    nbformat.validate(notebook, version=4, version_minor=5)
    known = {cell.name: cell for cell in given}
    found = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    names = [cell.metadata.nbgrader.grade_id for cell in found]
    assert len(names) == len(set(names))
    assert {name for name in known if name.endswith("-test")} <= set(names)
    for name, cell in zip(names, found, strict=True):
        assert cell.metadata == {"nbgrader": known[name].metadata}
        assert cell.cell_type == known[name].cell_type
        if known[name].locked:
            assert cell.source == known[name].source
            assert compute_checksum(cell) == known[name].checksum


def test_the_release_is_left_as_it_is(given, tmp_path):
    notebook, notes = restored(given, json.dumps(release()).encode(), tmp_path)
    assert notes == []
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in release().cells]
    assert points(notebook) == POINTS
    tests = {
        c.id: c.source for c in source().cells if c.metadata.get("nbgrader", {}).get("grade")
    }
    for cell in notebook.cells:
        assert cell.source == tests.get(cell.id, cell.source)
    answers = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution")]
    assert all(compute_checksum(c) == c.metadata.nbgrader.checksum for c in answers)


ALL_TESTS = [f"{part}-test" for part in POINTS]
ALL_ANSWERS = [*POINTS]


def note(what, *cells, **fields):
    """One note about cells."""
    return message(f"course.{what}", cells=cells, **fields)


@pytest.mark.parametrize(
    ("kind", "notes"),
    [
        ("every test deleted", [note("put-back", *ALL_TESTS)]),
        ("tests first", [note("moved-below", *ALL_TESTS)]),
        ("tests last", []),
        ("an answer deleted", [note("answer-missing", LAST, names=["lstm_sequence"])]),
        (
            "an answer and its test deleted",
            [
                note("answer-missing", LAST, names=["lstm_sequence"]),
                note("put-back", f"{LAST}-test"),
            ],
        ),
        (
            "metadata and ids lost",
            [
                note("known-by-definition", *ALL_ANSWERS),
                note("known-by-text", *ALL_TESTS),
            ],
        ),
        (
            "an answer in the test",
            [
                note("text-restored", "output-gate-test"),
                note("answer-kept", "output-gate-test"),
            ],
        ),
    ],
)
def test_what_is_noted(given, tmp_path, kind, notes):
    assert restored(given, made(kind).data, tmp_path)[1] == notes


@pytest.mark.parametrize("kind", ["every test deleted", "tests first"])
def test_tests_stand_behind_their_answers(given, tmp_path, kind):
    notebook, _ = restored(given, made(kind).data, tmp_path)
    names = [c.metadata.get("nbgrader", {}).get("grade_id") for c in notebook.cells]
    for part in POINTS:
        assert names.index(f"{part}-test") == names.index(part) + 1


# The rules, on a small unit: two functions, each with a test, and a text with points.

ROWS = [
    ("setup", "import torch", {"locked": True}),
    ("one", "def one():\n    ...", {"solution": True}),
    ("one-test", "assert one() == 1", {"grade": True, "locked": True, "points": 1.0}),
    ("two", "def two():\n    ...", {"solution": True}),
    ("two-test", "assert two() == one() + 1", {"grade": True, "locked": True, "points": 2.0}),
    ("why", "Why?", {"grade": True, "solution": True, "points": 3.0, "cell_type": "markdown"}),
]
NOTHING = {
    "cell_type": "code",
    "locked": False,
    "grade": False,
    "solution": False,
    "task": False,
    "points": None,
}


def as_given(name, source, **role):
    return Given(name=name, source=source, checksum="0" * 32, **{**NOTHING, **role})


SMALL = [as_given(name, source, **role) for name, source, role in ROWS]


def small(*cells):
    """A notebook; a cell is its grade_id, or its text, or both."""
    notebook = new_notebook()
    for number, cell in enumerate(cells):
        name, text = cell if isinstance(cell, tuple) else (cell, None)
        known = {given.name: given for given in SMALL}.get(name)
        if known is None and text is None:
            name, text = None, cell
        new = new_markdown_cell if known and known.cell_type == "markdown" else new_code_cell
        made = new(known.source if text is None else text, id=f"c{number}")
        if name:
            made.metadata["nbgrader"] = {"grade_id": name}
        notebook.cells.append(made)
    return notebook


def names(notebook):
    """The grade_id of each cell, or its text if it has none."""
    return [c.metadata.get("nbgrader", {}).get("grade_id", c.source) for c in notebook.cells]


ONE, TWO = ("one", "def one(): return 1"), ("two", "def two(): return 2")
WHOLE = ["setup", ONE, "one-test", TWO, "two-test", "why"]
IN_ORDER = [given.name for given in SMALL]


def test_the_small_unit_as_it_is():
    notebook = small(*WHOLE)
    assert restore(notebook, SMALL) == []
    assert names(notebook) == IN_ORDER


def test_a_test_of_two_answers_goes_behind_both():
    notebook = small("setup", "two-test", TWO, "x = 1", ONE, "one-test", "why")
    assert restore(notebook, SMALL) == [note("moved-below", "two-test")]
    assert names(notebook) == ["setup", "two", "x = 1", "one", "two-test", "one-test", "why"]


def test_a_test_that_lacks_one_of_two_answers_moves_too():
    notebook = small("setup", ONE, "one-test", "two-test", TWO, "why")
    assert restore(notebook, SMALL) == [note("moved-below", "two-test")]
    assert names(notebook) == IN_ORDER


def test_a_test_stays_where_the_student_has_it():
    notebook = small("setup", ONE, TWO, "helper = 1", "two-test", "one-test", "why")
    assert restore(notebook, SMALL) == []
    assert names(notebook) == [
        "setup",
        "one",
        "two",
        "helper = 1",
        "two-test",
        "one-test",
        "why",
    ]


def test_an_answer_written_elsewhere_is_found():
    """It stands in a cell of the student's own, above the test and the untouched original."""
    notebook = small("setup", "def one(): return 1", "one-test", "one", TWO, "two-test", "why")
    assert restore(notebook, SMALL) == []
    assert names(notebook)[1:4] == ["def one(): return 1", "one-test", "one"]
    notebook = small("setup", "one", TWO, "two-test", "why", "def one(): return 1")
    assert restore(notebook, SMALL) == [note("put-back", "one-test")]
    assert names(notebook)[-2:] == ["def one(): return 1", "one-test"]


def test_a_scratch_cell_at_the_end_does_not_draw_a_missing_test_to_it():
    notebook = small("setup", ONE, TWO, "two-test", "why", "def one(): return 0")
    restore(notebook, SMALL)
    assert names(notebook)[1:3] == ["one", "one-test"]


def test_missing_cells_that_test_nothing_go_where_the_source_has_them():
    notebook = small("x = 1", ONE, "one-test", TWO, "two-test")
    assert restore(notebook, SMALL) == [note("put-back", "setup", "why")]
    assert names(notebook) == ["setup", "x = 1", "one", "one-test", "two", "two-test", "why"]


def test_a_missing_test_of_a_missing_answer_goes_to_the_end():
    notebook = small("setup", TWO, "two-test", "why", "x = 1")
    assert restore(notebook, SMALL) == [
        note("answer-missing", "one", names=["one"]),
        note("put-back", "one-test"),
    ]
    assert names(notebook) == ["setup", "two", "two-test", "why", "x = 1", "one-test"]


def test_missing_tests_of_one_cell_go_behind_it_in_the_order_of_the_source():
    notebook = small("setup", ("one", "def one(): return 1\ndef two(): return 2"), "why")
    assert restore(notebook, SMALL) == [
        note("put-back", "one-test", "two-test"),
        note("answer-elsewhere", "two"),
    ]
    assert names(notebook) == ["setup", "one", "one-test", "two-test", "why"]


def test_of_copies_of_a_test_the_last_counts_and_the_others_stay_as_plain_cells():
    notebook = small("setup", ("one-test", "1 / 0"), ONE, "one-test", TWO, "two-test", "why")
    assert restore(notebook, SMALL) == [note("last-copy-counts", "one-test", n=2)]
    assert names(notebook) == ["setup", "1 / 0", *IN_ORDER[1:]]


@pytest.mark.parametrize(
    ("copies", "which", "counts"),
    [
        ([ONE, ("one", "def one(): return 2")], "last-copy", 2),
        ([ONE, "one"], "last-changed-copy", 1),
        (["one", ONE], "last-copy", 2),
        (["one", "one"], "last-copy", 2),
    ],
)
def test_of_copies_of_an_answer_the_last_that_was_changed_counts(copies, which, counts):
    notebook = small("setup", *copies, "one-test", TWO, "two-test", "why")
    texts = [cell.source for cell in notebook.cells[1:3]]
    assert restore(notebook, SMALL) == [note(f"{which}-counts", "one", n=2)]
    assert [cell.source for cell in notebook.cells[1:3]] == texts
    assert names(notebook)[counts] == "one"


def test_a_test_between_two_copies_of_its_answer_stays():
    notebook = small("setup", ONE, "one-test", ONE, TWO, "two-test", "why")
    restore(notebook, SMALL)
    assert names(notebook)[2] == "one-test"


def test_a_missing_manual_answer_comes_back_untouched():
    notebook = small(*WHOLE[:-1])
    assert restore(notebook, SMALL) == [note("put-back", "why")]
    assert notebook.cells[-1].source == "Why?"
    assert notebook.cells[-1].cell_type == "markdown"


def test_an_unknown_grade_id_makes_a_plain_cell():
    notebook = small(*WHOLE, ("mine", "x = 1"))
    assert restore(notebook, SMALL) == [
        note("unknown-grade-id", message("course.cell-at", position=7))
    ]
    assert notebook.cells[-1].metadata == {}


def test_ids_stay_unique():
    notebook = small("setup", ONE, TWO, "two-test", "why", "x = 1")
    notebook.cells[-1].id = "one-test"
    notebook.cells[3].source = "def two(): return 2"
    assert restore(notebook, SMALL)[0] == note("known-by-id", "one-test")
    notebook = small("setup", ONE, TWO, ("two-test", "def two(): return 2"), "why")
    notebook.cells[0].id = "c3-2"
    restore(notebook, SMALL)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids) == 7


TEST = {"grade": True, "locked": True, "points": 1.0}


def test_an_assignment_counts_as_an_answer_and_a_magic_command_is_no_error():
    given = [
        as_given("t", "%time\na", **TEST),
        as_given("a", "a = None", solution=True),
        as_given("b", "b = None", solution=True),
    ]
    notebook = new_notebook(cells=[new_code_cell("b == 1\na: int = 3")])
    assert restore(notebook, given) == [
        note("known-by-definition", "a"),
        note("put-back", "t"),
        note("answer-missing", "b", names=["b"]),
    ]
    assert names(notebook) == ["a", "t"]


def test_what_another_test_assigns_is_no_answer():
    given = [
        as_given("a", "a = None", solution=True),
        as_given("t", "a = 1", **TEST),
        as_given("u", "assert a == 2", **TEST),
    ]
    notebook = new_notebook(
        cells=[new_code_cell(given[n].source, id=key) for n, key in ((1, "t"), (2, "u"))]
    )
    notebook.cells.append(new_code_cell("a = 2", id="a"))
    restore(notebook, given)
    assert names(notebook) == ["t", "a", "u"]


def test_a_test_that_is_wholly_hidden_is_not_taken_for_an_empty_cell():
    hidden = "### BEGIN HIDDEN TESTS\nassert a\n### END HIDDEN TESTS"
    given = [as_given("a", "a = None", solution=True), as_given("t", hidden, **TEST)]
    notebook = new_notebook(cells=[new_code_cell(""), new_code_cell("a = 1", id="a")])
    assert note("put-back", "t") in restore(notebook, given)
    assert names(notebook) == ["", "a", "t"]


def test_the_ends_of_lines_do_not_count():
    notebook = small(
        "setup", ONE, "one-test", TWO, ("two-test", SMALL[4].source + " \r\n"), "why"
    )
    assert restore(notebook, SMALL) == []
    assert notebook.cells[4].source == SMALL[4].source


def test_the_type_is_restored():
    notebook = small(*WHOLE[:-1], ("why", "Because."))
    notebook.cells[1] = new_markdown_cell(ONE[1], id="one")
    notebook.cells[5] = new_code_cell("Because.", id="why")
    assert restore(notebook, SMALL)[-2:] == [
        note("type-restored", "one", was="markdown", now="code"),
        note("type-restored", "why", was="code", now="markdown"),
    ]
    assert [cell.cell_type for cell in notebook.cells] == ["code"] * 5 + ["markdown"]
    assert notebook.cells[5].source == "Because."


def test_the_second_reading_is_nbgraders_own(course, caplog):
    """The notebook in autograded/ is ours: what it says of repairs stays."""
    course.hand_in("dora", made("ids lost").data)
    course.convert(Autograde, "dora")
    repair = message("course.cells-without-id", n=27)
    assert course.autograded("dora").metadata.rnngrade.repairs == [repair.plain()]
    assert caplog.text.count(f"dora: {repair}") == 1


def test_submissions_are_the_same_for_the_same_seed():
    one, other = (submissions(10, seed=3, broken=0.5) for _ in range(2))
    assert one == other != submissions(10, seed=4, broken=0.5)
    assert len({submission.kind for submission in one}) == 6
    assert sum(bool(submission.kind) for submission in submissions(20, seed=3)) == 2


def test_solved_notebooks_get_their_points():
    """The synthetic submissions stand on this."""
    said = mark(solved(source(), CODE))
    assert set(said) == set(POINTS)
    assert not any(said.values())

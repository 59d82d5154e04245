"""`rnngrade release` on a tiny course: what it writes, what it compares, what it refuses."""

import shutil

import pytest

from rnngrade.__main__ import main
from tests.exercises.submission import ROOT

SOURCE = """\
# A unit

```{code-cell} ipython3
:nbgrader: {grade_id: one, solution: true}
def one():
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION
```

```{code-cell} ipython3
:nbgrader: {grade_id: one-test, grade: true, points: 2}
one()
### BEGIN HIDDEN TESTS
assert one() == 1
### END HIDDEN TESTS
```
"""
RELEASE = "exercises/tiny/tiny.ipynb"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one unit, and the current folder."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    unit = tmp_path / "solutions" / "tiny"
    (unit / "__pycache__").mkdir(parents=True)
    (unit / "tiny.md").write_text(SOURCE)
    (unit / "bank.py").write_text("RIGHT = {}")
    (unit / "__pycache__" / "bank.pyc").write_text("")
    (unit / "data.csv").write_text("1,2")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refuses(capsys, *command):
    """What a command that must fail says."""
    assert main(command) == 1
    said = capsys.readouterr().err
    assert said.startswith("rnngrade: ")
    assert "Traceback" not in said
    return said.removeprefix("rnngrade: ").strip()


def test_release_writes_source_and_release_and_says_so(course, capsys):
    assert main(["release", "tiny"]) == 0
    assert capsys.readouterr().out == f"{RELEASE}\n"
    assert "return 1" in (course / "solutions/tiny/tiny.ipynb").read_text()
    assert "return 1" not in (course / RELEASE).read_text()
    assert "raise NotImplementedError" in (course / RELEASE).read_text()
    assert {p.name for p in (course / "exercises/tiny").iterdir()} == {"tiny.ipynb", "data.csv"}
    assert list((course / "_build").iterdir()) == []
    assert not (course / "gradebook.db").exists()


def test_release_again_gives_the_same_bytes_and_takes_away_what_is_old(course):
    assert main(["release"]) == 0
    first = (course / RELEASE).read_bytes()
    (course / "exercises/tiny/old.txt").write_text("")
    assert main(["release"]) == 0
    assert (course / RELEASE).read_bytes() == first
    assert not (course / "exercises/tiny/old.txt").exists()


def test_check_passes_and_writes_nothing(course):
    main(["release"])
    (course / "solutions/tiny/tiny.ipynb").unlink()
    (course / "exercises/tiny/.ipynb_checkpoints").mkdir()
    (course / "exercises/tiny/.ipynb_checkpoints/tiny-checkpoint.ipynb").write_text("")
    before = (course / RELEASE).stat().st_mtime_ns
    assert main(["release", "--check"]) == 0
    assert (course / RELEASE).stat().st_mtime_ns == before
    assert not (course / "solutions/tiny/tiny.ipynb").exists()


def test_check_shows_a_difference(course, capsys):
    main(["release"])
    path = course / RELEASE
    path.write_text(path.read_text().replace("# A unit", "# An edit"))
    sentence, *diff = refuses(capsys, "release", "--check").split("\n")
    assert sentence == f"{RELEASE} is not what solutions/tiny gives: run rnngrade release tiny."
    assert diff[:2] == [f"--- {RELEASE}", f"+++ {RELEASE} (derived)"]
    assert '-    "# An edit"' in diff
    assert '+    "# A unit"' in diff


def test_check_names_a_missing_file(course, capsys):
    main(["release"])
    (course / RELEASE).unlink()
    said = refuses(capsys, "release", "--check")
    assert said == f"{RELEASE} is missing: run rnngrade release tiny."


def test_check_names_an_extra_file(course, capsys):
    main(["release"])
    (course / "exercises/tiny/bank.py").write_text("")
    said = refuses(capsys, "release", "--check", "tiny")
    assert said == "exercises/tiny/bank.py is not derived from solutions/tiny: remove it."


def test_check_names_a_folder_without_a_source(course, capsys):
    main(["release"])
    (course / "exercises/gone").mkdir()
    said = refuses(capsys, "release", "--check")
    assert said == "exercises/gone has no source in solutions/."


def test_an_unknown_unit(course, capsys):
    assert refuses(capsys, "release", "tinny") == (
        "there is no unit 'tinny': solutions/ has tiny."
    )


def test_another_folder(course, capsys, monkeypatch):
    monkeypatch.chdir(course / "solutions")
    assert "is not the root of the course" in refuses(capsys, "release")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("grade_id: one-test", "grade_id: one", "two cells have the grade_id 'one'."),
        ("grade_id: one-test, ", "", "needs a grade_id of letters, digits, - and _."),
        ("grade_id: one-test", "grade_id: one test", "needs a grade_id of letters"),
        (", points: 2", "", "the graded cell 'one-test' has no points."),
        (", points: 2", ", points: 0", "the graded cell 'one-test' has no points."),
        (", points: 2", ", points: two", "the graded cell 'one-test' has no points."),
        ("points", "point", "the cell 'one-test' has unknown nbgrader metadata, 'point'."),
        ("{grade_id: one, solution: true}", "one", "nbgrader: 'one' needs a grade_id"),
        ("{grade_id: one, solution: true}", "{grade_id", "could not be read"),
        (
            "    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION",
            "    return 1",
            "the solution cell 'one' has no ### BEGIN SOLUTION region.",
        ),
        (
            "    ### END SOLUTION\n",
            "",
            "the cell 'one' opens 1 regions SOLUTION and closes 0.",
        ),
        (
            "### END HIDDEN TESTS\n",
            "",
            "the cell 'one-test' opens 1 regions HIDDEN TESTS and closes 0.",
        ),
        (
            "grade: true, points: 2",
            "locked: true",
            "the cell 'one-test' has a region HIDDEN TESTS but is not marked grade: true.",
        ),
        (
            ":nbgrader: {grade_id: one, solution: true}\n",
            "",
            "the cell 'def one():' has a region SOLUTION but is not marked solution: true.",
        ),
    ],
)
def test_a_source_that_would_not_do_is_refused(course, capsys, old, new, says):
    assert old in SOURCE
    (course / "solutions/tiny/tiny.md").write_text(SOURCE.replace(old, new))
    said = refuses(capsys, "release")
    assert "solutions/tiny/tiny.md: " in said
    assert says in said
    assert not (course / "exercises/tiny").exists()

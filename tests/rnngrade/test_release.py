"""`rnngrade release` on a tiny course: what it writes, what it compares, what it refuses."""

import shutil

import nbformat
import pytest

from rnngrade.__main__ import main
from rnngrade.errors import CourseError
from rnngrade.exercise import release
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
    (unit / "bank/right").mkdir(parents=True)
    (unit / "bank/right/plain.py").write_text("")
    (unit / "locale").mkdir()
    (unit / "locale/ru.po").write_text("")
    (unit / "__pycache__" / "bank.pyc").write_text("")
    (unit / "data.csv").write_text("1,2")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(run, *arguments):
    """What a call that must fail says."""
    with pytest.raises(CourseError) as failure:
        run(*arguments)
    return failure.value


def refused_check(course):
    return refused(release.check, course)


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


def test_check_shows_a_difference(course):
    main(["release"])
    path = course / RELEASE
    path.write_text(path.read_text().replace("# A unit", "# An edit"))
    error = refused_check(course)
    assert (error.id, error.message["path"]) == ("exercise.differs", RELEASE)
    diff = error.message["difference"].split("\n")
    assert diff[:2] == [f"--- {RELEASE}", f"+++ {RELEASE} (derived)"]
    assert '-    "# An edit"' in diff
    assert '+    "# A unit"' in diff


def test_check_names_a_missing_file(course):
    main(["release"])
    (course / RELEASE).unlink()
    error = refused_check(course)
    assert (error.id, error.message["path"]) == ("exercise.missing", RELEASE)


def test_check_names_an_extra_file(course):
    main(["release"])
    (course / "exercises/tiny/more.py").write_text("")
    error = refused_check(course)
    assert (error.id, error.message["path"]) == ("exercise.too-many", "exercises/tiny/more.py")


def test_check_names_a_folder_without_a_source(course):
    main(["release"])
    (course / "exercises/gone").mkdir()
    error = refused_check(course)
    assert (error.id, error.message["name"]) == ("exercise.no-source", "gone")


def test_an_unknown_unit(course, capsys):
    error = refused(release.release, course, ["tinny"])
    assert (error.id, error.message["units"]) == ("exercise.no-unit", "tiny")
    assert main(["release", "tinny"]) == 1
    said = capsys.readouterr().err
    assert said == f"rnngrade: {error}\n"


def test_another_folder(course):
    assert refused(release.release, course / "solutions").id == "exercise.no-course"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("grade_id: one-test", "grade_id: one", "exercise.twice"),
        ("grade_id: one-test, ", "", "exercise.grade-id"),
        ("grade_id: one-test", "grade_id: one test", "exercise.grade-id"),
        (", points: 2", "", "exercise.no-points"),
        (", points: 2", ", points: 0", "exercise.no-points"),
        (", points: 2", ", points: two", "exercise.no-points"),
        ("points", "point", "exercise.metadata"),
        ("{grade_id: one, solution: true}", "one", "exercise.grade-id"),
        ("{grade_id: one, solution: true}", "{grade_id", ""),
        (
            "    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION",
            "    return 1",
            "exercise.no-solution",
        ),
        (
            "    ### END SOLUTION\n",
            "",
            "exercise.region-open",
        ),
        (
            "### END HIDDEN TESTS\n",
            "",
            "exercise.region-open",
        ),
        (
            "grade: true, points: 2",
            "locked: true",
            "exercise.region",
        ),
        (
            ":nbgrader: {grade_id: one, solution: true}\n",
            "",
            "exercise.region",
        ),
    ],
)
def test_a_source_that_would_not_do_is_refused(course, old, new, says):
    assert old in SOURCE
    (course / "solutions/tiny/tiny.md").write_text(SOURCE.replace(old, new))
    error = refused(release.release, course)
    assert error.id == "exercise.in-file"
    assert error.message["path"].endswith("solutions/tiny/tiny.md")
    assert getattr(error.message["what"], "id", "") == says
    assert not (course / "exercises/tiny").exists()


# A part that is declared once.

FRONT = """\
---
rnngrade:
  library: numpy
  sizes:
    K: [2, 5, 1, 4, 3]
  symbols:
    x_t: [B I, "$x_t$, the input"]
    h_prev h_t: [B H, "$h_{t-1}$, $h_t$"]
    W: [H K, "$W$"]
    W_xh: [H I, "$W_{xh}$"]
    W_hh: [H H, "$W_{hh}$"]
---

"""
PART = """\
# A unit

{symbols}

Some text.

```{code-cell} ipython3
:part: {points: 2, gives: [h_t], reference: rnnlib.rnn_step, mistakes: [rnn_step]}
def step(x_t, h_prev, W_xh, W_hh):
    \"\"\"The step.

    {shapes}
    \"\"\"
    ### BEGIN SOLUTION
    return h_prev
    ### END SOLUTION
```

```{code-cell} ipython3
:check: step
from math import log

# One is enough.
part.example({"x_t": [[log(2)]], "h_prev": [[1.0]]}, {"h_t": [[1.0]]})
```

+++ {"written": "why"}

Why does it last?

### BEGIN MARK SCHEME
- 1 point: the sum
### END MARK SCHEME

+++ {"written": "why", "points": 2}

### BEGIN SOLUTION
It is a sum.
### END SOLUTION
"""


def derived(course, text):
    (course / "solutions/tiny/tiny.md").write_text(text)
    release.release(course)
    source, released = (
        {cell.id: cell for cell in nbformat.read(course / path, 4).cells}
        for path in ("solutions/tiny/tiny.ipynb", RELEASE)
    )
    return source, released


def test_shapes_table_and_tests_follow_from_a_part(course):
    source, released = derived(course, FRONT + PART)
    assert list(source) == ["a-unit-text", "step", "step-test", "why-question", "why"]
    assert "| $h_{t-1}$, $h_t$ | `h_prev`, `h_t` | (B, H) |" in released["a-unit-text"].source
    assert (
        "x_t (B, I), h_prev (B, H), W_xh (H, I), W_hh (H, H) -> h_t (B, H)"
        in released["step"].source
    )
    assert source["step-test"].source.startswith("from math import log\n\nfrom rnngrade import")
    assert source["step-test"].metadata.nbgrader.points == 2
    assert source["step-test"].source.endswith(
        "### BEGIN HIDDEN TESTS\nimport rnnlib\n\npart.compare(rnnlib.rnn_step)\n"
        "### END HIDDEN TESTS"
    )
    assert "rnnlib" not in released["step-test"].source
    assert (
        'takes={"x_t": "B I", "h_prev": "B H", "W_xh": "H I", "W_hh": "H H"},'
        in released["step-test"].source
    )
    assert 'library="numpy",' in released["step-test"].source


def test_a_written_answer_has_a_question_with_a_rubric_that_students_do_not_see(course):
    source, released = derived(course, FRONT + PART)
    assert "1 point: the sum" in source["why-question"].source
    assert released["why-question"].source.strip() == "Why does it last?"
    assert released["why-question"].metadata.nbgrader.locked
    assert released["why"].source == "YOUR ANSWER HERE"
    known = released["why"].metadata.nbgrader
    assert (known.grade, known.solution, known.points) == (True, True, 2)


def test_another_paragraph_changes_no_id_but_its_own(course):
    before, _ = derived(course, FRONT + PART)
    after, _ = derived(course, FRONT + PART.replace("+++ {", "+++\n\nMore.\n\n+++ {", 1))
    assert set(before) < set(after)
    assert {id for id in after if id not in before} == {"a-unit-text-2"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("library: numpy", "library: jax", "exercise.library"),
        ("[2, 5, 1, 4, 3]", "[2, 5]", "exercise.sizes"),
        ("[H K,", "[H Z,", "exercise.letter"),
        ('x_t: [B I, "$x_t$, the input"]', "x_t: B I", "exercise.symbol"),
        ("def step(x_t, h_prev,", "def step(x_t, c_prev,", "exercise.no-symbol"),
        ("gives: [h_t]", "gives: [c_t]", "exercise.no-symbol"),
        ("gives: [h_t]", "give: [h_t]", "exercise.part-key"),
        ("points: 2, gives", "points: 0, gives", "exercise.no-points"),
        ("mistakes: [rnn_step]", "mistakes: [rnnstep]", "exercise.mistakes"),
        (":check: step", ":check: stop", "exercise.no-part"),
        ("def step(x_t, h_prev, W_xh, W_hh):", "class step:", "exercise.no-function"),
        ("### END MARK SCHEME\n", "", "exercise.region-open"),
        ("gives: [h_t]", "gives: h_t", "exercise.part-list"),
        ("gives: [h_t], ", "", "exercise.no-outputs"),
        ("points: 2, gives", "points: true, gives", "exercise.no-points"),
        (":part: {points", ":prat: {points", "exercise.option"),
        (":check: step\n", ":chek: step\n", "exercise.option"),
        (":check: step\n", "", "exercise.no-check"),
        ("reference: rnnlib.rnn_step, ", "", "exercise.no-hidden-test"),
        ("reference: rnnlib.rnn_step", "reference: rnnlib.rnn_stop", "exercise.reference"),
        ("reference: rnnlib.rnn_step", "reference: rnn_step", "exercise.reference"),
        ("reference: rnnlib.rnn_step", "reference: [rnnlib.rnn_step]", "exercise.reference"),
        ("reference: rnnlib.rnn_step", "reference: rnnlib.sigmoid", "exercise.in-part"),
        ("mistakes: [rnn_step]", "mistakes: rnn_step", "exercise.part-list"),
        ("mistakes: [rnn_step]", "mistakes: [gate]", "exercise.mistakes-of"),
        ("[H K,", '["H*K",', "exercise.shape"),
        ("[H K,", "[h K,", "exercise.shape"),
        ("[H K,", '["(H, K)",', "exercise.shape"),
        ("K: [2, 5, 1, 4, 3]", "K: [2, 5, 0, 4, 3]", "exercise.sizes"),
        ("K: [2, 5, 1, 4, 3]", "K: [2, 2, 2, 2, 2]", "exercise.sizes"),
        ("K: [2, 5, 1, 4, 3]", "Kx: [2, 5, 1, 4, 3]", "exercise.sizes"),
        ("    K: [2, 5, 1, 4, 3]", "    [2, 5, 1, 4, 3]", "exercise.setting-form"),
        ("library: numpy", "libary: numpy", "exercise.setting"),
        ("  library: numpy", "  cell_second: 3", "exercise.setting"),
    ],
)
def test_a_part_that_would_not_do_is_refused(course, old, new, says):
    """In a sentence that names it, before anything is written."""
    text = FRONT + PART
    assert old in text
    (course / "solutions/tiny/tiny.md").write_text(text.replace(old, new))
    assert refused(release.release, course).message["what"].id == says


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    K: [2, 5, 1, 4, 3]", "    K: [2, 5"),
        ("  library: numpy", "\tlibrary: numpy"),
        ("W_hh):", "W_hh:"),
    ],
)
def test_what_is_neither_yaml_nor_python_is_told_with_its_file(course, old, new):
    text = FRONT + PART
    assert old in text
    (course / "solutions/tiny/tiny.md").write_text(text.replace(old, new))
    error = refused(release.release, course)
    assert error.id == "exercise.in-file"
    assert "tiny.md" in str(error)


def test_two_parts_with_one_name_are_refused(course):
    answer = PART[PART.index("```{code-cell}") : PART.index("```{code-cell} ipython3\n:check")]
    (course / "solutions/tiny/tiny.md").write_text(FRONT + PART + answer)
    assert refused(release.release, course).message["what"].id == "exercise.twice"


def test_a_whole_number_is_one_of_pythons_and_said_so(course):
    text = (FRONT + PART).replace("    W: [H K,", '    n: ["<= H", "n"]\n    W: [H K,')
    text = text.replace("W_xh, W_hh):", "n):")
    text = text.replace(", reference: rnnlib.rnn_step, mistakes: [rnn_step]", "")
    text = text.replace("1.0]]})\n", "1.0]]})\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS\n")
    _, released = derived(course, text)
    assert "n <= H -> h_t (B, H)" in released["step"].source

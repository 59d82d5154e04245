"""`rnngrade new` makes a unit that releases, grades, has a bank, and can be translated."""

import shutil

import nbformat
import pytest
from babel.messages.pofile import read_po, write_po

from rnngrade.__main__ import main
from rnngrade.errors import CourseError
from rnngrade.exercise import release
from rnngrade.exercise.new import new_unit
from rnngrade.exercise.translation import catalogue_of, update_unit
from rnngrade.messages import use_language
from tests.exercises.submission import ROOT


@pytest.fixture
def course(tmp_path, monkeypatch):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "solutions").mkdir()
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    use_language("en")


def test_a_new_unit_releases_and_its_bank_is_graded_at_once(course, capsys):
    assert main(["new", "first-steps"]) == 0
    released = nbformat.read(course / "exercises/first-steps/first-steps.ipynb", 4)
    assert released.cells[0].source.startswith("# First steps\n")
    capsys.readouterr()
    assert main(["test", "first-steps", "--workers", "1"]) == 0
    *lines, last = capsys.readouterr().out.strip().split("\n")
    assert [line[0] for line in lines] == ["✓", "✓"]
    assert last == "first-steps: 1 right, 1 wrong, 0 not as they must be"


def test_a_solution_that_is_not_what_it_says_is_shown(course, capsys):
    main(["new", "first-steps"])
    path = course / "solutions/first-steps/bank/wrong/no_bias.py"
    path.write_text(path.read_text().replace("left-out(b_h)", "twice(b_h)"))
    capsys.readouterr()
    assert main(["test", "first-steps", "--workers", "1"]) == 1
    lines = capsys.readouterr().out.split("\n")
    assert any(line.startswith("✗") and "left-out(b_h)" in line for line in lines)
    assert any("twice(b_h)" in line for line in lines)


@pytest.mark.parametrize("name", ["First", "a b", "../a", "-a", "a--b", "a_b", ""])
def test_a_name_that_will_not_do_is_refused(course, name):
    with pytest.raises(CourseError) as failure:
        new_unit(course, name)
    assert failure.value.id == "exercise.unit-name"
    assert list((course / "solutions").iterdir()) == []


def test_a_unit_that_is_there_is_left_alone(course):
    source = new_unit(course, "mine")
    source.write_text("mine")
    with pytest.raises(CourseError) as failure:
        new_unit(course, "mine")
    assert failure.value.id == "exercise.unit-exists"
    assert source.read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("def step(:\n", "exercise.bank-python"),
        ("x = 1\n", "exercise.bank-header"),
        ('"""A mistake."""\nx = 1\n', "exercise.bank-header"),
        ('"""A mistake."""\n# loses: step\n', "exercise.bank-header"),
    ],
)
def test_a_bank_that_does_not_say_what_it_must_is_refused(course, text, id):
    from rnngrade.exercise.bank import read_bank

    source = new_unit(course, "mine")
    (source.parent / "bank/wrong/odd.py").write_text(text)
    with pytest.raises(CourseError) as failure:
        read_bank(source.parent)
    assert failure.value.id == id


# Translation.


def translated(course, unit, edit=lambda text: f"«{text}»"):
    """A catalogue in which every paragraph stands in guillemets."""
    path = update_unit(course, unit, "ru")
    with open(path, "rb") as file:
        catalogue = read_po(file, locale="ru")
    for entry in catalogue:
        entry.string = entry.id and edit(entry.id)
    with open(path, "wb") as file:
        write_po(file, catalogue, width=0, omit_header=True)
    return path


def test_a_translation_has_the_same_cells_and_code(course):
    new_unit(course, "mine")
    translated(course, "mine")
    release.release(course, ["mine"])
    english = nbformat.read(course / "exercises/mine/mine.ipynb", 4).cells
    release.release(course, ["mine"], "ru")
    russian = nbformat.read(course / "exercises/mine/mine.ipynb", 4)
    assert russian.metadata.rnngrade.language == "ru"
    assert [c.id for c in russian.cells] == [c.id for c in english]
    cells = {cell.id: cell.source for cell in russian.cells}
    assert cells["mine-text"].startswith("# «Mine»\n\n«A question to begin with")
    assert "\n- «Replace `raise" in cells["mine-text"]
    assert (
        "| «$x_t$, the input: B sequences, I inputs» | `x_t` | (B, I) |" in cells["mine-text"]
    )
    assert cells["why-tanh"] == "ВАШ ОТВЕТ"
    assert '"""«One step of the simple cell.»\n\n    x_t (B, I)' in cells["step"]
    assert "# «On paper: 2 · 1 - 1 · 2 + ln 3 = ln 3," in cells["step-test"]
    assert 'check.use_language("ru")' in cells["step-test"]
    plain = {c.id: c.source for c in english}
    for id in ("mine-text-2", "the-step-text"):  # code, and a formula
        assert plain[id].split("$$")[1:2] == cells[id].split("$$")[1:2]


def test_a_paragraph_that_moves_keeps_its_translation_and_an_edited_one_is_named(course):
    source = new_unit(course, "mine")
    translated(course, "mine")
    text = source.read_text()
    source.write_text(
        text.replace("Why, before how.\n\n", "").replace("**Symbols**", "Why, before how.")
    )
    release.release(course, ["mine"], "ru")
    before = (course / "exercises/mine/mine.ipynb").read_bytes()
    source.write_text(text.replace("Why, before how.", "How, before why."))
    with pytest.raises(CourseError) as failure:
        release.release(course, ["mine"], "ru")
    what = failure.value.message["what"]
    assert (what.id, what["text"]) == ("exercise.untranslated", "How, before why.")
    assert (course / "exercises/mine/mine.ipynb").read_bytes() == before
    path = update_unit(course, "mine", "ru")
    assert path == catalogue_of(source, "ru")
    entries = path.read_text()
    assert 'msgid "How, before why."' in entries  # to be translated: all others are there
    assert entries.count('msgstr ""') <= 2


def test_a_unit_without_a_catalogue_is_refused(course):
    new_unit(course, "mine")
    with pytest.raises(CourseError) as failure:
        release.release(course, ["mine"], "ru")
    assert failure.value.message["what"].id == "exercise.no-catalogue"

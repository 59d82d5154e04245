"""The page that a student gets: points and sentences, and nothing that is hidden or runs."""

import base64
import copy
import html
import json
import re

import bs4
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory

from rnngrade.course.course import load
from rnngrade.exercise.new import TEMPLATE
from rnngrade.exercise.source import read_source
from rnngrade.messages import in_language, message
from tests.exercises.submission import secret_lines
from tests.rnngrade.written_course import UNITS, WrittenCourse, source

DOT = (  # a picture of one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5"
    "ErkJggg=="
)
SENTENCE = "f_t has the wrong sign."
REPAIR = message("execution.endless", name="<it>")  # any message does
EXPECTED = "0.73105857863"  # stands for what a test compares with
ACTIVE = [
    "script",
    "iframe",
    "object",
    "embed",
    "form",
    "input",
    "svg",
    "link",
    "base",
    "video",
]
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><img src='https://example.org/a.png'>"
    "<img src='//example.org/b.png'><a href='javascript:alert(1)'>click</a><iframe src='/'>"
    "</iframe><svg onload=alert(1)></svg><style>@import 'https://example.org/c.css';</style>"
    "<p style='background:url(https://example.org/d.png)' onclick=alert(1)>words that stay</p>"
    "<form action='https://example.org'><input autofocus onfocus=alert(1)></form>"
)


def parts(notebook):
    return {
        cell.id: cell.metadata.nbgrader.points
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }


def display(**data):
    return new_output("display_data", data={k.replace("_", "/"): v for k, v in data.items()})


def failed(cell):
    """The worst that an execution could leave in a test cell."""
    lines = cell.source.split("\n")
    return [
        new_output("stream", name="stdout", text=f"want tensor([[{EXPECTED}]])"),
        display(text_plain=f"tensor([[{EXPECTED}]])", text_html=f"<b>{EXPECTED}</b>"),
        new_output("stream", name="stderr", text=cell.source),
        new_output(
            "error",
            ename="AssertionError",
            evalue=f"{SENTENCE}\nACTUAL 1 DESIRED {EXPECTED}\n{cell.source}",
            traceback=["-----", *lines, f"want {EXPECTED}", f"AssertionError: {SENTENCE}"],
        ),
    ]


def handed_in(unit):
    """What lies in autograded/: answers, a plot, hostile cells, and failed tests."""
    notebook = source(unit)
    for cell in notebook.cells:
        known = cell.metadata.get("nbgrader", {})
        if known.get("solution"):
            cell.source = f"def my_{cell.id.replace('-', '_')}():\n    return 1 < 2"
            cell.outputs = [new_output("stream", name="stdout", text=f"{cell.id} says & <b>hi")]
        elif known.get("grade"):
            cell.outputs = failed(cell)
    notebook.cells += [
        new_code_cell(
            "plt.plot(losses)",
            outputs=[display(image_png=DOT, text_plain="<Figure size 640x480 with 1 Axes>")],
        ),
        new_code_cell("HTML(…)", outputs=[display(text_html=HOSTILE)]),
        new_markdown_cell(f"## My notes\n\n$a_t = \\sigma(b)$\n\n{HOSTILE}"),
    ]
    notebook.metadata["rnngrade"] = {"repairs": [REPAIR.plain()]}
    return notebook


def generate(course, unit):
    """Run nbgrader's own converter; the pages by student."""
    config = copy.deepcopy(load(course.root).config)
    config.CourseDirectory.assignment_id = unit
    GenerateFeedback(coursedir=CourseDirectory(config=config), config=config).start()
    pages = course.root.glob(f"feedback/*/{unit}/{unit}.html")
    return {path.parts[-3]: path.read_text("utf-8") for path in pages}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Every unit of the course, in which anna lost every part and ben none."""
    course = WrittenCourse(tmp_path_factory.mktemp("course"))
    course.add_student("anna", first_name="Анна", last_name="<i>Ким</i>")
    for unit in UNITS:
        notebook = source(unit)
        course.add_unit(unit, notebook)
        points = parts(notebook)
        answer = next(c.id for c in notebook.cells if c.metadata.get("nbgrader"))
        comments = {answer: "Well *begun* <script>alert(1)</script>"}
        course.grade(unit, "anna", dict.fromkeys(points, 0), handed_in(unit), 0, comments)
        course.grade(unit, "ben", points, source(unit), penalty=1.5)
    return course


@pytest.fixture(scope="module", params=UNITS)
def unit(request):
    return request.param


@pytest.fixture(scope="module")
def pages(course, unit):
    return generate(course, unit)


def words(page):
    """What a reader sees, with the spaces of a line made one."""
    return re.sub(r"\s+", " ", bs4.BeautifulSoup(page, "html.parser").main.text)


def hidden_lines(unit):
    """The lines of hidden tests of a unit that stand nowhere else in its source."""
    notebook = source(unit)
    text = "\n".join(cell.source for cell in notebook.cells)
    public = re.sub("### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", text, flags=re.DOTALL)
    return {line for line in secret_lines(notebook, "HIDDEN TESTS") if line not in public}


def test_no_line_of_a_hidden_test_is_on_a_page(pages, unit):
    hidden = hidden_lines(unit)
    assert len(hidden) > 5
    for page in pages.values():
        # As it stands in the file, and as a reader sees it: colours cut a line into pieces.
        for text in (page, bs4.BeautifulSoup(page, "html.parser").text):
            assert [line for line in hidden if line in text or html.escape(line) in text] == []
            assert EXPECTED not in text


def test_each_lost_part_has_its_points_its_sentence_and_a_way_to_its_cell(pages, unit):
    points = parts(source(unit))
    page = bs4.BeautifulSoup(pages["anna"], "html.parser")
    rows = page.table.tbody("tr")
    assert [row.th.text for row in rows] == [part.removesuffix("-test") for part in points]
    for row, (part, most) in zip(rows, points.items(), strict=True):
        of = message("feedback.of", score="0", most=f"{most:g}")
        assert [cell.text for cell in row("td")] == [str(of), SENTENCE]
        assert len(page.select(row.a["href"])) == 1
        assert SENTENCE in page.select_one(f"#cell-{part}").text
    total = message("feedback.total", score="0", most=f"{sum(points.values()):g}")
    assert str(total) in words(pages["anna"])


def test_what_earned_everything_says_nothing_more(pages, unit):
    most = sum(parts(source(unit)).values())
    rows = bs4.BeautifulSoup(pages["ben"], "html.parser").table.tbody("tr")
    assert {row("td")[1].text for row in rows} == {""}
    total = message("feedback.total", score=f"{most - 1.5:g}", most=f"{most:g}")
    assert f"{total} {message('feedback.penalty', points='1.5')}" in words(pages["ben"])


def test_the_students_own_cells_and_plots_are_there(pages, unit):
    page = bs4.BeautifulSoup(pages["anna"], "html.parser")
    for cell in source(unit).cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            assert f"def my_{cell.id.replace('-', '_')}():\n    return 1 < 2" in page.text
            assert f"{cell.id} says & <b>hi" in page.text
    images = page("img")
    assert [image["src"] for image in images] == [f"data:image/png;base64,{DOT}"]
    alt = message("feedback.picture-of", what="Figure size 640x480 with 1 Axes")
    assert images[0]["alt"] == str(alt)
    assert "words that stay" in page.text
    assert page("math")[-1].text == "at=σ(b)"


def test_repairs_and_comments_are_told(pages):
    text = words(pages["anna"])
    repairs = str(message("feedback.repairs"))
    assert f"{repairs} {REPAIR}" in text
    assert f"{message('feedback.comment')} Well begun" in text
    assert repairs not in words(pages["ben"])


def test_nothing_on_a_page_runs_or_asks_another_host(pages):
    for text in pages.values():
        page = bs4.BeautifulSoup(text, "html.parser")
        assert page(ACTIVE) == []
        for element in page(True):
            assert not [name for name in element.attrs if name.startswith("on")]
            assert element.get("src", "data:image/").startswith("data:image/")
            assert element.get("href", "#").startswith(("#", "https://", "http://"))
        assert "example.org" not in text
        rule = page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
        assert rule == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_names_are_text(pages, unit):
    page = bs4.BeautifulSoup(pages["anna"], "html.parser")
    assert page.html["lang"] == "en"
    title = message("feedback.title", unit=unit, student="Анна <i>Ким</i>")
    assert page.title.text == page.h1.text == str(title)
    assert "ben" in bs4.BeautifulSoup(pages["ben"], "html.parser").h1.text


# One part, in every state that it can be in.

TEST = """\
close(f(1), 2)
### BEGIN HIDDEN TESTS
compare(f, reference)
### END HIDDEN TESTS"""


def small(*cells):
    metadata = {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
    return nbformat.v4.new_notebook(cells=list(cells), metadata=metadata)


def cell(name, source, outputs=(), **role):
    metadata = {"nbgrader": {"grade_id": name, "schema_version": 3, **role}}
    return new_code_cell(source, metadata=metadata, id=name, outputs=list(outputs))


def one(outputs=(), source=TEST):
    return small(
        cell("f", "def f(x): …", solution=True, grade=False),
        cell("f-test", source, outputs, grade=True, points=2, locked=True),
    )


def error(evalue, ename="AssertionError"):
    return new_output("error", ename=ename, evalue=evalue, traceback=[TEST, evalue])


@pytest.fixture(scope="module")
def units(tmp_path_factory):
    """A course with one unit per test, by number."""
    course = WrittenCourse(tmp_path_factory.mktemp("units"))
    course.count = 0
    return course


@pytest.fixture
def page(units):
    """The page of a student for a notebook in autograded/ and points."""

    def page(notebook, score, known=None):
        units.count += 1
        unit = f"unit-{units.count}"
        units.add_unit(unit, known or one())
        units.grade(unit, "anna", {"f-test": score}, notebook)
        return generate(units, unit)["anna"]

    return page


@pytest.mark.parametrize(
    ("outputs", "sentence"),
    [
        ([error("f_t is wrong.")], "f_t is wrong."),
        ([error("f_t is\nwrong.")], "f_t is"),
        ([error("")], message("execution.failed")),
        ([error("in: compare(f, reference)")], message("execution.failed")),
        ([error("a" * 5000)], "a" * 400 + " …"),
        ([error("old"), error("new")], "new"),
        ([], message("feedback.not-all")),
    ],
)
def test_one_line_says_what_is_off(page, outputs, sentence):
    made = bs4.BeautifulSoup(page(one(outputs), 1), "html.parser")
    assert made.table.tbody("td")[1].text == str(sentence)
    assert "compare" not in made.text


TOLD = message("execution.endless", name="f")


def test_what_a_test_said_is_put_into_words_anew(page):
    notebook = one([error("words of another language")])
    notebook.metadata["rnngrade"] = {"said": {"f-test": TOLD.plain()}, "language": "ru"}
    made = bs4.BeautifulSoup(page(notebook, 1), "html.parser")
    assert made.html["lang"] == "ru"
    assert made.table.tbody("td")[1].text == TOLD.in_words("ru")
    with in_language("ru"):
        assert str(message("feedback.notebook")) in made.text
        assert str(message("feedback.of", score="1", most="2")) in made.text


def test_no_line_of_a_hidden_test_gets_there_in_a_message(page):
    notebook = one([error("a")])
    told = message("execution.assertion", said="compare(f, reference)").plain()
    notebook.metadata["rnngrade"] = {"said": {"f-test": told}}
    assert "compare" not in page(notebook, 1)


@pytest.mark.parametrize(
    "about",
    [
        3,
        {"said": 3, "repairs": 3, "language": "xx"},
        {"said": {"f-test": {"id": 3}}, "language": ["en"]},
        {"said": {"f-test": {}}, "repairs": [{}, 3, None]},
        {"said": {"f-test": {"id": "execution.endless"}}, "repairs": [TOLD.plain()] * 10_000},
    ],
)
def test_a_message_of_another_form_is_no_harm(page, about):
    notebook = one([error("f_t is wrong.")])
    notebook.metadata["rnngrade"] = about
    made = page(notebook, 1)
    assert bs4.BeautifulSoup(made, "html.parser").table.tbody("td")[1].text == "f_t is wrong."
    assert made.count(str(TOLD)) <= 50


def test_what_waits_for_a_human_says_so(page):
    made = words(page(one([error("f_t is wrong.")]), None))
    assert str(message("feedback.some-wait")) in made
    assert str(message("feedback.waits")) in made


def test_roles_are_those_of_the_gradebook(page):
    """A test that is said to be an answer, or whose text was changed, hides what it did."""
    notebook = one([error("f_t is wrong.")])
    forged = notebook.cells[1]
    forged.metadata.nbgrader.update(grade=False, solution=True, locked=False)
    forged.source = f"print({EXPECTED})"
    made = page(notebook, 0)
    assert "compare" not in made
    assert EXPECTED not in made
    assert "close(f(1), 2)" in bs4.BeautifulSoup(made, "html.parser").text
    assert "0 of 2" in words(made)


def test_a_cell_that_stands_there_twice_has_one_address(page):
    notebook = one([error("f_t is wrong.")])
    notebook.cells.append(copy.deepcopy(notebook.cells[1]))
    notebook.cells[-1].id = "again"
    assert page(notebook, 0).count('id="cell-f-test"') == 1


def test_a_part_whose_cell_is_gone_is_told(page):
    notebook = one()
    del notebook.cells[1]
    made = bs4.BeautifulSoup(page(notebook, 0), "html.parser")
    assert made.table.tbody.th.text == "f"
    assert made.table.tbody.a is None


def test_a_unit_may_hide_all_its_checks(page):
    hidden = "### BEGIN HIDDEN TESTS\ncompare(f, reference)\n### END HIDDEN TESTS"
    known = one(source=hidden)
    made = page(one([error("f_t is wrong.")], hidden), 0, known)
    assert "compare" not in made
    assert str(message("feedback.hidden")) in words(made)


def test_the_comment_and_points_of_an_answer_graded_by_hand(units):
    known = small(cell("essay", "words", solution=True, grade=True, points=3))
    units.add_unit("essay", known)
    units.grade("essay", "anna", {"essay": 1}, known, comments={"essay": "Say *why*."})
    made = bs4.BeautifulSoup(generate(units, "essay")["anna"], "html.parser")
    total = message("feedback.total", score="1", most="3")
    assert f"essay: {total} {message('feedback.not-all')}" in words(str(made))
    assert made.blockquote.em.text == "why"


def test_metadata_of_another_form_is_no_harm(page):
    notebook = one()
    notebook.cells.insert(0, new_code_cell("1", metadata={"nbgrader": {"grade_id": "unknown"}}))
    notebook.metadata["rnngrade"] = {"repairs": []}
    assert "0 of 2" in words(page(notebook, 0))


def test_svg_and_bad_pictures(page):
    svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    bad = display(image_png="no base64!", text_plain="what it was")
    notebook = one()
    notebook.cells[0].outputs = [display(**{"image_svg+xml": svg}), bad]
    made = page(notebook, 2)
    assert base64.b64encode(svg.encode()).decode() in made
    assert "<svg" not in made
    assert "what it was" in made
    assert json.dumps("no base64!") not in made


def test_a_notebook_that_could_not_be_read_has_a_page_that_says_why(page):
    told = nbformat.v4.new_notebook(
        metadata={"rnngrade": {"unreadable": "It is <b>empty</b>."}}
    )
    made = bs4.BeautifulSoup(page(told, 0), "html.parser")
    assert f"{message('feedback.not-graded')} It is <b>empty</b>." in words(str(made))
    assert made.table is None
    assert "0 of" not in made.text


def test_the_rubric_of_a_written_answer_is_not_on_the_page(tmp_path):
    """It lies in the graded notebook, where the instructor reads it above the answer."""
    notebook = read_source(TEMPLATE / "unit.md")
    rubric = secret_lines(notebook, "MARK SCHEME") - {"### BEGIN MARK SCHEME"}
    assert "### END MARK SCHEME" in rubric
    course = WrittenCourse(tmp_path)
    course.add_student("anna")
    course.add_unit("essay", notebook)
    course.grade("essay", "anna", {**parts(notebook), "why-tanh": None}, notebook)
    page = generate(course, "essay")["anna"]
    text = bs4.BeautifulSoup(page, "html.parser").text
    assert "Why does the step squash its sum?" in text
    assert [line for line in rubric if line.strip("- ")[:25] in text] == []
    assert str(message("feedback.waits")) in text

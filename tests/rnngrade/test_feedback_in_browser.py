"""The pages of feedback and of similarities: light and dark, desktop and phone."""

import base64
import io

import pytest
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from rnngrade.messages import message
from rnngrade.reports.similar import compare, html_of
from tests.book.conftest import assert_accessible, opened
from tests.exercises.submission import release
from tests.rnngrade.test_feedback import display, generate, handed_in, parts
from tests.rnngrade.written_course import WrittenCourse, source

pytestmark = pytest.mark.browser
WIDTHS = {"desktop": 1280, "phone": 390}
# As pandas writes it, but wider.
TABLE = (
    "<div><style scoped>.dataframe tbody tr th {vertical-align: top;}</style>"
    '<table border="1" class="dataframe"><thead><tr style="text-align: right;"><th></th>'
    + "".join(f"<th>column_number_{k}</th>" for k in range(20))
    + "</tr></thead><tbody><tr><th>0</th>"
    + "".join(f"<td>{k}.000000</td>" for k in range(20))
    + "</tr></tbody></table><p>1 rows × 20 columns</p></div>"
)
WORDS = """\
#### A heading that skips levels

#

# And one that goes back

Some [link](https://example.org), [](https://example.org/empty), ![](attachment:dot.png) and
`a_name_that_is_much_longer_than_a_phone_is_wide = another_name_that_is_much_longer_than_that`

| a | b |
|---|---|
| 1 | 2 |

$$
\\frac{\\partial L}{\\partial W} = \\sum_{t=1}^{T} \\frac{\\partial L_t}{\\partial h_t} + a + b
+ c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w + x + y + z
$$
"""
CODE = '''\
%matplotlib inline
@decorated
class Model(nn.Module):  # a comment
    """What it is."""

    def forward(self, x, scale=0x1F, name=f"a {1 + 1:>3}\\n"):
        raise NotImplementedError() from None if x is not None and len(x) > 1.5e-3 else True
'''


def plot():
    """The picture of a plot, as a kernel sends it."""
    figure = Figure(figsize=(9, 4))
    axes = figure.add_subplot(xlabel="step", ylabel="loss")
    axes.plot([2.0, 1.1, 0.7, 0.5, 0.45])
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    encoded = base64.b64encode(picture.getvalue()).decode()
    return display(image_png=encoded, text_plain="<Figure size 900x400 with 1 Axes>")


def exhibition(unit):
    """A notebook with one of everything that a student may leave in it."""
    notebook = handed_in(unit)
    dot = notebook.cells[-3].outputs[0].data["image/png"]
    attachments = {"dot.png": {"image/png": dot}}
    red = "\x1b[0;31mValueError\x1b[0m: " + "no_space_in_here_" * 20
    bar = "".join(f"\r{k}%|{'█' * k}" for k in range(0, 100, 10))
    notebook.cells += [
        new_markdown_cell(WORDS, attachments=attachments),
        new_code_cell(CODE, outputs=[plot(), display(text_html=TABLE)]),
        new_code_cell(
            "fit()",
            outputs=[
                new_output("stream", name="stderr", text=bar),
                new_output("stream", name="stdout", text=f"{'-' * 300}\nloss 0.5\n"),
                new_output("error", ename="ValueError", evalue="no", traceback=[red]),
            ],
        ),
    ]
    return notebook


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The file of a feedback page; a test without a browser goes through all units."""
    unit = "lstm-gates"
    course = WrittenCourse(tmp_path_factory.mktemp("course"))
    course.add_unit(unit, source(unit))
    # One part is right, one waits for a human, the others are wrong.
    scores = dict.fromkeys(parts(source(unit)), 0)
    first, second, *_ = scores
    scores |= {first: parts(source(unit))[first], second: None}
    answer = next(c.id for c in source(unit).cells if c.metadata.get("nbgrader"))
    course.grade(unit, "anna", scores, exhibition(unit), 0.5, {answer: "Well *begun*."})
    generate(course, unit)
    return course.root / "feedback" / "anna" / unit / f"{unit}.html"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The file of a similarity report, with a pair in it."""
    own = {}
    for student in ("anna", "ben"):
        own[student] = release()
        own[student].cells.append(new_code_cell(CODE * 3 + f"wide = '{'-' * 200}'"))
    path = tmp_path_factory.mktemp("report") / "similar.html"
    made = compare("lstm-gates", release(), own, unread={"clara": "The file is empty."})
    assert len(made.pairs) == 1
    path.write_text(html_of(made), "utf-8")
    return path


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("which", ["page", "report"])
def test_a_page_fits_the_window_and_is_accessible(browser, which, theme, width, request):
    page = request.getfixturevalue(which)
    look = {"viewport": {"width": WIDTHS[width], "height": 900}, "color_scheme": theme}
    with opened(browser, **look) as window:
        window.goto(page.as_uri(), wait_until="load")
        assert window.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)" if theme == "light" else "rgb(13, 17, 23)"
        )
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert window.evaluate(overflow) == 0
        assert_accessible(window, "html")
        assert window.requests[0] == page.as_uri()
        assert all(request.startswith("data:image/") for request in window.requests[1:])


def test_the_sides_of_a_pair_stand_side_by_side_where_there_is_room(browser, report):
    for width, beside in ((1280, True), (390, False)):
        with opened(browser, viewport={"width": width, "height": 900}) as window:
            window.goto(report.as_uri(), wait_until="load")
            first, second = (side.bounding_box() for side in window.locator(".sides > *").all())
            assert (first["y"] == second["y"]) == beside


def test_everything_is_there_to_see(browser, page):
    with opened(browser, viewport={"width": 1280, "height": 900}) as window:
        window.goto(page.as_uri(), wait_until="load")
        loaded = "[...document.images].map((image) => image.naturalWidth)"
        assert window.evaluate(loaded) == [1, 1, 900]
        assert window.locator("math").count() > 5
        assert "loss 0.5" in window.locator("main").inner_text()
        assert window.locator(".scroll table").count() >= 2
        # A table too wide for the page is reached by keyboard.
        wide = window.locator(".scroll", has_text="column_number_19")
        wide.focus()
        window.keyboard.press("End")
        window.keyboard.press("ArrowRight")
        window.wait_for_function("(box) => box.scrollLeft > 0", arg=wide.element_handle())


def test_a_part_leads_to_its_cell_and_back(browser, page):
    with opened(browser, viewport={"width": 390, "height": 600}) as window:
        window.goto(page.as_uri(), wait_until="load")
        link = window.locator("#points + table a").last
        link.click()
        assert window.locator(link.get_attribute("href")).is_visible()
        cell = window.locator(link.get_attribute("href"))
        assert cell.bounding_box()["y"] < 600
        cell.get_by_role("link", name=str(message("feedback.all"))).click()
        assert window.locator("#points").bounding_box()["y"] == pytest.approx(0, abs=2)

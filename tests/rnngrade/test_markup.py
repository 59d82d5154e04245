"""What a student wrote, as HTML: limits that keep a page, and the batch, alive."""

import bs4
import pytest
from nbformat.v4 import new_output

from rnngrade.course.markup import (
    LONGEST_MARKUP,
    LONGEST_PRINT,
    MOST_FORMULAS,
    Sheet,
    code,
    printed,
)
from rnngrade.messages import message


def soup(html):
    return bs4.BeautifulSoup(str(html), "html.parser")


@pytest.mark.parametrize("tex", ["{" * 100_000, r"\frac" * 100_000 + "x", "x^{" * 8_000])
def test_a_formula_without_end_stays_tex(tex):
    """The converter descends into it, and deep enough it would end the process."""
    made = soup(Sheet().text(f"${tex}$"[:LONGEST_MARKUP]))
    assert made.math is None
    assert tex[:1000] in made.text


@pytest.mark.parametrize(
    "definition",
    [
        r"\def\a{\a\a}",
        r"\newcommand{\a}{\a\a}",
        r"\renewcommand\a{x}",
        r"\let\a\b",
        r"\gdef\a{}",
    ],
)
def test_a_formula_that_defines_a_macro_stays_tex(definition):
    made = soup(Sheet().text(f"${definition}\\a$ and $\\left( x \\right)$"))
    assert made.code.text.startswith(definition)
    assert len(made("math")) == 1


def test_a_text_of_formulas_without_end_is_plain_text():
    made = soup(Sheet().text("**a** " + "$ " * (2 * MOST_FORMULAS + 1)))
    assert made.strong is None


def test_a_formula_that_is_wrong_stays_tex():
    made = soup(Sheet().text(r"one $\fra{$ and $$\frac{1}{2}$$"))
    assert made.code.text == r"\fra{"
    assert made.find("div", class_="scroll")["aria-label"] == str(message("feedback.formula"))
    assert made.math.text == "12"


def test_a_formula_is_text_for_the_page():
    made = soup(Sheet().text(r"$\text{<img src=x>} < \text{b}$"))
    assert made.img is None
    assert "<img" in made.math.text


def test_an_environment_is_a_formula():
    made = soup(Sheet().text("\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}"))
    assert made.find("mtable")


def test_markup_without_end_is_plain_text():
    made = soup(Sheet().text("<b>" * LONGEST_MARKUP))
    assert made.b is None
    table = {"text/html": "<b>" * LONGEST_MARKUP, "text/plain": "a table"}
    assert Sheet().output(new_output("display_data", data=table)) == "<pre>a table</pre>"


def test_of_a_long_print_the_middle_is_left_out():
    made = printed("a" * LONGEST_PRINT + "b" * 5 + "c" * LONGEST_PRINT)
    left_out = str(message("feedback.left-out", n=20005))
    assert f"a\n… {left_out} …\nc" in made
    assert "b" not in soup(made).pre.text.replace(left_out, "")


def test_of_a_progress_bar_the_end_is_shown():
    assert printed("10%\r 50%\r100%\nend\r\n") == "<pre>100%\nend</pre>"


def test_colours_of_a_terminal_are_left_out():
    assert printed("\x1b[0;31mred\x1b[0m") == "<pre>red</pre>"


def test_headings_follow_each_other_over_all_cells():
    sheet = Sheet(above=2)
    cells = ["#### four", "# one", "## two\n\n#### four", "# \n\ntext"]
    made = soup("".join(map(sheet.text, cells)))
    assert [h.name for h in made(["h1", "h2", "h3", "h4", "h5", "h6"])] == [
        "h3", "h3", "h4", "h5",
    ]  # fmt: skip


def test_what_cannot_be_shown_gives_way_to_what_can():
    widget = {"text/html": "<div id=1></div><script>draw()</script>", "text/plain": "a figure"}
    assert Sheet().output(new_output("display_data", data=widget)) == "<pre>a figure</pre>"
    nothing = {"application/javascript": "alert(1)", "application/json": {"a": 1}}
    assert Sheet().output(new_output("display_data", data=nothing)) == ""


def test_an_image_has_a_name():
    dot = "data:image/png;base64,AAAA"
    made = soup(Sheet().text(f'![]({dot}) ![a dot]({dot}) <img src="{dot}">'))
    nameless = str(message("feedback.image"))
    assert [image["alt"] for image in made("img")] == [nameless, "a dot", nameless]


def test_a_link_keeps_the_page_it_comes_from_to_itself():
    made = soup(
        Sheet().text("[a](https://example.org) [b](javascript:alert) [c](data:text/html,x)")
    )
    assert [(a.text, a["href"], a["rel"]) for a in made("a")] == [
        ("a", "https://example.org", ["noreferrer"])
    ]
    assert made.text.strip() == "a b c"


def test_code_is_text():
    made = code('x = "<script>alert(1)</script>"  # &amp;\n%%html\n<b>')
    page = soup(f"<pre>{made}</pre>")
    assert page("script") == page("b") == []
    assert page.text == 'x = "<script>alert(1)</script>"  # &amp;\n%%html\n<b>'

"""The built site: complete, self-contained, without loose ends. `make book` builds it."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import pytest
from bs4 import BeautifulSoup

from exam import contents

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
pytestmark = pytest.mark.site

PAGES = contents.pages()
CHAPTERS = [f"book/{chapter}" for chapter in contents.chapters() if chapter != "exam"]
LSTM_FORMULAS = ["forget", "input", "candidate", "cell", "output", "hidden"]


@cache
def soup(page):
    path = SITE / f"{page}.html"
    assert path.is_file(), f"{path} is missing: run `make book` first."
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def main_part(page):
    return soup(page).find("article")


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_loaded_from_another_host(page):
    loads = [
        tag.get(attribute)
        for selector, attribute in (
            ("script[src]", "src"),
            ("img[src]", "src"),
            ("iframe[src]", "src"),
            ('link[rel~="stylesheet"]', "href"),
            ('link[rel~="preload"]', "href"),
            ('link[rel~="icon"]', "href"),
        )
        for tag in soup(page).select(selector)
    ]
    assert loads
    assert [url for url in loads if urlparse(url).netloc] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_internal_link_leads_somewhere(page):
    broken = []
    for tag in soup(page).select("a[href]"):
        target, anchor = urldefrag(tag["href"])
        if urlparse(target).scheme or urlparse(target).netloc:
            continue
        path = (SITE / page).parent / unquote(target) if target else SITE / f"{page}.html"
        path = path.resolve()
        if not path.is_file() or (
            anchor and path.suffix == ".html" and unquote(anchor) not in anchors(path)
        ):
            broken.append(tag["href"])
    assert broken == []


@cache
def anchors(path):
    other = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    return {tag.get("id") or tag["name"] for tag in other.select("[id], a[name]")}


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_says_what_it_shows(page):
    for image in main_part(page).select("img"):
        assert len(image.get("alt", "")) > 30, f"{image.get('src')} has no alt text"
    for drawing in main_part(page).select("svg.drawing"):
        assert len(drawing["aria-label"]) > 30


@pytest.mark.parametrize("page", PAGES)
def test_no_markup_is_left_in_the_text(page):
    text = BeautifulSoup(str(main_part(page)), "html.parser")
    for tag in text.select(".math, pre, code, script, style"):
        tag.decompose()
    left = re.findall(r"\$\$|\\[a-z]+\{|\{[a-z:-]+\}|:::|```", text.get_text())
    assert left == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_has_the_form_of_a_chapter(page):
    article = main_part(page)
    headings = " | ".join(h.get_text() for h in article.select("h2, h3"))
    for part in ("Explain it at the exam", "Quiz", "Exercise"):
        assert part in headings, f"{page} has no section {part!r}"
    assert "The question" in article.select_one(".admonition").get_text()
    assert "expect" in article.get_text()  # of an experiment, before it is run
    assert article.select("svg.drawing, form.movable, figure img")
    assert article.select("div.math[id]")
    assert article.select("div.cell.tag_live")
    quizzes = article.select("details.quiz")
    assert {"right", "wrong"} <= {c for fold in quizzes for c in fold["class"]}
    assert all(len(fold.select_one(".sd-summary-content").get_text()) > 15 for fold in quizzes)


@pytest.mark.parametrize("page", CHAPTERS)
def test_cells_ran_without_error_or_warning(page):
    article = main_part(page)
    assert article.select("div.cell_output")
    assert article.select(".stderr, .traceback, .output.error") == []


def test_all_formulas_of_the_hand_out_are_numbered():
    numbered = {page: main_part(page).select("div.math[id]") for page in CHAPTERS}
    names = {div["id"] for divs in numbered.values() for div in divs}
    wanted = ["rnn-state", "rnn-output", *LSTM_FORMULAS]
    assert {f"equation-eq-{name}" for name in wanted} <= names


def test_the_first_page_names_every_chapter_in_its_order():
    links = main_part(contents.pages()[0]).select("ol > li > p > a:first-child")
    want = [contents.title(chapter) for chapter in contents.chapters()]
    assert [link.get_text() for link in links] == want


@pytest.mark.parametrize("page", ["book/exam-questions", "book/exam-items"])
def test_questions_and_calculations_stand_under_their_chapters(page):
    headings = [
        re.sub(r"^[\d.]+ |#$", "", heading.get_text())
        for heading in main_part(page).select("h2")
    ]
    titles = [contents.title(chapter) for chapter in contents.chapters()]
    assert headings
    assert [title for title in titles if title in headings] == headings

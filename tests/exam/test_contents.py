"""`_toc.yml` is the only list of chapters; all else is found by a chapter's name."""

from pathlib import Path

import pytest

import exam.items
from exam import contents
from exam.questions import FOLDER, all_questions

ROOT = contents.ROOT
BOOK = contents.BOOK
CHAPTERS = contents.chapters()
TOC = """\
format: jb-book
root: book/index
parts:
  - caption: One
    numbered: true
    chapters:
      - file: book/rnn
      - file: book/new-chapter
        sections: [{file: book/below}]
  - caption: Two
    chapters:
      - file: book/notation
"""


def names(folder, ending):
    return {path.stem.replace("_", "-") for path in folder.glob(f"[!_]*.{ending}")}


def test_every_page_is_in_the_table_of_contents():
    assert {Path(page).name for page in contents.pages()} == names(BOOK, "md")


@pytest.mark.parametrize(
    ("folder", "ending"), [(FOLDER, "md"), (Path(exam.items.__file__).parent, "py")]
)
def test_what_bears_the_name_of_a_chapter_has_one(folder, ending):
    assert names(folder, ending) <= set(CHAPTERS)


def test_every_chapter_is_asked_about_but_the_one_on_the_exam():
    assert {question.chapter for question in all_questions()} == set(CHAPTERS) - {"exam"}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_has_a_title_and_a_summary_of_a_line(chapter):
    assert contents.title(chapter)
    assert contents.summary(chapter).endswith(".")
    assert "\n" not in contents.summary(chapter)


def test_parts_chapters_and_pages_are_read(tmp_path):
    (tmp_path / "_toc.yml").write_text(TOC, "utf-8")
    assert contents.parts(tmp_path) == {"One": ["rnn", "new-chapter"]}
    assert contents.chapters(tmp_path) == ["rnn", "new-chapter"]
    below = ["rnn", "new-chapter", "below", "notation"]
    assert contents.pages(tmp_path) == [f"book/{page}" for page in ("index", *below)]


HEAD = "---\nmyst: {html_meta: {description: in a line.}}\n---\n\n"


def test_title_and_summary_are_read(tmp_path):
    (tmp_path / "new.md").write_text(f"{HEAD}# New: it\n\n# Not this\n\n---\n", "utf-8")
    assert contents.title("new", tmp_path) == "New: it"
    assert contents.summary("new", tmp_path) == "in a line."


@pytest.mark.parametrize("head", ["", "---\n---\n", "---\nmyst: {}\n---\n", "---\na: [\n---\n"])
def test_a_chapter_without_a_summary_is_named(head, tmp_path):
    (tmp_path / "new.md").write_text(f"{head}# New\n", "utf-8")
    with pytest.raises(ValueError, match=r"^new\.md must begin with .* description"):
        contents.summary("new", tmp_path)

"""The questions of book/questions: complete, well formed, asked only once."""

import re
from pathlib import Path

import pytest

from exam.questions import FOLDER, KINDS, all_questions, asked_in, read

BOOK = FOLDER.parent
QUESTIONS = all_questions()
FOLD = re.compile(r"^:{3,}\{dropdown\} (.+)$", re.MULTILINE)


def words(text):
    """The words of a question, whatever their case and punctuation."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


@pytest.mark.parametrize("chapter", asked_in())
def test_a_chapter_is_asked_in_both_ways(chapter):
    assert {question.kind for question in read(chapter)} == set(KINDS)


def test_no_question_is_asked_twice():
    texts = [words(question.text) for question in QUESTIONS]
    assert len(set(texts)) == len(texts)
    for path in BOOK.glob("*.md"):
        there = {words(title) for title in FOLD.findall(path.read_text("utf-8"))}
        assert there.isdisjoint(texts), path.name


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: f"{q.chapter}: {q.text[:40]}")
def test_an_answer_is_short_and_well_formed(question):
    assert 2 <= len(question.answer) <= 5
    assert len(" ".join(question.answer)) < 700
    assert re.search(r"[.?]$", question.text)
    for text in (question.text, *question.answer):
        assert text.count("$") % 2 == 0
        assert text.count("`") % 2 == 0
        assert text.count("(") == text.count(")")
        assert text == text.strip()
        assert not re.search(r"\]\(|\{\w+\}`", text), "no links and roles in folds"
    for sentence in question.answer:
        assert sentence[-1] in ".$", "a sentence per line"
        assert sentence[0].isupper() or sentence[0] in "$`"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n## Q?\nA.\n", r"rnn.md, line 2: a question begins with ## \[oral\]"),
        ("## [aloud] Q?\nA.\n", r"rnn.md, line 1: a question begins with"),
        ("# T\n\n## [oral] Q?\nA.\n", "rnn.md, line 1: the file begins with a question"),
        ("\n", "rnn.md needs questions"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, text, message):
    Path(tmp_path, "rnn.md").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=message):
        read("rnn", tmp_path)


def test_a_file_is_read(tmp_path):
    Path(tmp_path, "rnn.md").write_text("## [written] Q?\nA.\nB.\n", "utf-8")
    (question,) = read("rnn", tmp_path)
    assert (question.chapter, question.kind, question.text) == ("rnn", "written", "Q?")
    assert question.answer == ("A.", "B.")
    assert question.points == 2

"""Mock exams: 60 points in 90 minutes, from the command line too."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from exam import markdown
from exam.__main__ import main, write
from exam.paper import CORE, draw

ROOT = Path(__file__).parents[2]
PAPERS = [draw(seed) for seed in range(25)]


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.seed))
def test_a_paper_adds_up(paper):
    assert paper.points == 60
    assert paper.minutes <= 90
    chapters = [question.chapter for question in paper.questions]
    calculated = [variant.item.chapter for variant in paper.variants]
    assert len(set(chapters)) == len(chapters)
    assert len(set(calculated)) == len(calculated)
    assert set(CORE) <= set(calculated)
    assert all(question.kind == "written" for question in paper.questions)
    assert all(variant.seed == paper.seed for variant in paper.variants)


def test_papers_differ_and_a_seed_gives_the_same_again():
    texts = [markdown.paper(paper) for paper in PAPERS]
    assert len(set(texts)) == len(texts)
    assert markdown.paper(draw(7)) == texts[7]
    # Not only the numbers differ: from one paper to the next, items and questions change.
    for one, other in pairwise(PAPERS):
        assert {v.item.name for v in one.variants} != {v.item.name for v in other.variants}
        assert {q.text for q in one.questions} != {q.text for q in other.questions}


def test_the_scheme_has_what_the_paper_asks_and_the_paper_no_answers():
    paper = PAPERS[7]
    asked, scheme = markdown.paper(paper), markdown.solutions(paper)
    parts = len(paper.questions) + len(paper.variants)
    for number in range(1, parts + 1):
        assert f"**{number}.** " in asked
        assert f"**{number}.** " in scheme
    assert f"**{parts + 1}.**" not in asked + scheme
    assert scheme.count("\n- ") == 60, "a line per point"
    for variant in paper.variants:
        assert variant.question in asked
        assert f"${variant.shown}$" in scheme
    for question in paper.questions:
        assert question.text in asked
        assert not any(sentence in asked for sentence in question.answer)


def run(*arguments, **options):
    command = [sys.executable, "-m", "exam", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, **options)


def test_the_command_prints_a_paper_and_its_scheme():
    done = run("paper", "--seed", "7")
    assert (done.returncode, done.stdout, done.stderr) == (0, markdown.paper(draw(7)), "")
    done = run("paper", "--seed", "7", "--solutions")
    assert (done.returncode, done.stdout) == (0, markdown.solutions(draw(7)))


def test_a_file_is_written_whole(tmp_path):
    goal = tmp_path / "paper.md"
    assert main(["paper", "--seed", "3", "--out", str(goal)]) == 0
    assert goal.read_text("utf-8") == markdown.paper(draw(3))
    assert os.listdir(tmp_path) == ["paper.md"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    goal = tmp_path / "paper.md"
    goal.write_text("old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        write(goal, "new")
    assert goal.read_text() == "old"
    assert os.listdir(tmp_path) == ["paper.md"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["paper", "--seed", "x"], "a whole number of at least 0 is needed, not 'x'"),
        (["paper", "--seed", "-1"], "a whole number of at least 0 is needed, not '-1'"),
        (["paper", "--seed", "1.5"], "a whole number of at least 0 is needed, not '1.5'"),
        (["paper"], "the following arguments are required: --seed"),
        ([], "the following arguments are required: COMMAND"),
        (["paper", "--seed", "1", "--out", "/no/such/folder/x"], "/no/such/folder/x cannot be"),
        (["paper", "--seed", "1", "--out", "/tmp"], "/tmp cannot be written: Is a directory."),
    ],
)
def test_bad_input_gets_one_sentence(arguments, sentence):
    done = run(*arguments)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert done.stderr.startswith("exam: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1

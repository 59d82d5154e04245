"""The questions of `book/questions`, one Markdown file per chapter, with the chapter's name.

    ## [oral] The question?
    The answer, one sentence per line.

A written question is worth a point for each sentence of its answer.
"""

import re
from pathlib import Path
from typing import NamedTuple

from exam.contents import BOOK, chapters

FOLDER = BOOK / "questions"
KINDS = ("oral", "written")
HEAD = re.compile(r"## \[(\w+)\] (.+)")


class Question(NamedTuple):
    """One question with its answer, a tuple of sentences."""

    chapter: str
    kind: str  # "oral" or "written"
    text: str
    answer: tuple

    @property
    def points(self):
        """A point for each sentence of the answer."""
        return len(self.answer)


def path_of(chapter, folder=FOLDER):
    """The file of a chapter's questions."""
    return Path(folder) / f"{chapter}.md"


def asked_in(folder=FOLDER):
    """The chapters that have questions, in the order of the book."""
    return [chapter for chapter in chapters() if path_of(chapter, folder).exists()]


def read(chapter, folder=FOLDER):
    """Return the questions of a chapter in the order of its file.

    Raises ValueError, with file and line, for text that has not the form told above.
    """
    path = path_of(chapter, folder)
    questions = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        where = f"{path.name}, line {number}"
        if not line.strip():
            continue
        if line.startswith("## "):
            head = HEAD.fullmatch(line)
            if not head or head[1] not in KINDS:
                raise ValueError(f"{where}: a question begins with ## [oral] or ## [written].")
            questions.append((*head.groups(), []))
        elif not questions:
            raise ValueError(f"{where}: the file begins with a question.")
        else:
            questions[-1][2].append(line)
    if not questions:
        raise ValueError(f"{path.name} needs questions.")
    return [Question(chapter, kind, text, tuple(a)) for kind, text, a in questions]


def all_questions(folder=FOLDER):
    """The questions of all chapters."""
    return [question for chapter in asked_in(folder) for question in read(chapter, folder)]

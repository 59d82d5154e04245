"""The questions of `book/questions`, one Markdown file per chapter.

    # The chapter's title

    ## [oral] The question?
    The answer, one sentence per line.

A written question is worth a point for each sentence of its answer.
"""

import re
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[1] / "book" / "questions"
CHAPTERS = ("rnn", "bptt", "gradients", "clipping", "lstm", "why-lstm", "gru", "lstm-gru")
CHAPTERS += ("long-memory", "pytorch", "text", "translation", "stocks", "glucose")
CHAPTERS += ("speech", "parallel")
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


def read(chapter, folder=FOLDER):
    """Return the title of a chapter and its questions, in the order of the file.

    Raises ValueError, with file and line, for text that has not the form told above.
    """
    path = path_of(chapter, folder)
    title, questions = None, []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        where = f"{path.name}, line {number}"
        if not line.strip():
            continue
        if line.startswith("## "):
            head = HEAD.fullmatch(line)
            if not head or head[1] not in KINDS:
                raise ValueError(f"{where}: a question begins with ## [oral] or ## [written].")
            questions.append((*head.groups(), []))
        elif line.startswith("# ") and title is None:
            title = line[2:]
        elif not questions:
            raise ValueError(f"{where}: the file begins with a title and a question.")
        else:
            questions[-1][2].append(line)
    if title is None or not questions:
        raise ValueError(f"{path.name} needs a title and questions.")
    return title, [Question(chapter, kind, text, tuple(a)) for kind, text, a in questions]


def all_questions(folder=FOLDER):
    """The questions of all chapters."""
    return [question for chapter in CHAPTERS for question in read(chapter, folder)[1]]

"""The page that a student gets: points, one sentence per lost part, the notebook as it ran.

What a cell is, and what stands in a test, comes from the gradebook and not from what was
handed in. Of a test the page shows the visible lines and one sentence, and nothing else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, NbGraderPreprocessor

from rnngrade.course.markup import Sheet, code, printed
from rnngrade.messages import Message, from_plain, in_language, language, languages, message

LONGEST_SENTENCE = 400
MOST_REPAIRS = 50
TELLING = 6  # a line with fewer characters gives nothing away


@dataclass
class Part:
    """What a student got for one part."""

    id: str
    score: float
    max_score: float
    waits: bool = False  # for a human
    sentence: str = ""
    shown: bool = False  # whether its cell is on the page

    @property
    def name(self) -> str:
        """The part as people call it: its cell is "forget-gate-test"."""
        return self.id.removesuffix("-test")

    @property
    def full(self) -> bool:
        """Whether nothing was lost."""
        return self.score >= self.max_score


class FeedbackPage(Exporter):
    """What `nbgrader generate_feedback` calls for each notebook in autograded/."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_notebook_node(  # type: ignore[override]  # nbconvert's own give text as well
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page of one notebook, as HTML."""
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        where = resources["nbgrader"]
        with Gradebook(where["db_url"]) as gradebook:
            report = Report(gradebook, where, nb, steps_that_hide(parent=self))
            return report.page(), resources


class Report:
    """What the gradebook and the notebook in autograded/ say about one submission.

    Args:
        gradebook: an open one.
        where: with "assignment", "notebook" and "student", as nbgrader's exporters get it.
        notebook: the notebook in autograded/.
        clear: from `steps_that_hide`.
    """

    def __init__(
        self,
        gradebook: Gradebook,
        where: dict[str, str],
        notebook: NotebookNode,
        clear: Sequence[NbGraderPreprocessor],
    ):
        self._unit, self._notebook = where["assignment"], notebook
        self._graded = gradebook.find_submission_notebook(
            where["notebook"], where["assignment"], where["student"]
        )
        self._student = gradebook.find_student(where["student"])
        known = self._graded.notebook
        self._answers = {cell.name for cell in (*known.solution_cells, *known.task_cells)}
        self._sources = {cell.name: cell for cell in known.source_cells}
        self._visible = {name: _visible(cell, clear) for name, cell in self._sources.items()}
        self._comments = {c.name: c.comment for c in self._graded.comments if c.comment}
        about = notebook.metadata.get("rnngrade")
        self._about = about if isinstance(about, dict) else {}

    @property
    def language(self) -> str:
        """In which it was graded, and its page is written."""
        known = self._about.get("language")
        return known if known in languages() else language()

    def page(self) -> str:
        """The page, as HTML."""
        with in_language(self.language):
            return self._page()

    def _page(self):
        names = (self._student.first_name, self._student.last_name)
        penalty = self._graded.late_submission_penalty or 0
        repairs = self._about.get("repairs")
        repairs = repairs[:MOST_REPAIRS] if isinstance(repairs, list) else []
        return render(
            "feedback.html.j2",
            unit=self._unit,
            student=" ".join(filter(None, names)) or self._student.id,
            score=max(0, self._graded.score - penalty),
            max_score=self._graded.max_score,
            penalty=penalty,
            waiting=self._graded.needs_manual_grade,
            repairs=[*filter(None, map(in_words, repairs))],
            unreadable=in_words(self._about.get("unreadable", "")),
            cells=[*self._cells()],
            parts=self.parts.values(),
        )

    def in_short(self) -> str:
        """The lost parts and the instructor's comments, a line each."""
        lines: list[Message | str] = [
            message(
                "feedback.lost",
                part=part.name,
                score=points(part.score),
                most=points(part.max_score),
                sentence=part.sentence,
            )
            for part in self.parts.values()
            if not part.full
        ]
        lines += [f"{name}: {comment}" for name, comment in self._comments.items()]
        return "\n".join(map(str, lines))

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The parts by their grade_id, in the order of the notebook."""
        said: dict[str | None, list[NotebookNode]] = {}
        for cell in self._notebook.cells:
            said.setdefault(_name(cell), []).extend(cell.get("outputs", ()))
        places = {name: place for place, name in enumerate(said)}
        parts = {
            grade.name: Part(grade.name, grade.score, grade.max_score, grade.needs_manual_grade)
            for grade in sorted(
                self._graded.grades, key=lambda g: places.get(g.name, len(said))
            )
        }
        for part in parts.values():
            part.sentence = self._sentence(part, said.get(part.id, ()))
        return parts

    def _sentence(self, part, outputs):
        """What is off, in one line; the lines of a traceback and of a test never get here."""
        if part.waits:
            return str(message("feedback.waits"))
        if part.full:
            return ""
        errors = [o for o in outputs if o.output_type == "error"]
        if part.id in self._answers or not errors:
            return str(message("feedback.not-all"))
        said = self._about.get("said")
        told = said.get(part.id, "") if isinstance(said, dict) else ""
        words = in_words(told)
        if words and _is_of_a_check(told):
            words += "."  # as where the student runs it
        words = words or _first_line(errors[-1].evalue)
        if not words or any(line in words for line in self._hidden):
            return str(message("execution.failed"))
        return words

    @cached_property
    def _hidden(self):
        """The telling lines of all hidden tests."""
        lines = set()
        for name, cell in self._sources.items():
            lines |= _lines(cell.source) - _lines(self._visible[name])
        return {line for line in lines if len(line) >= TELLING}

    def _cells(self) -> Iterator[NotebookNode]:
        """The cells as the template wants them."""
        sheet, seen = Sheet(above=2), set()
        for cell in self._notebook.cells:
            name = _name(cell)
            known = name in self._sources
            shown = NotebookNode(
                words=None,
                source=None,
                outputs=[],
                hides=False,
                checks=known and name not in self._answers,
                anchor=name if known and name not in seen else "",
                part=self.parts.get(name),
                comment=sheet.text(self._comments.get(name, "")),
            )
            if known:
                seen.add(name)
            if shown.part:
                shown.part.shown = True
            source, kind = cell.source, cell.cell_type
            if shown.checks:
                source, kind = self._visible[name], self._sources[name].cell_type
                shown.hides = source != self._sources[name].source
            if kind == "markdown":
                shown.words = sheet.text(source, cell.get("attachments"))
            elif kind == "raw":
                shown.words = printed(source)
            else:
                shown.source = code(source)
                if not (shown.checks and (shown.part or shown.hides)):
                    shown.outputs = [*filter(None, map(sheet.output, cell.outputs))]
            yield shown


def in_words(told: Any) -> str:
    """A plain message from a notebook's metadata, in the present language; nothing, if it is
    none. A text stands for itself: so they were, before they were messages."""
    if isinstance(told, dict):
        try:
            told = str(from_plain(told))
        except Exception:
            return ""
    return _first_line(told) if isinstance(told, str) else ""


def _is_of_a_check(told):
    """Whether a plain message is what a check says: a sentence without its full stop."""
    id = told.get("id") if isinstance(told, dict) else None
    return isinstance(id, str) and id.partition(".")[0] in ("checks", "mistakes")


def steps_that_hide(**options: Any) -> tuple[NbGraderPreprocessor, ...]:
    """nbgrader's steps that take out what students must not see; options as they take them."""
    return ClearHiddenTests(**options), ClearMarkScheme(**options)


def points(number: float) -> str:
    """Points as they are shown."""
    return f"{round(number, 2):g}"


def render(template: str, **values: Any) -> str:
    """Fill in a template of this package; values are escaped unless they are `Markup`."""
    return _templates().get_template(template).render(**values)


@cache
def _templates():
    environment = Environment(
        loader=PackageLoader("rnngrade.course"),
        autoescape=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["points"] = points
    environment.filters["got"] = lambda part: "?" if part.waits else points(part.score)
    environment.globals |= {"say": lambda id, **fields: str(message(id, **fields))}
    environment.globals |= {"language": language}
    return environment


def _name(cell):
    known = cell.metadata.get("nbgrader")
    return known.get("grade_id") if isinstance(known, dict) else None


def _visible(cell, clear):
    """The source of an instructor's cell without its hidden tests and its rubric."""
    # Elsewhere than in such cells a hidden test, or a rubric, is an error.
    metadata = {"nbgrader": {"grade": True, "task": True}}
    made = new_code_cell(cell.source, metadata=metadata)
    for step in clear:
        made, _ = step.preprocess_cell(made, {}, 0)
    return made.source


def _first_line(text):
    line = next(iter(text.strip().splitlines()), "").strip()
    return line if len(line) <= LONGEST_SENTENCE else f"{line[:LONGEST_SENTENCE]} …"


def _lines(text):
    return {line.strip() for line in text.split("\n")}

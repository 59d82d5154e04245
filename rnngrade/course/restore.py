"""What a cell is comes from the gradebook, never from the submission.

The rules, each of which leaves a note where it changes something:

- A cell is known by its grade_id; failing that by its id; failing that by its text (tests) or
  by the functions that it defines (answers).
- Of copies the last counts, of an answer the last that is not the untouched original. The
  others stay where they are as plain cells, so that everything runs in the student's order.
- Type, points and role are the gradebook's, and so is the text of a test. If a student wrote
  an answer into a test cell, it stays there as a plain cell and the test follows.
- A test runs where the student has it: what failed or passed there is what is graded. But if
  everything it needs is defined further down, it goes behind the answer that it tests. A test
  that is missing goes there too, or to the end if there is no answer.
- An answer that is missing is not put back: it could only undo what stands elsewhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode, v4
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, NbGraderPreprocessor

from rnngrade.course.language import language_of_config
from rnngrade.course.reader import free_id, new_cell
from rnngrade.exercise.names import names_taken
from rnngrade.messages import Message, message

# Of a name at the start of a line. A regular expression, since a student's text may be no
# Python at all, or made to bring a parser down.
_DEFINITION = re.compile(
    r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE
)


@dataclass(frozen=True)
class Given:
    """A cell of the unit as the gradebook has it."""

    name: str
    cell_type: str
    source: str
    checksum: str
    locked: bool
    grade: bool
    solution: bool
    task: bool
    points: float | None

    @property
    def is_test(self) -> bool:
        """Does its code decide on points?"""
        return self.grade and self.locked and self.cell_type == "code"

    @property
    def released(self) -> str:
        """Its text as students get it."""
        return _released(self.source, self.grade)

    @cached_property
    def defines(self) -> set[str]:
        """The names that students get from it."""
        return _defined(self.source)

    @property
    def uses(self) -> set[str]:
        """The names that it takes from other cells."""
        return _uses(self.source)

    @property
    def metadata(self) -> dict[str, Any]:
        """What nbgrader wants to find in the cell."""
        points = {"points": self.points} if self.grade or self.task else {}
        return {
            "grade": self.grade,
            "solution": self.solution,
            "task": self.task,
            "locked": self.locked,
            "grade_id": self.name,
            "cell_type": self.cell_type,
            "checksum": self.checksum,
            "schema_version": SCHEMA_VERSION,
            **points,
        }

    def is_in(self, cell: NotebookNode) -> bool:
        """Is a cell without its metadata this one?"""
        if self.locked:
            return bool(self.released.strip()) and not self.is_changed_in(cell)
        return self.solution and bool(self.defines) and self.defines <= _defined(cell.source)

    def is_changed_in(self, cell: NotebookNode) -> bool:
        """Has a student edited its text? Spaces at the ends of lines do not count."""
        return _lines(cell.source) not in (_lines(self.released), _lines(self.source))


class Restore(NbGraderPreprocessor):
    """The first step of sanitising: `restore` with what the gradebook has.

    A submission that could not be read waits for a human, with the grades that it has: so it
    is not taken for one with no points.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Restore a notebook in place; what was done goes where `RepairingExporter` says."""
        known = resources["nbgrader"]
        with Gradebook(known["db_url"]) as gradebook:
            if "unreadable" in known:
                _ask_a_human(gradebook, known)
                return nb, resources
            given = from_gradebook(gradebook, known["assignment"], known["notebook"])
        notes = restore(nb, given)
        for note in notes:
            said = note.in_words(language_of_config(self.config))
            self.log.warning("%s: %s", known["student"], said)
        known["repairs"] = [*known.get("repairs", []), *(note.plain() for note in notes)]
        told = nb.metadata.get("rnngrade", {})
        nb.metadata["rnngrade"] = {**told, "repairs": known["repairs"]}
        return nb, resources


def from_gradebook(gradebook: Gradebook, unit: str, notebook: str) -> list[Given]:
    """The cells of a notebook that nbgrader knows, in the order of the source."""
    known = gradebook.find_notebook(notebook, unit)
    points = {cell.name: cell.max_score for cell in (*known.grade_cells, *known.task_cells)}
    grades, answers, tasks = (
        {cell.name for cell in cells}
        for cells in (known.grade_cells, known.solution_cells, known.task_cells)
    )
    return [
        Given(
            name=cell.name,
            cell_type=cell.cell_type,
            source=cell.source,
            checksum=cell.checksum,
            locked=cell.locked,
            grade=cell.name in grades,
            solution=cell.name in answers,
            task=cell.name in tasks,
            points=points.get(cell.name),
        )
        for cell in known.source_cells
    ]


def restore(notebook: NotebookNode, given: Sequence[Given]) -> list[Message]:
    """Make the cells of a submission what the unit says they are, in place.

    Args:
        notebook: as `rnngrade.course.reader.read` gives it.
        given: the cells of the unit, see `from_gradebook`.

    Returns:
        What was wrong, and what was done.
    """
    return _Restoration(notebook, given).run()


class _Restoration:
    def __init__(self, notebook, given):
        self.notebook, self.given = notebook, given
        self.names = {cell.name: cell for cell in given}
        self.answer_to = {
            name: cell for cell in given if cell.solution for name in cell.defines
        }
        self.there = {}  # the cell that counts, by name
        self.put_back = []
        self.ids = {cell.id for cell in notebook.cells}
        self.notes = {}  # the cells of each note, by its id and its other fields
        self.defined = cache(_defined)

    @property
    def cells(self):
        return self.notebook.cells

    def run(self):
        found = self.find()
        cells: list[NotebookNode] = []
        for position, cell in enumerate(self.cells):
            claims = cell.metadata.pop("nbgrader", {})
            cells += (
                self.as_given(cell, claims, found[position]) if position in found else [cell]
            )
        self.notebook.cells = cells
        for given in self.given:
            if given.name not in self.there:
                self.put_missing(given)
            elif given.is_test and self.is_too_early(given):
                self.move(given)
        return [
            message(id, cells=cells, **dict(fields))
            for (id, fields), cells in self.notes.items()
        ]

    def find(self):
        """Which cells of the unit are where, as {position: given}."""
        claims: dict[str, list[int]] = {}
        found: dict[int, Given] = {}
        grade_ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in self.cells]
        for position, cell in enumerate(self.cells):
            name = grade_ids[position] if grade_ids[position] in self.names else cell.id
            if name in self.names:
                claims.setdefault(name, []).append(position)
        for name, positions in claims.items():
            chosen = self.choose(self.names[name], positions)
            found[chosen] = self.names[name]
            if grade_ids[chosen] != name:
                self.note(name, "course.known-by-id")
        for given in self.given:
            if given.name in claims:
                continue
            rest = [p for p in range(len(self.cells)) if p not in found]
            positions = [p for p in rest if given.is_in(self.cells[p])]
            if positions:
                found[self.choose(given, positions)] = given
                how = "course.known-by-text" if given.locked else "course.known-by-definition"
                self.note(given.name, how)
        for position, grade_id in enumerate(grade_ids):
            if grade_id not in {None, *self.names} and position not in found:
                name = message("course.cell-at", position=position + 1)
                self.note(name, "course.unknown-grade-id")
        return found

    def choose(self, given, positions):
        """Which of several copies counts."""
        last = positions[-1]
        if given.solution:
            last = max(positions, key=lambda p: (given.is_changed_in(self.cells[p]), p))
        if len(positions) > 1:
            is_last = last == positions[-1]
            which = "course.last-copy-counts" if is_last else "course.last-changed-copy-counts"
            self.note(given.name, which, n=len(positions))
        return last

    def as_given(self, cell, claims, given):
        """The cell with the role, type and points that it must have."""
        kept, source = [], cell.source
        changed = [key for key in ("grade", "solution", "task", "points") if key in claims]
        changed = [key for key in changed if claims[key] != given.metadata.get(key)]
        if changed:
            self.note(given.name, "course.role-restored", keys=tuple(changed))
        if cell.cell_type != given.cell_type:
            self.note(
                given.name, "course.type-restored", was=cell.cell_type, now=given.cell_type
            )
        if given.locked:
            source = given.source
            if given.is_changed_in(cell):
                self.note(given.name, "course.text-restored")
                if (
                    cell.cell_type == "code"
                    and self.defined(cell.source) & self.answer_to.keys()
                ):
                    kept = [new_cell("code", cell.source, free_id(cell.id, self.ids), {})]
                    self.note(given.name, "course.answer-kept")
        restored = _new(given, source, cell.id)
        if "attachments" in cell and given.cell_type == "markdown":
            restored.attachments = cell.attachments
        self.there[given.name] = restored
        return [*kept, restored]

    def put_missing(self, given):
        """A test, task or text that was deleted goes back; an answer does not."""
        if given.solution and not given.grade:
            lost = sorted(name for name in given.defines if not self.definitions(name))
            if lost:
                self.note(given.name, "course.answer-missing", names=tuple(lost))
            else:
                self.note(given.name, "course.answer-elsewhere")
            return
        self.note(given.name, "course.put-back")
        self.place(given, _new(given, given.source, free_id(given.name, self.ids)))

    def move(self, given):
        cell = self.there[given.name]
        self.note(given.name, "course.moved-below")
        del self.cells[self.index(cell)]
        self.place(given, cell)

    def place(self, given, cell):
        index = self.home(given)
        while index < len(self.cells) and _is_one_of(self.cells[index], self.put_back):
            index += 1
        self.cells.insert(index, cell)
        self.put_back.append(cell)
        self.there[given.name] = cell

    def home(self, given):
        """Where a test belongs: behind the answers that it needs.

        What needs none belongs behind the cell that is before it in the source.
        """
        needed = self.needed(given)
        if needed:
            known = [self.last_definition(name) for name in needed]
            known = [index for index in known if index is not None]
            return max(known) + 1 if known else len(self.cells)
        before = [other.name for other in self.given[: self.given.index(given)]]
        there = [self.index(self.there[name]) for name in before if name in self.there]
        return there[-1] + 1 if there else 0

    def is_too_early(self, given):
        """Is something that the test needs defined below it and nowhere above?"""
        index = self.index(self.there[given.name])
        firsts = [min(self.definitions(name), default=-1) for name in self.needed(given)]
        return any(first > index for first in firsts)

    def needed(self, given):
        """The names that a test takes from answers."""
        return sorted(given.uses & self.answer_to.keys()) if given.is_test else []

    def last_definition(self, name):
        """The index of the student's definition: the answer's, if the student changed it."""
        answer = self.answer_to[name]
        cell = self.there.get(answer.name)
        if cell and answer.is_changed_in(cell) and name in self.defined(cell.source):
            return self.index(cell)
        return max(self.definitions(name), default=None)

    def definitions(self, name):
        """The indices of the cells in which the student defines it."""
        return [
            index
            for index, cell in enumerate(self.cells)
            if cell.cell_type == "code"
            and not cell.metadata.get("nbgrader", {}).get("locked")
            and name in self.defined(cell.source)
        ]

    def index(self, cell):
        return next(index for index, other in enumerate(self.cells) if other is cell)

    def note(self, cell, id, **fields):
        self.notes.setdefault((id, tuple(fields.items())), []).append(cell)


def _new(given, source, key):
    return new_cell(given.cell_type, source, key, {"nbgrader": given.metadata})


@lru_cache(maxsize=1000)  # the texts of a unit are the same for all of its submissions
def _released(source, grade):
    cell = v4.new_code_cell(source, metadata={"nbgrader": {"grade": grade}})
    for step in (ClearHiddenTests, ClearMarkScheme):
        cell, _ = step(enforce_metadata=False).preprocess_cell(cell, {}, 0)
    return cell.source


@lru_cache(maxsize=1000)
def _uses(source):
    try:
        return names_taken(source)
    except SyntaxError:  # a magic command
        return set(re.findall(r"\w+", source))


def _defined(source):
    return {name for pair in _DEFINITION.findall(source) for name in pair if name}


def _lines(source):
    return [line.rstrip() for line in source.strip().splitlines()]


def _is_one_of(cell, cells):
    return any(cell is other for other in cells)


def _ask_a_human(gradebook, known):
    submission = gradebook.find_submission_notebook(
        known["notebook"], known["assignment"], known["student"]
    )
    for grade in submission.grades:
        grade.needs_manual_grade = True
    gradebook.db.commit()

"""nbgrader's Autograde in two halves: what comes before the execution, and what after.

The only place that knows how nbgrader's converter works inside. The steps, and all settings,
are those of nbgrader_config.py; only the one that executes is left to the caller.
"""

import logging
import shutil
import warnings
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from nbgrader import api
from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, Execute, SaveAutoGrades
from nbgrader.utils import determine_grade, find_all_files, is_grade
from sqlalchemy.exc import SAWarning
from traitlets.utils.importstring import import_item

from rnngrade.errors import CourseError

# Each of nbgrader's steps opens the gradebook for itself. A new engine every time would compile
# the same queries again and again, and every table would be looked for: half of all that is
# done here.
_engine, _create_all = cache(api.create_engine), cache(api.Base.metadata.create_all)
_shared = {}  # db_url → the connection of the transaction under way
api.create_engine = lambda url, **options: _shared.get(url) or _engine(url, **options)
api.Base.metadata.create_all = lambda bind: _create_all(bind=bind.engine)

WRITERS = (SaveAutoGrades, AssignLatePenalties)  # steps that write to the gradebook


@dataclass(frozen=True)
class Mark:
    """What the gradebook says about one part: `score` is what counts, manual marks included."""

    auto: float | None
    manual: float | None
    score: float
    waits: bool  # for a human


class Batch:
    """The submissions of one unit, one after the other.

    Args:
        course: from `rnngrade.course.course.load`.
        unit: the name of the unit, and of its notebook.
        work: an empty folder on the disk of the course; what is half done lies there.
        log: the file for what nbgrader has to say.

    Raises:
        CourseError: the gradebook does not know the unit, or the configuration does not say
            where the notebook is executed.
    """

    def __init__(self, course, unit, work, log):
        self._course, self._unit = course, unit
        config = deepcopy(course.config)
        config.CourseDirectory.root = str(course.root)
        config.CourseDirectory.assignment_id = unit
        config.CourseDirectory.autograded_directory = str(work)
        coursedir = CourseDirectory(config=config)
        warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")
        self._nbgrader = Autograde(coursedir=coursedir, config=config, log=_logger(log))
        self._sanitize = _classes(self._nbgrader.sanitize_preprocessors)
        self._before, self._after = _split(_classes(self._nbgrader.autograde_preprocessors))
        self._check_gradebook()

    def submitted(self, student):
        """The notebook that a student handed in."""
        return self._course.folder("submitted", student, self._unit) / f"{self._unit}.ipynb"

    def students(self):
        """Who handed the unit in, in the order of names."""
        excluded = self._nbgrader.coursedir.student_id_exclude.split(",")
        found = self._course.students("submitted", self._unit)
        return [student for student in found if student not in excluded]

    def handed_in(self, student):
        """All files of a submission: name → path."""
        folder = self._course.folder("submitted", student, self._unit)
        return _files(folder, self._nbgrader.coursedir.ignore)

    def handed_in_at(self, student):
        """The time in timestamp.txt, or None.

        Raises:
            ValueError: something else is in there.
        """
        folder = self._course.folder("submitted", student, self._unit)
        try:
            return self._nbgrader.coursedir.get_existing_timestamp(folder)
        except Exception:  # nbgrader's own way of saying no fails too
            raise ValueError("timestamp.txt holds no time.") from None

    def files(self, student):
        """The other files of a submission, and those of the unit: name → path.

        A file of the unit takes the place of a student's with the same name, but for those
        in `Autograde.exclude_overwriting`.
        """
        kept = self._nbgrader.exclude_overwriting.get(self._unit, ())
        files = self.handed_in(student)
        files |= {name: path for name, path in self.unit_files().items() if name not in kept}
        return {name: path for name, path in files.items() if path.suffix != ".ipynb"}

    def unit_files(self):
        """The files beside the source notebook that students get: name → path."""
        folder = self._course.folder("source", unit=self._unit)
        return _files(folder, [*self._nbgrader.coursedir.ignore, "*.ipynb"])

    def sanitise(self, student, notebook, repairs=()):
        """The first half, which writes nothing.

        Returns:
            The notebook as it is to be executed, as text, and the list of what was repaired,
            here and, as the caller says in `repairs`, before.
        """
        self._now_at(student)
        self._nbgrader.run_pre_convert_hook()
        text, told = self._through(self._sanitize, notebook, student, list(repairs))
        if self._before:
            text, _ = self._through(self._before, nbformat.reads(text, as_version=4), student)
        return text, told["repairs"]

    def save(self, student, executed):
        """The second half: the points to the gradebook, the notebook to autograded/.

        The gradebook gets all points or none, and saving twice is as good as once: so one that
        was cut off is saved again.
        """
        self._now_at(student)
        notebook = nbformat.reads(executed, as_version=4)
        made = self._nbgrader.coursedir.format_path(
            self._nbgrader.coursedir.autograded_directory, student, self._unit
        )
        made = Path(made)
        made.mkdir(parents=True, exist_ok=True)
        with _one_transaction(self._course.db_url):
            self._nbgrader.init_assignment(self._unit, student)
            text, _ = self._through(self._after, notebook, student)
        (made / f"{self._unit}.ipynb").write_text(text, "utf-8")
        self._nbgrader.set_permissions(self._unit, student)
        _publish(made, self._course.folder("autograded", student, self._unit))
        self._nbgrader.run_post_convert_hook()

    def points(self, executed):
        """The points of each part of an executed notebook: what `save` would write."""
        steps = [step for step in self._after if not issubclass(step, WRITERS)]
        text, _ = self._through(steps, nbformat.reads(executed, as_version=4), "")
        cells = nbformat.reads(text, as_version=4).cells
        return {
            cell.metadata.nbgrader.grade_id: determine_grade(cell)[0]
            for cell in cells
            if is_grade(cell)
        }

    def marks(self, student=None):
        """What the gradebook says now, of one student or of all: student → part → `Mark`."""
        with self._course.gradebook() as gradebook:
            query = (
                gradebook.db.query(
                    SubmittedAssignment.student_id,
                    BaseCell.name,
                    Grade.auto_score,
                    Grade.manual_score,
                    Grade.score,
                    Grade.needs_manual_grade,
                )
                .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
                .join(
                    SubmittedAssignment,
                    SubmittedNotebook.assignment_id == SubmittedAssignment.id,
                )
                .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
                .join(BaseCell, Grade.cell_id == BaseCell.id)
                .filter(Assignment.name == self._unit)
            )
            if student is not None:
                query = query.filter(SubmittedAssignment.student_id == student)
            marks = {}
            for name, part, *numbers in query:
                marks.setdefault(name, {})[part] = Mark(*numbers)
            return marks

    def ask_a_human(self, student):
        """Enter a submission that has no outcome: what grades it has stay, and wait for review.

        So a student who was never graded stands in formgrader as waiting, and not as 0.
        """
        when = {}
        with suppress(ValueError):
            if time := self.handed_in_at(student):
                when = {"timestamp": time}
        with self._course.gradebook() as gradebook:
            if self._nbgrader.create_student:
                gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission(self._unit, student, **when)
            found = gradebook.find_submission_notebook(self._unit, self._unit, student)
            for grade in found.grades:
                grade.needs_manual_grade = True
            gradebook.db.commit()

    def _now_at(self, student):
        self._nbgrader.coursedir.student_id = student
        self._nbgrader.notebooks = [str(self.submitted(student))]

    def _through(self, steps, notebook, student, repairs=()):
        """The notebook after some of nbgrader's steps, as text, and what they had to say."""
        exporter = self._nbgrader.exporter_class(
            parent=self._nbgrader, config=self._nbgrader.config
        )
        for step in steps:
            exporter.register_preprocessor(step)
        about = {
            "student": student,
            "assignment": self._unit,
            "notebook": self._unit,
            "db_url": self._course.db_url,
            "repairs": repairs,
        }
        resources = {"unique_key": self._unit, "nbgrader": about}
        text, resources = exporter.from_notebook_node(notebook, resources)
        return text, resources["nbgrader"]

    def _check_gradebook(self):
        try:
            with self._course.gradebook() as gradebook:
                gradebook.find_notebook(self._unit, self._unit)
        except MissingEntry:
            raise CourseError(
                f"the gradebook does not know {self._unit}: "
                f"run nbgrader generate_assignment {self._unit}."
            ) from None


@contextmanager
def _one_transaction(url):
    """What nbgrader's steps write to the gradebook within: all of it, or nothing.

    They commit some thirty times. Here they get one connection, and to a session that joins the
    transaction of a connection, committing means no more than writing.
    """
    with _engine(url, echo=False, future=True).begin() as connection:
        connection.dispose = lambda: None  # what a closed gradebook does with its engine
        _shared[url] = connection
        try:
            yield
        finally:
            del _shared[url]


def _classes(steps):
    try:
        return [import_item(step) if isinstance(step, str) else step for step in steps]
    except ImportError as error:
        raise CourseError(
            f"nbgrader_config.py names a step that is not there: {error}."
        ) from None


def _split(steps):
    """The steps before the one that executes, and those behind it."""
    places = [place for place, step in enumerate(steps) if _executes(step)]
    if len(places) != 1:
        raise CourseError(
            "c.Autograde.autograde_preprocessors must name rnngrade.course.apart.ExecuteApart "
            f"once, got {len(places)} steps that execute."
        )
    return steps[: places[0]], steps[places[0] + 1 :]


def _executes(step):
    return issubclass(step, Execute) or step.__name__ == "ExecuteApart"


def _files(folder, ignore):
    paths = map(Path, find_all_files(str(folder), ignore))
    return {path.relative_to(folder).as_posix(): path for path in sorted(paths)}


def _publish(made, place):
    """Put a folder into its place; at any moment each of its files is the old or the new."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        made.rename(place)
        return
    new = {path.relative_to(made) for path in made.rglob("*") if path.is_file()}
    for name in sorted(new):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).replace(place / name)
    for path in list(place.rglob("*")):
        if path.is_file() and path.relative_to(place) not in new:
            path.unlink()
    shutil.rmtree(made)


def _logger(path):
    """nbgrader warns of every hidden test that it puts back: to a file, not to the screen."""
    logger = logging.getLogger(f"rnngrade.{path}")
    logger.propagate = False
    logger.handlers[:] = [logging.FileHandler(path, mode="w", encoding="utf-8", delay=True)]
    return logger

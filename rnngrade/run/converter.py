"""nbgrader's Autograde in two halves: what comes before the execution, and what after.

The only place that knows how nbgrader's converter works inside. The steps, and all settings,
are those of nbgrader_config.py; only the one that executes is left to the caller.
"""

import inspect
import logging
import warnings
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    ClearHiddenTests,
    ClearSolutions,
    Execute,
    SaveAutoGrades,
)
from nbgrader.utils import determine_grade, is_grade
from sqlalchemy.exc import SAWarning
from traitlets.utils.importstring import import_item

from rnngrade.course.course import Course
from rnngrade.course.execute_step import ExecuteApart
from rnngrade.course.submission import Submission
from rnngrade.errors import CourseError
from rnngrade.files import publish
from rnngrade.messages import Message, from_plain
from rnngrade.run.engine import SharedEngine

EXECUTE = (Execute, ExecuteApart)  # steps that run the notebook
KNOWN = ("nbgrader", "nbconvert", "rnngrade")  # whose code counts by version or by module
WRITERS = (SaveAutoGrades, AssignLatePenalties)  # steps that write to the gradebook


class Converter:
    """nbgrader's Autograde for one unit.

    Args:
        course: from `rnngrade.course.course.load`.
        unit: the name of the unit, and of its notebook.
        work: an empty folder on the disk of the course; what is half done lies there.
        log: the file for what nbgrader has to say.

    Raises:
        CourseError: the configuration does not say where the notebook is executed.
    """

    def __init__(self, course: Course, unit: str, work: Path, log: Path):
        self._course, self._unit = course, unit
        config = deepcopy(course.config)
        config.CourseDirectory.root = str(course.root)
        config.CourseDirectory.assignment_id = unit
        config.CourseDirectory.autograded_directory = str(work)
        coursedir = CourseDirectory(config=config)
        warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")
        self._nbgrader = Autograde(coursedir=coursedir, config=config, log=_logger(log))
        self._sanitize = classes(self._nbgrader.sanitize_preprocessors)
        self._before, self._after = _split(classes(self._nbgrader.autograde_preprocessors))

    @property
    def loaded(self) -> tuple[str, ...]:
        """The modules of ours that the steps load."""
        named = {kind.__module__ for kind in self._kinds()}
        return (__name__, *sorted(name for name in named if name.startswith("rnngrade.")))

    def settings(self) -> dict[str, Any]:
        """The settings on which it depends what is executed and what points there are."""
        kept = self._nbgrader.exclude_overwriting.get(self._unit, ())
        return {
            "exclude_overwriting": sorted(kept),
            "steps": [self._settings_of(kind) for kind in self._kinds()],
        }

    def sanitise(
        self, submission: Submission, notebook: NotebookNode, repairs: Sequence[Message] = ()
    ) -> tuple[str, list[Message]]:
        """The first half, which writes nothing.

        Returns:
            The notebook as it is to be executed, as text, and what was repaired, here and, as
            the caller says in `repairs`, before.
        """
        self._turn_to(submission)
        self._nbgrader.run_pre_convert_hook()
        notebook.metadata.setdefault("rnngrade", {})["language"] = submission.language
        plain = [repair.plain() for repair in repairs]
        text, told = self._through(self._sanitize, notebook, submission.student, plain)
        if self._before:
            notebook = nbformat.reads(text, as_version=4)
            text, _ = self._through(self._before, notebook, submission.student)
        return text, [from_plain(repair) for repair in told["repairs"]]

    def save(self, submission: Submission, executed: str, engine: SharedEngine) -> None:
        """The second half: the points to the gradebook, the notebook to autograded/.

        The gradebook gets all points or none, and saving twice is as good as once: so one that
        was cut off is saved again.
        """
        self._turn_to(submission)
        student = submission.student
        notebook = nbformat.reads(executed, as_version=4)
        made = Path(
            self._nbgrader.coursedir.format_path(
                self._nbgrader.coursedir.autograded_directory, student, self._unit
            )
        )
        made.mkdir(parents=True, exist_ok=True)
        with engine.transaction(self._course.db_url):
            self._nbgrader.init_assignment(self._unit, student)
            text, _ = self._through(self._after, notebook, student)
        (made / f"{self._unit}.ipynb").write_text(text, "utf-8")
        self._nbgrader.set_permissions(self._unit, student)
        publish(made, self._course.folder("autograded", student, self._unit))
        self._nbgrader.run_post_convert_hook()

    def points(self, executed: str) -> dict[str, float | None]:
        """The points of each part of an executed notebook: what `save` would write."""
        steps = [step for step in self._after if not issubclass(step, WRITERS)]
        text, _ = self._through(steps, nbformat.reads(executed, as_version=4), "")
        cells = nbformat.reads(text, as_version=4).cells
        return {
            cell.metadata.nbgrader.grade_id: determine_grade(cell)[0]
            for cell in cells
            if is_grade(cell)
        }

    def _kinds(self):
        """The classes by which a notebook passes, and those that made its release."""
        return [
            self._nbgrader.exporter_class,
            *self._sanitize,
            *classes(self._nbgrader.autograde_preprocessors),
            ClearSolutions,
            ClearHiddenTests,
            AssignLatePenalties(parent=self._nbgrader).plugin_class,
        ]

    def _settings_of(self, kind):
        """The settings of a step; and its text, if it is the course's own."""
        values = kind(parent=self._nbgrader).trait_values(config=True)
        made_by = kind.__module__.partition(".")[0]
        text = "" if made_by in KNOWN else Path(inspect.getfile(kind)).read_text("utf-8")
        return [_named(kind), {name: _plain(value) for name, value in values.items()}, text]

    def _turn_to(self, submission):
        self._nbgrader.coursedir.student_id = submission.student
        self._nbgrader.notebooks = [str(submission.notebook)]

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


def classes(steps: Sequence[Any]) -> list[type]:
    """nbgrader's steps, which a configuration may name by text.

    Raises:
        CourseError: one is not there.
    """
    try:
        return [import_item(step) if isinstance(step, str) else step for step in steps]
    except ImportError as error:
        raise CourseError("run.no-such-step", why=f"{error}") from None


def _named(kind):
    return f"{kind.__module__}.{kind.__qualname__}"


def _plain(value):
    """A setting as data that are the same in every process."""
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(str(_plain(each)) for each in value)
    if value is None or isinstance(value, str | int | float):
        return value
    return _named(value if hasattr(value, "__qualname__") else type(value))


def _split(steps):
    """The steps before the one that executes, and those behind it."""
    places = [place for place, step in enumerate(steps) if issubclass(step, EXECUTE)]
    if len(places) != 1:
        raise CourseError("run.steps-that-execute", n=len(places))
    return steps[: places[0]], steps[places[0] + 1 :]


def _logger(path):
    """nbgrader warns of every hidden test that it puts back: to a file, not to the screen."""
    logger = logging.getLogger(f"rnngrade.{path}")
    logger.propagate = False
    logger.handlers[:] = [logging.FileHandler(path, mode="w", encoding="utf-8", delay=True)]
    return logger

"""The course as nbgrader's own commands see it: its configuration, folders and gradebook."""

import sys
from copy import deepcopy
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.apps.baseapp import NbGrader
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url
from traitlets.config import Config, PyFileConfigLoader

from rnngrade.course.language import language_of_config
from rnngrade.errors import CourseError


@dataclass(frozen=True)
class Course:
    """What `load` returns.

    `config` is what nbgrader's converters take; `coursedir` knows the folders and `db_url`
    the gradebook. Whoever is not told in a language of their own is told in `language`.
    """

    root: Path
    config: Config
    coursedir: CourseDirectory
    language: str

    @property
    def db_url(self) -> str:
        """The address of the gradebook, of SQLite or another database."""
        return self.coursedir.db_url

    def folder(self, step: str, student: str = "", unit: str = "") -> Path:
        """The folder of a step, "submitted" or "autograded", or of one submission in it."""
        name = getattr(self.coursedir, f"{step}_directory")
        return Path(self.coursedir.format_path(name, student or ".", unit or "."))

    def units(self) -> list[str]:
        """The units that have a source, in the order of names."""
        sources = self.folder("source").glob("*/*.md")
        return sorted(path.stem for path in sources if path.stem == path.parent.name)

    def students(self, step: str, unit: str) -> list[str]:
        """The students who have a folder of this unit in a step, in the order of names."""
        pattern = self.folder(step, "*", unit)
        place = pattern.parts.index("*")
        return sorted(Path(found).parts[place] for found in glob(str(pattern)))

    def gradebook(self) -> Gradebook:
        """The gradebook, opened; for a `with`.

        Raises:
            CourseError: there is none yet; to open it would make an empty one.
        """
        url = make_url(self.db_url)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
            raise CourseError("course.no-gradebook", file=url.database)
        return Gradebook(self.db_url, self.coursedir.course_id)


def load(root: Path, language: str | None = None) -> Course:
    """Read the configuration of the course: the user's own first, then nbgrader_config.py.

    Both count, in this order, for nbgrader's commands too: a password for the gradebook
    belongs in ~/.jupyter/nbgrader_config.py.

    Args:
        root: the folder with nbgrader_config.py.
        language: in place of the course's own.

    Raises:
        CourseError: if there is none, or it cannot be read.
    """
    root = Path(root).resolve()
    file = root / "nbgrader_config.py"
    if not file.exists():
        raise CourseError("course.no-course", folder=f"{root}")
    if str(root) not in sys.path:  # as nbgrader does: a course may have plugins of its own
        sys.path.insert(0, str(root))
    app = NbGrader(raise_config_file_errors=True, log_level="ERROR")
    app.load_cwd_config = False  # the course's, wherever the command was started
    try:
        app.load_config_file()
        config = deepcopy(app.config)
        config.merge(PyFileConfigLoader(file.name, path=str(root)).load_config())
        config.CourseDirectory.root = str(root)
        if language:
            config.RnnGrade.language = language
        return Course(root, config, CourseDirectory(config=config), language_of_config(config))
    except CourseError:
        raise
    except Exception as error:
        raise CourseError("course.config-unreadable", file=f"{file}", why=f"{error}") from error

"""nbgrader's step that runs a notebook, done in two processes."""

from pathlib import Path

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Unicode

from rnngrade.course.language import language_in, language_of_config
from rnngrade.course.seeds import course_secret
from rnngrade.course.unit import load_unit
from rnngrade.execution.execute import execute


class ExecuteApart(NbGraderPreprocessor):
    """Stands in the place of nbgrader's `Execute` in `Autograde.autograde_preprocessors`."""

    source_directory = Unicode(
        "solutions", help="Where the instructor's notebooks are, below the course's root."
    ).tag(config=True)
    sandbox = Bool(True, help="Whether the student's code is closed in.").tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Run the cells of a sanitised notebook; what they show is put into it."""
        about = resources["nbgrader"]
        if "unreadable" in about:  # the notebook only says why
            return nb, resources
        root = Path.cwd()  # nbgrader works in the root of the course
        unit = load_unit(
            about["db_url"],
            root / self.source_directory / about["assignment"],
            about["assignment"],
            about["notebook"],
        )
        language = language_in(nb.metadata) or unit.language or language_of_config(self.config)
        nb.metadata.setdefault("rnngrade", {})["language"] = language
        job = unit.job(
            course_secret(root),
            about["student"],
            nbformat.writes(nb),
            data_files(Path(resources["metadata"]["path"])),
            self.sandbox,
            language,
        )
        outcome = execute(job)
        about["record"] = outcome.record
        return nbformat.reads(outcome.notebook, as_version=4), resources


def data_files(folder: Path) -> dict[str, bytes]:
    """What lies beside the notebook and goes with it, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".ipynb"
    }

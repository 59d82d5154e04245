"""nbgrader's step: what it hands to the two processes, and when it does nothing."""

import nbformat
import pytest
from traitlets.config import Config

from rnngrade.course import execute_step
from rnngrade.execution.job import Outcome


@pytest.fixture
def executed(monkeypatch, tmp_path):
    """The jobs that were executed; the unit has no tests."""
    jobs = []

    def execute(job):
        jobs.append(job)
        notebook = nbformat.reads(job.notebook, as_version=4)
        notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="ran")]
        return Outcome(nbformat.writes(notebook), {"ended": None})

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(execute_step, "execute", execute)
    monkeypatch.setattr(execute_step, "load_unit", lambda *about: FakeUnit(about))
    return jobs


class FakeUnit:
    language = None

    def __init__(self, about):
        self.about = about

    def job(self, secret, student, text, files, sandbox, language):
        made = type("Job", (), {})()
        made.language = language
        made.notebook, made.student, made.files, made.sandbox = text, student, files, sandbox
        made.about = self.about
        return made


def step(tmp_path, asked=None, config=None, **more):
    """Run the step on a notebook in a folder with a data file."""
    folder = tmp_path / "autograded" / "anna" / "unit"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a.txt").write_text("x")
    (folder / "unit.ipynb").write_text("{}")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    if asked:
        notebook.metadata["rnngrade"] = {"language": asked}
    about = {"student": "anna", "assignment": "unit", "notebook": "unit", "db_url": "sqlite://"}
    resources = {"nbgrader": about | more, "metadata": {"path": str(folder)}}
    return execute_step.ExecuteApart(config=config).preprocess(notebook, resources)


def test_the_notebook_comes_back_as_it_ran(executed, tmp_path):
    notebook, resources = step(tmp_path)
    assert notebook.cells[0].outputs[0].text == "ran"
    assert resources["nbgrader"]["record"] == {"ended": None}
    (job,) = executed
    assert job.student == "anna"
    assert job.sandbox is True
    assert job.files == {"data/a.txt": b"x"}
    assert job.about == ("sqlite://", tmp_path / "solutions" / "unit", "unit", "unit")


def test_the_language_is_the_notebooks_or_the_units_or_the_courses(
    executed, tmp_path, monkeypatch
):
    config = Config()
    config.RnnGrade.language = "ru"
    for place, asked, of_unit in (("a", None, None), ("b", None, "en"), ("c", "ru", "en")):
        monkeypatch.setattr(FakeUnit, "language", of_unit)
        notebook, _ = step(tmp_path / place, asked, config)
        assert notebook.metadata.rnngrade.language == executed[-1].language
    assert [job.language for job in executed] == ["ru", "en", "ru"]


def test_what_could_not_be_read_is_not_run(executed, tmp_path):
    notebook, _ = step(tmp_path, unreadable="it is no notebook")
    assert executed == []
    assert notebook.cells[0].outputs == []

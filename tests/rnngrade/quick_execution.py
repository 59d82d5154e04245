"""An execution that takes no time: the answers of `small_course` say what their tests say."""

import os
import signal

import nbformat
from nbformat.v4 import new_output

from rnngrade.execution.job import Outcome


def execute(job):
    """What the tests say is what an answer asks for."""
    notebook = nbformat.reads(job.notebook, as_version=4)
    cells = {c.metadata.get("nbgrader", {}).get("grade_id"): c for c in notebook.cells}
    ended = None
    for test in job.tests:
        cell = cells[test.name]
        cell.source = test.source
        answer = cells[test.name.removesuffix("-test")].source
        if answer == "kills its worker":
            os.kill(os.getpid(), signal.SIGKILL)
        elif answer == "finds a fault of ours":
            raise RuntimeError("no such process")
        elif answer == "ends its process":
            ended = "it took longer than 300 s in all"
        elif answer == "half":
            cell.outputs = [new_output("execute_result", data={"text/plain": "0.5"})]
        if answer not in ("right", "half") and answer not in test.source:
            said = f"{answer} is wrong."
            cell.outputs = [new_output("error", ename="AssertionError", evalue=said)]
    record = {"seconds": {"tests": 0.1}, "ended": ended, "sandbox": ["rlimits"]}
    return Outcome(nbformat.writes(notebook), record)

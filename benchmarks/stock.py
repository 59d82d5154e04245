"""Grade one notebook as stock nbgrader does, in the jail of `attacks`: JSON in, JSON out."""

import json
import os
import socket
import sys
import tempfile
from pathlib import Path

import nbformat
from nbgrader.preprocessors import Execute
from nbgrader.utils import determine_grade, is_grade


def main():
    """Read what is asked on stdin, lay out the secrets, run the notebook, tell what came."""
    asked = json.loads(sys.stdin.read())
    told = os.dup(1)  # the kernel gets another stdout: this one is ours alone
    for stream in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    lay_out(Path(asked["folder"]), asked["secret"])
    notebook = nbformat.reads(asked["notebook"], as_version=4)
    with socket.create_server(("127.0.0.1", asked["port"])):
        answer = _run(notebook, asked["seconds"]) or judge(notebook, asked["secret"])
    os.write(told, json.dumps(answer).encode())


def lay_out(folder, secret):
    """A file that says the secret, one whose name does, and a variable that does."""
    (folder / "secret.txt").write_text(secret)
    (folder / secret).touch()
    os.environ["RNNGRADE_SECRET"] = secret


def judge(notebook, secret):
    """The points of an executed notebook, and whether its cells show that an attack came
    through."""
    shown = "".join(
        output.get("text", "") + str(output.get("data", ""))
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if not is_grade(cell)
    )
    return {
        "points": sum(determine_grade(cell)[0] for cell in notebook.cells if is_grade(cell)),
        "read": secret in shown,
        "reached": "reached" in shown,
    }


def _run(notebook, seconds):
    """Why nbgrader gives this notebook no grade, or None."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            Execute(timeout=seconds).preprocess(notebook, {"metadata": {"path": folder}})
        except Exception as error:
            return {"error": type(error).__name__}


if __name__ == "__main__":
    main()

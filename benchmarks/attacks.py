"""What hostile submissions get from stock nbgrader, and what here.

Each is an attack of tests/rnngrade/attacks.py, in front of answers that are all wrong. Stock
nbgrader closes nothing in, so for this it runs in a jail.
"""

import json
import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from benchmarks import jail, stock
from rnngrade.execution.execute import execute
from rnngrade.execution.job import Job, Limits, TestCell
from rnngrade.exercise.names import names_defined
from rnngrade.isolation.sandbox import layers
from tests.exercises.submission import ROOT, UNITS, all_wrong, points, solved, source
from tests.rnngrade import attacks

UNIT = next(unit for unit in UNITS if "lstm-step" in points(source(unit)))
SOURCE = source(UNIT)
ROLES = [(cell, cell.metadata.get("nbgrader", {})) for cell in SOURCE.cells]
TESTS = tuple(TestCell(c.id, "test", c.source) for c, role in ROLES if role.get("grade"))
EXPORTS = names_defined(c.source for c, role in ROLES if role.get("solution"))
ALL_WRONG = all_wrong(UNIT)
SECRET = "the-secret-is-7391"
SECONDS = 5  # for a cell, on both sides; stock nbgrader's default is 30
PATIENCE = 60  # for a submission
LIMITS = Limits(SECONDS, SECONDS, PATIENCE, memory_mb=512, disk_mb=16)
# What the jail holds or forbids, where nbgrader itself would let the machine suffer.
HELD = {
    *("a fork bomb", "a bomb of threads", "all memory", "all memory, by torch"),
    *("all disk", "all inodes"),
    *("Python's own files", "Python's own files, by their rights"),
}


@dataclass(frozen=True)
class Attack:
    """A hostile submission; `aim` is what it wants: "points", "read" or "reached"."""

    name: str
    aim: str
    text: str
    answers: str = ALL_WRONG

    def notebook(self, folder, port):
        """The submission, its tests restored, for this folder of secrets and this port."""
        text = self.text
        if self.aim != "points":
            text = text.format(path=f"{folder}/secret.txt", folder=f"{folder}", port=port)
        notebook = solved(SOURCE, self.answers, UNIT)
        notebook.cells.insert(0, new_code_cell(text))
        return nbformat.writes(notebook)


def rows():
    """Yield a line per attack: what it gets from stock nbgrader, and what here.

    Raises:
        RuntimeError: the jail or the sandbox does not hold on this machine.
    """
    jail.check()
    if missing := [la.name for la in layers() if not la.present and la.name != "cgroup"]:
        raise RuntimeError(f"no hostile code without a sandbox: it lacks {missing}")
    known = list(_attacks())
    _by_us(known[0])  # once unmeasured: the warm processes start
    with ThreadPoolExecutor(2) as pool:
        theirs = list(pool.map(_by_stock, known))
    yield "| attack | stock nbgrader | here | here, s |"
    yield "|---|---|---|---|"
    ours = []
    for attack, their in zip(known, theirs, strict=True):
        start = time.monotonic()
        ours.append(_by_us(attack))
        seconds = time.monotonic() - start
        name = attack.name + (" †" if attack.name in HELD else "")
        their, our = _words(attack, their), _words(attack, ours[-1])
        yield f"| {name} | {their} | {our} | {seconds:.1f} |"
    count = sum(bool(attack.text) for attack in known)
    yield f"| **all {count}** | {_total(known, theirs)} | {_total(known, ours)} | |"
    yield ""
    yield (
        "Points of 10, for answers that are all wrong. Stock is nbgrader's own `Execute` with "
        f"its defaults, except that a cell has {SECONDS} s in place of 30, as here, and a "
        f"submission {PATIENCE} s. Many of the attacks are aimed at this grader and mean "
        "nothing to stock nbgrader. † The jail in which stock ran, and not nbgrader, limited "
        "or forbade this."
    )


def _attacks():
    yield Attack("none", "points", "")
    yield Attack("none, all answers right", "points", "", "")
    for known in (attacks.CHEATS, attacks.FORGERIES, attacks.VANDALS):
        for name, text in known.items():
            yield Attack(name, "points", text)
    for name, text in attacks.SPIES.items():
        yield Attack(name, "read", text)
    for name, text in attacks.REACHES.items():
        yield Attack(name, "reached", text)


def _by_stock(attack):
    folder, port = jail.HOME, 8000
    asked = {
        "notebook": attack.notebook(folder, port),
        "folder": folder,
        "port": port,
        "secret": SECRET,
        "seconds": SECONDS,
    }
    done = jail.run(
        [stock.__file__],
        json.dumps(asked),
        readable=[stock.__file__, ROOT / "rnngrade", ROOT / "rnnlib"],
        environment={"PYTHONPATH": str(ROOT)},
        seconds=PATIENCE,
    )
    if done.late:
        return {"error": f"not done after {PATIENCE} s"}
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {"error": "nbgrader itself ended"}


def _by_us(attack):
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as end:
        Path(folder).chmod(0o755)  # no right keeps the student from the secret
        stock.lay_out(Path(folder), SECRET)
        job = Job(
            student="anna",
            unit=UNIT,
            notebook=attack.notebook(folder, end.getsockname()[1]),
            tests=TESTS,
            exports=EXPORTS,
            seed="12ab",
            limits=LIMITS,
        )
        outcome = execute(job)
    return stock.judge(nbformat.reads(outcome.notebook, as_version=4), SECRET)


def _words(attack, answer):
    """What came of an attack, in a few words."""
    if "error" in answer:
        return f"**no grade: {answer['error']}**"
    if attack.aim == "points":
        gained = answer["points"] and attack.answers
        return f"**{answer['points']:g}**" if gained else f"{answer['points']:g}"
    return f"**{attack.aim}**" if answer[attack.aim] else f"not {attack.aim}"


def _total(known, answers):
    pairs = [(a, answer) for a, answer in zip(known, answers, strict=True) if a.text]
    counts = {
        "gain points": sum(answer.get("points", 0) > 0 for _, answer in pairs),
        "leave no grade": sum("error" in answer for _, answer in pairs),
        "read the secret": sum(
            a.aim == "read" and answer.get("read", 0) for a, answer in pairs
        ),
        "reach out": sum(
            a.aim == "reached" and answer.get("reached", 0) for a, answer in pairs
        ),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items())

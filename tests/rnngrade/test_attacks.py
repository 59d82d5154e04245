"""Hostile submissions gain nothing, learn nothing, reach nothing, and stop nothing.

Hostile code runs in the sandbox alone: without one, these tests do not run.
"""

import json
import os
import socket
import sysconfig
from pathlib import Path

import pytest

from rnngrade.exercise.names import names_defined
from rnngrade.isolation.sandbox import layers
from tests.exercises.submission import UNITS, all_wrong, points, release, right, solved, source
from tests.rnngrade import attacks
from tests.rnngrade.exam import examine, said

# Some attacks stand in the place of a step of the LSTM.
UNIT = next(unit for unit in UNITS if "lstm-step" in points(source(unit)))
SOURCE = source(UNIT)
EXPORTS = names_defined(
    c.source for c in SOURCE.cells if c.metadata.get("nbgrader", {}).get("solution")
)
TESTS = [c.source for c in SOURCE.cells if c.metadata.get("nbgrader", {}).get("grade")]
ALL_WRONG = all_wrong(UNIT)
SECRET = "the-secret-is-7391"
LIMITS = {
    "cell_seconds": 2,
    "call_seconds": 1,
    "notebook_seconds": 15,
    "memory_mb": 512,
    "disk_mb": 16,
    "output_bytes": 1 << 16,
    "total_bytes": 64 << 20,
}

pytestmark = pytest.mark.skipif(
    not all(layer.present for layer in layers() if layer.name != "cgroup"),
    reason="this machine lacks a layer of the sandbox: see `rnngrade doctor`",
)


def cells(code):
    """The student's cells of a solved release."""
    return [
        cell.source
        for cell in solved(release(UNIT), code, UNIT).cells
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade")
    ]


def grade(attack, answers=ALL_WRONG):
    """What the student's cells show, what each test says, and the record."""
    student = [attack, *cells(answers)]
    outputs, record = examine(student, TESTS, exports=EXPORTS, limits=LIMITS)
    return outputs[: len(student)], list(map(said, outputs[len(student) :])), record


def assert_the_batch_goes_on():
    """The next submission gets what it deserves, and finds nothing of the one before."""
    trace = "import os, torch\nprint(sorted(os.listdir('.')), hasattr(torch, 'mark'))"
    shown, verdicts, record = grade(trace, right(UNIT))
    assert verdicts == [None] * len(TESTS)
    assert shown[0][0].text == "[] False\n"
    assert record["ended"] is None


def test_the_answers_are_wrong_without_an_attack():
    _, verdicts, _ = grade("")
    assert None not in verdicts


ATTACKS = attacks.CHEATS | attacks.FORGERIES | attacks.VANDALS


def test_there_are_enough():
    assert len(ATTACKS | attacks.SPIES | attacks.REACHES) >= 60


@pytest.mark.parametrize("name", ATTACKS)
def test_no_point_is_gained_and_the_batch_goes_on(name):
    shown, verdicts, _ = grade(ATTACKS[name])
    assert None not in verdicts
    assert len(json.dumps(shown)) < 4 * LIMITS["output_bytes"]
    assert max(len(verdict) for verdict in verdicts) < 3000
    assert_the_batch_goes_on()


@pytest.fixture
def secret(tmp_path):
    """A file that everybody may read, and that says the secret."""
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(0o755)
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path


@pytest.mark.parametrize("name", attacks.SPIES)
def test_no_secret_is_read(name, secret, monkeypatch):
    monkeypatch.setenv("RNNGRADE_SECRET", SECRET)
    attack = attacks.SPIES[name].format(path=str(secret), folder=str(secret.parent))
    shown, verdicts, _ = grade(attack)
    assert None not in verdicts
    assert SECRET not in str(shown)
    assert secret.name not in str([o for o in shown[0] if o.output_type == "stream"])


@pytest.mark.parametrize("name", attacks.REACHES)
def test_nothing_is_reached(name):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        attack = attacks.REACHES[name].format(port=server.getsockname()[1])
        shown, _, _ = grade(attack)
        with pytest.raises(TimeoutError):
            server.accept()
    text = "".join(o.get("text", "") for o in shown[0])
    assert "reached" not in text
    assert [o for o in shown[0] if o.output_type == "error"]
    packages = Path(sysconfig.get_path("purelib"))
    assert not (packages / "torch" / "evil.py").exists()
    assert not os.path.exists("/tmp/mark")
    assert not os.path.exists("/dev/shm/mark")

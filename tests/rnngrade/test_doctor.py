"""The doctor tells what a machine lacks, and whether grading would refuse."""

import importlib.metadata
import re
import shutil
import sys
from collections import namedtuple

import pytest

from rnngrade.errors import CourseError
from rnngrade.isolation import doctor, sandbox
from rnngrade.isolation.sandbox import Layer, layers, require
from rnngrade.messages import message

NOT_HERE = message("isolation.lets-all-pass")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """The child need not import torch."""
    monkeypatch.setattr(doctor, "_preload", lambda: ())


def state(about):
    """How the one line of the report about this begins, and what it says."""
    (line,) = (line for line in doctor.report() if line.about == about)
    return line.state, line.text


SANDBOX = message("isolation.sandbox")


def test_a_fit_machine_passes_and_tells_its_layers(capsys):
    try:
        require(layers())
    except CourseError:
        pytest.skip("this machine has no sandbox")
    doctor.run()
    printed = capsys.readouterr().out
    for layer in layers():
        mark = "ok" if layer.present else "--"
        assert f"{mark}  {layer.name}: {layer.why}\n" in printed
    assert f"ok  {SANDBOX}: " in printed
    assert not re.search("^NO", printed, re.MULTILINE)


def test_a_machine_without_a_sandbox_fails(monkeypatch, capsys):
    none = tuple(Layer(name, False, NOT_HERE) for name in ("bubblewrap", "landlock", "seccomp"))
    monkeypatch.setattr(doctor, "layers", lambda: none)
    monkeypatch.setattr(sandbox, "layers", lambda: none)
    with pytest.raises(CourseError) as told:
        doctor.run()
    assert told.value.message == message("isolation.not-fit", n=1, mark="NO")
    assert f"--  bubblewrap: {NOT_HERE}\n" in capsys.readouterr().out
    mark, text = state(SANDBOX)
    assert (mark, text.id) == ("NO", "isolation.no-sandbox")


def test_a_child_that_cannot_live_fails(monkeypatch):
    if sys.platform != "linux":
        pytest.skip("the sandbox needs Linux")
    monkeypatch.setattr(doctor, "layers", lambda: ())
    monkeypatch.setattr(doctor, "Box", lambda: sandbox.Box(closed=False))
    monkeypatch.setattr(doctor, "ENTRY", "os:fsencode")  # which takes no socket
    why = message("isolation.ended", status=1)
    assert state(SANDBOX) == ("NO", message("isolation.child-cannot-live", why=why))


def test_another_nbgrader_fails(monkeypatch):
    found = state("nbgrader")
    assert found == ("ok", importlib.metadata.version("nbgrader"))
    real = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata,
        "version",
        lambda name: "0.8.0" if name == "nbgrader" else real(name),
    )
    other = message("isolation.other-nbgrader", version="0.8.0", wanted="0.9.6")
    assert state("nbgrader") == ("NO", other)


def test_no_nbgrader_fails(monkeypatch):
    real = importlib.metadata.version

    def version(name):
        if name == "nbgrader":
            raise importlib.metadata.PackageNotFoundError
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert state("nbgrader")[0] == "NO"


def test_no_alembic_fails(monkeypatch, tmp_path):
    assert state("alembic")[0] == "ok"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    nothing = doctor.Line("ok", "", "")
    monkeypatch.setattr(doctor, "_sandbox", lambda: nothing)  # it needs a Python
    assert state("alembic")[0] == "NO"


def test_a_full_disk_fails(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    disk = message("isolation.disk-of", folder=f"{tmp_path}")
    assert state(disk)[0] == "ok"
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(0.2e9))
    assert state(disk) == ("NO", message("isolation.free", gb="0.2"))


def test_cuda_devices_are_named(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert state("CUDA")[0] == "--"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: f"card {number}")
    assert state("CUDA") == ("ok", "card 0, card 1")

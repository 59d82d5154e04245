"""The jail in which hostile code meets stock nbgrader holds, and says so if it does not."""

import json

import pytest

from benchmarks import attacks, jail
from rnngrade.isolation.sandbox import layers

pytestmark = pytest.mark.skipif(
    not all(layer.present for layer in layers() if layer.name != "cgroup"),
    reason="this machine lacks a layer of the sandbox: see `rnngrade doctor`",
)


def test_every_limit_is_in_force():
    jail.check()


def test_a_missing_limit_is_noticed(monkeypatch):
    kept = [word for word in jail._limit() if "nproc" not in word]
    monkeypatch.setattr(jail, "_limit", lambda: kept)
    with pytest.raises(RuntimeError, match=r"does not hold on this machine: processes$"):
        jail.check()


def test_it_shows_nothing_but_what_is_named(tmp_path):
    for name in ("seen", "hidden"):
        (tmp_path / name).write_text(name)
    code = f"""
import os, json
print(json.dumps([os.listdir({str(tmp_path)!r}), os.path.exists({__file__!r}), os.getcwd()]))
"""
    done = jail.run(["-c", code], readable=[tmp_path / "seen"])
    assert json.loads(done.stdout) == [["seen"], False, jail.HOME]


def test_it_ends_in_time():
    done = jail.run(["-c", "import time; print(1, flush=True); time.sleep(60)"], seconds=1)
    assert done.late


def test_stock_nbgrader_is_fooled_and_we_are_not():
    known = {attack.name: attack for attack in attacks._attacks()}
    attack = known["an input transformer empties the tests"]
    assert attacks._by_stock(attack)["points"] == 10
    assert attacks._by_us(attack)["points"] == 0

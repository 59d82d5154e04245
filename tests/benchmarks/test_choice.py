"""The settings of the benchmarks are chosen without a look at the test part."""

import math

import pytest

from benchmarks import applications, choose
from benchmarks.choose import Candidate, best
from rnnlib import tasks
from rnnlib.datasets import Split

LOADERS = [name for name in vars(applications) if name.startswith("load_")]
FEW = {"load_shakespeare": 5_000, "load_surnames": 300, "load_translation": 300}


def without_test(loader):
    """A loader of the same data, or of a few, that has no test part to give."""
    train, valid, _ = getattr(applications, loader)()
    if loader in FEW:
        train, valid = train[: FEW[loader]], valid[: FEW[loader]]
    return lambda: Split(train, valid, None)


@pytest.mark.parametrize(
    ("name", "which"), [(name, 0) for name in choose.GRIDS] + [("glucose, alarm", -1)]
)
def test_a_candidate_never_sees_the_test_part(name, which, monkeypatch):
    for loader in LOADERS:
        monkeypatch.setattr(applications, loader, without_test(loader))
    whole = tasks.delayed_digits(56, 0)
    monkeypatch.setattr(tasks, "delayed_digits", lambda *_: whole._replace(test=None))
    _, grid = choose.GRIDS[name]
    settings = {key: values[which] for key, values in grid.items()} | {"epochs": 1}
    score, seconds = applications.TABLE[name].run(0, "valid", **settings)
    assert math.isfinite(score)
    assert seconds > 0


def test_the_best_of_those_in_time_is_chosen_and_of_equals_the_first():
    slow, one, two = (Candidate({}, *pair) for pair in [(9, 1e9), (3, 1), (2, 1)])
    assert best("translation, dates", [slow, two, one]) is one  # ↑
    assert best("text, English", [slow, one, two]) is two  # ↓
    assert best("text, English", [two, two._replace(seconds=0)]) is two


def test_the_table_has_a_grid_each_and_uses_what_was_chosen():
    assert list(choose.GRIDS) == list(applications.TABLE)
    listed = choose.CHOICE.read_text("utf-8").splitlines()
    for name in choose.GRIDS:
        settings = applications.chosen(name)
        start = choose.row(name, Candidate(settings, 0, 0)).split(" | 0 ")[0]
        (marked,) = [row for row in listed if row.startswith(start + " |")]
        assert marked.endswith("| chosen |")

"""Units on a device that is not the CPU: right solutions stay right, mixed devices are told."""

import warnings

import pytest
import torch

from rnngrade import check
from rnngrade.errors import CheckFailed
from tests.exercises.submission import UNITS, mark, solutions, solved, source
from tests.helpers import DEVICES

OTHERS = [device for device in DEVICES if device != "cpu"]
RIGHT = [
    pytest.param(unit, solution, id=f"{unit}-{solution.student}")
    for unit in UNITS
    for solution in solutions("right", unit)
]


@pytest.fixture(params=OTHERS)
def device(request):
    """Tensors are tested on the CPU and there."""
    check.use_devices("cpu", request.param)
    yield request.param
    check.use_devices()


@pytest.mark.parametrize(("unit", "solution"), RIGHT)
def test_right_solutions_are_right_there_too(unit, solution, device):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some warn on purpose
        said = mark(solved(source(unit), solution.code, unit))
    assert {part: text for part, text in said.items() if text} == {}


def made_on_the_cpu(x_t):
    return torch.zeros(x_t.shape, dtype=x_t.dtype)


def mixed(x_t):
    return x_t + torch.ones(x_t.shape, dtype=x_t.dtype)


@pytest.mark.parametrize(
    ("student", "says"), [(made_on_the_cpu, "checks.device"), (mixed, "checks.raised")]
)
def test_mixed_devices_are_told_and_where(student, says, device):
    def right(x_t):
        return student(x_t.cpu()).to(x_t.device)

    with pytest.raises(CheckFailed) as failure:
        check.compare(student, right, check.cases(x_t="B I"), {"y_t": "B I"})
    told = failure.value.message
    assert (told.id, told["what"].id) == ("checks.only-for", says)
    assert [setting["device"] for setting in told["where"]] == [device]

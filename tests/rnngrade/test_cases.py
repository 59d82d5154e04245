"""What is drawn for a test: every setting that a mistake may need to show."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from rnngrade.checks.arrays import DTYPES
from rnngrade.checks.cases import (
    LARGE,
    NEAR_0,
    SIZES,
    cases,
    devices,
    shape,
    use_devices,
    use_key,
)
from rnngrade.course.seeds import student_seed
from rnngrade.errors import CourseError
from rnngrade.messages import message
from tests.helpers import DEVICES

SPEC = {"xs": "T B I", "h_0": "B H", "W": "H H+I", "b": "H"}


@pytest.fixture(autouse=True)
def _undo():
    yield
    use_key(None)
    use_devices()


def first(seed=5):
    return cases(seed=seed, **SPEC)[0].arguments["xs"]


def test_the_same_seed_gives_the_same_numbers():
    for one, two in zip(cases(seed=5, **SPEC), cases(seed=5, **SPEC), strict=True):
        assert all(torch.equal(one.arguments[n], two.arguments[n]) for n in SPEC)
    assert not torch.equal(first(5), first(6))


def test_public_seeds_are_the_same_on_every_machine():
    torch.testing.assert_close(first(5), torch.tensor([[[0.5778, 1.6307]]]), atol=1e-4, rtol=0)
    numpy = cases(seed=5, library="numpy", **SPEC)[0].arguments["xs"]
    assert numpy.dtype == np.float64
    two = cases(seed=5, dtypes=["float64"], **SPEC)[0].arguments["xs"]
    assert np.array_equal(numpy, two.numpy())


def test_a_key_makes_the_cases_of_one_student():
    public = first()
    use_key(student_seed(b"secret", "memory-cells", "memory-cells", "anna"))
    anna, again, other_seed = first(), first(), first(6)
    use_key(student_seed(b"secret", "memory-cells", "memory-cells", "boris"))
    boris = first()
    use_key(None)
    assert torch.equal(anna, again)
    assert torch.equal(first(), public)
    drawn = [public, anna, boris, other_seed]
    assert len({tuple(x.flatten().tolist()) for x in drawn}) == len(drawn)


def test_a_key_may_be_bytes_or_hexadecimal():
    use_key(b"\x01\xff")
    from_bytes = first()
    use_key("01ff")
    assert torch.equal(first(), from_bytes)


def test_torch_defaults_that_a_student_changed_do_not_matter():
    want = first()
    torch.set_default_dtype(torch.float64)
    try:
        got = first()
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(got, want)


def test_every_shape_is_as_written():
    for case in cases(**SPEC):
        T, B, I, H = (case.sizes[letter] for letter in "TBIH")
        shapes = {name: tuple(a.shape) for name, a in case.arguments.items()}
        assert shapes == {"xs": (T, B, I), "h_0": (B, H), "W": (H, H + I), "b": (H,)}


def test_sizes_tell_axes_apart():
    settings = [
        dict(zip(SIZES, numbers, strict=True)) for numbers in zip(*SIZES.values(), strict=True)
    ]
    assert {1, 5} <= {s["B"] for s in settings}
    assert any(s["T"] == 1 and s["B"] > 1 for s in settings)
    assert any(s["T"] > 1 and s["B"] > 1 and s["T"] != s["B"] for s in settings)
    assert any(s["H"] == s["I"] for s in settings)
    assert any(s["H"] > s["I"] for s in settings)
    assert any(s["H"] < s["I"] for s in settings)


def test_a_unit_declares_the_letters_that_the_course_does_not_have():
    drawn = cases(sizes={"K": [2, 5, 1, 4, 3]}, W="H 2K+I")
    assert {c.numbers["W"].shape[1] - c.sizes["I"] for c in drawn} == {2, 4, 6, 8, 10}
    with pytest.raises(KeyError, match="K"):
        cases(W="H K")


def test_an_input_that_is_not_understood_is_named():
    with pytest.raises(CourseError) as failure:
        cases(xs="T B < V + 1")
    assert failure.value.message == message("checks.author-inputs", got="T B < V + 1")


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_and_device_is_there(dtype, device):
    use_devices("cpu", device)
    tensors = [case.arguments["xs"] for case in cases(**SPEC)]
    assert any(str(t.dtype) == f"torch.{dtype}" and t.device.type == device for t in tensors)


def test_large_numbers_saturate_a_gate():
    large = [c for c in cases(seed=1, **SPEC) if LARGE in c.settings]
    assert large
    for case in large:
        a = case.arguments["h_0"] @ case.arguments["W"][:, : case.sizes["H"]].T
        assert (torch.sigmoid(a).round() - torch.sigmoid(a)).abs().median() < 1e-6
    assert any(torch.exp(c.arguments["xs"] * 3).isinf().any() for c in large)


def test_settings_name_what_is_special():
    assert cases(x_t="B I")[0].settings == {
        message("checks.batch-1"),
        message("checks.dtype-is", dtype="float32"),
        message("checks.on-device", device="cpu"),
        NEAR_0,
    }
    assert message("checks.one-step") in cases(**SPEC)[0].settings


def test_whole_numbers_truth_values_and_one_number():
    sizes = {"V": [5, 6, 4, 8, 6]}
    drawn = cases(
        sizes=sizes, targets="T B < V", lengths="B <= T", mask="T B ?", max_norm="> 0"
    )
    for case in drawn:
        targets, lengths, mask, max_norm = case.arguments.values()
        T, B, V = (case.sizes[letter] for letter in "TBV")
        assert targets.dtype == lengths.dtype == torch.int64
        assert targets.shape == mask.shape == (T, B)
        assert 0 <= targets.min() <= targets.max() < V
        assert 1 <= lengths.min() <= lengths.max() <= T
        assert mask.dtype == torch.bool
        assert mask[0].all()
        assert isinstance(max_norm, float)
        assert max_norm > 0
    every = torch.cat([c.arguments["targets"].flatten() for c in drawn if c.sizes["V"] == 8])
    assert set(every.tolist()) == set(range(8))
    assert any(not c.arguments["mask"].all() for c in drawn)
    assert any(c.arguments["lengths"].max() == c.sizes["T"] > 1 for c in drawn)


class FakeShell(SimpleNamespace):
    """What IPython.get_ipython() gives."""


@pytest.mark.parametrize(
    ("shell", "cuda", "expected"),
    [
        (FakeShell(kernel=object()), True, ("cpu", "cuda")),
        (FakeShell(kernel=object()), False, ("cpu",)),
        (FakeShell(), True, ("cpu",)),  # a shell without a kernel, as the examiner's
        (None, True, ("cpu",)),
    ],
)
def test_cuda_is_tested_by_itself_in_a_students_own_jupyter_alone(
    monkeypatch, shell, cuda, expected
):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    assert devices() == expected


def test_devices_that_are_asked_for():
    use_devices("cpu", "cuda")
    assert devices() == ("cpu", "cuda")
    use_devices()
    assert devices() == ("cpu",)


def test_sums_and_multiples_of_letters():
    assert shape("B 4H+I", {"B": 5, "H": 3, "I": 1}) == (5, 13)
    assert shape("", {}) == ()

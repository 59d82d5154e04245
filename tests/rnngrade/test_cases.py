"""What is drawn for a test: every setting that a mistake may need to show."""

import pytest
import torch

from rnngrade.cases import DTYPES, SIZES, cases, devices, shape
from tests.helpers import DEVICES

SPEC = {"xs": "T B I", "h_0": "B H", "W": "H H+I", "b": "H"}


def test_the_same_seed_gives_the_same_numbers():
    for one, two in zip(cases(seed=5, **SPEC), cases(seed=5, **SPEC), strict=True):
        assert all(torch.equal(one.arguments[n], two.arguments[n]) for n in SPEC)
    first, other = cases(seed=5, **SPEC)[0], cases(seed=6, **SPEC)[0]
    assert not torch.equal(first.arguments["xs"], other.arguments["xs"])


def test_torch_defaults_that_a_student_changed_do_not_matter():
    want = cases(seed=5, **SPEC)
    torch.set_default_dtype(torch.float64)
    try:
        got = cases(seed=5, **SPEC)
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(got[0].arguments["xs"], want[0].arguments["xs"])


def test_every_shape_is_as_written():
    for case in cases(**SPEC):
        T, B, I, H = (case.sizes[letter] for letter in "TBIH")
        shapes = {name: tuple(a.shape) for name, a in case.arguments.items()}
        assert shapes == {"xs": (T, B, I), "h_0": (B, H), "W": (H, H + I), "b": (H,)}


def test_sizes_tell_axes_apart():
    assert {1, 5} <= {s["B"] for s in SIZES}
    assert any(s["T"] == 1 and s["B"] > 1 for s in SIZES)
    assert any(s["T"] > 1 and s["B"] > 1 and s["T"] != s["B"] for s in SIZES)
    assert any(s["H"] == s["I"] for s in SIZES)
    assert any(s["H"] > s["I"] for s in SIZES)
    assert any(s["H"] < s["I"] for s in SIZES)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_and_device_is_there(dtype, device):
    tensors = [case.arguments["xs"] for case in cases(**SPEC)]
    assert any(t.dtype == dtype and t.device.type == device for t in tensors)


def test_large_numbers_saturate_a_gate():
    large = [c for c in cases(seed=1, **SPEC) if "large numbers" in c.settings]
    assert large
    for case in large:
        a = case.arguments["h_0"] @ case.arguments["W"][:, : case.sizes["H"]].T
        assert (torch.sigmoid(a).round() - torch.sigmoid(a)).abs().median() < 1e-6
    assert any(torch.exp(c.arguments["xs"] * 3).isinf().any() for c in large)


def test_settings_name_what_is_special():
    assert cases(x_t="B I")[0].settings == {
        "batch 1",
        "float32",
        "tensors on cpu",
        "numbers near 0",
    }
    assert "a single time step" in cases(**SPEC)[0].settings


def test_cuda_is_tested_where_there_is_one():
    assert devices() == (("cpu", "cuda") if torch.cuda.is_available() else ("cpu",))


def test_sums_of_letters():
    assert shape("B H+I", {"B": 5, "H": 3, "I": 1}) == (5, 4)

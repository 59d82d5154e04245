"""What the tests share: the libraries and devices at hand, and one way to compare."""

import numpy as np
import pytest
import torch

from tests import standin

DEVICES = [
    "cpu",
    standin.register(),
    pytest.param(
        "cuda",
        marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here"),
    ),
]
DTYPES = ["float32", "float64"]
RTOL = {"float32": 1e-5, "float64": 1e-12}


def generator(device, seed=0):
    """A seeded generator of random numbers on a device."""
    new = standin.Generator() if device == standin.NAME else torch.Generator(device)
    return new.manual_seed(seed)


def to_numpy(array):
    return array.detach().cpu().numpy() if isinstance(array, torch.Tensor) else array


def assert_close(got, want):
    """Equal in shape and dtype, and in value to the tolerance of the dtype."""
    got, want = to_numpy(got), to_numpy(want)
    assert got.dtype == want.dtype
    rtol = RTOL[str(want.dtype)]
    # A sum of terms near 1 can cancel: its error is relative to the terms, not to the sum.
    np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol, strict=True)

"""A bad argument is refused with one sentence that names it."""

import numpy as np
import pytest
import torch

import rnnlib
from tests.helpers import DEVICES

ones = np.ones
GOOD = {
    "x_t": ones((2, 3)),
    "h_prev": ones((2, 4)),
    "W_xh": ones((4, 3)),
    "W_hh": ones((4, 4)),
    "b_h": ones(4),
}


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        (
            {"x_t": [1.0]},
            TypeError,
            "x_t must be an array (a NumPy array or a torch tensor), got list.",
        ),
        (
            {"x_t": ones((2, 3), dtype=int)},
            TypeError,
            "x_t must hold real floating-point numbers, got int64.",
        ),
        (
            {"x_t": ones((2, 3), dtype=complex)},
            TypeError,
            "x_t must hold real floating-point numbers, got complex128.",
        ),
        (
            {"h_prev": torch.ones(2, 4)},
            TypeError,
            "h_prev must be of the same library as x_t, numpy.ndarray, got torch.Tensor.",
        ),
        (
            {"b_h": ones(4, dtype="float32")},
            TypeError,
            "b_h must have the dtype of x_t, float64, got float32.",
        ),
        (
            {"b_h": 1.0},
            TypeError,
            "b_h must be an array (a NumPy array or a torch tensor), got float.",
        ),
        (
            {"b_h": None},
            TypeError,
            "b_h must be an array (a NumPy array or a torch tensor), got NoneType.",
        ),
        (
            {"h_prev": ones((3, 4))},
            ValueError,
            "h_prev must have shape (..., H) = (2, 4) to fit x_t, got (3, 4).",
        ),
        (
            {"h_prev": ones(4)},
            ValueError,
            "h_prev must have shape (..., H) = (2, 4) to fit x_t, got (4,).",
        ),
        (
            {"W_xh": ones((3, 4))},
            ValueError,
            "W_xh must have shape (H, I) = (4, 3) to fit h_prev and x_t, got (3, 4).",
        ),
        (
            {"W_hh": ones((4, 5))},
            ValueError,
            "W_hh must have shape (H, H) = (4, 4) to fit h_prev, got (4, 5).",
        ),
        (
            {"W_hh": ones(4)},
            ValueError,
            "W_hh must have shape (H, H) = (4, 4) to fit h_prev, got (4,).",
        ),
        (
            {"b_h": ones((4, 1))},
            ValueError,
            "b_h must have shape (H) = (4) to fit h_prev, got (4, 1).",
        ),
        (
            {"activation": "gelu"},
            ValueError,
            "activation must be one of 'tanh', 'relu', got 'gelu'.",
        ),
    ],
)
def test_rnn_step(change, error, sentence):
    with pytest.raises(error) as caught:
        rnnlib.rnn_step(**(GOOD | change))
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (
            lambda: rnnlib.sigmoid(1.0),
            TypeError,
            "a must be an array (a NumPy array or a torch tensor), got float.",
        ),
        (
            lambda: rnnlib.lstm_step(ones(3), ones(4), ones((16, 3)), ones((16, 4))),
            TypeError,
            "carry must be the pair (h_prev, c_prev), got ndarray.",
        ),
        (
            lambda: rnnlib.lstm_step(ones(3), (ones(4), ones(5)), ones((16, 3)), ones((16, 4))),
            ValueError,
            "c_prev must have shape (..., H) = (4) to fit h_prev, got (5,).",
        ),
        (
            lambda: rnnlib.lstm_step(ones(3), (ones(4), ones(4)), ones((12, 3)), ones((12, 4))),
            ValueError,
            "W_xh must have shape (4H, I) = (16, 3) to fit h_prev and x_t, got (12, 3).",
        ),
        (
            lambda: rnnlib.gru_step(ones(3), ones(4), ones((16, 3)), ones((16, 4))),
            ValueError,
            "W_xh must have shape (3H, I) = (12, 3) to fit h_prev and x_t, got (16, 3).",
        ),
        (
            lambda: rnnlib.gru_step(
                ones(3),
                ones(4),
                ones((12, 3)),
                ones((12, 4)),
                ones(12),
                ones(4),
                reset="before",
            ),
            ValueError,
            'b_hn must be left out when reset="before": there is no such bias.',
        ),
        (
            lambda: rnnlib.gru_step(
                ones(3), ones(4), ones((12, 3)), ones((12, 4)), reset="now"
            ),
            ValueError,
            "reset must be one of 'after', 'before', got 'now'.",
        ),
        (
            lambda: rnnlib.gate(ones(3), ones(4), ones((4, 8))),
            ValueError,
            "W must have shape (H, H+I) = (4, 7) to fit h_prev and x_t, got (4, 8).",
        ),
        (
            lambda: rnnlib.rnn_output(ones((2, 4)), ones((3, 5))),
            ValueError,
            "W_hy must have shape (O, H) = (3, 4) to fit h_t, got (3, 5).",
        ),
        (
            lambda: rnnlib.scan(
                rnnlib.rnn_step, ones(4), ones((0, 3)), ones((4, 3)), ones((4, 4))
            ),
            ValueError,
            "xs must hold at least one time step, got shape (0, 3).",
        ),
        (
            lambda: rnnlib.lstm_from_textbook(
                rnnlib.LSTMTextbook(*[ones((4, 7)), ones(4)] * 3, ones((4, 6)), ones(4))
            ),
            ValueError,
            "W_o must have shape (H, H+I) = (4, 7) to fit W_f and b_f, got (4, 6).",
        ),
        (
            lambda: rnnlib.lstm_from_torch(torch.nn.LSTM(2, 3).state_dict()),
            ValueError,
            "state must hold 'weight_ih', got 'weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0'.",
        ),
        (
            lambda: rnnlib.rnn_from_torch(torch.nn.RNNCell(2, 3)),
            TypeError,
            "state must be a state dict, such as cell.state_dict(), got RNNCell.",
        ),
    ],
)
def test_the_others(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == sentence


@pytest.mark.parametrize("device", [d for d in DEVICES if d != "cpu"] + ["meta"])
def test_mixed_devices(device):
    with pytest.raises(
        ValueError,
        match=r"^h_prev must be on the device of x_t, cpu, got (standin|cuda|meta).*\.$",
    ):
        rnnlib.rnn_step(
            torch.ones(3), torch.ones(4, device=device), torch.ones(4, 3), torch.ones(4, 4)
        )


def test_a_numpy_number_is_an_array_and_not_a_bias_left_out():
    assert rnnlib.sigmoid(np.float64(0.0)) == 0.5

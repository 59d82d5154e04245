"""The LSTM in the form of the textbooks: one matrix and one bias for each gate.

    W · [h_{t-1}, x_t] + b

`rnnlib.gate` is a gate of this form. The weights come in the order of the six formulas: W_f,
b_f, W_i, b_i, W_C, b_C, W_o, b_o, each W (H, H + I), each b (H,).
"""

from rnnlib.params import lstm_from_textbook
from rnnlib.scan import scan
from rnnlib.steps import gate
from rnnlib.steps import lstm_step as stacked_lstm_step


def candidate(x_t, h_prev, W_C, b_C=0.0):
    """What may be written to the cell state: tanh(W_C · [h_{t-1}, x_t] + b_C).

    Args:
        x_t: (..., I).
        h_prev: (..., H).
        W_C: (H, H + I).
        b_C: (H,), or 0.0 for none.

    Returns:
        c_tilde: (..., H).
    """
    return gate(x_t, h_prev, W_C, b_C, activation="tanh")


def lstm_step(x_t, h_prev, c_prev, *weights):
    """One step of the LSTM, `rnnlib.lstm_step` on the textbook's weights.

    Args:
        x_t: (..., I).
        h_prev, c_prev: (..., H) each.
        *weights: the eight of this form.

    Returns:
        h_t, c_t: (..., H) each.
    """
    return stacked_lstm_step(x_t, (h_prev, c_prev), *lstm_from_textbook(weights))


def lstm_sequence(xs, h_0, c_0, *weights):
    """The LSTM along a sequence.

    Args:
        xs: (T, ..., I).
        h_0, c_0: (..., H) each.
        *weights: the eight of this form.

    Returns:
        hs: (T, ..., H), and the last states h_T and c_T, (..., H) each.
    """
    hs, cs = scan(stacked_lstm_step, (h_0, c_0), xs, *lstm_from_textbook(weights))
    return hs, hs[-1], cs[-1]
